"""What the cost of registering a subnet is figured from; all of it lives in chain storage."""

from dataclasses import dataclass, fields

from mechanics.eras import unsigned


@dataclass(frozen=True, slots=True)
class LockCostState:
    """The network at the moment of the question.

    Attributes:
        block_number: the block that would register.
        last_lock_rao: NetworkLastLockCost, what the last registration paid, rao of TAO.
        last_lock_block: the block of the last registration; 0 where there was none.
        min_lock_rao: NetworkMinLockCost, rao of TAO.
        reduction_interval_blocks: NetworkLockReductionInterval, as stored.
        block_emission_rao: TAO a block mints; 1e9 before the first halving.
    """

    block_number: int
    last_lock_rao: int
    last_lock_block: int
    min_lock_rao: int
    reduction_interval_blocks: int
    block_emission_rao: int

    def __post_init__(self) -> None:
        for item in fields(self):
            unsigned(getattr(self, item.name), item.name)
