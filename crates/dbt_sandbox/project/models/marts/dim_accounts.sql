select
    account_id,
    plan,
    acquisition_source,
    seats,
    country,
    created_at,
    trial_ends_at,
    trial_converted,
    canceled_at,
    active_subscription,
    case when canceled_at is null then true else false end as is_open
from {{ ref('stg_accounts') }}
