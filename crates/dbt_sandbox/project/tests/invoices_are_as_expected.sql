{{ config(severity='warn') }}
select invoice_id, payment from {{ ref('fct_invoices') }} where not is_expected
