{%- set figures = [
    ('tao_in_emission_rao', 'joined.tao_in_emission_rao'),
    ('alpha_in_emission_rao', 'joined.alpha_in_emission_rao'),
    ('alpha_out_emission_rao', 'joined.alpha_out_emission_rao'),
    ('recomputed_tao_in_emission_rao', 'recomputed_tao_in_rao'),
    ('tao_emission_rao', 'joined.tao_in_emission_rao + joined.bought_tao_rao'),
    ('recomputed_tao_emission_rao', 'recomputed_tao_in_rao + recomputed_bought_tao_rao'),
] -%}

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

),

joined as (

    select
        subnet_blocks.*,
        generations.subnet_generation,
        emissions.is_candidate,
        emissions.block_emission_rao,
        injections.tao_in_emission_rao as recomputed_tao_in_rao,
        injections.chain_buy_tao_rao as recomputed_bought_tao_rao,
        -- TAO that buys alpha: none before spec 298, recorded from 411, not to be seen between
        case when subnet_blocks.spec_version < 298 then 0 else subnet_blocks.excess_tao_rao end as bought_tao_rao

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

)

-- the chain does not reset its records for a subnet that is no candidate: they are not an emission, it got
-- nothing. Whether it is one is not known where no rule is
select
    block_number,
    netuid,
    subnet_generation,
    block_date,
    is_candidate,
    block_emission_rao
{%- for figure, paid in figures %},
    case is_candidate when true then {{ paid }} when false then 0 end as {{ figure }}
{%- endfor %}

from joined
