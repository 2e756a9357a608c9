select
    id as review_id,
    product_id,
    rating,
    created_at as reviewed_at
from {{ source('shop', 'reviews') }}
