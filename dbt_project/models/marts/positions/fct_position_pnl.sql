with

positions as (

    select
        *,
        row_number() over (
            partition by coldkey_ss58, netuid, subnet_generation
            order by block_date desc
        ) as days_back

    from {{ ref('fct_positions_by_day') }}

),

ends as (

    select * from {{ ref('int_tao_price_at_end') }}

)

select
    positions.coldkey_ss58,
    positions.netuid,
    positions.subnet_generation,
    positions.block_date as as_of_date,
    positions.block_number as as_of_block_number,
    positions.books_begin_at_block,
    positions.held_alpha_rao,
    positions.spot_worth_rao,
    positions.exit_value_rao,
    positions.exit_unexplained_reason,
    positions.opened_tao_rao,
    positions.bought_tao_rao,
    positions.earned_tao_rao,
    positions.sold_tao_rao,
    positions.cost_verdict,
    positions.unpriced_reason,
{%- for method in ['zero_basis', 'fair_value', 'fifo'] %}
    positions.{{ method }}_held_cost_rao,
    positions.{{ method }}_rpnl_rao,
    positions.{{ method }}_unrealised_rao,
    cast(positions.{{ method }}_rpnl_rao + positions.{{ method }}_unrealised_rao as decimal(38, 0)) as {{ method }}_pnl_at_spot_rao,
    cast(
        positions.{{ method }}_rpnl_rao + positions.exit_value_rao - positions.{{ method }}_held_cost_rao
    as decimal(38, 0)) as {{ method }}_pnl_at_exit_rao,
    positions.{{ method }}_rpnl_usd_at_trade,
    positions.{{ method }}_rpnl_usd_at_end,
    {{ usd('positions.' ~ method ~ '_unrealised_rao', 'ends.tao_price_usd') }} as {{ method }}_unrealised_usd_at_end,
{%- endfor %}
    positions.usd_at_trade_verdict,
    positions.usd_at_end_verdict,
    {{ readable('positions.zero_basis_rpnl_rao + positions.zero_basis_unrealised_rao') }} as zero_basis_pnl_at_spot_tao

from positions
cross join ends
where positions.days_back = 1
