select
    invoice_id,
    account_id,
    plan,
    payment,
    is_expected,
    received_at
from {{ ref('stg_invoices') }}
