"""The moving price takes in SubnetMovingAlpha of the spot price, which counts as 1 at the most.

Against v233: a price above 1 TAO per alpha counts as 1.
"""

from mechanics.fixed import I96F32, U96F32
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v233_uncapped import Price, blended

FIRST_SPEC_VERSION = 234
SOURCE = (
    "subtensor@f95810a25d (spec 234), pallets/subtensor/src/staking/stake_utils.rs: "
    "update_moving_price"
)


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes."""
    weight = U96F32.saturating_from(pre.subnet_moving_alpha)
    return blended(pre, weight, capped(U96F32.saturating_from(pre.spot_price)))


def capped(price: Price) -> Price:
    """The price that counts, TAO per alpha."""
    return min(price, type(price).of(1))
