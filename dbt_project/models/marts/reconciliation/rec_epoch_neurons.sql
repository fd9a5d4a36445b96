{%- set quantities = epoch_quantities() -%}

with

observed as (

    select * from {{ ref('stg_chain__epoch_neurons') }}

),

recomputed as (

    select * from {{ ref('stg_recomputed__epoch_neurons') }}

),

observed_bonds as (

    select * from {{ ref('stg_chain__epoch_bonds') }}

),

recomputed_bonds as (

    select * from {{ ref('stg_recomputed__epoch_bonds') }}

),

epochs as (

    select * from {{ ref('stg_chain__epochs') }}

),

mechanisms as (

    select
        block_number,
        netuid,
        block_date,
        spec_version,
        pre_neuron_count,
        unnest(range(greatest(coalesce(pre_mechanism_count, 1), 1))) as mecid

    from epochs

),

-- all that an epoch ran over: a neuron of which there is no row on either side is a row here
neurons as (

    select
        block_number,
        netuid,
        cast(mecid as integer) as mecid,
        cast(unnest(range(pre_neuron_count)) as integer) as uid,
        block_date,
        spec_version

    from mechanisms

),

bonds as (

    select
        coalesce(observed_bonds.block_number, recomputed_bonds.block_number) as block_number,
        coalesce(observed_bonds.netuid, recomputed_bonds.netuid) as netuid,
        coalesce(observed_bonds.mecid, recomputed_bonds.mecid) as mecid,
        coalesce(observed_bonds.uid, recomputed_bonds.uid) as uid,
        observed_bonds.target_uids as observed_uids,
        observed_bonds.bonds_u16 as observed_bonds,
        recomputed_bonds.target_uids as recomputed_uids,
        recomputed_bonds.bonds_u16 as recomputed_bonds,
        recomputed_bonds.unexplained_reason,
        -- the same bonds in the same order
        observed_bonds.target_uids is not distinct from recomputed_bonds.target_uids
        and observed_bonds.bonds_u16 is not distinct from recomputed_bonds.bonds_u16 as is_same,
        observed_bonds.target_uids is not distinct from observed_bonds.pre_target_uids
        and observed_bonds.bonds_u16 is not distinct from observed_bonds.pre_bonds_u16 as is_unchanged

    from observed_bonds
    full join recomputed_bonds
        on observed_bonds.block_number = recomputed_bonds.block_number
        and observed_bonds.netuid = recomputed_bonds.netuid
        and observed_bonds.mecid = recomputed_bonds.mecid
        and observed_bonds.uid = recomputed_bonds.uid

),

-- bond by bond, only where a row is not the same; a bond that one side lacks is 0 there
other_bonds as (

    select
        block_number,
        netuid,
        mecid,
        uid,
        target_uid,
        sum(bond_u16) as residual_u16

    from (
        select
            block_number,
            netuid,
            mecid,
            uid,
            unnest(observed_uids) as target_uid,
            -cast(unnest(observed_bonds) as integer) as bond_u16
        from bonds where not is_same
        union all
        select
            block_number,
            netuid,
            mecid,
            uid,
            unnest(recomputed_uids) as target_uid,
            cast(unnest(recomputed_bonds) as integer) as bond_u16
        from bonds where not is_same
    ) as sides
    group by block_number, netuid, mecid, uid, target_uid

),

worst_bonds as (

    select
        block_number,
        netuid,
        mecid,
        uid,
        cast(max_by(residual_u16, abs(residual_u16)) as decimal(38, 0)) as residual_u16

    from other_bonds
    group by block_number, netuid, mecid, uid

),

