select
    orders.order_id,
    orders.customer_id,
    orders.product_id,
    orders.ordered_at,
    orders.status,
    orders.channel,
    orders.quantity,
    orders.subtotal,
    orders.discount,
    orders.tax,
    orders.total,
    case when orders.status = 'completed' then orders.total else 0 end as revenue,
    case when orders.total >= 300 then true else false end as is_large,
    row_number() over (partition by orders.customer_id order by orders.ordered_at, orders.order_id) as customer_order_number
from {{ ref('stg_orders') }} as orders
