"""A subnet's pool, as the chain keeps it."""

from dataclasses import dataclass

from mechanics.fixed import U64F64


@dataclass(frozen=True, slots=True)
class PoolState:
    """The pool of one subnet.

    Attributes:
        mechanism: SubnetMechanism, 1 for a pool, 0 for a stable subnet.
        tao_reserve_rao, alpha_reserve_rao: SubnetTAO, SubnetAlphaIn.
        is_v3_initialized: SwapV3Initialized; False where the spec has no such item.
        alpha_sqrt_price: AlphaSqrtPrice, None where the spec has no such item.
    """

    mechanism: int
    tao_reserve_rao: int
    alpha_reserve_rao: int
    is_v3_initialized: bool
    alpha_sqrt_price: U64F64 | None
