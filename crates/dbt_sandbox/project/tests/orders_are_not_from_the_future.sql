select order_id, ordered_at from {{ ref('fct_orders') }} where ordered_at > '2026-07-01'
