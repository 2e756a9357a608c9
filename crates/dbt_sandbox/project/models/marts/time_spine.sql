select date_day from {{ ref('calendar') }}
