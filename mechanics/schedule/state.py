"""A subnet's place in the schedule of epochs."""

from dataclasses import dataclass, fields
from enum import Enum

from mechanics.eras import unsigned


class Outcome(Enum):
    """What the block does with a subnet's epoch."""

    WAITS = "not due"
    RUNS = "due, and run"
    DEFERRED = "due, and put off by a block: enough epochs ran"
    SKIPPED = "due, and not run: its input is inconsistent"


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """One subnet before the block.

    Attributes:
        netuid: the subnet.
        tempo_blocks: Tempo.
        blocks_since_last_step: BlocksSinceLastStep.
        is_input_consistent: the epoch's input is in order, every hotkey having one uid; read from
            spec 334.
        last_epoch_block: LastEpochBlock; this and the next two from spec 423.
        pending_epoch_at: PendingEpochAt, 0 for none.
        epoch_index: SubnetEpochIndex.
    """

    netuid: int
    tempo_blocks: int
    blocks_since_last_step: int = 0
    is_input_consistent: bool = True
    last_epoch_block: int = 0
    pending_epoch_at: int = 0
    epoch_index: int = 0

    def __post_init__(self) -> None:
        for item in fields(self):
            width = 16 if item.name in ("netuid", "tempo_blocks") else 64
            unsigned(getattr(self, item.name), item.name, width)


@dataclass(frozen=True, slots=True)
class Slot:
    """What the block did with a subnet's epoch, and the subnet after it."""

    outcome: Outcome
    after: ScheduleState
