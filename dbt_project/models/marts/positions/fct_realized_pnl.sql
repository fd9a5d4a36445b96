with

realized as (

    select * from {{ ref('stg_recomputed__realized_pnl') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

prices as (

    select * from {{ ref('int_tao_prices_by_block') }}

),

methods as (
{% for method in ['zero_basis', 'fair_value', 'fifo'] %}
    select
        block_date,
        block_number,
        entry_index,
        coldkey_ss58,
        netuid,
        subnet_registered_at_block,
        kind,
        '{{ method }}' as method,
        alpha_rao,
        tao_rao,
        {{ method }}_cost_rao as cost_rao,
        unpriced_reason

    from realized
    {%- if method != 'zero_basis' %}
    where kind not in ('buy', 'swap_in', 'liquidity_in') -- a purchase restates zero basis alone
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
{% endfor %}
),

priced as (

    select
        methods.*,
        case when methods.netuid = 0 then 1 else coalesce(generations.subnet_generation, 0) end as subnet_generation,
        prices.tao_price_usd,
        {{ usd('methods.tao_rao', 'prices.tao_price_usd') }} as proceeds_usd_at_trade,
        {{ usd('methods.tao_rao - methods.cost_rao', 'prices.tao_price_usd') }} as rpnl_usd_at_trade

    from methods
    left join generations
        on methods.netuid = generations.netuid
        and methods.subnet_registered_at_block = generations.registered_at_block
    left join prices
        on methods.block_number = prices.block_number

)

select
    block_date,
    block_number,
    entry_index,
    coldkey_ss58,
    netuid,
    subnet_generation,
    kind,
    method,
    alpha_rao,
    tao_rao,
    cost_rao,
    tao_rao - cost_rao as rpnl_rao,
    {{ cost_verdict('tao_rao - cost_rao is null') }} as cost_verdict,
    case when tao_rao - cost_rao is null then unpriced_reason end as unpriced_reason,
    {{ readable('tao_rao - cost_rao') }} as rpnl_tao,
    tao_price_usd,
    proceeds_usd_at_trade,
    rpnl_usd_at_trade,
    {{ usd_verdict('tao_price_usd') }} as usd_verdict

from priced
