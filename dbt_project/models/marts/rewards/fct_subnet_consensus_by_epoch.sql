with

epochs as (

    select * from {{ ref('int_epochs') }}

),

neurons as (

    select
        observed.block_number,
        observed.netuid,
        observed.mecid,
        observed.uid,
        observed.pre_is_validator_permitted as has_permit,
        observed.is_active,
        observed.incentive_u16,
        observed.validator_trust_u16,
        observed.emission_rao,
        observed.hotkey_ss58 = epochs.pre_owner_hotkey_ss58 as is_owner_hotkey,
        recomputed.stake_rao,
        recomputed.stake_rao >= epochs.pre_stake_threshold_rao and recomputed.stake_rao > 0 as has_enough_stake,
        recomputed.server_emission_rao,
        recomputed.incentive_paid_rao,
        len(list_filter(weights.weights_u16, weight -> weight > 0)) > 0 as has_weights

    from {{ ref('stg_chain__epoch_neurons') }} as observed
    inner join epochs
        on observed.block_number = epochs.block_number
        and observed.netuid = epochs.netuid
    left join {{ ref('stg_recomputed__epoch_neurons') }} as recomputed
        on observed.block_number = recomputed.block_number
        and observed.netuid = recomputed.netuid
        and observed.mecid = recomputed.mecid
        and observed.uid = recomputed.uid
    left join {{ ref('stg_chain__epoch_weights') }} as weights
        on observed.block_number = weights.block_number
        and observed.netuid = weights.netuid
        and observed.mecid = weights.mecid
        and observed.uid = weights.uid

),

counted as (

    select
        *,
        has_permit and is_active and has_enough_stake and coalesce(has_weights, false) as is_counted,
        case
            when has_permit and is_active and has_enough_stake and has_weights then cast(stake_rao as hugeint)
            else 0
        end as voting_stake_rao

    from neurons

),

ordered as (

    select
        *,
        row_number() over (
            partition by block_number, netuid, mecid order by voting_stake_rao desc, uid
        ) as stake_place,
        sum(voting_stake_rao) over (
            partition by block_number, netuid, mecid order by voting_stake_rao desc, uid
            rows unbounded preceding
        ) as leading_stake_rao,
        sum(voting_stake_rao) over (partition by block_number, netuid, mecid) as whole_stake_rao,
        row_number() over (
            partition by block_number, netuid, mecid order by incentive_u16 desc nulls last, uid
        ) as incentive_place,
        sum(incentive_u16) over (
            partition by block_number, netuid, mecid order by incentive_u16 desc nulls last, uid
            rows unbounded preceding
        ) as leading_incentive,
        sum(incentive_u16) over (partition by block_number, netuid, mecid) as whole_incentive

    from counted

),

summed as (

    select
        block_number,
        netuid,
        mecid,
        count(*) as neurons_count,
        count(*) filter (where has_permit) as permits_count,
        count(*) filter (where is_counted) as validators_count,
        {{ exact_sum('voting_stake_rao') }} as voting_stake_rao,
        cast(min(case when 2 * leading_stake_rao > whole_stake_rao then stake_place end) as bigint) as nakamoto_validators_count,
        {{ share('sum(voting_stake_rao * (65535 - validator_trust_u16))', '65535 * sum(voting_stake_rao)') }} as clipped_share,
        count(*) filter (where incentive_u16 > 0) as miners_count,
        cast(min(case when 2 * leading_incentive > whole_incentive then incentive_place end) as bigint) as nakamoto_miners_count,
        {{ share('max(incentive_u16)', 'sum(incentive_u16)') }} as top_miner_share,
        {{ share('sum(cast(incentive_u16 as hugeint) * incentive_u16)', 'sum(incentive_u16) * sum(incentive_u16)') }} as miner_herfindahl_hirschman_index,
        {{ exact_sum('emission_rao') }} as emission_alpha_rao,
        cast(max(case when is_owner_hotkey then incentive_u16 end) as integer) as owner_incentive_u16,
        {{ share('coalesce(max(case when is_owner_hotkey then incentive_u16 end), 0)', 'sum(incentive_u16)') }} as owner_incentive_share,
        {{ exact_sum('server_emission_rao') }} as incentive_alpha_rao,
        {{ exact_sum('server_emission_rao - incentive_paid_rao') }} as withheld_alpha_rao

    from ordered
    group by block_number, netuid, mecid

)

select
    epochs.block_number,
    epochs.netuid,
    summed.mecid,
    epochs.block_date,
    epochs.subnet_generation,
    epochs.block_number - epochs.previous_epoch_block_number as blocks_since_epoch_before,
    epochs.pre_is_yuma3 as is_yuma3,
    epochs.pre_is_yuma3 and epochs.pre_is_liquid_alpha as is_liquid_alpha,
    epochs.pre_is_commit_reveal as is_commit_reveal,
    epochs.pre_kappa_u16 as kappa_u16,
    epochs.pre_bonds_penalty_u16 as bonds_penalty_u16,
    summed.neurons_count,
    summed.permits_count,
    summed.validators_count,
    summed.voting_stake_rao,
    summed.nakamoto_validators_count,
    summed.clipped_share,
    summed.miners_count,
    summed.nakamoto_miners_count,
    summed.top_miner_share,
    summed.miner_herfindahl_hirschman_index,
    summed.emission_alpha_rao,
    summed.incentive_alpha_rao,
    summed.owner_incentive_u16,
    summed.owner_incentive_share,
    summed.withheld_alpha_rao,
    {{ share('summed.withheld_alpha_rao', 'summed.incentive_alpha_rao') }} as withheld_share

from summed
inner join epochs
    on summed.block_number = epochs.block_number
    and summed.netuid = epochs.netuid
