-- What the protocol itself put into a pool less what it took out: TAO injected or spent on the pool's
-- alpha, less TAO that root's alpha was sold for.
with

subnet_blocks as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0

),

emissions as (

    select * from {{ ref('int_subnet_emissions_by_block') }}

),

pools as (

    select * from {{ ref('stg_recomputed__pool_states') }}

),

days as (

    select * from {{ ref('int_days') }}

),

joined as (

    select
        emissions.block_date,
        emissions.netuid,
        emissions.subnet_generation,
        days.is_every_block_read,
        subnet_blocks.pre_is_network_added,
        emissions.tao_emission_rao,
        -- a subnet made in the block has no coinbase in it
        case when subnet_blocks.pre_is_network_added then pools.root_sale_tao_rao else 0 end as root_sale_tao_rao,
        case when subnet_blocks.pre_is_network_added then pools.unexplained_reason end as unexplained_reason

    from emissions
    inner join subnet_blocks
        on emissions.block_number = subnet_blocks.block_number
        and emissions.netuid = subnet_blocks.netuid
    inner join days
        on emissions.block_date = days.block_date
    left join pools
        on emissions.block_number = pools.block_number
        and emissions.netuid = pools.netuid

)

select
    block_date,
    netuid,
    subnet_generation,
    case
        when bool_and(is_every_block_read) then {{ all_or_null('tao_emission_rao - root_sale_tao_rao') }}
    end as flow_protocol_rao,
    case
        when not bool_and(is_every_block_read) then 'not every block of the day was read'
        when count(*) > count(root_sale_tao_rao) then coalesce(min(unexplained_reason), 'a block was not replayed')
        when count(*) > count(tao_emission_rao)
            then 'what a block spent on alpha of the pool is not known: no rule, or not recorded (specs 298 to 410)'
    end as unexplained_reason

from joined
group by block_date, netuid, subnet_generation
