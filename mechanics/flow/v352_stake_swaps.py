"""SubnetTaoFlow grows by the TAO stakers pay into a pool and falls by the TAO they are paid out.

Against v347: the protocol's position no longer counts; the rule is that of specs 334 to 346 again.
"""

from mechanics.flow.state import Flows, Movement
from mechanics.flow.v347_protocol_position import by_swap

FIRST_SPEC_VERSION = 352
SOURCE = (
    "subtensor@024a304915 (spec 352), pallets/subtensor/src/staking/stake_utils.rs: "
    "stake_into_subnet, unstake_from_subnet"
)


def recompute(pre: Flows, moved: Movement) -> Flows:
    """The counters after a movement, by what the swap took in or paid out."""
    return by_swap(pre, moved)
