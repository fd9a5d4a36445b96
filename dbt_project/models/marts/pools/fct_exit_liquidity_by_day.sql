with

quotes as (

    select * from {{ ref('stg_recomputed__exit_quotes') }}

),

pools as (

    select * from {{ ref('fct_pools_by_day') }}

)

select
    quotes.block_date,
    quotes.netuid,
    pools.subnet_generation,
    quotes.block_number,
    quotes.asked_tao_rao,
    quotes.asked_slippage_ppm,
    quotes.amm_era,
    quotes.alpha_in_rao,
    quotes.tao_out_rao,
    quotes.fee_tao_rao,
    quotes.fee_alpha_rao,
    quotes.slippage_ppm,
    quotes.cost_ppm,
    {{ share('quotes.alpha_in_rao', 'pools.alpha_out_rao') }} as staked_alpha_share,
    {{ readable('quotes.asked_tao_rao') }} as asked_tao,
    {{ readable('quotes.alpha_in_rao') }} as alpha_in_alpha,
    {{ readable('quotes.tao_out_rao') }} as tao_out_tao,
    quotes.unexplained_reason

from quotes
-- of two subnets under one netuid in a day, the later one is there at its end
inner join pools
    on quotes.block_date = pools.block_date
    and quotes.netuid = pools.netuid
    and quotes.block_number = pools.last_block_number
