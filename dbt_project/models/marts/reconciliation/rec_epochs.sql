{%- set quantities = epoch_quantities() + [('bonds', 'Bonds')] -%}
{%- set counted = ['exact', 'differs', 'unexplained', 'unobserved'] -%}

with

neurons as (

    select * from {{ ref('rec_epoch_neurons') }}

),

epochs as (

    select * from {{ ref('stg_chain__epochs') }}

),

-- one pass over the neurons, a few numbers for each quantity
wide as (

    select
        block_number,
        netuid,
        mecid,
        block_date,
        max(spec_version) as spec_version,
        max(yuma_era) as yuma_era,
        max(unexplained_reason) as unexplained_reason,
        max(root_gain_source) as root_gain_source
        {%- for column, item in quantities %}
        {%- set residual = 'residual_bonds_u16' if column == 'bonds' else 'residual_' ~ column %}
        {%- for verdict in counted %},
        count(*) filter (where {{ column }}_verdict = '{{ verdict }}') as {{ column }}_{{ verdict }}
        {%- endfor %},
        count(*) filter (
            where {{ column }}_verdict = 'exact'
            {%- if column == 'bonds' %}
            and is_trivial_bonds
            {%- elif column.startswith('is_') %}
            and not observed_{{ column }}
            {%- else %}
            and observed_{{ column }} = 0
            {%- endif %}
        ) as {{ column }}_trivial,
        count(*) filter (
            where {{ column }}_verdict = 'unexplained' and is_registered_in_block
        ) as {{ column }}_registered,
        max(abs({{ residual }})) filter (where {{ column }}_verdict = 'differs') as {{ column }}_worst,
        min(uid) filter (where {{ column }}_verdict = 'differs') as {{ column }}_first
        {%- endfor %}

    from neurons
    group by block_number, netuid, mecid, block_date

),

long as (
{% for column, item in quantities %}
    select
        block_number,
        netuid,
        mecid,
        block_date,
        spec_version,
        yuma_era,
        '{{ item }}' as quantity,
        '{{ 'u16' if column == 'bonds' else epoch_unit(column) }}' as residual_unit,
        {{ column }}_exact as exact_count,
        {{ column }}_trivial as trivial_count,
        {{ column }}_registered as registered_count,
        {{ column }}_differs as differs_count,
        {{ column }}_unexplained as unexplained_count,
        {{ column }}_unobserved as unobserved_count,
        cast({{ column }}_worst as decimal(38, 0)) as worst_absolute_residual,
        {{ column }}_first as first_differing_uid,
        unexplained_reason,
        root_gain_source

    from wide
    {% if not loop.last %}union all{% endif %}
{%- endfor %}

)

select
    long.block_number,
    long.netuid,
    long.mecid,
    long.quantity,
    long.block_date,
    long.spec_version,
    long.yuma_era,
    epochs.pre_is_yuma3 as is_yuma3,
    epochs.pre_is_yuma3 and epochs.pre_is_liquid_alpha as is_liquid_alpha,
    epochs.pre_is_commit_reveal as is_commit_reveal,
    epochs.place_in_block,
    long.root_gain_source,
    -- of all neurons: but what the epoch wrote for one that registered in the block is written over
    case
        when long.differs_count > 0 then 'differs'
        when long.unobserved_count > 0 then 'unobserved'
        when long.unexplained_count > long.registered_count or long.exact_count = 0 then 'unexplained'
        else 'exact'
    end as verdict,
    long.exact_count + long.differs_count + long.unexplained_count + long.unobserved_count as neurons_count,
    long.exact_count,
    long.trivial_count,
    long.differs_count,
    long.unexplained_count,
    long.unobserved_count,
    long.residual_unit,
    long.worst_absolute_residual,
    long.first_differing_uid,
    case when long.unexplained_count > 0 then long.unexplained_reason end as unexplained_reason

from long
left join epochs
    on long.block_number = epochs.block_number
    and long.netuid = epochs.netuid
where long.exact_count + long.differs_count + long.unexplained_count + long.unobserved_count > 0
