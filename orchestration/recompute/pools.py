"""The pool of a subnet as rows have it, and its spot price by the rules."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from mechanics import alpha_issuance, amm, issuance
from mechanics.eras import BadState
from mechanics.fixed import I64F64, U64F64, U96F32
from mechanics.injection import InjectionState
from orchestration.recompute.rows import Row, rows_of, subnets_only

MADE_IN_THE_BLOCK = "the subnet was made in this block, so there is no pool before it"
REMOVED_IN_THE_BLOCK = "the subnet was removed in this block"
REPLACED_IN_THE_BLOCK = "another subnet was made under this netuid in this block"

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

_LENT_COLUMNS = ["tao_provided_rao", "alpha_provided_rao", "current_liquidity_u64", "current_tick"]

POOL_BEFORE_COLUMNS = [
    "pre_fee_rate_u16",
    *(f"pre_{name}" for name in _LENT_COLUMNS),
    "pre_is_user_liquidity_enabled",
    "pre_fee_global_tao_u64f64_bits",
    "pre_fee_global_alpha_u64f64_bits",
    "pre_tao_scrap_rao",
    "pre_alpha_scrap_rao",
    "pre_tao_reservoir_rao",
    "pre_alpha_reservoir_rao",
    *POOL_COLUMNS,
]

ISSUANCE_COLUMNS = [
    "spec_version",
    "pre_alpha_reserve_rao",
    "pre_alpha_out_rao",
    "pre_alpha_provided_rao",
]

INJECTION_COLUMNS = [
    "pre_is_registration_allowed",
    "pre_is_pow_registration_allowed",
    *ISSUANCE_COLUMNS,
    *POOL_COLUMNS,
]
DUE_COLUMNS = [
    "block_emission_rao",
    "is_candidate",
    "tao_emission_u96f32_bits",
    "root_proportion_u96f32_bits",
    "unexplained_reason",
]
"""Of a row of ``recomputed__subnet_emissions``."""

POOL_AROUND_COLUMNS = [*POOL_BEFORE_COLUMNS, *_LENT_COLUMNS]


_LENDING = ("LiquidityAdded", "LiquidityModified", "LiquidityRemoved")
_EVENT_COLUMNS = ["netuid", "event_name", "liquidity_u64", "tick_low", "tick_high"]

_KEYS = (
    "block_number",
    "netuid",
    "pre_is_network_added",
    "pre_network_registered_at_block",
    "network_registered_at_block",
)

NOT_WHOLE = "the pool would not take all of it"


class Unexplained(Exception):
    """What comes of the row's subnet is not known; the message says why."""


def refuse_another_subnet(row: Row) -> None:
    """Looks whether the subnet before the block is the one after it.

    Raises:
        Unexplained: the block made it, removed it or put another under its netuid.
    """
    if not row["pre_is_network_added"]:
        raise Unexplained(MADE_IN_THE_BLOCK)
    if not row["is_network_added"]:
        raise Unexplained(REMOVED_IN_THE_BLOCK)
    if row["pre_network_registered_at_block"] != row["network_registered_at_block"]:
        raise Unexplained(REPLACED_IN_THE_BLOCK)


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


def alpha_issuance_before(row: Row) -> int:
    """Alpha of a subnet that there was before the block; ``ISSUANCE_COLUMNS`` of a row are read."""
    return alpha_issuance.alpha_issuance(
        row["spec_version"],
        row["pre_alpha_reserve_rao"],
        row["pre_alpha_out_rao"],
        row["pre_alpha_provided_rao"],
    )


def injection_state(row: Row, due: Row) -> InjectionState:
    """A candidate before its injection: ``INJECTION_COLUMNS`` and ``DUE_COLUMNS`` are read."""
    spec, root_proportion = row["spec_version"], due["root_proportion_u96f32_bits"]
    return InjectionState(
        tao_emission=U96F32(due["tao_emission_u96f32_bits"]),
        price=U96F32.saturating_from(spot_price(amm.ERAS.at(spec), row, "pre_")),
        alpha_emission_rao=issuance.block_emission(spec, alpha_issuance_before(row)),
        is_registration_allowed=row["pre_is_registration_allowed"],
        is_pow_registration_allowed=row["pre_is_pow_registration_allowed"],
        block_emission_rao=due["block_emission_rao"],
        root_proportion=None if root_proportion is None else U96F32(root_proportion),
    )


def pool_before(row: Row, lent: "Lent") -> amm.PoolState:
    """The whole pool as the block found it; ``POOL_BEFORE_COLUMNS`` of the row are read."""
    return _pool(row, lent, "pre_")


def pool_after(row: Row, lent: "Lent", lending: Iterable[Row]) -> amm.PoolState:
    """The pool as the block left it, for quotes; ``POOL_AROUND_COLUMNS`` of the row are read.

    Args:
        row: a row of ``chain__subnet_blocks``.
        lent: ticks and positions before the block.
        lending: the block's events by which liquidity of this pool was lent or taken back.

    Returns:
        A pool whose price, reserves and ticks are those after the block. What fees have come to is
        as before it: no quote looks at that.
    """
    pool = _pool(row, lent, "")
    ticks = dict(pool.ticks)
    for event in lending:
        # A removal says without a sign what it takes out, a modification with one.
        is_removal = event["event_name"] == "LiquidityRemoved"
        liquidity = event["liquidity_u64"] * (-1 if is_removal else 1)
        for index, net in ((event["tick_low"], liquidity), (event["tick_high"], -liquidity)):
            tick = ticks.pop(index, amm.Tick())
            gross = tick.liquidity_gross + liquidity
            if gross:
                ticks[index] = replace(
                    tick, liquidity_net=tick.liquidity_net + net, liquidity_gross=gross
                )
    return replace(pool, ticks=ticks)


