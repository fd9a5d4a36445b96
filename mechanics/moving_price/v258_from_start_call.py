"""The moving price takes in a b / (b + H) of the capped spot price, b counted from the start call.

Against v252: the age counts from the start call, the block before FirstEmissionBlockNumber, not
from NetworkRegisteredAt; from block 0 where there was none.
"""

from mechanics.fixed import I96F32, U96F32
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v252_halving_blocks import blended_by_age

FIRST_SPEC_VERSION = 258
SOURCE = (
    "subtensor@719a6f5e9e (spec 258), pallets/subtensor/src/staking/stake_utils.rs: "
    "update_moving_price"
)


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes."""
    return blended_by_age(pre, age_blocks(pre), U96F32.saturating_from(pre.spot_price))


def age_blocks(pre: MovingPriceState) -> int:
    """Blocks since the start call."""
    start_call = max((pre.first_emission_block_number or 0) - 1, 0)
    return max(pre.block_number - start_call, 0)
