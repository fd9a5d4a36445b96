"""SubnetTaoFlow also falls by the TAO that a sale's fee is sold for, for the block's author.

Against v352: the alpha fee of a sale goes to the block's author as TAO, which counts as paid out.
"""

from mechanics.flow import v352_stake_swaps as v352
from mechanics.flow.state import Cause, Flows, Movement

FIRST_SPEC_VERSION = 385
FIRST_BLOCK_NUMBER = 7_782_670
SOURCE = "subtensor v385, pallets/subtensor/src/staking/stake_utils.rs: unstake_from_subnet"


def recompute(pre: Flows, moved: Movement) -> Flows:
    """The counters after a movement: as v352, and the author's fee takes away."""
    if moved.cause is Cause.AUTHOR_FEE:
        return pre.plus(tao_rao=-moved.tao_rao)
    return v352.recompute(pre, moved)
