with

blocks as (

    select * from {{ ref('stg_chain__blocks') }}

),

emissions as (

    select
        block_number,
        max(block_emission_rao) as block_emission_rao,
        {{ all_or_null('tao_in_emission_rao') }} as tao_in_emission_rao,
        cast({{ all_or_null('cast(is_candidate as integer)') }} as bigint) as candidates_count

    from {{ ref('int_subnet_emissions_by_block') }}
    group by block_number

)

select
    blocks.block_number,
    blocks.block_date,
    blocks.block_at,
    blocks.block_hash,
    blocks.parent_hash,
    blocks.spec_version,
    blocks.event_count as events_count,
    blocks.is_snapshot,
    blocks.total_issuance_rao,
    blocks.total_stake_rao,
    blocks.pre_subnet_count as subnets_count,
    emissions.candidates_count,
    emissions.block_emission_rao,
    emissions.tao_in_emission_rao

from blocks
left join emissions on blocks.block_number = emissions.block_number
