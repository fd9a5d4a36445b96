"""As v252, with the age counted from the start call, the block before the first emission."""

from mechanics.fixed import I96F32
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v252_halving_blocks import blended, capped, slowed

FIRST_SPEC_VERSION = 258
LAST_SPEC_VERSION = 422


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes.

    Source
        subtensor v258, pallets/subtensor/src/staking/stake_utils.rs: update_moving_price.
    """
    start_call = max((pre.first_emission_block_number or 0) - 1, 0)
    age = max(pre.block_number - start_call, 0)
    weight = slowed(pre.subnet_moving_alpha, age, pre.ema_price_halving_blocks)
    return blended(pre, weight, capped(pre.spot_price))
