"""An epoch runs tempo blocks after the last, or when asked for, so many in a block at the most.

Against v334: the block number alone no longer decides: LastEpochBlock, PendingEpochAt and
MaxEpochsPerBlock do. The period is tempo, not tempo + 1. An epoch due beyond the limit is put off
by a block (EpochDeferred); one with inconsistent input is left out, and its slot is used up
(EpochSkipped).
"""

from collections.abc import Iterable
from dataclasses import replace

from mechanics.eras import given
from mechanics.schedule.state import Outcome, ScheduleState, Slot
from mechanics.schedule.v334_consistent_input import NEVER, one_older

FIRST_SPEC_VERSION = 423
# Later sources bound BlocksSinceLastStep and compare it with tempo; since which spec is not known.
LAST_SPEC_VERSION = 425
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 423), pallets/subtensor/src/coinbase/"
    "run_coinbase.rs: drain_pending, should_run_epoch, blocks_until_next_auto_epoch"
)

MAX_TEMPO_BLOCKS = 50_400


def recompute(
    pre: Iterable[ScheduleState], block_number: int, max_epochs_per_block: int | None = None
) -> dict[int, Slot]:
    """What the block does with each subnet's epoch.

    Rule
        BlocksSinceLastStep grows by 1 first. Of those due, in netuid order, once the limit of
        epochs has run the others get PendingEpochAt = block + 1. Else the slot is used up:
        LastEpochBlock = block, PendingEpochAt = 0, SubnetEpochIndex + 1; with consistent input the
        epoch runs and BlocksSinceLastStep = 0.

    Args
        pre: the subnets before the block, in netuid order, in which their epochs run.
        block_number: the block being made.
        max_epochs_per_block: MaxEpochsPerBlock.

    Returns
        By netuid.

    Errors
        BadState when max_epochs_per_block is missing.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/run_coinbase.rs:
        drain_pending.
    """
    limit = given(max_epochs_per_block, "max_epochs_per_block")
    slots, run_count = {}, 0
    for subnet in map(one_older, pre):
        slots[subnet.netuid] = _slot(subnet, block_number, is_full=run_count >= limit)
        run_count += slots[subnet.netuid].outcome is Outcome.RUNS
    return slots


def _slot(subnet: ScheduleState, block_number: int, *, is_full: bool) -> Slot:
    if not is_due(subnet, block_number):
        return Slot(Outcome.WAITS, subnet)
    if is_full:
        return Slot(Outcome.DEFERRED, replace(subnet, pending_epoch_at=block_number + 1))
    after = replace(
        subnet,
        last_epoch_block=block_number,
        pending_epoch_at=0,
        epoch_index=min(subnet.epoch_index + 1, NEVER),
    )
    if not subnet.is_input_consistent:
        return Slot(Outcome.SKIPPED, after)
    return Slot(Outcome.RUNS, replace(after, blocks_since_last_step=0))


def is_due(subnet: ScheduleState, block_number: int) -> bool:
    """Whether the subnet's epoch is due.

    Rule
        PendingEpochAt is set and reached, or BlocksSinceLastStep > 50,400, or block -
        LastEpochBlock >= tempo; never with tempo 0.

    Args
        subnet: with BlocksSinceLastStep counted up to this block.
        block_number: the block being made.

    Returns
        Whether it is due.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/run_coinbase.rs:
        should_run_epoch.
    """
    if subnet.tempo_blocks == 0:
        return False
    is_asked_for = 0 < subnet.pending_epoch_at <= block_number
    is_overdue = subnet.blocks_since_last_step > MAX_TEMPO_BLOCKS
    return is_asked_for or is_overdue or blocks_until_next_epoch(subnet, block_number) == 0


def blocks_until_next_epoch(subnet: ScheduleState, block_number: int) -> int:
    """Blocks until the next epoch by tempo alone; it may come earlier or be put off.

    Rule
        max(LastEpochBlock + tempo - block, 0), the sum clamped to 64 bits; 2^64 - 1 when tempo = 0.

    Args
        subnet: its tempo and last epoch are read.
        block_number: the block to count from.

    Returns
        Blocks; 0 where that block runs the epoch.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/run_coinbase.rs:
        blocks_until_next_auto_epoch.
    """
    if subnet.tempo_blocks == 0:
        return NEVER
    return max(min(subnet.last_epoch_block + subnet.tempo_blocks, NEVER) - block_number, 0)
