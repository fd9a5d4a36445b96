"""An epoch runs every tempo + 1 blocks, at a phase given by the netuid; never with tempo 0."""

from collections.abc import Iterable
from dataclasses import replace

from mechanics.schedule.state import Outcome, ScheduleState, Slot

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@52378dc3e9 (spec 361, unchanged since 233), pallets/subtensor/src/coinbase/"
    "run_coinbase.rs: should_run_epoch, blocks_until_next_epoch"
)

NEVER = 2**64 - 1


def recompute(
    pre: Iterable[ScheduleState], block_number: int, max_epochs_per_block: int | None = None
) -> dict[int, Slot]:
    """What the block does with each subnet's epoch.

    Rule
        An epoch runs when ``blocks_until_next_epoch`` is 0, and BlocksSinceLastStep starts at 0
        again; else it grows by 1.

    Args
        pre: the subnets before the block, in netuid order, in which their epochs run.
        block_number: the block being made.
        max_epochs_per_block: not read.

    Returns
        By netuid.

    Errors
        None.

    Source
        subtensor v233 and v298, pallets/subtensor/src/coinbase/run_coinbase.rs: run_coinbase.
    """
    return {subnet.netuid: _slot(subnet, block_number) for subnet in pre}


def _slot(subnet: ScheduleState, block_number: int) -> Slot:
    if is_due(subnet, block_number):
        return Slot(Outcome.RUNS, replace(subnet, blocks_since_last_step=0))
    return Slot(Outcome.WAITS, one_older(subnet))


def one_older(subnet: ScheduleState) -> ScheduleState:
    """The subnet with one more block since its last epoch."""
    return replace(subnet, blocks_since_last_step=min(subnet.blocks_since_last_step + 1, NEVER))


def is_due(subnet: ScheduleState, block_number: int) -> bool:
    """The block is one of the subnet's."""
    return blocks_until_next_epoch(subnet, block_number) == 0


def blocks_until_next_epoch(subnet: ScheduleState, block_number: int) -> int:
    """Blocks until the next epoch.

    Rule
        tempo - ((block + netuid + 1) mod (tempo + 1)), the sum wrapped to 64 bits; 2^64 - 1 when
        tempo = 0.

    Args
        subnet: its netuid and tempo are read.
        block_number: the block to count from.

    Returns
        Blocks; 0 where that block runs the epoch.

    Errors
        None.

    Source
        subtensor@52378dc3e9 (spec 361, unchanged since 233), pallets/subtensor/src/coinbase/
        run_coinbase.rs: blocks_until_next_epoch.
    """
    if subnet.tempo_blocks == 0:
        return NEVER
    phase = (block_number + subnet.netuid + 1) % 2**64
    return subnet.tempo_blocks - phase % (subnet.tempo_blocks + 1)
