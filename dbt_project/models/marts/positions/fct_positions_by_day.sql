with

positions as (

    select * from {{ ref('stg_recomputed__positions_by_day') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

prices as (

    select * from {{ ref('fct_pools_by_day') }}

),

priced as (

    select
        positions.*,
        case when positions.netuid = 0 then 1 else coalesce(generations.subnet_generation, 0) end as subnet_generation,
        case
            when positions.netuid = 0 then cast(18446744073709551616 as decimal(38, 0))
            else prices.close_price_u64f64_bits
        end as price_u64f64_bits

    from positions
    left join generations
        on positions.netuid = generations.netuid
        and positions.subnet_registered_at_block = generations.registered_at_block
    left join prices
        on positions.block_date = prices.block_date
        and positions.netuid = prices.netuid
        and generations.subnet_generation = prices.subnet_generation

),

valued as (

    select
        *,
        {{ worth_rao('price_u64f64_bits', 'held_alpha_rao') }} as spot_worth_rao

    from priced

)

select
    block_date,
    coldkey_ss58,
    netuid,
    subnet_generation,
    block_number,
    books_begin_at_block,
    held_alpha_rao,
    price_u64f64_bits,
    spot_worth_rao,
    opened_alpha_rao,
    opened_tao_rao,
    bought_alpha_rao,
    bought_tao_rao,
    earned_alpha_rao,
    earned_tao_rao,
    sold_alpha_rao,
    sold_tao_rao,
    lost_alpha_rao,
    moved_in_alpha_rao,
    moved_out_alpha_rao,
    adjusted_alpha_rao,
    unpriced_entries_count,
{%- for method, basis in [('zero_basis', 'zero_basis_rao'), ('fair_value', 'fair_value_basis_rao'), ('fifo', 'fifo_basis_rao')] %}
    {{ basis }} as {{ method }}_held_cost_rao,
    {{ method }}_moved_in_rao as {{ method }}_moved_in_cost_rao,
    sold_tao_rao - {{ method }}_cost_rao as {{ method }}_rpnl_rao,
    cast(spot_worth_rao - {{ basis }} as decimal(38, 0)) as {{ method }}_unrealised_rao,
{%- endfor %}
    {{ readable('sold_tao_rao - zero_basis_cost_rao') }} as zero_basis_rpnl_tao,
    {{ readable('spot_worth_rao') }} as spot_worth_tao

from valued
