"""As v258, with 64 fraction bits inside the step and still 32 in what is stored.

Against v258: weight, price and products are U64F64. Of a weight of 3e-6 that 32 fraction bits left
some thirteen bits of, nothing is cut any more; what is written still loses its low 32 bits.
"""

from mechanics.fixed import I96F32, U64F64
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v258_from_start_call import age_blocks, blended_by_age

FIRST_SPEC_VERSION = 423
LAST_SPEC_VERSION = 479
SOURCE = (
    "subtensor@14bc6f9 (spec 425), pallets/subtensor/src/staking/stake_utils.rs: "
    "update_moving_price"
)


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes."""
    return blended_by_age(pre, age_blocks(pre), U64F64.saturating_from(pre.spot_price))