joined as (

    select
        coalesce(observed.block_number, recomputed.block_number, neurons.block_number) as block_number,
        coalesce(observed.netuid, recomputed.netuid, neurons.netuid) as netuid,
        coalesce(observed.mecid, recomputed.mecid, neurons.mecid) as mecid,
        coalesce(observed.uid, recomputed.uid, neurons.uid) as uid,
        coalesce(observed.block_date, recomputed.block_date, neurons.block_date) as block_date,
        observed.block_number is not null as is_observed,
        recomputed.block_number is not null as is_recomputed,
        coalesce(observed.spec_version, neurons.spec_version) as spec_version,
        observed.hotkey_ss58,
        observed.is_registered_in_block,
        recomputed.yuma_era,
        recomputed.root_gain_rao,
        recomputed.root_gain_source,
        case
            when recomputed.block_number is null and observed.block_number is null
                then 'the epoch ran over this neuron, and there is no row of it'
            when recomputed.block_number is null then 'no recomputed row'
            else recomputed.unexplained_reason
        end as unexplained_reason,
        recomputed.payout_unexplained_reason,
        cast(coalesce(len(bonds.observed_uids), 0) as bigint) as observed_bonds_count,
        cast(coalesce(len(bonds.recomputed_uids), 0) as bigint) as recomputed_bonds_count,
        case
            when coalesce(bonds.is_same, true) then 0
            else coalesce(worst_bonds.residual_u16, 0)
        end as residual_bonds_u16,
        coalesce(bonds.is_same, true) as is_same_bonds,
        -- no bond, or those that stood before
        coalesce(len(bonds.observed_uids), 0) = 0 or bonds.is_unchanged as is_trivial_bonds
        {%- for column, item in quantities %},
        observed.{{ column }} as observed_{{ column }},
        recomputed.{{ column }} as recomputed_{{ column }}
        {%- endfor %}

    from observed
    full join recomputed
        on observed.block_number = recomputed.block_number
        and observed.netuid = recomputed.netuid
        and observed.mecid = recomputed.mecid
        and observed.uid = recomputed.uid
    full join neurons
        on coalesce(observed.block_number, recomputed.block_number) = neurons.block_number
        and coalesce(observed.netuid, recomputed.netuid) = neurons.netuid
        and coalesce(observed.mecid, recomputed.mecid) = neurons.mecid
        and coalesce(observed.uid, recomputed.uid) = neurons.uid
    left join bonds
        on coalesce(observed.block_number, recomputed.block_number) = bonds.block_number
        and coalesce(observed.netuid, recomputed.netuid) = bonds.netuid
        and coalesce(observed.mecid, recomputed.mecid) = bonds.mecid
        and coalesce(observed.uid, recomputed.uid) = bonds.uid
    left join worst_bonds
        on bonds.block_number = worst_bonds.block_number
        and bonds.netuid = worst_bonds.netuid
        and bonds.mecid = worst_bonds.mecid
        and bonds.uid = worst_bonds.uid

),

verdicts as (

    select
        *,
        case
            when not is_observed then 'unobserved'
            when unexplained_reason is not null then 'unexplained'
            when is_same_bonds then 'exact'
            else 'differs'
        end as bonds_verdict
        {%- for column, item in quantities %},
        {{ epoch_verdict(column) }} as {{ column }}_verdict
        {%- endfor %}

    from joined

)

select
    block_number,
    netuid,
    mecid,
    uid,
    block_date,
    spec_version,
    hotkey_ss58,
    is_registered_in_block,
    yuma_era,
    case
        when not is_observed then 'unobserved'
        when 'differs' in (bonds_verdict{% for column, item in quantities %}, {{ column }}_verdict{% endfor %})
            then 'differs'
        when 'unexplained' in (bonds_verdict{% for column, item in quantities %}, {{ column }}_verdict{% endfor %})
            then 'unexplained'
        when 'unobserved' in (bonds_verdict{% for column, item in quantities %}, {{ column }}_verdict{% endfor %})
            then 'unobserved'
        else 'exact'
    end as verdict,
    coalesce(unexplained_reason, payout_unexplained_reason) as unexplained_reason,
    root_gain_rao,
    root_gain_source,
    observed_bonds_count,
    recomputed_bonds_count,
    cast(residual_bonds_u16 as decimal(38, 0)) as residual_bonds_u16,
    bonds_verdict,
    is_trivial_bonds
    {%- for column, item in quantities %},
    observed_{{ column }},
    recomputed_{{ column }},
    {%- if column.startswith('is_') %}
    {{ residual('cast(observed_' ~ column ~ ' as integer)', 'cast(recomputed_' ~ column ~ ' as integer)') }} as residual_{{ column }},
    {%- else %}
    {{ residual('observed_' ~ column, 'recomputed_' ~ column) }} as residual_{{ column }},
    {%- endif %}
    {{ column }}_verdict
    {%- endfor %}

from verdicts
