-- The later time that amounts are shown at beside their own: the last block in the books.
with

prices as (

    select * from {{ ref('int_tao_prices_by_block') }}

)

select
    max(block_number) as block_number,
    max(block_at) as block_at,
    -- a null that max_by would pass over stays one
    max(case when block_number = (select max(block_number) from prices) then tao_price_usd end) as tao_price_usd,
    max(case when block_number = (select max(block_number) from prices) then no_price_reason end) as no_price_reason

from prices
