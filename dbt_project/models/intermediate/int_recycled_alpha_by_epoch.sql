-- Incentive that an epoch withheld and took out of SubnetAlphaOut. What is burned stays in it and is nobody's.
with

epochs as (

    select * from {{ ref('stg_chain__epochs') }}

),

neurons as (

    select * from {{ ref('stg_recomputed__epoch_neurons') }}

)

select
    epochs.block_number,
    epochs.netuid,
    -- one figure for the epoch, in the row of every neuron; without neurons nothing is withheld
    case when count(neurons.uid) = 0 then 0 else max(neurons.recycled_alpha_rao) end as recycled_alpha_rao,
    case
        when count(neurons.uid) > 0 and max(neurons.recycled_alpha_rao) is null
            then coalesce(max(neurons.payout_unexplained_reason), max(neurons.unexplained_reason))
    end as unexplained_reason

from epochs
left join neurons
    on epochs.block_number = neurons.block_number
    and epochs.netuid = neurons.netuid
group by epochs.block_number, epochs.netuid
