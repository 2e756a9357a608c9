select
    review_id,
    product_id,
    rating,
    case when rating >= 4 then true else false end as is_positive,
    reviewed_at
from {{ ref('stg_reviews') }}
{%- if var('reviews_table') != 'stg_reviews' %}
where review_id in (select review_id from {{ var('reviews_table') }})
{%- endif %}
