"""The moving price takes in a b / (b + H) of the capped spot price, H of the subnet's own.

Against v246: the blocks to halve are the subnet's EMAPriceHalvingBlocks (201,600 unless set), not
the constant 100,800.
"""

from mechanics.eras import given
from mechanics.fixed import I96F32, U96F32
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v246_slow_start import Price, age_blocks, blended, capped, slowed

FIRST_SPEC_VERSION = 252
SOURCE = "subtensor v252, pallets/subtensor/src/staking/stake_utils.rs: update_moving_price"


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes; the age counts from NetworkRegisteredAt."""
    return blended_by_age(pre, age_blocks(pre), U96F32.saturating_from(pre.spot_price))


def blended_by_age(pre: MovingPriceState, age: int, price: Price) -> I96F32:
    """The EMA step of a subnet of an age in blocks, in the type of the price."""
    halving_blocks = given(pre.ema_price_halving_blocks, "ema_price_halving_blocks")
    weight = slowed(type(price), pre.subnet_moving_alpha, age, halving_blocks)
    return blended(pre, weight, capped(price))
