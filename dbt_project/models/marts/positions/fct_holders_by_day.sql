with

holders as (

    select
        *,
        row_number() over (
            partition by block_date, netuid, subnet_generation
            order by held_alpha_rao desc, coldkey_ss58
        ) as holder_rank

    from {{ ref('fct_positions_by_day') }}
    where held_alpha_rao > 0

),

days as (

    select
        block_date,
        netuid,
        subnet_generation,
        count(*) as holders_count,
        {{ exact_sum('held_alpha_rao') }} as held_alpha_rao,
        {{ exact_sum('case when holder_rank = 1 then held_alpha_rao else 0 end') }} as top_1_alpha_rao,
        {{ exact_sum('case when holder_rank <= 10 then held_alpha_rao else 0 end') }} as top_10_alpha_rao

    from holders
    group by block_date, netuid, subnet_generation

),

running as (

    select
        block_date,
        netuid,
        subnet_generation,
        holder_rank,
        {{ exact_sum('held_alpha_rao', over='(partition by block_date, netuid, subnet_generation order by holder_rank)') }} as upto_alpha_rao

    from holders

),

majorities as (

    select
        running.block_date,
        running.netuid,
        running.subnet_generation,
        min(running.holder_rank) as nakamoto_holders_count

    from running
    inner join days
        on running.block_date = days.block_date
        and running.netuid = days.netuid
        and running.subnet_generation = days.subnet_generation
    where running.upto_alpha_rao * 2 > days.held_alpha_rao
    group by running.block_date, running.netuid, running.subnet_generation

)

select
    days.block_date,
    days.netuid,
    days.subnet_generation,
    days.holders_count,
    days.held_alpha_rao,
    {{ share('days.top_1_alpha_rao', 'days.held_alpha_rao') }} as top_1_share,
    {{ share('days.top_10_alpha_rao', 'days.held_alpha_rao') }} as top_10_share,
    majorities.nakamoto_holders_count

from days
inner join majorities
    on days.block_date = majorities.block_date
    and days.netuid = majorities.netuid
    and days.subnet_generation = majorities.subnet_generation
