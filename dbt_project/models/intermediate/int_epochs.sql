-- Epochs with the subnet whose they are and the epoch before of the same subnet, where both were seen
-- and none between: an epoch says when the one before it ran.
with

epochs as (

    select * from {{ ref('stg_chain__epochs') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

numbered as (

    select
        epochs.*,
        generations.subnet_generation,
        lag(epochs.block_number) over (
            partition by epochs.netuid, generations.subnet_generation
            order by epochs.block_number
        ) as seen_before_block_number

    from epochs
    inner join generations
        on epochs.netuid = generations.netuid
        and epochs.block_number > generations.registered_at_block
        and epochs.block_number <= coalesce(generations.next_registered_at_block, epochs.block_number)

)

select
    * exclude (seen_before_block_number),
    case
        when seen_before_block_number = pre_last_mechanism_step_block then seen_before_block_number
    end as previous_epoch_block_number

from numbered
