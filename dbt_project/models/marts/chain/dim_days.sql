with

days as (

    select * from {{ ref('int_days') }}

)

select
    block_date,
    first_block_number,
    last_block_number,
    blocks_count,
    snapshot_blocks_count,
    is_without_holes,
    is_whole,
    is_every_block_read,
    first_block_at,
    last_block_at,
    first_spec_version,
    last_spec_version

from days
