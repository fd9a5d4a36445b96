"""The moving price takes in a b / (b + 100,800) of the capped spot price, b the subnet's age.

Against v234: the weight is smaller while the subnet is young, and grows with the blocks since
NetworkRegisteredAt.
"""

from mechanics.fixed import I96F32, U96F32
from mechanics.moving_price.state import MovingPriceState
from mechanics.moving_price.v234_capped import Price, blended, capped

FIRST_SPEC_VERSION = 246
SOURCE = (
    "subtensor@a27fff2918 (spec 246), pallets/subtensor/src/staking/stake_utils.rs: "
    "update_moving_price"
)

HALVING_BLOCKS = 100_800


def recompute(pre: MovingPriceState) -> I96F32:
    """The moving price the block writes."""
    weight = slowed(U96F32, pre.subnet_moving_alpha, age_blocks(pre), HALVING_BLOCKS)
    return blended(pre, weight, capped(U96F32.saturating_from(pre.spot_price)))


def age_blocks(pre: MovingPriceState) -> int:
    """Blocks since NetworkRegisteredAt."""
    return max(pre.block_number - pre.network_registered_at_block, 0)


def slowed(kind: type[Price], moving_alpha: I96F32, age: int, halving_blocks: int) -> Price:
    """The weight of the spot price for a subnet of an age.

    Rule
        a (b / (b + H)); the inner quotient is cut first.

    Args
        kind: the type it is computed in.
        moving_alpha: a, dimensionless.
        age: b, blocks.
        halving_blocks: H; with a = 1/2 and a steady price, blocks in which the distance halves.

    Returns
        Dimensionless.

    Errors
        None. b + H = 0 gives 0.

    Source
        subtensor@a27fff2918 (spec 246), v293 and 14bc6f9 (spec 425), pallets/subtensor/src/staking/
        stake_utils.rs: update_moving_price.
    """
    blocks = kind.of(age)
    return kind.saturating_from(moving_alpha) * blocks.safe_div(blocks + kind.of(halving_blocks))
