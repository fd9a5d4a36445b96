"""As v283, with weights dropped to uids that registered after the validator's pending commit.

Against v283: with commit-reveal on, an entry counts only when the validator's earliest commit that
has not expired is not older than the registration of its uid. A commit expires when the epoch of
its block, (block + netuid + 1) // (tempo + 1), is more than RevealPeriodEpochs behind the present.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v283_steepness_in_hundredths as v283
from mechanics.yuma.commits import earliest_commits
from mechanics.yuma.state import Commit, EpochResult, EpochState
from mechanics.yuma.vectors import Vector

FIRST_SPEC_VERSION = 297
FIRST_BLOCK_NUMBER = 6_067_943
SOURCE = (
    "subtensor v297 (spec 297), pallets/subtensor/src/epoch/run_epoch.rs: epoch; "
    "subnets/weights.rs: is_commit_expired, get_epoch_index"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def commit_blocks(pre: EpochState) -> Vector | None:
    """The block of each uid's earliest commit that has not expired.

    Returns
        Blocks, shape (n,), 2^64 - 1 for a uid without; None while commit-reveal is off.
    """
    if not pre.commit_reveal_weights_enabled:
        return None
    present = epoch_of_block(pre, pre.block_number)

    def has_expired(commit: Commit) -> bool:
        return present > epoch_of_block(pre, commit.block_number) + pre.reveal_period_epochs

    return earliest_commits(pre, has_expired)


def epoch_of_block(pre: EpochState, block_number: int) -> int:
    """The number of a block's epoch while epochs follow from the block number."""
    return (block_number + pre.netuid + 1) // (pre.tempo + 1)


RULE = replace(v283.RULE, commit_blocks=commit_blocks)
