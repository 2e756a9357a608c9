select
    id as product_id,
    title,
    category,
    vendor,
    price,
    created_at as listed_at
from {{ source('shop', 'products') }}
