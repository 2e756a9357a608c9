select
    id as customer_id,
    city,
    state,
    country,
    source as acquisition_source,
    birth_date,
    created_at as signed_up_at
from {{ source('shop', 'people') }}
