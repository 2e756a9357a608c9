select
    id as order_id,
    user_id as customer_id,
    product_id,
    quantity,
    subtotal,
    coalesce(discount, 0) as discount,
    tax,
    total,
    status,
    channel,
    created_at as ordered_at
from {{ source('shop', 'orders') }}
