"""What a subnet's burn is moved by; all of it lives in chain storage."""

from dataclasses import dataclass, fields

from mechanics.eras import BadState, unsigned
from mechanics.fixed import U64F64

_U16_FIELDS = (
    "adjustment_interval_blocks",
    "target_registrations",
    "registrations",
    "pow_registrations",
    "burn_registrations",
    "half_life_blocks",
)


@dataclass(frozen=True, slots=True)
class NeuronBurnState:
    """One subnet before a block adjusts its burn.

    Attributes:
        block_number: the block being made.
        burn_rao, min_burn_rao, max_burn_rao: Burn and its bounds, rao of TAO.
        last_adjustment_block: LastAdjustmentBlock; this and the next six up to spec 396.
        adjustment_interval_blocks: AdjustmentInterval.
        adjustment_alpha_u64: AdjustmentAlpha, the weight of the old burn, parts of 2^64 - 1.
        target_registrations: TargetRegistrationsPerInterval.
        registrations: RegistrationsThisInterval.
        pow_registrations, burn_registrations: those by work and by burn among them.
        half_life_blocks: BurnHalfLife; from spec 397.
        increase_multiple: BurnIncreaseMult; from spec 397.
    """

    block_number: int
    burn_rao: int
    min_burn_rao: int
    max_burn_rao: int
    last_adjustment_block: int | None = None
    adjustment_interval_blocks: int | None = None
    adjustment_alpha_u64: int | None = None
    target_registrations: int | None = None
    registrations: int | None = None
    pow_registrations: int | None = None
    burn_registrations: int | None = None
    half_life_blocks: int | None = None
    increase_multiple: U64F64 | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int):
                unsigned(value, item.name, 16 if item.name in _U16_FIELDS else 64)
        if self.min_burn_rao > self.max_burn_rao:
            raise BadState("min_burn_rao", f"is {self.min_burn_rao}, above max_burn_rao")
