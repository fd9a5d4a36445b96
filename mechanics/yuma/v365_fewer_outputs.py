"""As v334, without rank, trust and pruning scores; the sigmoid's power is kept within -20 .. 20.

Against v334: Rank, Trust and PruningScores are no longer stored. Liquid alpha bounds the power of e
instead of taking 0 for an overflow, which differs for a steepness beyond 4,000 in size only.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v334_distinct_hotkeys as v334
from mechanics.yuma.liquid_alpha import bounded_exponential
from mechanics.yuma.state import EpochResult, EpochState

FIRST_SPEC_VERSION = 365
FIRST_BLOCK_NUMBER = 7_135_419
SOURCE = (
    "subtensor v365 (spec 365), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism, "
    "alpha_sigmoid; math.rs: exp_safe"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


RULE = replace(
    v334.RULE,
    liquid_alpha=replace(v334.RULE.liquid_alpha, exponential=bounded_exponential),
    writes_rank_trust_pruning=False,
)
