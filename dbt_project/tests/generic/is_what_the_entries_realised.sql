{# What a position has realised since the books began is what its entries realised, day upon day. #}
{% test is_what_the_entries_realised(model) %}
with

entries as (

    select
        block_date,
        coldkey_ss58,
        netuid,
        subnet_generation,
        sum(case when method = 'zero_basis' then rpnl_rao else 0 end) as zero_basis_rpnl_rao,
        sum(case when method = 'fair_value' then rpnl_rao else 0 end) as fair_value_rpnl_rao,
        sum(case when method = 'fifo' then rpnl_rao else 0 end) as fifo_rpnl_rao

    from {{ ref('fct_realized_pnl') }}
    group by block_date, coldkey_ss58, netuid, subnet_generation

),

compared as (

    select
        positions.*,
        sum(coalesce(entries.zero_basis_rpnl_rao, 0)) over since_begin as realised_by_zero_basis_rao,
        sum(coalesce(entries.fair_value_rpnl_rao, 0)) over since_begin as realised_by_fair_value_rao,
        sum(coalesce(entries.fifo_rpnl_rao, 0)) over since_begin as realised_by_fifo_rao

    from {{ model }} as positions
    left join entries
        on positions.block_date = entries.block_date
        and positions.coldkey_ss58 = entries.coldkey_ss58
        and positions.netuid = entries.netuid
        and positions.subnet_generation = entries.subnet_generation
    window since_begin as (
        partition by
            positions.coldkey_ss58,
            positions.netuid,
            positions.subnet_generation,
            positions.books_begin_at_block
        order by positions.block_date
    )

)

select *
from compared
where
    zero_basis_rpnl_rao <> realised_by_zero_basis_rao
    or fair_value_rpnl_rao <> realised_by_fair_value_rao
    or fifo_rpnl_rao <> realised_by_fifo_rao
{% endtest %}
