with

blocks as (

    select * from {{ ref('stg_chain__blocks') }}

)

select
    block_date,
    min(block_number) as first_block_number,
    max(block_number) as last_block_number,
    count(*) as blocks_count,
    count(*) filter (where is_snapshot) as snapshot_blocks_count,
    max(block_number) - min(block_number) + 1 = count(*) as is_without_holes,
    min(block_at) as first_block_at,
    max(block_at) as last_block_at,
    min(spec_version) as first_spec_version,
    max(spec_version) as last_spec_version

from blocks
group by block_date
