with

events as (

    select * from {{ ref('stg_chain__stake_events') }}
    where is_pool_touching

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

swaps as (

    select
        *,
        case when event_name = 'StakeAdded' then 1 else 0 end as is_buy,
        case when event_name = 'StakeRemoved' then 1 else 0 end as is_sell

    from events

)

select
    swaps.block_date,
    swaps.netuid,
    coalesce(generations.subnet_generation, 0) as subnet_generation,
    cast(sum(swaps.is_buy) as bigint) as buys_count,
    cast(sum(swaps.is_sell) as bigint) as sells_count,
    {{ exact_sum('swaps.is_buy * swaps.tao_rao') }} as tao_staked_rao,
    {{ exact_sum('swaps.is_sell * swaps.tao_rao') }} as tao_unstaked_rao,
    {{ exact_sum('swaps.is_buy * swaps.pool_tao_in_rao') }} as pool_tao_in_rao,
    {{ exact_sum('swaps.is_sell * swaps.pool_tao_out_rao') }} as pool_tao_out_rao

from swaps
left join generations
    on swaps.netuid = generations.netuid
    and swaps.block_number >= generations.registered_at_block
    and (
        generations.next_registered_at_block is null
        or swaps.block_number < generations.next_registered_at_block
    )
where swaps.is_buy + swaps.is_sell = 1
group by swaps.block_date, swaps.netuid, coalesce(generations.subnet_generation, 0)