def _pool(row: Row, lent: "Lent", when: str) -> amm.PoolState:
    sqrt_price = row[f"{when}alpha_sqrt_price_u64f64_bits"]
    is_initialized = bool(row[f"{when}is_swap_v3_initialized"])
    key = (row["block_number"], row["netuid"])
    return amm.PoolState(
        mechanism=row["pre_subnet_mechanism"],
        tao_reserve_rao=row[f"{when}tao_reserve_rao"],
        alpha_reserve_rao=row[f"{when}alpha_reserve_rao"],
        is_v3_initialized=is_initialized,
        alpha_sqrt_price=U64F64(sqrt_price) if is_initialized else None,
        fee_rate_u16=row["pre_fee_rate_u16"],
        tao_provided_rao=row[f"{when}tao_provided_rao"] or 0,
        alpha_provided_rao=row[f"{when}alpha_provided_rao"] or 0,
        current_liquidity=row[f"{when}current_liquidity_u64"] if is_initialized else None,
        current_tick=row[f"{when}current_tick"] if is_initialized else None,
        fee_global_tao=U64F64(row["pre_fee_global_tao_u64f64_bits"] or 0),
        fee_global_alpha=U64F64(row["pre_fee_global_alpha_u64f64_bits"] or 0),
        ticks=lent.ticks[key],
        protocol_position=lent.protocol.get(key),
        positions=lent.users[key],
        is_user_liquidity_enabled=bool(row["pre_is_user_liquidity_enabled"]),
        tao_scrap_rao=row["pre_tao_scrap_rao"] or 0,
        alpha_scrap_rao=row["pre_alpha_scrap_rao"] or 0,
        tao_reservoir_rao=row["pre_tao_reservoir_rao"] or 0,
        alpha_reservoir_rao=row["pre_alpha_reservoir_rao"] or 0,
        quote_weight_perquintill=row[f"{when}balancer_quote_weight_perquintill"],
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


# ---------------------------------------------------------------------- the end of a day

DAY_END_TABLES = (
    "chain__blocks",
    "chain__subnet_blocks",
    "chain__pool_ticks",
    "chain__pool_positions",
    "chain__stake_events",
)
"""What ``day_end`` reads, in its order."""


@dataclass(frozen=True, slots=True)
class DayEnd:
    """The pools of a day as its last snapshot left them.

    Attributes:
        block_number: of that snapshot; None where the day has none.
        is_exact_price: whether it is the day's last landed block, so that nothing moved a price
            after it.
        rows: of ``chain__subnet_blocks`` there, by netuid; root has no pool.
    """

    block_number: int | None
    is_exact_price: bool
    rows: Mapping[int, Row]
    _lent: Lent
    _lending: Mapping[int, list[Row]]

    def pool(self, netuid: int) -> amm.PoolState:
        """The pool of a subnet.

        Raises:
            BadState: the block made the subnet; what a pool is set to is read before a block.
        """
        row = self.rows[netuid]
        made_at = row["network_registered_at_block"]
        if not row["pre_is_network_added"] or row["pre_network_registered_at_block"] != made_at:
            raise BadState("subnet_mechanism", "is not known of a subnet made in this very block")
        return pool_after(row, self._lent, self._lending.get(netuid, ()))


def day_end(
    blocks: pa.Table,
    subnet_blocks: pa.Table,
    ticks: pa.Table,
    positions: pa.Table,
    stake_events: pa.Table,
    columns: Iterable[str],
) -> DayEnd:
    """The pools at the last snapshot of a day.

    Args:
        blocks, subnet_blocks, ticks, positions, stake_events: a day of ``DAY_END_TABLES``.
        columns: to be read of ``chain__subnet_blocks`` beside those of the pool.
    """
    last = pc.max(subnet_blocks["block_number"]).as_py()
    here, ticks, positions, stake_events = (
        table.filter(pc.equal(table["block_number"], pa.scalar(last, pa.int64())))
        for table in (subnet_blocks, ticks, positions, stake_events)
    )
    is_lending = pc.is_in(stake_events["event_name"], value_set=pa.array(_LENDING))
    lending: dict[int, list[Row]] = defaultdict(list)
    for event in rows_of(stake_events.filter(is_lending), _EVENT_COLUMNS):
        lending[event["netuid"]].append(event)
    read = [*dict.fromkeys([*_KEYS, *columns, *POOL_AROUND_COLUMNS])]
    return DayEnd(
        last,
        last is not None and last == pc.max(blocks["block_number"]).as_py(),
        {row["netuid"]: row for row in rows_of(subnets_only(here), read)},
        Lent(ticks, positions),
        lending,
    )
