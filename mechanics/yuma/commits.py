"""Pending commits of weights: the block of each validator's earliest."""

from collections.abc import Callable, Iterable

from mechanics.yuma.i32f32 import U64_MAX
from mechanics.yuma.state import Commit, EpochState
from mechanics.yuma.vectors import Vector


def earliest_commits(pre: EpochState, has_expired: Callable[[Commit], bool]) -> Vector:
    """Blocks of the earliest commits.

    Rule
        Of a queue of WeightCommits the first commit that has not expired, whatever its block; of
        timelocked commits all that have not; the least of these. Uids beyond n are passed over.

    Args
        pre: the mechanism at that moment.
        has_expired: the era's test.

    Returns
        Blocks, shape (n,), 2^64 - 1 for a uid without a commit.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism.
    """
    blocks = [U64_MAX] * pre.neuron_count

    def take(uid: int, commits: Iterable[Commit]) -> None:
        for commit in commits:
            if uid < len(blocks):
                blocks[uid] = min(blocks[uid], commit.block_number)

    for uid, queue in (pre.weight_commits or {}).items():
        take(uid, [commit for commit in queue if not has_expired(commit)][:1])
    for uid, queue in (pre.timelocked_weight_commits or {}).items():
        take(uid, [commit for commit in queue if not has_expired(commit)])
    return blocks
