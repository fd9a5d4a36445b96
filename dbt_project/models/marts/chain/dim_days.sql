with

days as (

    select * from {{ ref('int_days') }}

),

prices as (

    select * from {{ ref('int_tao_prices_by_block') }}

)

select
    days.block_date,
    days.first_block_number,
    days.last_block_number,
    days.blocks_count,
    days.snapshot_blocks_count,
    days.is_without_holes,
    days.is_whole,
    days.is_every_block_read,
    days.first_block_at,
    days.last_block_at,
    days.first_spec_version,
    days.last_spec_version,
    prices.tao_price_usd,
    prices.no_price_reason

from days
left join prices
    on days.last_block_number = prices.block_number
