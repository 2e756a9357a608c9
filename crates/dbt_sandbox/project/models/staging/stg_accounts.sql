select
    id as account_id,
    plan,
    source as acquisition_source,
    seats,
    country,
    created_at,
    trial_ends_at,
    trial_converted,
    canceled_at,
    active_subscription
from {{ source('shop', 'accounts') }}
