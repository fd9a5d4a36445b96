-- The price of a moment is what the candle that holds it opened at: what was known then. Its close is
-- known only later. Of several candles that hold it, the one that opened last; then the shortest.
with

blocks as (

    select * from {{ ref('stg_chain__blocks') }}

),

candles as (

    select * from {{ ref('stg_market__tao_prices') }}

),

held as (

    select
        blocks.block_number,
        candles.open_usd,
        row_number() over (
            partition by blocks.block_number
            order by candles.open_at desc, candles.close_at, candles.source_name
        ) as place

    from blocks
    inner join candles
        on blocks.block_at >= candles.open_at
        and blocks.block_at < candles.close_at

)

select
    blocks.block_number,
    blocks.block_date,
    blocks.block_at,
    held.open_usd as tao_price_usd,
    -- no older price is carried forward
    case
        when held.open_usd is not null then null
        when not exists (select 1 from candles) then 'no candles of TAO were given'
        else 'no candle holds this time'
    end as no_price_reason

from blocks
left join held
    on blocks.block_number = held.block_number
    and held.place = 1
