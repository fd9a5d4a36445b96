with

subnet_blocks as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

)

select
    subnet_blocks.block_date,
    subnet_blocks.netuid,
    generations.subnet_generation

from subnet_blocks
inner join generations
    on subnet_blocks.netuid = generations.netuid
    and subnet_blocks.subnet_registered_at_block = generations.registered_at_block
union
-- events are read at every block, and state at snapshots only: no flow is lost between two of them
select
    block_date,
    netuid,
    subnet_generation

from {{ ref('int_stake_flows_by_day') }}
