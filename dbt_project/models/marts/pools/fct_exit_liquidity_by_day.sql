with

quotes as (

    select * from {{ ref('stg_recomputed__exit_quotes') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

)

select
    quotes.block_date,
    quotes.netuid,
    generations.subnet_generation,
    quotes.block_number,
    quotes.is_exact_price,
    quotes.asked_tao_rao,
    quotes.asked_slippage_ppm,
    quotes.amm_era,
    quotes.alpha_in_rao,
    quotes.is_all_alpha,
    quotes.tao_out_rao,
    quotes.fee_tao_rao,
    quotes.fee_alpha_rao,
    quotes.slippage_ppm,
    quotes.cost_ppm,
    {{ share('quotes.alpha_in_rao', 'quotes.alpha_out_rao') }} as staked_alpha_share,
    {{ readable('quotes.asked_tao_rao') }} as asked_tao,
    {{ readable('quotes.alpha_in_rao') }} as alpha_in_alpha,
    {{ readable('quotes.tao_out_rao') }} as tao_out_tao,
    quotes.unexplained_reason

from quotes
inner join generations
    on quotes.netuid = generations.netuid
    and quotes.network_registered_at_block = generations.registered_at_block
