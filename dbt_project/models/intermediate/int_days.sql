-- Which days are whole. A block has a slot of 12 seconds, and slots are counted from 1970: what came in
-- the first of a day is its first block. Where that one was missed, the day before says where it begins.
with

blocks as (

    select
        *,
        -- the very first block of a chain's record has no parent to read
        is_snapshot or block_number = min(block_number) over () as is_read

    from {{ ref('stg_chain__blocks') }}

),

days as (

    select
        block_date,
        min(block_number) as first_block_number,
        max(block_number) as last_block_number,
        count(*) as blocks_count,
        count(*) filter (where is_snapshot) as snapshot_blocks_count,
        bool_and(is_read) as is_every_block_read,
        max(block_number) - min(block_number) + 1 = count(*) as is_without_holes,
        min(block_at) as first_block_at,
        max(block_at) as last_block_at,
        min(spec_version) as first_spec_version,
        max(spec_version) as last_spec_version

    from blocks
    group by block_date

),

joined as (

    select
        *,
        first_block_at < block_date + interval 12 seconds
        or coalesce(
            lag(last_block_number) over by_date = first_block_number - 1
            and lag(block_date) over by_date = block_date - interval 1 day,
            false
        ) as has_first_block,
        last_block_at >= block_date + interval 1 day - interval 12 seconds
        or coalesce(
            lead(first_block_number) over by_date = last_block_number + 1
            and lead(block_date) over by_date = block_date + interval 1 day,
            false
        ) as has_last_block

    from days
    window by_date as (order by block_date)

),

whole as (

    select
        *,
        is_without_holes and has_first_block and has_last_block as is_whole

    from joined

)

select
    *
{%- for window in [7, 30] %},
    count(*) filter (where is_whole) over last_{{ window }} as whole_days_in_{{ window }}d_count
{%- endfor %}

from whole
window
    last_7 as (order by block_date range between interval 6 days preceding and current row),
    last_30 as (order by block_date range between interval 29 days preceding and current row)
