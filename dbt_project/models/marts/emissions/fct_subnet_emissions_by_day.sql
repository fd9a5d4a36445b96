with

blocks as (

    select * from {{ ref('int_subnet_emissions_by_block') }}

),

subnets as (

    select
        block_date,
        netuid,
        subnet_generation,
        count(*) as snapshot_blocks_count,
        count(*) filter (where is_candidate) as emission_blocks_count,
        {{ exact_sum('coalesce(tao_in_emission_rao, 0)') }} as tao_in_emission_rao,
        {{ exact_sum('coalesce(alpha_in_emission_rao, 0)') }} as alpha_in_emission_rao,
        {{ exact_sum('coalesce(alpha_out_emission_rao, 0)') }} as alpha_out_emission_rao,
        -- a candidate without a figure makes the day's sum unknown, not smaller
        case
            when count(*) filter (where is_candidate) = count(tao_emission_rao)
                and count(*) = count(is_candidate)
                then {{ exact_sum('coalesce(tao_emission_rao, 0)') }}
        end as tao_emission_rao,
        case
            when count(*) filter (where is_candidate) = count(recomputed_tao_in_emission_rao)
                and count(*) = count(is_candidate)
                then {{ exact_sum('coalesce(recomputed_tao_in_emission_rao, 0)') }}
        end as recomputed_tao_in_emission_rao,
        case
            when count(*) filter (where is_candidate) = count(recomputed_tao_emission_rao)
                and count(*) = count(is_candidate)
                then {{ exact_sum('coalesce(recomputed_tao_emission_rao, 0)') }}
        end as recomputed_tao_emission_rao

    from blocks
    group by block_date, netuid, subnet_generation

),

days as (

    select
        block_date,
        case
            when count(*) = count(block_emission_rao)
                then {{ exact_sum('block_emission_rao') }}
        end as block_emission_rao

    from (select distinct block_date, block_number, block_emission_rao from blocks) as minted
    group by block_date

)

select
    subnets.block_date,
    subnets.netuid,
    subnets.subnet_generation,
    subnets.snapshot_blocks_count,
    subnets.emission_blocks_count,
    subnets.tao_in_emission_rao,
    subnets.recomputed_tao_in_emission_rao,
    subnets.tao_emission_rao,
    subnets.recomputed_tao_emission_rao,
    days.block_emission_rao,
    {{ share('subnets.tao_emission_rao', 'days.block_emission_rao') }} as observed_share,
    {{ share('subnets.recomputed_tao_emission_rao', 'days.block_emission_rao') }} as recomputed_share,
    cast(rank() over (
        partition by subnets.block_date
        order by coalesce(subnets.tao_emission_rao, subnets.tao_in_emission_rao) desc
    ) as integer) as emission_rank,
    subnets.alpha_in_emission_rao,
    subnets.alpha_out_emission_rao,
    {{ readable('subnets.tao_in_emission_rao') }} as tao_in_emission_tao

from subnets
inner join days on subnets.block_date = days.block_date
