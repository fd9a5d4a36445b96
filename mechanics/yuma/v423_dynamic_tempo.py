"""As v397, with activity, bonds and commits counted in epochs as they ran.

Against v397: epochs no longer follow from the block number. A neuron may be silent for
ActivityCutoffFactorMilli thousandths of the tempo, at least a block; bonds end to the uids that
registered at or after the block that followed the epoch before; commits expire by SubnetEpochIndex.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v397_owner_validates as v397
from mechanics.yuma.checks import check_commits, check_distinct_hotkeys, check_given, check_ranges
from mechanics.yuma.commits import earliest_commits
from mechanics.yuma.i32f32 import U64_MAX
from mechanics.yuma.state import EpochResult, EpochState
from mechanics.yuma.vectors import Vector

FIRST_SPEC_VERSION = 423
SOURCE = (
    "subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism; "
    "utils/misc.rs: get_activity_cutoff_blocks; subnets/weights.rs: is_commit_expired"
)

_THOUSAND = 1_000


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def check(pre: EpochState) -> None:
    """Refuse what no chain of the era can hold, and an epoch that it passes over."""
    check_ranges(pre)
    check_distinct_hotkeys(pre)
    check_given(pre, "activity_cutoff_factor_milli")
    if pre.commit_reveal_weights_enabled:
        check_given(pre, "subnet_epoch_index")
        check_commits(pre)


def activity_cutoff_blocks(pre: EpochState) -> int:
    """ActivityCutoffFactorMilli of the tempo, at least 1 block."""
    return max(pre.activity_cutoff_factor_milli * pre.tempo // _THOUSAND, 1)


def bonds_since_epoch(pre: EpochState) -> Vector:
    """The block after the epoch before, or one tempo ago for the first; for every row."""
    if pre.last_mechanism_step_block == 0:
        return v397.RULE.bond_cutoffs(pre)
    return [min(pre.last_mechanism_step_block + 1, U64_MAX)] * pre.neuron_count


def commit_blocks(pre: EpochState) -> Vector | None:
    """The block of each uid's earliest commit of an epoch within RevealPeriodEpochs.

    Returns
        Blocks, shape (n,), 2^64 - 1 for a uid without; None while commit-reveal is off.
    """
    if not pre.commit_reveal_weights_enabled:
        return None
    return earliest_commits(
        pre, lambda commit: pre.subnet_epoch_index > commit.epoch + pre.reveal_period_epochs
    )


def period_blocks(pre: EpochState) -> int:
    """Tempo."""
    return pre.tempo


RULE = replace(
    v397.RULE,
    check=check,
    activity_cutoff_blocks=activity_cutoff_blocks,
    bond_cutoffs=bonds_since_epoch,
    commit_blocks=commit_blocks,
    period_blocks=period_blocks,
)
