-- What the chain itself counted, where it resets the counter every block (spec 334 to 419) or never
-- (from 421) and every block of the day was read: after a candidate's counter is consumed, what stands at the end of the
-- block is the flow of that block's extrinsics.
with

subnet_blocks as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0

),

emissions as (

    select * from {{ ref('stg_recomputed__subnet_emissions') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

read_days as (

    select block_date from {{ ref('int_days') }}
    where is_every_block_read

),

flows as (

    select
        subnet_blocks.block_date,
        subnet_blocks.netuid,
        generations.subnet_generation,
        case
            -- the counter that stands is of the subnet now under this netuid
            when subnet_blocks.pre_is_network_added and not subnet_blocks.is_same_subnet then null
            -- from 421 nobody consumes the counter: it only grows
            when subnet_blocks.spec_version >= 421 then subnet_blocks.tao_flow_rao - subnet_blocks.pre_tao_flow_rao
            when subnet_blocks.spec_version not between 334 and 419 then null
            when emissions.is_candidate then subnet_blocks.tao_flow_rao
            when not emissions.is_candidate then subnet_blocks.tao_flow_rao - subnet_blocks.pre_tao_flow_rao
        end as flow_rao

    from subnet_blocks
    inner join generations
        on subnet_blocks.netuid = generations.netuid
        and subnet_blocks.subnet_registered_at_block = generations.registered_at_block
    left join emissions
        on subnet_blocks.block_number = emissions.block_number
        and subnet_blocks.netuid = emissions.netuid
    inner join read_days
        on subnet_blocks.block_date = read_days.block_date

)

select
    block_date,
    netuid,
    subnet_generation,
    {{ exact_sum('flow_rao') }} as flow_chain_user_rao

from flows
group by block_date, netuid, subnet_generation
having count(*) = count(flow_rao)
