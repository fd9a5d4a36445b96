with

positions as (

    select * from {{ ref('fct_positions_by_day') }}
    where netuid <> 0

),

-- where the books of a day begin: anew after a day that is not there
books as (

    select
        block_date,
        min(books_begin_at_block) as books_begin_at_block

    from {{ ref('fct_positions_by_day') }}
    group by block_date

),

flows as (

    select
        flows.*,
        books.books_begin_at_block

    from {{ ref('fct_stake_flows_by_day') }} as flows
    inner join books
        on flows.block_date = books.block_date

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
        {{ all_or_null(method ~ '_unrealised_rao') }} as {{ method }}_unrealised_rao,
        case when count(*) = count({{ method }}_rpnl_usd_at_trade) then sum({{ method }}_rpnl_usd_at_trade) end as {{ method }}_rpnl_usd_at_trade,
        case when count(*) = count({{ method }}_rpnl_usd_at_end) then sum({{ method }}_rpnl_usd_at_end) end as {{ method }}_rpnl_usd_at_end
{%- endfor %}

    from positions
    group by block_date, netuid, subnet_generation

),

-- after its end a subnet has positions and no flow; before its first position it may have a flow
cash as (

    select
        coalesce(days.block_date, flows.block_date) as block_date,
        coalesce(days.netuid, flows.netuid) as netuid,
        coalesce(days.subnet_generation, flows.subnet_generation) as subnet_generation,
        {{ exact_sum('-coalesce(flows.flow_chain_user_rao, 0)', over='since_begin') }} as pool_cash_rao

    from days
    full join flows
        on days.block_date = flows.block_date
        and days.netuid = flows.netuid
        and days.subnet_generation = flows.subnet_generation
    window since_begin as (
        partition by
            coalesce(days.netuid, flows.netuid),
            coalesce(days.subnet_generation, flows.subnet_generation),
            coalesce(days.books_begin_at_block, flows.books_begin_at_block)
        order by coalesce(days.block_date, flows.block_date)
    )

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
    cash.pool_cash_rao,
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
    {{ usd('cash.pool_cash_rao', 'ends.tao_price_usd') }} as pool_cash_usd_at_end,
    {{ usd_verdict('ends.tao_price_usd') }} as usd_at_end_verdict

from days
cross join ends
inner join cash
    on days.block_date = cash.block_date
    and days.netuid = cash.netuid
    and days.subnet_generation = cash.subnet_generation
