{%- set bases = [('zero_basis', 'zero_basis_rao'), ('fair_value', 'fair_value_basis_rao'), ('fifo', 'fifo_basis_rao')] -%}

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

exits as (

    select * from {{ ref('stg_recomputed__position_exits') }}

),

realized as (

    select
        block_date,
        coldkey_ss58,
        netuid,
        subnet_generation,
        cast(sum(case when usd_verdict = 'priced' then 0 else 1 end) as bigint) as no_price_count
{%- for method, basis in bases %},
        sum(case when method = '{{ method }}' then rpnl_usd_at_trade else 0 end) as {{ method }}_rpnl_usd_at_trade
{%- endfor %}

    from {{ ref('fct_realized_pnl') }}
    group by block_date, coldkey_ss58, netuid, subnet_generation

),

ends as (

    select * from {{ ref('int_tao_price_at_end') }}

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
        priced.*,
        ends.tao_price_usd as end_tao_price_usd,
        {{ worth_rao('priced.price_u64f64_bits', 'priced.held_alpha_rao') }} as spot_worth_rao,
        -- stake on root is TAO, and what is not held needs no pool
        case
            when priced.netuid = 0 or priced.held_alpha_rao = 0 then priced.held_alpha_rao
            else exits.tao_out_rao
        end as exit_value_rao,
        case
            when priced.netuid <> 0 and priced.held_alpha_rao > 0 and exits.tao_out_rao is null
                then coalesce(exits.unexplained_reason, 'no snapshot of the pool on this day')
        end as exit_unexplained_reason,
        case when priced.netuid <> 0 and priced.held_alpha_rao > 0 then exits.is_exact_price end as is_exit_price_exact,
        sum(coalesce(realized.no_price_count, 0)) over since_begin as no_price_count
{%- for method, basis in bases %},
        sum(coalesce(realized.{{ method }}_rpnl_usd_at_trade, 0)) over since_begin as {{ method }}_rpnl_usd_at_trade
{%- endfor %}

    from priced
    cross join ends
    left join exits
        on priced.block_date = exits.block_date
        and priced.coldkey_ss58 = exits.coldkey_ss58
        and priced.netuid = exits.netuid
        and priced.subnet_registered_at_block = exits.subnet_registered_at_block
    left join realized
        on priced.block_date = realized.block_date
        and priced.coldkey_ss58 = realized.coldkey_ss58
        and priced.netuid = realized.netuid
        and priced.subnet_generation = realized.subnet_generation
    window since_begin as (
        partition by priced.coldkey_ss58, priced.netuid, priced.subnet_generation, priced.books_begin_at_block
        order by priced.block_date
    )

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
    cast(exit_value_rao as bigint) as exit_value_rao,
    is_exit_price_exact,
    exit_unexplained_reason,
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
    {{ cost_verdict("unpriced_purchases_count + unpriced_earnings_count + unpriced_moves_count + unpriced_earned_moves_count + unpriced_sales_count > 0") }} as cost_verdict,
    case
        when unpriced_sales_count > 0 then 'it is not known what the end of the subnet paid'
        when unpriced_purchases_count + unpriced_earnings_count > 0 then 'alpha came when its worth was not known'
        when unpriced_moves_count + unpriced_earned_moves_count > 0 then 'alpha came by transfer with a cost that is not known'
    end as unpriced_reason,
{%- for method, basis in bases %}
    {{ basis }} as {{ method }}_held_cost_rao,
    {{ method }}_moved_in_rao as {{ method }}_moved_in_cost_rao,
    sold_tao_rao - {{ method }}_cost_rao as {{ method }}_rpnl_rao,
    cast(spot_worth_rao - {{ basis }} as decimal(38, 0)) as {{ method }}_unrealised_rao,
{%- endfor %}
    {{ readable('sold_tao_rao - zero_basis_cost_rao') }} as zero_basis_rpnl_tao,
    {{ readable('spot_worth_rao') }} as spot_worth_tao,
    {{ readable('exit_value_rao') }} as exit_value_tao,
{%- for method, basis in bases %}
    cast(
        case when no_price_count = 0 and sold_tao_rao - {{ method }}_cost_rao is not null then {{ method }}_rpnl_usd_at_trade end
    as decimal(38, 9)) as {{ method }}_rpnl_usd_at_trade,
{%- endfor %}
    case when no_price_count = 0 then 'priced' else 'no_price' end as usd_at_trade_verdict,
{%- for method, basis in bases %}
    {{ usd('(sold_tao_rao - ' ~ method ~ '_cost_rao)', 'end_tao_price_usd') }} as {{ method }}_rpnl_usd_at_end,
{%- endfor %}
    {{ usd('spot_worth_rao', 'end_tao_price_usd') }} as spot_worth_usd_at_end,
    {{ usd('exit_value_rao', 'end_tao_price_usd') }} as exit_value_usd_at_end,
    {{ usd_verdict('end_tao_price_usd') }} as usd_at_end_verdict

from valued
