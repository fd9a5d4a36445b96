"""As v297, for each mechanism of a subnet with its own weights and bonds; every bond row written.

Against v297: a subnet may have several mechanisms, each with its weights, bonds, last updates and
commits (``mechanics.yuma.mechanisms`` adds them up). Each epoch writes a bond row for every uid,
empty without a new permit. Vectors of unequal lengths no longer stop the chain: what is missing of
LastUpdate reads as 0, of ValidatorPermit as no permit. StakeWeight is not stored.
"""

from dataclasses import replace

from mechanics.eras import UnknownRule
from mechanics.yuma import epoch
from mechanics.yuma import v297_commit_mask as v297
from mechanics.yuma.checks import check_given, check_ranges, check_rows
from mechanics.yuma.state import EpochResult, EpochState

FIRST_SPEC_VERSION = 320
FIRST_BLOCK_NUMBER = 6_523_566
SOURCE = (
    "subtensor v320 (spec 320), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism, "
    "persist_mechanism_epoch_terms, persist_netuid_epoch_terms; math.rs"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def check(pre: EpochState) -> None:
    """Refuse what no chain of the era can hold, and a hotkey at two uids."""
    check_ranges(pre)
    check_given(pre, "activity_cutoff_blocks")
    if not pre.has_distinct_hotkeys:
        # The outputs are collected by hotkey, so one of the two uids has none.
        raise UnknownRule("Yuma with a hotkey at two uids", FIRST_SPEC_VERSION, "distinct hotkeys")


RULE = replace(
    v297.RULE,
    check=check,
    check_rows=check_rows,
    writes_stake_weight=False,
    writes_all_bond_rows=True,
)
