with

ends as (

    select
        *,
        -- in one amount up to spec 342; servers' and validators' apart from 343, root's from 334
{%- for when in ['pre_', ''] %}
        coalesce({{ when }}pending_emission_rao, 0)
        + coalesce({{ when }}pending_server_rao, 0)
        + coalesce({{ when }}pending_validator_rao, 0)
        + coalesce({{ when }}pending_root_alpha_rao, 0)
        + {{ when }}pending_owner_cut_rao as {{ when }}pending_alpha_rao{{ ',' if when }}
{%- endfor %}

    from {{ ref('int_subnet_day_ends') }}

),

stakes as (

    select
        block_date,
        netuid,
        subnet_registered_at_block,
        {{ exact_sum('alpha_rao') }} as held_alpha_rao,
        max(unexplained_reason) as unexplained_reason

    from {{ ref('stg_chain__stakes_by_day') }}
    group by block_date, netuid, subnet_registered_at_block

),

stake_pools as (

    select
        block_date,
        netuid,
        subnet_registered_at_block,
        {{ exact_sum('pre_alpha_rao') }} as pre_shared_alpha_rao,
        {{ exact_sum('alpha_rao') }} as shared_alpha_rao

    from {{ ref('stg_chain__stake_pools_by_day') }}
    group by block_date, netuid, subnet_registered_at_block

),

entries as (

    select * from {{ ref('stg_chain__stake_ledger') }}

),

pools as (

    select * from {{ ref('stg_recomputed__pool_states') }}

),

epochs as (

    select * from {{ ref('stg_chain__epochs') }}

),

-- a neuron that registered after the epoch, in a place of its own, had no part in it
neurons as (

    select
        neurons.block_number,
        neurons.netuid,
        {{ all_or_null('neurons.incentive_paid_rao + neurons.alpha_take_rao + neurons.alpha_dividends_rao') }} as paid_alpha_rao,
        case
            when count(*) > count(neurons.incentive_paid_rao + neurons.alpha_take_rao + neurons.alpha_dividends_rao)
                then coalesce(max(neurons.payout_unexplained_reason), max(neurons.unexplained_reason), 'a payout is not known')
        end as unexplained_reason

    from {{ ref('stg_recomputed__epoch_neurons') }} as neurons
    inner join epochs
        on neurons.block_number = epochs.block_number
        and neurons.netuid = epochs.netuid
    where neurons.uid < epochs.pre_neuron_count
    group by neurons.block_number, neurons.netuid

),

recycled as (

    select * from {{ ref('int_recycled_alpha_by_epoch') }}

),

emissions as (

    select * from {{ ref('int_subnet_emissions_by_block') }}

),

-- what leaves its owner and nobody has: fees of sales, and what was burned
lost as (

    select
        ends.block_date,
        ends.netuid,
        ends.subnet_generation,
        {{ exact_sum('case when entries.is_fee_in_alpha then entries.fee_rao else 0 end') }} as sale_fees_alpha_rao,
        {{ exact_sum("case when entries.kind = 'burn' then -entries.alpha_rao else 0 end") }} as burned_alpha_rao

    from ends
    {{ join_of_the_day('entries') }}
    group by ends.block_date, ends.netuid, ends.subnet_generation

),

paid as (

    select
        ends.block_date,
        ends.netuid,
        ends.subnet_generation,
        {{ all_or_null('emissions.alpha_out_emission_rao') }} as issued_alpha_rao,
        {{ exact_sum('coalesce(pools.drained_emission_rao, 0)') }} as drained_emission_rao,
        {{ exact_sum('coalesce(pools.drained_owner_cut_rao, 0)') }} as drained_owner_cut_rao,
        {{ exact_sum('coalesce(pools.drained_alpha_swapped_rao, 0)') }} as drained_alpha_swapped_rao,
        {{ all_or_null(
            'case when neurons.netuid is null then 0 else neurons.paid_alpha_rao end'
            ' + case when recycled.netuid is null then 0 else recycled.recycled_alpha_rao end'
        ) }} as paid_alpha_rao,
        coalesce(
            max(pools.unexplained_reason),
            max(neurons.unexplained_reason),
            'what an epoch recycled is not known: ' || max(recycled.unexplained_reason),
            case
                when count(*) > count(emissions.alpha_out_emission_rao)
                    then 'whether a block paid the subnet is not known'
            end
        ) as unexplained_reason

    from ends
    {{ join_of_the_day('pools') }}
    left join emissions
        on pools.block_number = emissions.block_number
        and pools.netuid = emissions.netuid
    left join neurons
        on pools.block_number = neurons.block_number
        and pools.netuid = neurons.netuid
    left join recycled
        on pools.block_number = recycled.block_number
        and pools.netuid = recycled.netuid
    group by ends.block_date, ends.netuid, ends.subnet_generation

),

