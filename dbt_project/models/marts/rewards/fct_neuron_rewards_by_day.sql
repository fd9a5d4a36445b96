with

rewards as (

    select * from {{ ref('fct_neuron_rewards_by_epoch') }}

),

days as (

    select
        block_date,
        netuid,
        subnet_generation,
        hotkey_ss58,
        max_by(coldkey_ss58, block_number) as coldkey_ss58,
        max_by(uid, block_number) as uid,
        count(*) as epochs_count,
        count(*) filter (where verdict = 'exact') as exact_epochs_count,
        bool_or(is_validator) as is_validator,
        {{ exact_sum('incentive_paid_alpha_rao') }} as incentive_paid_alpha_rao,
        {{ exact_sum('withheld_alpha_rao') }} as withheld_alpha_rao,
        {{ exact_sum('take_alpha_rao') }} as take_alpha_rao,
        {{ exact_sum('dividends_alpha_rao') }} as dividends_alpha_rao,
        {{ exact_sum('reward_alpha_rao') }} as reward_alpha_rao,
        {{ exact_sum('reward_tao_rao') }} as reward_tao_rao

    from rewards
    group by block_date, netuid, subnet_generation, hotkey_ss58

)

select
    *,
    {{ share('reward_alpha_rao', 'sum(reward_alpha_rao) over (partition by block_date, netuid, subnet_generation)') }} as reward_share,
    rank() over (
        partition by block_date, netuid, subnet_generation
        order by reward_alpha_rao desc nulls last
    ) as reward_rank,
    {{ readable('reward_alpha_rao') }} as reward_alpha,
    {{ readable('reward_tao_rao') }} as reward_tao

from days
