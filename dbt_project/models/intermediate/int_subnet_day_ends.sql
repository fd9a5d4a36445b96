-- A subnet at the ends of a day's snapshots, and whether every block between them was read. One that was
-- made in the day begins with the state at the end of its first block.
with

subnet_blocks as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0 and is_network_added

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

numbered as (

    select
        subnet_blocks.*,
        generations.subnet_generation,
        row_number() over (
            partition by subnet_blocks.block_date, subnet_blocks.netuid, generations.subnet_generation
            order by subnet_blocks.block_number
        ) as place

    from subnet_blocks
    inner join generations
        on subnet_blocks.netuid = generations.netuid
        and subnet_blocks.network_registered_at_block = generations.registered_at_block

),

begun as (

    select
        *,
        place = 1 and not is_same_subnet as is_made

    from numbered

)

select
    block_date,
    netuid,
    subnet_generation,
    max(network_registered_at_block) as registered_at_block,
    bool_or(is_made) as is_made_in_the_day,
    min(case when is_made then block_number else block_number - 1 end) as pre_block_number,
    max(block_number) as last_block_number,
    max_by(spec_version, block_number) as spec_version,
    count(*) filter (where not is_made)
    = max(block_number) - min(case when is_made then block_number else block_number - 1 end) as is_whole
{%- for column in [
    'tao_reserve_rao', 'tao_provided_rao', 'alpha_out_rao', 'pending_emission_rao', 'pending_owner_cut_rao',
    'pending_alpha_swapped_rao', 'pending_server_rao', 'pending_validator_rao', 'pending_root_alpha_rao'
] %},
    max(case when place = 1 then case when is_made then {{ column }} else pre_{{ column }} end end) as pre_{{ column }},
    max_by({{ column }}, block_number) as {{ column }}
{%- endfor %}

from begun
group by block_date, netuid, subnet_generation
