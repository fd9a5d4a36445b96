"""The pool of a subnet as rows have it, and its spot price by the rules."""

from collections import defaultdict
from collections.abc import Iterator

import pyarrow as pa

from mechanics import amm
from mechanics.fixed import I64F64, U64F64, U96F32
from orchestration.recompute.rows import Row, rows_of

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

POOL_BEFORE_COLUMNS = [
    "pre_fee_rate_u16",
    "pre_tao_provided_rao",
    "pre_alpha_provided_rao",
    "pre_current_liquidity_u64",
    "pre_current_tick",
    "pre_is_user_liquidity_enabled",
    "pre_fee_global_tao_u64f64_bits",
    "pre_fee_global_alpha_u64f64_bits",
    *POOL_COLUMNS,
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


def pool_before(row: Row, lent: "Lent") -> amm.PoolState:
    """The whole pool as the block found it; ``POOL_BEFORE_COLUMNS`` of the row are read."""
    sqrt_price = row["pre_alpha_sqrt_price_u64f64_bits"]
    is_initialized = bool(row["pre_is_swap_v3_initialized"])
    key = (row["block_number"], row["netuid"])
    return amm.PoolState(
        mechanism=row["pre_subnet_mechanism"],
        tao_reserve_rao=row["pre_tao_reserve_rao"],
        alpha_reserve_rao=row["pre_alpha_reserve_rao"],
        is_v3_initialized=is_initialized,
        alpha_sqrt_price=U64F64(sqrt_price) if is_initialized else None,
        fee_rate_u16=row["pre_fee_rate_u16"],
        tao_provided_rao=row["pre_tao_provided_rao"] or 0,
        alpha_provided_rao=row["pre_alpha_provided_rao"] or 0,
        current_liquidity=row["pre_current_liquidity_u64"] if is_initialized else None,
        current_tick=row["pre_current_tick"] if is_initialized else None,
        fee_global_tao=U64F64(row["pre_fee_global_tao_u64f64_bits"] or 0),
        fee_global_alpha=U64F64(row["pre_fee_global_alpha_u64f64_bits"] or 0),
        ticks=lent.ticks[key],
        protocol_position=lent.protocol.get(key),
        positions=lent.users[key],
        is_user_liquidity_enabled=bool(row["pre_is_user_liquidity_enabled"]),
        quote_weight_perquintill=row["pre_balancer_quote_weight_perquintill"],
    )


class Lent:
    """Ticks and positions of every pool before every block."""

    def __init__(self, ticks: pa.Table, positions: pa.Table) -> None:
        self.ticks: dict[tuple[int, int], dict[int, amm.Tick]] = defaultdict(dict)
        self.protocol: dict[tuple[int, int], amm.Position] = {}
        self.users: dict[tuple[int, int], dict[int, amm.Position]] = defaultdict(dict)
        for row in rows_of(ticks, ticks.column_names):
            self.ticks[row["block_number"], row["netuid"]][row["tick_index"]] = amm.Tick(
                row["pre_liquidity_net_i128"],
                row["pre_liquidity_gross_u64"],
                I64F64(row["pre_fees_out_tao_i64f64_bits"]),
                I64F64(row["pre_fees_out_alpha_i64f64_bits"]),
            )
        for key, row in self._keyed(positions):
            position = amm.Position(
                row["pre_tick_low"],
                row["pre_tick_high"],
                row["pre_liquidity_u64"],
                I64F64(row["pre_fees_tao_i64f64_bits"]),
                I64F64(row["pre_fees_alpha_i64f64_bits"]),
            )
            if row["is_protocol"]:
                self.protocol[key] = position
            else:
                self.users[key][row["position_id"]] = position

    @staticmethod
    def _keyed(positions: pa.Table) -> Iterator[tuple[tuple[int, int], Row]]:
        for row in rows_of(positions, positions.column_names):
            yield (row["block_number"], row["netuid"]), row
