with

realized as (

    select * from {{ ref('stg_recomputed__realized_pnl') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

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
        {{ method }}_cost_rao as cost_rao

    from realized
    {%- if method != 'zero_basis' %}
    where kind not in ('buy', 'swap_in', 'liquidity_in') -- a purchase restates zero basis alone
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
{% endfor %}
)

select
    methods.block_date,
    methods.block_number,
    methods.entry_index,
    methods.coldkey_ss58,
    methods.netuid,
    case when methods.netuid = 0 then 1 else coalesce(generations.subnet_generation, 0) end as subnet_generation,
    methods.kind,
    methods.method,
    methods.alpha_rao,
    methods.tao_rao,
    methods.cost_rao,
    methods.tao_rao - methods.cost_rao as rpnl_rao,
    {{ readable('methods.tao_rao - methods.cost_rao') }} as rpnl_tao

from methods
left join generations
    on methods.netuid = generations.netuid
    and methods.subnet_registered_at_block = generations.registered_at_block
