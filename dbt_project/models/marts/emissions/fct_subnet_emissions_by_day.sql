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
        -- one block without a figure makes the day's sum unknown, not smaller
        cast({{ all_or_null('cast(is_candidate as integer)') }} as bigint) as emission_blocks_count,
        {{ all_or_null('tao_in_emission_rao') }} as tao_in_emission_rao,
        {{ all_or_null('alpha_in_emission_rao') }} as alpha_in_emission_rao,
        {{ all_or_null('alpha_out_emission_rao') }} as alpha_out_emission_rao,
        {{ all_or_null('tao_emission_rao') }} as tao_emission_rao,
        {{ all_or_null('recomputed_tao_in_emission_rao') }} as recomputed_tao_in_emission_rao,
        {{ all_or_null('recomputed_tao_emission_rao') }} as recomputed_tao_emission_rao

    from blocks
    group by block_date, netuid, subnet_generation

),

minted as (

    select
        block_date,
        {{ all_or_null('block_emission_rao') }} as block_emission_rao

    from (select distinct block_date, block_number, block_emission_rao from blocks) as each_block
    group by block_date

),

days as (

    select * from {{ ref('int_days') }}

),

-- a rank is among figures of one kind: of the whole emission where all subnets of the day have it
ranked as (

    select
        *,
        case
            when count(*) over of_day = count(tao_emission_rao) over of_day then tao_emission_rao
            when count(*) over of_day = count(tao_in_emission_rao) over of_day then tao_in_emission_rao
        end as ranked_rao

    from subnets
    window of_day as (partition by block_date)

)

select
    ranked.block_date,
    ranked.netuid,
    ranked.subnet_generation,
    ranked.snapshot_blocks_count,
    ranked.emission_blocks_count,
    days.is_whole and days.is_every_block_read as is_every_block_of_day_read,
    ranked.tao_in_emission_rao,
    ranked.recomputed_tao_in_emission_rao,
    ranked.tao_emission_rao,
    ranked.recomputed_tao_emission_rao,
    minted.block_emission_rao,
    {{ share('ranked.tao_emission_rao', 'minted.block_emission_rao') }} as observed_share,
    {{ share('ranked.recomputed_tao_emission_rao', 'minted.block_emission_rao') }} as recomputed_share,
    case
        when ranked.ranked_rao is not null
            then cast(rank() over (partition by ranked.block_date order by ranked.ranked_rao desc) as integer)
    end as emission_rank,
    ranked.alpha_in_emission_rao,
    ranked.alpha_out_emission_rao,
    {{ readable('ranked.tao_in_emission_rao') }} as tao_in_emission_tao

from ranked
inner join minted on ranked.block_date = minted.block_date
inner join days on ranked.block_date = days.block_date
