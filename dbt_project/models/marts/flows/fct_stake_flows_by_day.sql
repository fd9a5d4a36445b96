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

days as (

    select
        subnet_days.block_date,
        subnet_days.netuid,
        subnet_days.subnet_generation,
        coalesce(swaps.buys_count, 0) as buys_count,
        coalesce(swaps.sells_count, 0) as sells_count,
        coalesce(swaps.tao_staked_rao, 0) as tao_staked_rao,
        coalesce(swaps.tao_unstaked_rao, 0) as tao_unstaked_rao,
        coalesce(swaps.tao_staked_rao - swaps.tao_unstaked_rao, 0) as flow_events_gross_rao,
        coalesce(
            counted.flow_chain_user_rao,
            swaps.pool_tao_in_rao - swaps.pool_tao_out_rao,
            0
        ) as flow_chain_user_rao,
        case
            when counted.flow_chain_user_rao is not null then 'SubnetTaoFlow'
            when swaps.spec_version >= 411 then 'rebuilt from events, without registration burns and fees paid to block authors'
            when swaps.spec_version >= 385 then 'rebuilt from events, without fees paid to block authors'
            else 'rebuilt from events'
        end as flow_chain_user_source,
        protocol.flow_protocol_rao,
        case
            when protocol.flow_protocol_rao is null
                then coalesce(protocol.unexplained_reason, 'no snapshot of the subnet on this day')
        end as flow_net_protocol_reason

    from subnet_days
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

)

select
    block_date,
    netuid,
    subnet_generation,
    buys_count,
    sells_count,
    cast(tao_staked_rao as decimal(38, 0)) as tao_staked_rao,
    cast(tao_unstaked_rao as decimal(38, 0)) as tao_unstaked_rao,
    cast(flow_events_gross_rao as decimal(38, 0)) as flow_events_gross_rao,
    cast(flow_chain_user_rao as decimal(38, 0)) as flow_chain_user_rao,
    flow_chain_user_source,
    cast(flow_events_gross_rao - flow_chain_user_rao as decimal(38, 0)) as flow_fee_difference_rao,
    cast(flow_chain_user_rao - flow_protocol_rao as decimal(38, 0)) as flow_net_protocol_rao,
    flow_net_protocol_reason,
{%- for window in [7, 30] %}
    case
        when count(*) over last_{{ window }} = count(flow_protocol_rao) over last_{{ window }}
            then {{ exact_sum('flow_chain_user_rao - flow_protocol_rao', over='last_' ~ window) }}
    end as flow_net_protocol_{{ window }}d_rao,
{%- endfor %}
{%- for series in ['flow_events_gross', 'flow_chain_user'] %}
{%- for window in [7, 30] %}
    {{ exact_sum(series ~ '_rao', over='last_' ~ window) }} as {{ series }}_{{ window }}d_rao,
{%- endfor %}
{%- endfor %}
    count(*) over last_7 as days_in_7d_count,
    count(*) over last_30 as days_in_30d_count,
    {{ readable('flow_chain_user_rao') }} as flow_chain_user_tao

from days
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
