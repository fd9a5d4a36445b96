-- What the protocol itself put into a pool less what it took out: TAO injected, less TAO that root's
-- alpha was sold for. Chain buys (excess TAO) begin with spec 298, where the replay does not reach.
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

    select
        block_date,
        count(*) = count(*) filter (where is_snapshot or block_number = first_block_number) as is_whole

    from (
        select
            *,
            min(block_number) over () as first_block_number
        from {{ ref('stg_chain__blocks') }}
    ) as blocks
    group by block_date

),

joined as (

    select
        emissions.block_date,
        emissions.netuid,
        emissions.subnet_generation,
        days.is_whole,
        subnet_blocks.pre_is_network_added,
        coalesce(emissions.tao_in_emission_rao, 0) as tao_in_emission_rao,
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
        when bool_and(is_whole) and count(*) = count(root_sale_tao_rao)
            then {{ exact_sum('tao_in_emission_rao - coalesce(root_sale_tao_rao, 0)') }}
    end as flow_protocol_rao,
    case
        when not bool_and(is_whole) then 'not every block of the day was read'
        when count(*) > count(root_sale_tao_rao) then coalesce(min(unexplained_reason), 'a block was not replayed')
    end as unexplained_reason

from joined
group by block_date, netuid, subnet_generation
