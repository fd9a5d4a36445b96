"""SubnetTaoFlow grows by the TAO stakers pay into a pool and falls by the TAO they are paid out."""

from mechanics.flow.state import Cause, Flows, Movement

FIRST_SPEC_VERSION = 334
FIRST_BLOCK_NUMBER = 6_811_690
SOURCE = (
    "subtensor@6218ecc5cd (spec 334), pallets/subtensor/src/staking/stake_utils.rs: "
    "stake_into_subnet, unstake_from_subnet; coinbase/subnet_emissions.rs: record_tao_inflow, "
    "record_tao_outflow"
)


def recompute(pre: Flows, moved: Movement) -> Flows:
    """The counters after a movement.

    Rule
        Staking adds what the swap took in, without its fee; unstaking takes away what it paid out.
        Nothing else counts. Root's counter moves too, and is never consumed.

    Args
        pre: rao, before the movement.
        moved: the movement.

    Returns
        rao, clamped to 64 bits.

    Errors
        None.

    Source
        subtensor@6218ecc5cd (spec 334), pallets/subtensor/src/coinbase/subnet_emissions.rs:
        record_tao_inflow, record_tao_outflow.
    """
    if moved.cause is Cause.STAKING:
        return pre.plus(tao_rao=moved.tao_rao)
    if moved.cause is Cause.UNSTAKING:
        return pre.plus(tao_rao=-moved.tao_rao)
    return pre
