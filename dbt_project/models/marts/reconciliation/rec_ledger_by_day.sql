with

stakes as (

    select * from {{ ref('stg_chain__stakes_by_day') }}

),

entries as (

    select
        block_date,
        coldkey_ss58,
        hotkey_ss58,
        netuid,
        subnet_registered_at_block,
        count(*) as entries_count,
        {{ exact_sum("case when kind not in ('rounding', 'unread', 'unattributed') then alpha_rao else 0 end") }} as attributed_alpha_rao,
        {{ exact_sum("case when kind = 'rounding' then alpha_rao else 0 end") }} as rounding_alpha_rao,
        {{ exact_sum("case when kind = 'unread' then alpha_rao else 0 end") }} as unread_alpha_rao,
        {{ exact_sum("case when kind = 'unattributed' then alpha_rao else 0 end") }} as unattributed_alpha_rao,
        -- what an epoch that was not read may explain, unless there is more that nothing explains
        case
            when count(*) filter (where kind = 'unattributed') = 0
                then max(case when kind = 'unread' then unattributed_reason end)
        end as unread_reason

    from {{ ref('stg_chain__stake_ledger') }}
    group by block_date, coldkey_ss58, hotkey_ss58, netuid, subnet_registered_at_block

),

days as (

    select * from {{ ref('int_days') }}

),

-- a stake that is nought at both ends of the day has entries and no row of its own
joined as (

    select
        coalesce(stakes.block_date, entries.block_date) as block_date,
        coalesce(stakes.coldkey_ss58, entries.coldkey_ss58) as coldkey_ss58,
        coalesce(stakes.hotkey_ss58, entries.hotkey_ss58) as hotkey_ss58,
        coalesce(stakes.netuid, entries.netuid) as netuid,
        coalesce(stakes.subnet_registered_at_block, entries.subnet_registered_at_block) as subnet_registered_at_block,
        coalesce(entries.entries_count, 0) as entries_count,
        case when stakes.coldkey_ss58 is null then 0 else stakes.pre_alpha_rao end as pre_alpha_rao,
        coalesce(entries.attributed_alpha_rao, 0) as attributed_alpha_rao,
        coalesce(entries.rounding_alpha_rao, 0) as rounding_alpha_rao,
        coalesce(entries.unread_alpha_rao, 0) as unread_alpha_rao,
        coalesce(entries.unattributed_alpha_rao, 0) as unattributed_alpha_rao,
        coalesce(
            stakes.unexplained_reason,
            case when entries.unread_alpha_rao + entries.unattributed_alpha_rao <> 0 then entries.unread_reason end
        ) as unexplained_reason,
        case when stakes.coldkey_ss58 is null then 0 else stakes.alpha_rao end as observed_alpha_rao

    from stakes
    full join entries
        on stakes.block_date = entries.block_date
        and stakes.coldkey_ss58 = entries.coldkey_ss58
        and stakes.hotkey_ss58 = entries.hotkey_ss58
        and stakes.netuid = entries.netuid
        and stakes.subnet_registered_at_block = entries.subnet_registered_at_block

),

closed as (

    select
        joined.*,
        days.last_block_number,
        days.last_spec_version as spec_version,
        joined.pre_alpha_rao + joined.attributed_alpha_rao + joined.rounding_alpha_rao as recomputed_alpha_rao

    from joined
    inner join days
        on joined.block_date = days.block_date

)

select
    block_date,
    coldkey_ss58,
    hotkey_ss58,
    netuid,
    subnet_registered_at_block,
    last_block_number,
    spec_version,
    cast(entries_count as bigint) as entries_count,
    cast(pre_alpha_rao as bigint) as pre_alpha_rao,
    cast(attributed_alpha_rao as decimal(38, 0)) as attributed_alpha_rao,
    cast(rounding_alpha_rao as decimal(38, 0)) as rounding_alpha_rao,
    cast(unread_alpha_rao as decimal(38, 0)) as unread_alpha_rao,
    cast(unattributed_alpha_rao as decimal(38, 0)) as unattributed_alpha_rao,
    cast(observed_alpha_rao as bigint) as observed_alpha_rao,
    cast(recomputed_alpha_rao as decimal(38, 0)) as recomputed_alpha_rao,
    {{ residual('observed_alpha_rao', 'recomputed_alpha_rao') }} as residual_alpha_rao,
    case
        when unexplained_reason is not null then 'unexplained'
        else {{ verdict('observed_alpha_rao', 'recomputed_alpha_rao') }}
    end as verdict,
    unexplained_reason

from closed
