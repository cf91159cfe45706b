select * from {{ ref('dim_orders') }}
