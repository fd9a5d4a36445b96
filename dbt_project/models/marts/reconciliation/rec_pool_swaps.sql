with

observed as (

    select * from {{ ref('stg_chain__stake_events') }}
    where is_pool_touching

),

blocks as (

    select * from {{ ref('stg_chain__blocks') }}

),

recomputed as (

    select * from {{ ref('stg_recomputed__pool_swaps') }}

),

joined as (

    select
        coalesce(observed.block_number, recomputed.block_number) as block_number,
        coalesce(observed.event_index, recomputed.event_index) as event_index,
        coalesce(observed.netuid, recomputed.netuid) as netuid,
        coalesce(observed.block_date, recomputed.block_date) as block_date,
        observed.spec_version,
        observed.event_name,
        recomputed.amm_era,
        observed.tao_rao as observed_tao_rao,
        recomputed.tao_rao as recomputed_tao_rao,
        observed.alpha_rao as observed_alpha_rao,
        recomputed.alpha_rao as recomputed_alpha_rao,
        case when observed.is_fee_in_alpha is false then observed.fee_rao else observed.fee_tao_rao end as observed_fee_tao_rao,
        recomputed.fee_tao_rao as recomputed_fee_tao_rao,
        case when observed.is_fee_in_alpha then observed.fee_rao else observed.fee_alpha_rao end as observed_fee_alpha_rao,
        recomputed.fee_alpha_rao as recomputed_fee_alpha_rao,
        case
            when recomputed.block_number is null and not blocks.is_snapshot then 'the state of this block was not read: it is no snapshot'
            when recomputed.block_number is null then 'no recomputed row'
            else recomputed.unexplained_reason
        end as unexplained_reason

    from observed
    full join recomputed
        on observed.block_number = recomputed.block_number
        and observed.event_index = recomputed.event_index
    left join blocks
        on observed.block_number = blocks.block_number

),

residuals as (

    select
        *,
        {{ residual('observed_tao_rao', 'recomputed_tao_rao') }} as residual_tao_rao,
        {{ residual('observed_alpha_rao', 'recomputed_alpha_rao') }} as residual_alpha_rao,
        {{ residual('coalesce(observed_fee_tao_rao, 0)', 'recomputed_fee_tao_rao') }} as residual_fee_tao_rao,
        {{ residual('coalesce(observed_fee_alpha_rao, 0)', 'recomputed_fee_alpha_rao') }} as residual_fee_alpha_rao

    from joined

)

select
    block_number,
    event_index,
    netuid,
    block_date,
    spec_version,
    event_name,
    amm_era,
    observed_tao_rao,
    recomputed_tao_rao,
    residual_tao_rao,
    observed_alpha_rao,
    recomputed_alpha_rao,
    residual_alpha_rao,
    observed_fee_tao_rao,
    recomputed_fee_tao_rao,
    residual_fee_tao_rao,
    observed_fee_alpha_rao,
    recomputed_fee_alpha_rao,
    residual_fee_alpha_rao,
    case
        when unexplained_reason is not null then 'unexplained'
        -- a registration says neither what it paid nor what it bought: the pool's end state proves it
        when observed_tao_rao is null then 'unobserved'
        when residual_tao_rao = 0 and residual_alpha_rao = 0 and residual_fee_tao_rao = 0 and residual_fee_alpha_rao = 0
            then 'exact'
        else 'differs'
    end as verdict,
    unexplained_reason

from residuals
