"""What a registration pays, and the pool it makes."""

from dataclasses import dataclass

from mechanics.eras import unsigned
from mechanics.fixed import U64F64


@dataclass(frozen=True, slots=True)
class PoolStartState:
    """A registration.

    Attributes:
        lock_rao: TAO paid: the lock cost.
        min_lock_rao: NetworkMinLockCost, rao of TAO.
        spot_prices: TAO per alpha of every subnet but root; read from spec 397.
    """

    lock_rao: int
    min_lock_rao: int
    spot_prices: tuple[U64F64, ...] = ()

    def __post_init__(self) -> None:
        unsigned(self.lock_rao, "lock_rao")
        unsigned(self.min_lock_rao, "min_lock_rao")


@dataclass(frozen=True, slots=True)
class PoolStart:
    """The pool of the new subnet.

    Attributes:
        tao_reserve_rao: SubnetTAO.
        alpha_reserve_rao: SubnetAlphaIn; SubnetAlphaOut starts at 0.
        recycled_tao_rao: TAO of the lock that is burned or recycled:
            RAORecycledForRegistration.
    """

    tao_reserve_rao: int
    alpha_reserve_rao: int
    recycled_tao_rao: int
