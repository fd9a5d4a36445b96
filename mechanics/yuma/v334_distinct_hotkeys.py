"""As v323, but a subnet with a hotkey at two uids has no epoch.

Against v323: the chain passes over such an epoch, and the emission goes on gathering.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v323_stake_weight as v323
from mechanics.yuma.checks import check_distinct_hotkeys, check_given, check_ranges
from mechanics.yuma.state import EpochResult, EpochState

FIRST_SPEC_VERSION = 334
FIRST_BLOCK_NUMBER = 6_811_690
SOURCE = (
    "subtensor v334 (spec 334), pallets/subtensor/src/epoch/run_epoch.rs: "
    "is_epoch_input_state_consistent; coinbase/run_coinbase.rs: drain_pending"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def check(pre: EpochState) -> None:
    """Refuse what no chain of the era can hold, and an epoch that it passes over."""
    check_ranges(pre)
    check_distinct_hotkeys(pre)
    check_given(pre, "activity_cutoff_blocks")


RULE = replace(v323.RULE, check=check)
