with

epochs as (

    select * from {{ ref('int_epochs') }}

),

neurons as (

    select * from {{ ref('stg_chain__epoch_neurons') }}

),

recomputed as (

    select * from {{ ref('stg_recomputed__epoch_neurons') }}

),

-- weights as they were set: those to the neuron itself or to a newer one, which do not count, too
weights as (

    select
        block_number,
        netuid,
        mecid,
        uid,
        unnest(target_uids) as target_uid,
        cast(unnest(weights_u16) as bigint) as weight_u16

    from {{ ref('stg_chain__epoch_weights') }}

),

weight_sums as (

    select
        block_number,
        netuid,
        mecid,
        uid,
        count(*) filter (where weight_u16 > 0) as weights_count,
        sum(weight_u16) as weight_sum

    from weights
    group by block_number, netuid, mecid, uid

),

-- each epoch with the consensus of the one before
consensus as (

    select
        epochs.block_number,
        epochs.netuid,
        before.mecid,
        before.uid,
        cast(before.consensus_u16 as bigint) as consensus_u16,
        sum(before.consensus_u16) over (
            partition by epochs.block_number, epochs.netuid, before.mecid
        ) as consensus_sum

    from epochs
    inner join neurons as before
        on epochs.previous_epoch_block_number = before.block_number
        and epochs.netuid = before.netuid

),

-- the part that two distributions have in common: 1 for the same, 0 for strangers
similarities as (

    select
        weights.block_number,
        weights.netuid,
        weights.mecid,
        weights.uid,
        sum(least(
            cast(weights.weight_u16 as hugeint) * consensus.consensus_sum,
            cast(consensus.consensus_u16 as hugeint) * weight_sums.weight_sum
        )) as common_part,
        max(consensus.consensus_sum) * max(weight_sums.weight_sum) as whole

    from weights
    inner join weight_sums
        on weights.block_number = weight_sums.block_number
        and weights.netuid = weight_sums.netuid
        and weights.mecid = weight_sums.mecid
        and weights.uid = weight_sums.uid
    inner join consensus
        on weights.block_number = consensus.block_number
        and weights.netuid = consensus.netuid
        and weights.mecid = consensus.mecid
        and weights.target_uid = consensus.uid
    group by weights.block_number, weights.netuid, weights.mecid, weights.uid

),

bonds as (

    select
        block_number,
        netuid,
        mecid,
        uid,
        cast(len(bonds_u16) as bigint) as bonds_count,
        cast(coalesce(list_sum(bonds_u16), 0) as bigint) as bonds_u16

    from {{ ref('stg_chain__epoch_bonds') }}

)

select
    neurons.block_number,
    neurons.netuid,
    neurons.mecid,
    neurons.uid,
    neurons.block_date,
    epochs.subnet_generation,
    neurons.hotkey_ss58,
    neurons.is_active,
    recomputed.stake_rao,
    recomputed.alpha_stake_rao,
    recomputed.root_stake_rao,
    coalesce(weight_sums.weights_count, 0) as weights_count,
    neurons.pre_last_update_block as last_update_block,
    neurons.validator_trust_u16,
    -- only of those whose weights count is anything clipped
    case
        when neurons.is_active and weight_sums.weight_sum > 0
            then {{ share('65535 - neurons.validator_trust_u16', '65535') }}
    end as clipped_share,
    coalesce(bonds.bonds_count, 0) as bonds_count,
    coalesce(bonds.bonds_u16, 0) as bonds_u16,
    neurons.dividends_u16,
    neurons.alpha_dividends_rao + recomputed.alpha_take_rao as dividends_alpha_rao,
    neurons.tao_dividends_rao + recomputed.tao_take_rao as dividends_tao_rao,
    {{ share('neurons.alpha_dividends_rao + recomputed.alpha_take_rao', 'recomputed.alpha_stake_rao') }} as dividends_per_alpha_stake,
    {{ share('similarities.common_part', 'similarities.whole') }} as previous_consensus_similarity_share

from neurons
inner join epochs
    on neurons.block_number = epochs.block_number
    and neurons.netuid = epochs.netuid
left join recomputed
    on neurons.block_number = recomputed.block_number
    and neurons.netuid = recomputed.netuid
    and neurons.mecid = recomputed.mecid
    and neurons.uid = recomputed.uid
left join weight_sums
    on neurons.block_number = weight_sums.block_number
    and neurons.netuid = weight_sums.netuid
    and neurons.mecid = weight_sums.mecid
    and neurons.uid = weight_sums.uid
left join similarities
    on neurons.block_number = similarities.block_number
    and neurons.netuid = similarities.netuid
    and neurons.mecid = similarities.mecid
    and neurons.uid = similarities.uid
left join bonds
    on neurons.block_number = bonds.block_number
    and neurons.netuid = bonds.netuid
    and neurons.mecid = bonds.mecid
    and neurons.uid = bonds.uid
where neurons.pre_is_validator_permitted
