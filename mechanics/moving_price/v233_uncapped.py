"""The moving price takes in SubnetMovingAlpha of the spot price each block, whatever the price."""

from typing import TypeVar

from mechanics.fixed import I96F32, U64F64, U96F32
from mechanics.moving_price.state import MovingPriceState

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/staking/stake_utils.rs: "
    "update_moving_price"
)

Price = TypeVar("Price", U96F32, U64F64)


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes."""
    weight = U96F32.saturating_from(pre.subnet_moving_alpha)
    return blended(pre, weight, U96F32.saturating_from(pre.spot_price))


def blended(pre: MovingPriceState, weight: Price, price: Price) -> I96F32:
    """The EMA step, in the type of the weight and the price.

    Rule
        new = a p + (1 - a) old, each product floored on its own, the sum to 32 fraction bits.

    Args
        pre: the subnet at that moment.
        weight: a, dimensionless.
        price: p, TAO per alpha.

    Returns
        TAO per alpha. Moves of less than 2^-32 / a vanish: with a = 3e-6, about 7.8e-5.

    Errors
        None. The chain held these in I96F32 up to spec 258 and in U96F32 from 261; for prices that
        are never negative and a <= 1 both give the same bits.

    Source
        subtensor@e2b8367b8b (spec 233), v293 and 14bc6f9 (spec 425), pallets/subtensor/src/staking/
        stake_utils.rs: update_moving_price.
    """
    kind = type(price)
    rest = kind.of(1) - weight
    old = kind.of(1) if pre.mechanism == 0 else kind.saturating_from(pre.moving_price)
    return I96F32.saturating_from(weight * price + rest * old)