joined as (

    select
        ends.*,
        coalesce(stakes.held_alpha_rao, 0) as held_alpha_rao,
        coalesce(stake_pools.shared_alpha_rao - stakes.held_alpha_rao, 0) as share_dust_alpha_rao,
        ends.pre_alpha_out_rao
        - ends.pre_pending_alpha_rao
        - case when ends.is_made_in_the_day then 0 else coalesce(stake_pools.pre_shared_alpha_rao, 0) end as pre_unowned_alpha_rao,
        coalesce(lost.sale_fees_alpha_rao, 0) as sale_fees_alpha_rao,
        coalesce(lost.burned_alpha_rao, 0) as burned_alpha_rao,
        case when paid.netuid is null then 0 else paid.drained_emission_rao - paid.paid_alpha_rao end as withheld_alpha_rao,
        -- the parts of what a block issues, each cut to whole rao
        case
            when paid.netuid is null then 0
            else paid.issued_alpha_rao
                - paid.drained_emission_rao - (ends.pending_emission_rao - ends.pre_pending_emission_rao)
                - paid.drained_owner_cut_rao - (ends.pending_owner_cut_rao - ends.pre_pending_owner_cut_rao)
                - paid.drained_alpha_swapped_rao - (ends.pending_alpha_swapped_rao - ends.pre_pending_alpha_swapped_rao)
        end as cut_alpha_rao,
        case
            when not ends.is_whole then 'not every block of the day was read'
            else coalesce(stakes.unexplained_reason, paid.unexplained_reason)
        end as unexplained_reason

    from ends
    left join stakes
        on ends.block_date = stakes.block_date
        and ends.netuid = stakes.netuid
        and ends.registered_at_block = stakes.subnet_registered_at_block
    left join stake_pools
        on ends.block_date = stake_pools.block_date
        and ends.netuid = stake_pools.netuid
        and ends.registered_at_block = stake_pools.subnet_registered_at_block
    left join lost
        on ends.block_date = lost.block_date
        and ends.netuid = lost.netuid
        and ends.subnet_generation = lost.subnet_generation
    left join paid
        on ends.block_date = paid.block_date
        and ends.netuid = paid.netuid
        and ends.subnet_generation = paid.subnet_generation

),

closed as (

    select
        *,
        case
            when unexplained_reason is null
                then held_alpha_rao + share_dust_alpha_rao + pending_alpha_rao + pre_unowned_alpha_rao
                    + sale_fees_alpha_rao + burned_alpha_rao + withheld_alpha_rao + cut_alpha_rao
        end as recomputed_alpha_out_rao

    from joined

)

select
    block_date,
    netuid,
    subnet_generation,
    pre_block_number,
    last_block_number,
    spec_version,
    cast(held_alpha_rao as decimal(38, 0)) as held_alpha_rao,
    cast(share_dust_alpha_rao as decimal(38, 0)) as share_dust_alpha_rao,
    cast(pending_alpha_rao as decimal(38, 0)) as pending_alpha_rao,
    cast(pre_unowned_alpha_rao as decimal(38, 0)) as pre_unowned_alpha_rao,
    cast(sale_fees_alpha_rao as decimal(38, 0)) as sale_fees_alpha_rao,
    cast(burned_alpha_rao as decimal(38, 0)) as burned_alpha_rao,
    cast(withheld_alpha_rao as decimal(38, 0)) as withheld_alpha_rao,
    cast(cut_alpha_rao as decimal(38, 0)) as cut_alpha_rao,
    pre_alpha_out_rao,
    alpha_out_rao as observed_alpha_out_rao,
    cast(recomputed_alpha_out_rao as decimal(38, 0)) as recomputed_alpha_out_rao,
    {{ residual('alpha_out_rao', 'recomputed_alpha_out_rao') }} as residual_alpha_out_rao,
    {{ verdict('alpha_out_rao', 'recomputed_alpha_out_rao') }} as verdict,
    unexplained_reason

from closed
