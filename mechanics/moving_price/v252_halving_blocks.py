"""As v246, with the blocks to halve read from the subnet's EMAPriceHalvingBlocks."""

from mechanics.fixed import I96F32
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v246_slow_start import blended, capped, slowed

FIRST_SPEC_VERSION = 252


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes; the age counts from NetworkRegisteredAt."""
    age = max(pre.block_number - pre.network_registered_at_block, 0)
    weight = slowed(pre.subnet_moving_alpha, age, pre.ema_price_halving_blocks)
    return blended(pre, weight, capped(pre.spot_price))
