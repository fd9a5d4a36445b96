with

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

subnet_blocks as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0 and is_network_added

),

seen as (

    select
        netuid,
        network_registered_at_block as registered_at_block,
        max_by(token_symbol, block_number) as token_symbol,
        max_by(owner_ss58, block_number) as owner_ss58,
        max(case when is_same_subnet then pre_first_emission_block_number end) as first_emission_block_number,
        min(block_number) as first_seen_block_number,
        max(block_number) as last_seen_block_number,
        min(block_date) as first_seen_date,
        max(block_date) as last_seen_date

    from subnet_blocks
    group by netuid, network_registered_at_block

)

select
    generations.netuid,
    generations.subnet_generation,
    seen.token_symbol,
    seen.owner_ss58,
    generations.registered_at_block,
    generations.next_registered_at_block,
    seen.first_emission_block_number,
    seen.first_seen_block_number,
    seen.last_seen_block_number,
    seen.first_seen_date,
    seen.last_seen_date

from generations
left join seen
    on generations.netuid = seen.netuid
    and generations.registered_at_block = seen.registered_at_block
