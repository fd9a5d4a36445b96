"""The pool of a subnet as a row has it, and its spot price by the rules."""

from mechanics import amm
from mechanics.fixed import U64F64, U96F32
from orchestration.recompute.rows import Row

POOL_COLUMNS = [
    "pre_subnet_mechanism",
    *(
        f"{when}{name}"
        for when in ("pre_", "")
        for name in (
            "tao_reserve_rao",
            "alpha_reserve_rao",
            "is_swap_v3_initialized",
            "alpha_sqrt_price_u64f64_bits",
            "balancer_quote_weight_perquintill",
        )
    ),
]


def spot_price(era: amm.Era, row: Row, when: str) -> U96F32 | U64F64:
    """The spot price of a row's pool: ``when`` is "pre_" before the block, "" at its end."""
    sqrt_price = row[f"{when}alpha_sqrt_price_u64f64_bits"]
    return era.module.spot_price(
        amm.PoolState(
            mechanism=row["pre_subnet_mechanism"],
            tao_reserve_rao=row[f"{when}tao_reserve_rao"],
            alpha_reserve_rao=row[f"{when}alpha_reserve_rao"],
            is_v3_initialized=bool(row[f"{when}is_swap_v3_initialized"]),
            alpha_sqrt_price=None if sqrt_price is None else U64F64(sqrt_price),
            quote_weight_perquintill=row[f"{when}balancer_quote_weight_perquintill"],
        )
    )
