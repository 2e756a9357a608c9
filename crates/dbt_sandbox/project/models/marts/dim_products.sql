select
    product_id,
    title,
    category,
    vendor,
    price,
    case when price < 25 then 'low' when price < 75 then 'middle' else 'high' end as price_band,
    listed_at
from {{ ref('stg_products') }}
