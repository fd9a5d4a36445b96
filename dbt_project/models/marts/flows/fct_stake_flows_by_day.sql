with

subnet_days as (

    select * from {{ ref('int_subnet_days') }}

),

swaps as (

    select * from {{ ref('int_stake_flows_by_day') }}

),

counted as (

    select * from {{ ref('int_chain_flows_by_day') }}

),

protocol as (

    select * from {{ ref('int_protocol_flows_by_day') }}

),

books as (

    select * from {{ ref('int_days') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

blocks as (

    select * from {{ ref('stg_chain__blocks') }}

),

-- a subnet has no flow on the days before it was made; the day is null where it is before these books
made as (

    select
        generations.netuid,
        generations.subnet_generation,
        blocks.block_date as made_date

    from generations
    left join blocks
        on generations.registered_at_block = blocks.block_number

),

joined as (

    select
        subnet_days.block_date,
        subnet_days.netuid,
        subnet_days.subnet_generation,
        made.made_date,
        books.is_whole as is_whole_day,
        books.whole_days_in_7d_count,
        books.whole_days_in_30d_count,
        books.last_spec_version,
{%- for column in ['buys_count', 'sells_count', 'tao_staked_rao', 'tao_unstaked_rao', 'pool_tao_in_rao', 'pool_tao_out_rao'] %}
        case when swaps.netuid is null then 0 else swaps.{{ column }} end as {{ column }},
{%- endfor %}
        counted.flow_chain_user_rao as counted_flow_rao,
        protocol.flow_protocol_rao,
        case
            when protocol.flow_protocol_rao is null
                then coalesce(protocol.unexplained_reason, 'no snapshot of the subnet on this day')
        end as flow_net_protocol_reason

    from subnet_days
    inner join books
        on subnet_days.block_date = books.block_date
    left join made
        on subnet_days.netuid = made.netuid
        and subnet_days.subnet_generation = made.subnet_generation
    left join swaps
        on subnet_days.block_date = swaps.block_date
        and subnet_days.netuid = swaps.netuid
        and subnet_days.subnet_generation = swaps.subnet_generation
    left join counted
        on subnet_days.block_date = counted.block_date
        and subnet_days.netuid = counted.netuid
        and subnet_days.subnet_generation = counted.subnet_generation
    left join protocol
        on subnet_days.block_date = protocol.block_date
        and subnet_days.netuid = protocol.netuid
        and subnet_days.subnet_generation = protocol.subnet_generation

),

flows as (

    select
        * exclude (pool_tao_in_rao, pool_tao_out_rao),
        tao_staked_rao - tao_unstaked_rao as flow_events_gross_rao,
        coalesce(counted_flow_rao, pool_tao_in_rao - pool_tao_out_rao) as flow_chain_user_rao,
        -- what the newest runtime of the day counts and no event says, also on a day without a swap
        case
            when counted_flow_rao is not null then 'SubnetTaoFlow'
            when last_spec_version >= 411
                then 'rebuilt from events, without registration burns and fees paid to block authors'
            when last_spec_version >= 385 then 'rebuilt from events, without fees paid to block authors'
            else 'rebuilt from events'
        end as flow_chain_user_source

    from joined

),

windowed as (

    select
        *
{%- for window in [7, 30] %},
        count(*) over last_{{ window }} = least(
            {{ window }}, coalesce(datediff('day', made_date, block_date) + 1, {{ window }})
        ) as has_row_each_day_of_{{ window }}d
{%- endfor %}
{%- for series in ['flow_events_gross_rao', 'flow_chain_user_rao', 'flow_chain_user_rao - flow_protocol_rao'] %}
{%- set name = series.split(' ')[0] if loop.index < 3 else 'flow_net_protocol_rao' %}
{%- for window in [7, 30] %},
        {{ all_or_null(series, over='last_' ~ window) }} as {{ name | replace('_rao', '_' ~ window ~ 'd_rao') }}
{%- endfor %}
{%- endfor %}

    from flows
    window
        last_7 as (
            partition by netuid, subnet_generation
            order by block_date
            range between interval 6 days preceding and current row
        ),
        last_30 as (
            partition by netuid, subnet_generation
            order by block_date
            range between interval 29 days preceding and current row
        )

)

select
    block_date,
    netuid,
    subnet_generation,
    is_whole_day,
    cast(buys_count as bigint) as buys_count,
    cast(sells_count as bigint) as sells_count,
    cast(tao_staked_rao as decimal(38, 0)) as tao_staked_rao,
    cast(tao_unstaked_rao as decimal(38, 0)) as tao_unstaked_rao,
    cast(flow_events_gross_rao as decimal(38, 0)) as flow_events_gross_rao,
    cast(flow_chain_user_rao as decimal(38, 0)) as flow_chain_user_rao,
    flow_chain_user_source,
    cast(flow_events_gross_rao - flow_chain_user_rao as decimal(38, 0)) as flow_fee_difference_rao,
    cast(flow_chain_user_rao - flow_protocol_rao as decimal(38, 0)) as flow_net_protocol_rao,
    flow_net_protocol_reason,
    whole_days_in_7d_count,
    whole_days_in_30d_count,
{%- for series in ['flow_events_gross', 'flow_chain_user'] %}
{%- for window in [7, 30] %}
    case when whole_days_in_{{ window }}d_count = {{ window }} then {{ series }}_{{ window }}d_rao end as {{ series }}_{{ window }}d_rao,
{%- endfor %}
{%- endfor %}
{%- for window in [7, 30] %}
    -- events are read at every block and state at snapshots: a day without a row may have had an injection
    case
        when whole_days_in_{{ window }}d_count = {{ window }} and has_row_each_day_of_{{ window }}d
            then flow_net_protocol_{{ window }}d_rao
    end as flow_net_protocol_{{ window }}d_rao,
{%- endfor %}
    {{ readable('flow_chain_user_rao') }} as flow_chain_user_tao

from windowed
