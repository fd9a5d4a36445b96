with

eras as (

    select * from {{ ref('stg_recomputed__eras') }}

),

blocks as (

    select
        spec_version,
        min(block_number) as first_block_number,
        max(block_number) as last_block_number

    from {{ ref('stg_chain__blocks') }}
    group by spec_version

)

select
    eras.mechanism,
    eras.era,
    eras.first_spec_version,
    eras.last_spec_version,
    eras.first_block_number,
    min(blocks.first_block_number) as first_observed_block_number,
    max(blocks.last_block_number) as last_observed_block_number,
    eras.rule

from eras
left join blocks
    on blocks.spec_version between eras.first_spec_version and eras.last_spec_version
group by
    eras.mechanism,
    eras.era,
    eras.first_spec_version,
    eras.last_spec_version,
    eras.first_block_number,
    eras.rule
