{%- set quantities = [
    ('SubnetTaoInEmission', 'rec_subnet_tao_in_emissions_by_block', 'injection_era', 'rao'),
    ('SubnetAlphaInEmission', 'rec_subnet_alpha_in_emissions_by_block', 'injection_era', 'rao'),
    ('SubnetAlphaOutEmission', 'rec_subnet_alpha_out_emissions_by_block', 'injection_era', 'rao'),
    ('SubnetMovingPrice', 'rec_subnet_moving_prices_by_block', 'moving_price_era', 'i96f32_bits'),
    ('SubnetExcessTao', 'rec_subnet_excess_tao_by_block', 'injection_era', 'rao'),
    ('SubnetEmaTaoFlow', 'rec_subnet_ema_tao_flows_by_block', 'emission_era', 'i64f64_bits'),
    ('SubnetEmaProtocolFlow', 'rec_subnet_ema_protocol_flows_by_block', 'emission_era', 'i64f64_bits'),
    ('SubnetTaoFlow', 'rec_subnet_tao_flows_by_block', 'flow_era', 'rao'),
    ('SubnetProtocolFlow', 'rec_subnet_protocol_flows_by_block', 'flow_era', 'rao'),
    ('EmissionGateBar', 'rec_emission_gate_bars_by_block', 'emission_era', 'u64f64_bits'),
] -%}

with

verdicts as (
{% for quantity, model, era, unit in quantities %}
    select
        block_date,
        '{{ quantity }}' as quantity,
        spec_version,
        {{ era }} as quantity_era,
        block_number,
        verdict,
        '{{ unit }}' as residual_unit,
        cast(abs(residual_{{ unit }}) as decimal(38, 0)) as absolute_residual,
        is_trivial

    from {{ ref(model) }}
    union all
{% endfor %}
{%- for column, item in pool_quantities() %}
    select
        block_date,
        '{{ item }}' as quantity,
        spec_version,
        amm_era as quantity_era,
        block_number,
        -- what waits for an epoch is known for more specs than the end of the block is
        case
            when verdict = 'unobserved' then verdict
            when verdict = 'unexplained' and recomputed_{{ column }} is null then verdict
            else {{ verdict('observed_' ~ column, 'recomputed_' ~ column) }}
        end as verdict,
        '{{ 'u64f64_bits' if column.endswith('_bits') else column.split('_') | last }}' as residual_unit,
        cast(abs(residual_{{ column }}) as decimal(38, 0)) as absolute_residual,
        is_trivial_{{ column }} as is_trivial

    from {{ ref('rec_pool_states_by_block') }}
    -- neither states what the spec has no item for
    where observed_{{ column }} is not null or recomputed_{{ column }} is not null
    union all
{% endfor %}
    select
        block_date,
        'Swap' as quantity,
        spec_version,
        amm_era as quantity_era,
        block_number,
        verdict,
        'rao' as residual_unit,
        cast(greatest(
            abs(residual_tao_rao), abs(residual_alpha_rao), abs(residual_fee_tao_rao), abs(residual_fee_alpha_rao)
        ) as decimal(38, 0)) as absolute_residual,
        observed_tao_rao = 0 and observed_alpha_rao = 0 as is_trivial

    from {{ ref('rec_pool_swaps') }}
    union all

    select
        block_date,
        'Stake' as quantity,
        spec_version,
        cast(null as varchar) as quantity_era,
        last_block_number as block_number,
        verdict,
        'rao' as residual_unit,
        cast(abs(residual_alpha_rao) as decimal(38, 0)) as absolute_residual,
        {{ is_trivial('observed_alpha_rao', 'pre_alpha_rao') }} as is_trivial

    from {{ ref('rec_ledger_by_day') }}
{%- for quantity, model, amount in [('PoolCash', 'rec_subnet_cash_by_day', 'pool_tao_rao'), ('AlphaOutHeld', 'rec_subnet_alpha_by_day', 'alpha_out_rao')] %}
    union all

    select
        block_date,
        '{{ quantity }}' as quantity,
        spec_version,
        cast(null as varchar) as quantity_era,
        last_block_number as block_number,
        verdict,
        'rao' as residual_unit,
        cast(abs(residual_{{ amount }}) as decimal(38, 0)) as absolute_residual,
        {{ is_trivial('observed_' ~ amount, 'pre_' ~ amount) }} as is_trivial

    from {{ ref(model) }}
{%- endfor %}

),

epochs as (

    select * from {{ ref('rec_epochs') }}

),

days as (

    select
        block_date,
        quantity,
        spec_version,
        quantity_era,
        residual_unit,
        count(*) as pairs_count,
        count(*) filter (where verdict = 'exact') as exact_count,
        count(*) filter (where verdict = 'exact' and is_trivial) as trivial_count,
        count(*) filter (where verdict = 'differs') as differs_count,
        count(*) filter (where verdict = 'unexplained') as unexplained_count,
        count(*) filter (where verdict = 'unobserved') as unobserved_count,
        max(absolute_residual) as worst_absolute_residual,
        min(case when verdict = 'differs' then block_number end) as first_differing_block_number

    from verdicts
    group by block_date, quantity, spec_version, quantity_era, residual_unit

    union all

    select
        block_date,
        quantity,
        spec_version,
        yuma_era as quantity_era,
        residual_unit,
        cast(sum(neurons_count) as bigint) as pairs_count,
        cast(sum(exact_count) as bigint) as exact_count,
        cast(sum(trivial_count) as bigint) as trivial_count,
        cast(sum(differs_count) as bigint) as differs_count,
        cast(sum(unexplained_count) as bigint) as unexplained_count,
        cast(sum(unobserved_count) as bigint) as unobserved_count,
        max(worst_absolute_residual) as worst_absolute_residual,
        min(case when differs_count > 0 then block_number end) as first_differing_block_number

    from epochs
    group by block_date, quantity, spec_version, yuma_era, residual_unit

)

select
    *,
    {{ share('exact_count', 'pairs_count') }} as exact_share

from days
