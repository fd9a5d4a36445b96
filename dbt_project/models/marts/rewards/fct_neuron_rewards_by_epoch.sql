with

epochs as (

    select * from {{ ref('int_epochs') }}

),

-- what is stored for the subnet stands in the rows of every mechanism
neurons as (

    select * from {{ ref('stg_chain__epoch_neurons') }}
    where mecid = 0 and hotkey_ss58 is not null

),

recomputed as (

    select * from {{ ref('stg_recomputed__epoch_neurons') }}
    where mecid = 0

),

verdicts as (

    select * from {{ ref('rec_epoch_neurons') }}
    where mecid = 0

),

rewards as (

    select
        neurons.block_number,
        neurons.netuid,
        neurons.uid,
        neurons.block_date,
        epochs.subnet_generation,
        neurons.hotkey_ss58,
        neurons.pre_coldkey_ss58 as coldkey_ss58,
        neurons.hotkey_ss58 = epochs.pre_owner_hotkey_ss58 as is_owner_hotkey,
        neurons.pre_is_validator_permitted as is_validator,
        neurons.incentive_u16,
        neurons.dividends_u16,
        recomputed.server_emission_rao as incentive_alpha_rao,
        recomputed.server_emission_rao - recomputed.incentive_paid_rao as withheld_alpha_rao,
        recomputed.incentive_paid_rao as incentive_paid_alpha_rao,
        recomputed.alpha_take_rao as take_alpha_rao,
        neurons.alpha_dividends_rao as dividends_alpha_rao,
        recomputed.tao_take_rao as take_tao_rao,
        neurons.tao_dividends_rao as dividends_tao_rao,
        recomputed.incentive_paid_rao + recomputed.alpha_take_rao + neurons.alpha_dividends_rao as reward_alpha_rao,
        recomputed.tao_take_rao + neurons.tao_dividends_rao as reward_tao_rao,
        verdicts.verdict

    from neurons
    inner join epochs
        on neurons.block_number = epochs.block_number
        and neurons.netuid = epochs.netuid
    left join recomputed
        on neurons.block_number = recomputed.block_number
        and neurons.netuid = recomputed.netuid
        and neurons.uid = recomputed.uid
    left join verdicts
        on neurons.block_number = verdicts.block_number
        and neurons.netuid = verdicts.netuid
        and neurons.uid = verdicts.uid

)

select
    *,
    {{ readable('reward_alpha_rao') }} as reward_alpha,
    {{ readable('reward_tao_rao') }} as reward_tao

from rewards
