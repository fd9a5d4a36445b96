with

ends as (

    select
        *,
        pre_tao_reserve_rao + coalesce(pre_tao_provided_rao, 0) as pre_pool_tao_rao,
        tao_reserve_rao + coalesce(tao_provided_rao, 0) as observed_pool_tao_rao

    from {{ ref('int_subnet_day_ends') }}

),

entries as (

    select * from {{ ref('stg_chain__stake_ledger') }}

),

events as (

    select * from {{ ref('stg_chain__stake_events') }}

),

swaps as (

    select * from {{ ref('stg_recomputed__pool_swaps') }}

),

pools as (

    select * from {{ ref('stg_recomputed__pool_states') }}

),

emissions as (

    select * from {{ ref('int_subnet_emissions_by_block') }}

),

-- what traders paid into the pool less what it paid them: fees in TAO stay with the lenders, outside
-- it, but that up to spec 289 they stay in the pool.
-- a move inside a subnet that was executed as a sale and a purchase costs the pool the fee
traded as (

    select
        ends.block_date,
        ends.netuid,
        ends.subnet_generation,
        {{ exact_sum('-entries.tao_rao') }} as paid_tao_rao,
        {{ exact_sum("case when entries.is_fee_in_alpha or entries.fee_goes_to = 'pool' then 0 else coalesce(entries.fee_rao, 0) end") }} as fee_tao_rao

    from ends
    inner join entries
        on ends.block_date = entries.block_date
        and ends.netuid = entries.netuid
        and entries.block_number > ends.pre_block_number
        and entries.block_number <= ends.last_block_number
    group by ends.block_date, ends.netuid, ends.subnet_generation

),

lent as (

    select
        ends.block_date,
        ends.netuid,
        ends.subnet_generation,
        {{ exact_sum("case when events.event_name = 'LiquidityRemoved' then -events.tao_rao else events.tao_rao end") }} as lent_tao_rao

    from ends
    inner join events
        on ends.block_date = events.block_date
        and ends.netuid = events.netuid
        and events.block_number > ends.pre_block_number
        and events.block_number <= ends.last_block_number
    where events.event_name in ('LiquidityAdded', 'LiquidityModified', 'LiquidityRemoved')
    group by ends.block_date, ends.netuid, ends.subnet_generation

),

-- a registration's burn buys alpha, which is destroyed: nobody's trade
registered as (

    select
        ends.block_date,
        ends.netuid,
        ends.subnet_generation,
        {{ all_or_null('swaps.tao_rao - swaps.fee_tao_rao') }} as registration_tao_rao,
        case
            when count(*) > count(swaps.tao_rao - swaps.fee_tao_rao)
                then coalesce(max(swaps.unexplained_reason), 'what a registration paid is not known')
        end as unexplained_reason

    from ends
    inner join events
        on ends.block_date = events.block_date
        and ends.netuid = events.netuid
        and events.block_number > ends.pre_block_number
        and events.block_number <= ends.last_block_number
        and events.event_name = 'NeuronRegistered'
        and events.is_pool_touching
    left join swaps
        on events.block_number = swaps.block_number
        and events.event_index = swaps.event_index
    group by ends.block_date, ends.netuid, ends.subnet_generation

),

protocol as (

    select
        ends.block_date,
        ends.netuid,
        ends.subnet_generation,
        {{ all_or_null('emissions.tao_emission_rao') }} as injected_tao_rao,
        {{ all_or_null('pools.root_sale_tao_rao') }} as root_sale_tao_rao,
        case
            when count(pools.unexplained_reason) > 0 then max(pools.unexplained_reason)
            when count(*) > count(pools.root_sale_tao_rao) then 'a block was not replayed'
            when count(*) > count(emissions.tao_emission_rao) then 'what a block paid for the subnet is not known: no rule, or not recorded (specs 298 to 410)'
        end as unexplained_reason

    from ends
    inner join pools
        on ends.block_date = pools.block_date
        and ends.netuid = pools.netuid
        and pools.block_number > ends.pre_block_number
        and pools.block_number <= ends.last_block_number
    left join emissions
        on pools.block_number = emissions.block_number
        and pools.netuid = emissions.netuid
    group by ends.block_date, ends.netuid, ends.subnet_generation

),

ledgers as (

    select
        block_date,
        max(unexplained_reason) as unexplained_reason

    from {{ ref('stg_chain__stakes_by_day') }}
    group by block_date

),

joined as (

    select
        ends.*,
        coalesce(traded.paid_tao_rao, 0) as paid_tao_rao,
        coalesce(traded.fee_tao_rao, 0) as fee_tao_rao,
        coalesce(lent.lent_tao_rao, 0) as lent_tao_rao,
        case when registered.netuid is null then 0 else registered.registration_tao_rao end as registration_tao_rao,
        case when protocol.netuid is null then 0 else protocol.injected_tao_rao end as injected_tao_rao,
        case when protocol.netuid is null then 0 else protocol.root_sale_tao_rao end as root_sale_tao_rao,
        case
            when not ends.is_whole then 'not every block of the day was read'
            when ends.spec_version >= 301 then 'from spec 301 on fees go back into the pool, and how much of them is not known'
            else coalesce(ledgers.unexplained_reason, registered.unexplained_reason, protocol.unexplained_reason)
        end as unexplained_reason

    from ends
    left join traded
        on ends.block_date = traded.block_date
        and ends.netuid = traded.netuid
        and ends.subnet_generation = traded.subnet_generation
    left join lent
        on ends.block_date = lent.block_date
        and ends.netuid = lent.netuid
        and ends.subnet_generation = lent.subnet_generation
    left join registered
        on ends.block_date = registered.block_date
        and ends.netuid = registered.netuid
        and ends.subnet_generation = registered.subnet_generation
    left join protocol
        on ends.block_date = protocol.block_date
        and ends.netuid = protocol.netuid
        and ends.subnet_generation = protocol.subnet_generation
    left join ledgers
        on ends.block_date = ledgers.block_date

),

closed as (

    select
        *,
        case
            when unexplained_reason is null
                then pre_pool_tao_rao + paid_tao_rao - fee_tao_rao + lent_tao_rao + registration_tao_rao
                    + injected_tao_rao - root_sale_tao_rao
        end as recomputed_pool_tao_rao

    from joined

)

select
    block_date,
    netuid,
    subnet_generation,
    pre_block_number,
    last_block_number,
    spec_version,
    cast(pre_pool_tao_rao as bigint) as pre_pool_tao_rao,
    cast(paid_tao_rao as decimal(38, 0)) as paid_tao_rao,
    cast(fee_tao_rao as decimal(38, 0)) as fee_tao_rao,
    cast(lent_tao_rao as decimal(38, 0)) as lent_tao_rao,
    cast(registration_tao_rao as decimal(38, 0)) as registration_tao_rao,
    cast(injected_tao_rao as decimal(38, 0)) as injected_tao_rao,
    cast(root_sale_tao_rao as decimal(38, 0)) as root_sale_tao_rao,
    cast(observed_pool_tao_rao as bigint) as observed_pool_tao_rao,
    cast(recomputed_pool_tao_rao as decimal(38, 0)) as recomputed_pool_tao_rao,
    {{ residual('observed_pool_tao_rao', 'recomputed_pool_tao_rao') }} as residual_pool_tao_rao,
    {{ verdict('observed_pool_tao_rao', 'recomputed_pool_tao_rao') }} as verdict,
    unexplained_reason

from closed
