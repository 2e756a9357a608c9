with placed as (
    select
        customer_id,
        count(*) as orders,
        min(ordered_at) as first_ordered_at
    from {{ ref('stg_orders') }}
    group by customer_id
)

select
    customers.customer_id,
    customers.country,
    countries.country_name,
    countries.region,
    customers.state,
    customers.acquisition_source,
    customers.signed_up_at,
    placed.first_ordered_at,
    coalesce(placed.orders, 0) as lifetime_orders,
    case
        when placed.orders is null then 'never ordered'
        when placed.orders = 1 then 'one order'
        else 'repeat'
    end as loyalty
from {{ ref('stg_customers') }} as customers
left join placed on placed.customer_id = customers.customer_id
left join {{ ref('countries') }} as countries on countries.country = customers.country
