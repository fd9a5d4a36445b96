"""The moving price takes in SubnetMovingAlpha of the spot price each block, whatever the price."""

from mechanics.fixed import I96F32, U96F32
from mechanics.moving_price.state import MovingPriceState

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes."""
    return blended(pre, U96F32.saturating_from(pre.subnet_moving_alpha), pre.spot_price)


def blended(pre: MovingPriceState, weight: U96F32, price: U96F32) -> I96F32:
    """The EMA step.

    Rule
        new = a p + (1 - a) old, each product floored to 32 fraction bits on its own.

    Args
        pre: the subnet at that moment.
        weight: a, dimensionless.
        price: p, TAO per alpha.

    Returns
        TAO per alpha. Moves of less than 2^-32 / a vanish: with a = 3e-6, about 7.8e-5.

    Errors
        None. The chain held these in I96F32 up to spec 258; for prices that are never negative
        and a <= 1 both types give the same bits.

    Source
        subtensor v233 and v293, pallets/subtensor/src/staking/stake_utils.rs:
        update_moving_price.
    """
    rest = U96F32.of(1) - weight
    old = U96F32.of(1) if pre.mechanism == 0 else U96F32.saturating_from(pre.moving_price)
    return I96F32.saturating_from(weight * price + rest * old)
