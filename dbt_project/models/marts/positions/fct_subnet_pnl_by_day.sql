with

positions as (

    select * from {{ ref('fct_positions_by_day') }}
    where netuid <> 0

),

flows as (

    select
        block_date,
        netuid,
        subnet_generation,
        {{ exact_sum('-flow_chain_user_rao', over='(partition by netuid, subnet_generation order by block_date)') }} as pool_cash_rao

    from {{ ref('fct_stake_flows_by_day') }}

),

ends as (

    select * from {{ ref('int_tao_price_at_end') }}

),

days as (

    select
        block_date,
        netuid,
        subnet_generation,
        min(books_begin_at_block) as books_begin_at_block,
        count(*) as positions_count,
        count(*) filter (where held_alpha_rao > 0) as holders_count,
        {{ exact_sum('held_alpha_rao') }} as held_alpha_rao,
        {{ all_or_null('spot_worth_rao') }} as spot_worth_rao,
        {{ all_or_null('opened_tao_rao') }} as opened_tao_rao,
        {{ all_or_null('bought_tao_rao') }} as bought_tao_rao,
        {{ all_or_null('earned_tao_rao') }} as earned_tao_rao,
        {{ all_or_null('sold_tao_rao') }} as sold_tao_rao,
        count(*) filter (where cost_verdict = 'unpriced') as unpriced_positions_count,
        bool_and(usd_at_trade_verdict = 'priced') as has_every_price
{%- for method in ['zero_basis', 'fair_value', 'fifo'] %},
        {{ all_or_null(method ~ '_rpnl_rao') }} as {{ method }}_rpnl_rao,
        case when count(*) = count(spot_worth_rao) then {{ all_or_null(method ~ '_unrealised_rao') }} end as {{ method }}_unrealised_rao,
        case when count(*) = count({{ method }}_rpnl_usd_at_trade) then sum({{ method }}_rpnl_usd_at_trade) end as {{ method }}_rpnl_usd_at_trade,
        case when count(*) = count({{ method }}_rpnl_usd_at_end) then sum({{ method }}_rpnl_usd_at_end) end as {{ method }}_rpnl_usd_at_end
{%- endfor %}

    from positions
    group by block_date, netuid, subnet_generation

)

select
    days.block_date,
    days.netuid,
    days.subnet_generation,
    days.books_begin_at_block,
    days.positions_count,
    days.holders_count,
    days.held_alpha_rao,
    days.spot_worth_rao,
    days.opened_tao_rao,
    days.bought_tao_rao,
    days.earned_tao_rao,
    days.sold_tao_rao,
    {{ cost_verdict('days.unpriced_positions_count > 0') }} as cost_verdict,
    days.unpriced_positions_count,
    days.zero_basis_rpnl_rao,
    days.fair_value_rpnl_rao,
    days.fifo_rpnl_rao,
    days.zero_basis_unrealised_rao,
    days.fair_value_unrealised_rao,
    days.fifo_unrealised_rao,
    cast(coalesce(flows.pool_cash_rao, 0) as decimal(38, 0)) as pool_cash_rao,
    {{ readable('days.zero_basis_rpnl_rao') }} as zero_basis_rpnl_tao,
    case
        when days.zero_basis_rpnl_rao is not null
            then rank() over (partition by days.block_date order by days.zero_basis_rpnl_rao desc nulls last)
    end as zero_basis_rpnl_rank,
{%- for method in ['zero_basis', 'fair_value', 'fifo'] %}
    cast(days.{{ method }}_rpnl_usd_at_trade as decimal(38, 9)) as {{ method }}_rpnl_usd_at_trade,
{%- endfor %}
    case when days.has_every_price then 'priced' else 'no_price' end as usd_at_trade_verdict,
{%- for method in ['zero_basis', 'fair_value', 'fifo'] %}
    cast(days.{{ method }}_rpnl_usd_at_end as decimal(38, 9)) as {{ method }}_rpnl_usd_at_end,
    {{ usd('days.' ~ method ~ '_unrealised_rao', 'ends.tao_price_usd') }} as {{ method }}_unrealised_usd_at_end,
{%- endfor %}
    {{ usd('coalesce(flows.pool_cash_rao, 0)', 'ends.tao_price_usd') }} as pool_cash_usd_at_end,
    {{ usd_verdict('ends.tao_price_usd') }} as usd_at_end_verdict

from days
cross join ends
left join flows
    on days.block_date = flows.block_date
    and days.netuid = flows.netuid
    and days.subnet_generation = flows.subnet_generation
