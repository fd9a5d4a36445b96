"""As v234, with a smaller weight while the subnet is young: a b / (b + 100,800), b its age."""

from mechanics.fixed import I96F32, U96F32
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v234_capped import blended, capped

FIRST_SPEC_VERSION = 246

HALVING_BLOCKS = 100_800


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes."""
    age = max(pre.block_number - pre.network_registered_at_block, 0)
    return blended(
        pre, slowed(pre.subnet_moving_alpha, age, HALVING_BLOCKS), capped(pre.spot_price)
    )


def slowed(moving_alpha: I96F32, age_blocks: int, halving_blocks: int) -> U96F32:
    """The weight of the spot price for a subnet of an age.

    Rule
        a (b / (b + H)); the inner quotient is cut first.

    Args
        moving_alpha: a, dimensionless.
        age_blocks: b.
        halving_blocks: H; with a = 1/2 and a steady price, blocks in which the distance halves.

    Returns
        Dimensionless.

    Errors
        None. b + H = 0 gives 0.

    Source
        subtensor v246 and v293, pallets/subtensor/src/staking/stake_utils.rs:
        update_moving_price.
    """
    age = U96F32.of(age_blocks)
    return U96F32.saturating_from(moving_alpha) * age.safe_div(age + U96F32.of(halving_blocks))
