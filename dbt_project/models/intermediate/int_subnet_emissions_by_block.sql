with

subnet_blocks as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0

),

emissions as (

    select * from {{ ref('stg_recomputed__subnet_emissions') }}

),

injections as (

    select * from {{ ref('stg_recomputed__subnet_injections') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

)

-- the chain does not reset its records for a subnet that is no candidate: they are not an emission
select
    subnet_blocks.block_number,
    subnet_blocks.netuid,
    generations.subnet_generation,
    subnet_blocks.block_date,
    emissions.is_candidate,
    emissions.block_emission_rao,
    case when emissions.is_candidate then subnet_blocks.tao_in_emission_rao end as tao_in_emission_rao,
    case when emissions.is_candidate then subnet_blocks.alpha_in_emission_rao end as alpha_in_emission_rao,
    case when emissions.is_candidate then subnet_blocks.alpha_out_emission_rao end as alpha_out_emission_rao,
    case when emissions.is_candidate then injections.tao_in_emission_rao end as recomputed_tao_in_emission_rao,
    -- with the TAO that buys alpha: none before spec 298, recorded from 411, not to be seen between
    case
        when not emissions.is_candidate then null
        when subnet_blocks.spec_version < 298 then subnet_blocks.tao_in_emission_rao
        else subnet_blocks.tao_in_emission_rao + subnet_blocks.excess_tao_rao
    end as tao_emission_rao,
    case
        when not emissions.is_candidate then null
        when subnet_blocks.spec_version < 298 then injections.tao_in_emission_rao
        else injections.tao_in_emission_rao + injections.chain_buy_tao_rao
    end as recomputed_tao_emission_rao

from subnet_blocks
inner join generations
    on subnet_blocks.netuid = generations.netuid
    and subnet_blocks.subnet_registered_at_block = generations.registered_at_block
left join emissions
    on subnet_blocks.block_number = emissions.block_number
    and subnet_blocks.netuid = emissions.netuid
left join injections
    on subnet_blocks.block_number = injections.block_number
    and subnet_blocks.netuid = injections.netuid
