select
    id as invoice_id,
    account_id,
    payment,
    expected_invoice as is_expected,
    plan,
    date_received as received_at
from {{ source('shop', 'invoices') }}
