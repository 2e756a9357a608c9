with sold as (
    select
        product_id,
        sum(quantity) as units,
        sum(revenue) as revenue
    from {{ ref('fct_orders') }}
    group by product_id
),

rated as (
    select
        product_id,
        avg(rating) as average_rating
    from {{ ref('fct_reviews') }}
    group by product_id
)

select
    products.product_id,
    products.title,
    products.category,
    coalesce(sold.units, 0) as units,
    coalesce(sold.revenue, 0) as revenue,
    rated.average_rating
from {{ ref('dim_products') }} as products
left join sold on sold.product_id = products.product_id
left join rated on rated.product_id = products.product_id
