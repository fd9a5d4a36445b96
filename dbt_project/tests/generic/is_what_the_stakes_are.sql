{# What the positions of a day hold is what the share pools say, account by account. #}
{% test is_what_the_stakes_are(model) %}
with

stakes as (

    select
        block_date,
        coldkey_ss58,
        netuid,
        sum(alpha_rao) as held_alpha_rao

    from {{ ref('stg_chain__stakes_by_day') }}
    where unexplained_reason is null
    group by block_date, coldkey_ss58, netuid

),

positions as (

    select
        block_date,
        coldkey_ss58,
        netuid,
        sum(held_alpha_rao) as held_alpha_rao

    from {{ model }}
    group by block_date, coldkey_ss58, netuid

)

select coalesce(stakes.coldkey_ss58, positions.coldkey_ss58) as coldkey_ss58
from stakes
full join positions
    on stakes.block_date = positions.block_date
    and stakes.coldkey_ss58 = positions.coldkey_ss58
    and stakes.netuid = positions.netuid
where coalesce(stakes.held_alpha_rao, 0) <> coalesce(positions.held_alpha_rao, 0)
{% endtest %}
