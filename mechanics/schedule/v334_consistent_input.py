"""An epoch runs every tempo + 1 blocks, if its input is consistent.

Against v233: where a hotkey has two uids the epoch is left out, and BlocksSinceLastStep counts on;
what is pending waits for the next.
"""

from collections.abc import Iterable
from dataclasses import replace

from mechanics.schedule.state import Outcome, ScheduleState, Slot
from mechanics.schedule.v233_modulo import NEVER, blocks_until_next_epoch, is_due, one_older

FIRST_SPEC_VERSION = 334
FIRST_BLOCK_NUMBER = 6_811_690
SOURCE = (
    "subtensor@6218ecc5cd (spec 334), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "should_run_epoch, is_epoch_input_state_consistent"
)

__all__ = ["NEVER", "blocks_until_next_epoch", "is_due", "one_older", "recompute"]


def recompute(
    pre: Iterable[ScheduleState], block_number: int, max_epochs_per_block: int | None = None
) -> dict[int, Slot]:
    """What the block does with each subnet's epoch, by netuid."""
    return {subnet.netuid: _slot(subnet, block_number) for subnet in pre}


def _slot(subnet: ScheduleState, block_number: int) -> Slot:
    if not is_due(subnet, block_number):
        return Slot(Outcome.WAITS, one_older(subnet))
    if not subnet.is_input_consistent:
        return Slot(Outcome.SKIPPED, one_older(subnet))
    return Slot(Outcome.RUNS, replace(subnet, blocks_since_last_step=0))
