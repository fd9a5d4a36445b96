"""As v273, with the sigmoid's steepness in hundredths, of either sign.

Against v273: the steepness is divided by -100 (cut toward zero) before it multiplies the distance;
with the default of 1,000 the power lies within -5 .. 5.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v273_yuma3 as v273
from mechanics.yuma.i32f32 import FRACTION, quotient
from mechanics.yuma.state import EpochResult, EpochState

FIRST_SPEC_VERSION = 283
FIRST_BLOCK_NUMBER = 5_947_548  # specs 278 to 289 never ran on finney: the block of spec 290
SOURCE = (
    "subtensor v283 (spec 283), pallets/subtensor/src/epoch/run_epoch.rs: alpha_sigmoid, "
    "compute_liquid_alpha_values_sparse"
)

_HUNDREDTHS = -(100 << FRACTION)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def slope_in_hundredths(pre: EpochState) -> int:
    """AlphaSigmoidSteepness / -100, I32F32 bits."""
    return quotient(pre.alpha_sigmoid_steepness << FRACTION, _HUNDREDTHS)


RULE = replace(v273.RULE, liquid_alpha=replace(v273.RULE.liquid_alpha, slope=slope_in_hundredths))
