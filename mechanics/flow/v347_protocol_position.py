"""SubnetTaoFlow moves by what stakers' swaps change in the TAO of the protocol's own position.

Against v334: staking adds at most the increase of the TAO in the protocol's position, and unstaking
takes away at least its decrease. With liquidity of users in the pool the counter drifts downwards,
and a release three weeks later took the rule back.
"""

from mechanics.eras import given
from mechanics.flow.state import Cause, Flows, Movement
from mechanics.flow.v334_stake_swaps import recompute as by_swap

FIRST_SPEC_VERSION = 347
SOURCE = (
    "subtensor@6304dbedc3 (spec 347, pull request 2214), pallets/subtensor/src/staking/"
    "stake_utils.rs: stake_into_subnet, unstake_from_subnet"
)


def recompute(pre: Flows, moved: Movement) -> Flows:
    """The counters after a movement.

    Rule
        Staking adds min(after - before, paid in); unstaking takes away max(before - after, paid
        out), where before and after are the TAO of the protocol's position, differences at least 0.

    Args
        pre: rao, before the movement.
        moved: the movement.

    Returns
        rao, clamped to 64 bits.

    Errors
        BadState when a swap comes without the position's TAO.

    Source
        subtensor@6304dbedc3 (spec 347), pallets/subtensor/src/staking/stake_utils.rs:
        stake_into_subnet, unstake_from_subnet.
    """
    if moved.cause not in (Cause.STAKING, Cause.UNSTAKING):
        return by_swap(pre, moved)
    before = given(moved.protocol_tao_before_rao, "protocol_tao_before_rao")
    after = given(moved.protocol_tao_after_rao, "protocol_tao_after_rao")
    if moved.cause is Cause.STAKING:
        return pre.plus(tao_rao=min(max(after - before, 0), moved.tao_rao))
    return pre.plus(tao_rao=-max(before - after, moved.tao_rao))
