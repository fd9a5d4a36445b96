with

subnet_blocks as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0

),

events as (

    select * from {{ ref('stg_chain__stake_events') }}
    where event_name = 'NetworkAdded' and netuid <> 0

),

registrations as (

    select netuid, network_registered_at_block as registered_at_block from subnet_blocks
    where is_network_added
    union
    select netuid, pre_network_registered_at_block as registered_at_block from subnet_blocks
    where pre_is_network_added
    union
    -- a subnet may come and go between two snapshots
    select netuid, block_number as registered_at_block from events

)

select
    netuid,
    registered_at_block,
    cast(row_number() over (partition by netuid order by registered_at_block) as integer) as subnet_generation,
    lead(registered_at_block) over (partition by netuid order by registered_at_block) as next_registered_at_block

from registrations
