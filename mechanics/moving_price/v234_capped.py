"""As v233, with the spot price taken as 1 at the most."""

from mechanics.fixed import I96F32, U96F32
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v233_uncapped import blended

FIRST_SPEC_VERSION = 234


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes."""
    return blended(pre, U96F32.saturating_from(pre.subnet_moving_alpha), capped(pre.spot_price))


def capped(price: U96F32) -> U96F32:
    """The price that counts, TAO per alpha.

    Source
        subtensor v234, pallets/subtensor/src/staking/stake_utils.rs: update_moving_price.
    """
    return min(price, U96F32.of(1))
