"""Yuma 3 where a subnet turns it on: absolute bonds, dividends by stake, an alpha for each bond.

Against v257: subnets with Yuma3On keep bonds as absolute shares and pay dividends by stake times
bonds; liquid alpha is theirs alone and gives each bond its own alpha, by a sigmoid whose steepness
is taken undivided. Yuma 2 has one alpha for all. Stake below StakeThreshold does not count, and a
permit needs stake above 0.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v257_bonds_since_tempo as v257
from mechanics.yuma.checks import check_equal_lengths
from mechanics.yuma.i32f32 import FRACTION
from mechanics.yuma.liquid_alpha import LiquidAlpha, exponential_or_zero
from mechanics.yuma.state import EpochResult, EpochState
from mechanics.yuma.vectors import Vector, is_topk_nonzero

FIRST_SPEC_VERSION = 273
SOURCE = (
    "subtensor v273 (spec 273), pallets/subtensor/src/epoch/run_epoch.rs: epoch, "
    "compute_bonds_sparse, alpha_sigmoid; math.rs: is_topk_nonzero, mat_ema_alpha_sparse"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def stake_above_threshold(pre: EpochState) -> Vector:
    """Stake that is not below StakeThreshold, I64F64 bits."""
    threshold = pre.stake_threshold_rao
    return [bits if bits >> 2 * FRACTION >= threshold else 0 for bits in pre.stake_i64f64_bits]


def new_permits(pre: EpochState, stake: Vector) -> list[bool]:
    """The greatest MaxAllowedValidators shares of stake, without those of 0."""
    return is_topk_nonzero(stake, pre.max_allowed_validators)


def one_alpha(_pre: EpochState, _consensus: Vector) -> None:
    """Yuma 2 has one alpha for all columns."""


def this_consensus(_pre: EpochState, consensus: Vector) -> Vector:
    """Weights are compared with the consensus of this epoch."""
    return consensus


def undivided_slope(pre: EpochState) -> int:
    """-AlphaSigmoidSteepness, I32F32 bits.

    With the default of 1,000 the power leaves the exponential's range on both sides, and its error
    counts as 0: alpha is alpha_high but for distances within some 0.02 of 1/2.
    """
    return -(pre.alpha_sigmoid_steepness << FRACTION)


RULE = replace(
    v257.RULE,
    check=check_equal_lengths,
    counted_stake=stake_above_threshold,
    new_permits=new_permits,
    column_alphas=one_alpha,
    liquid_alpha=LiquidAlpha(
        compared=this_consensus, slope=undivided_slope, exponential=exponential_or_zero
    ),
)
