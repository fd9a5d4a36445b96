"""A day of the stake ledger posted to positions: what each came to, its lots, what it realised."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.errors import LedgerError
from orchestration.ledger.book import METHODS, NUMBERS, Lots, Positions, linked, post
from orchestration.ledger.kinds import EFFECTS, Effect
from orchestration.schemas import (
    RECOMPUTED__POSITION_LOTS,
    RECOMPUTED__POSITIONS_BY_DAY,
    RECOMPUTED__REALIZED_PNL,
)

ROOT = 0
COST_UNKNOWN = "alpha came to the position when its worth was not known"
KEY = ("coldkey_ss58", "netuid", "subnet_registered_at_block")
_CARRIED_ON = tuple(name for name in NUMBERS if name in RECOMPUTED__POSITIONS_BY_DAY.names)
_CODES = {kind: int(effect) for kind, effect in EFFECTS.items()}

_UNPRICED = (
    "unpriced_purchases_count",
    "unpriced_earnings_count",
    "unpriced_moves_count",
    "unpriced_earned_moves_count",
    "unpriced_sales_count",
)
_PURCHASES, _EARNINGS, _MOVES, _EARNED_MOVES, _SALES = range(len(_UNPRICED))
_UNKNOWN_WITH = {
    "opened_tao_rao": (_PURCHASES,),
    "bought_tao_rao": (_PURCHASES,),
    "earned_tao_rao": (_EARNINGS,),
    "sold_tao_rao": (_SALES,),
} | {
    f"{method}_{what}_rao": (_PURCHASES, _MOVES)
    if method == "zero_basis"
    else (_PURCHASES, _MOVES, _EARNINGS, _EARNED_MOVES)
    for method in METHODS
    for what in ("basis", "cost", "moved_in")
}
"""What is not known once an entry of one of these kinds was not: earned alpha costs nothing by zero
basis, so its worth does not matter there."""
_UNKNOWN_WITH["zero_basis_rao"] = _UNKNOWN_WITH.pop("zero_basis_basis_rao")

Key = tuple[str, int, int]
"""A coldkey, a netuid and the block in which that subnet was registered."""


@dataclass(frozen=True, slots=True)
class Day:
    """What posting a day gives: the three tables, whole."""

    positions: pa.Table
    lots: pa.Table
    realized: pa.Table


def nothing() -> Day:
    """A day without positions: no rule says what stakes are."""
    return Day(
        RECOMPUTED__POSITIONS_BY_DAY.empty_table(),
        RECOMPUTED__POSITION_LOTS.empty_table(),
        RECOMPUTED__REALIZED_PNL.empty_table(),
    )


def post_day(before: Day | None, ledger: pa.Table, stakes: pa.Table, prices: pa.Table) -> Day:
    """Posts a day on top of the day before it, or begins the books with it.

    The books begin where there is no day before, or where that day does not end at the block this
    one goes on from: what is held then is entered at its worth at that block.

    Args:
        before: the day before, as this function gave it.
        ledger: the day of ``chain__stake_ledger``.
        stakes: the day of ``chain__stakes_by_day``.
        prices: the day of ``recomputed__pool_prices``, for the worth of what is held at the start.

    Raises:
        LedgerError: an entry is not possible, or the day before ended otherwise than this begins.
    """
    if stakes["unexplained_reason"].null_count < stakes.num_rows or not stakes.num_rows:
        return nothing()
    start, end = (stakes[name][0].as_py() for name in ("pre_block_number", "block_number"))
    if before is not None and not _ends_at(before, start):
        before = None
    ledger, stakes = (_of_the_last_subnets(table, before) for table in (ledger, stakes))
    held = _held(stakes, "pre_alpha_rao")
    keys = {} if before is None else {key: at for at, key in enumerate(_keys(before.positions))}
    opening = held if before is None else {}
    for key in (*sorted(opening), *_keys(ledger)):
        keys.setdefault(key, len(keys))
    standing, unpriced = _restored(before, len(keys))
    if before is not None:
        _check_start(standing, keys, held, start)
    position = np.array([keys[key] for key in _keys(ledger)], np.int64)
    effect = np.array([_CODES[kind] for kind in ledger["kind"].to_pylist()], np.int64)
    alpha, said = ledger["alpha_rao"].to_numpy(), ledger["tao_rao"]
    tao = np.abs(pc.fill_null(said, 0).to_numpy())
    worth = pc.fill_null(ledger["worth_rao"], 0).to_numpy()
    tao = np.where(tao == 0, worth, tao)
    is_unpriced = pc.is_valid(ledger["unpriced_reason"]).to_numpy()
    alpha = np.where(effect == Effect.ADJUST, alpha, np.abs(alpha))

    entered = _opened(opening, keys, prices, start)
    np.add.at(unpriced[:, _PURCHASES], entered.position, entered.is_unpriced)
    is_cost_known = _follow_unpriced(unpriced, position, effect, is_unpriced)
    posted = post(
        standing,
        np.concatenate([entered.position, position]),
        np.concatenate([np.full(len(opening), start), ledger["block_number"].to_numpy()]),
        np.concatenate([np.full(len(opening), Effect.OPEN), effect]),
        np.concatenate([entered.alpha_rao, alpha]),
        np.concatenate([entered.tao_rao, tao]),
    )
    order = sorted(keys, key=lambda key: key)
    at = np.array([keys[key] for key in order], np.int64)
    begin = start if before is None else before.positions["books_begin_at_block"][0].as_py()
    cost = posted.cost_rao[:, len(opening) :]
    return Day(
        _positions(posted.positions, order, at, unpriced, begin, end),
        _lots(posted.positions, order, at, unpriced),
        _realized(ledger, effect, alpha, tao, cost, is_unpriced, is_cost_known),
    )


def _follow_unpriced(
    unpriced: np.ndarray, position: np.ndarray, effect: np.ndarray, is_unpriced: np.ndarray
) -> np.ndarray:
    """Counts in each position what came or went at a worth that is not known, wherever it moves.

    Args:
        unpriced: the counts of every position, in the order of ``_UNPRICED``; changed in place.

    Returns:
        Whether the cost of what an entry takes out is known, shape (methods, entries).
    """
    known = np.ones((len(METHODS), len(position)), bool)
    if not unpriced.any() and not is_unpriced.any():
        return known
    counted = {
        Effect.BUY: _PURCHASES,
        Effect.EARN: _EARNINGS,
        Effect.ADJUST: _EARNINGS,
        Effect.SELL: _SALES,
    }
    for at, (who, what) in enumerate(zip(position.tolist(), effect.tolist(), strict=True)):
        counts = unpriced[who]
        if is_unpriced[at] and what in counted:
            counts[counted[what]] += 1
        if what == Effect.IN:
            giver = unpriced[position[at - 1]]
            counts[_MOVES] += bool(giver[_PURCHASES] or giver[_MOVES])
            counts[_EARNED_MOVES] += bool(giver[_EARNINGS] or giver[_EARNED_MOVES])
        for method, name in enumerate(METHODS):
            known[method, at] = not any(counts[kind] for kind in _UNKNOWN_WITH[f"{name}_cost_rao"])
    return known


def _of_the_last_subnets(table: pa.Table, before: Day | None) -> pa.Table:
    """A day's rows of netuids without a subnet, put to the subnet that left its stakes there.

    Where a subnet's end is cleaned up on a later day, nothing in that day says which it was.
    """
    is_left = pc.and_(
        pc.equal(table["subnet_registered_at_block"], 0), pc.not_equal(table["netuid"], ROOT)
    )
    # A day has millions of rows, and hardly ever one of these.
    if before is None or not pc.any(is_left).as_py():
        return table
    last: dict[int, int] = {}
    for _, netuid, registered in _keys(before.positions):
        last[netuid] = max(registered, last.get(netuid, 0))
    left_by = pa.array([last.get(netuid, 0) for netuid in table["netuid"].to_pylist()], pa.int64())
    found = pc.if_else(is_left, left_by, table["subnet_registered_at_block"])
    place = table.schema.get_field_index("subnet_registered_at_block")
    return table.set_column(place, table.schema.field(place), found)


def _ends_at(before: Day, block: int) -> bool:
    ended = before.positions["block_number"]
    return bool(len(ended)) and ended[0].as_py() == block


def _keys(table: pa.Table) -> Iterator[Key]:
    return zip(*(table[name].to_pylist() for name in KEY), strict=True)


def _held(stakes: pa.Table, column: str) -> dict[Key, int]:
    """Alpha of each position, over its hotkeys."""
    summed = stakes.group_by(list(KEY)).aggregate([(column, "sum")])
    amounts = summed[f"{column}_sum"].to_pylist()
    return {key: rao for key, rao in zip(_keys(summed), amounts, strict=True) if rao}


def _check_start(
    standing: Positions, keys: dict[Key, int], held: dict[Key, int], block: int
) -> None:
    found = standing.column("held_alpha_rao")
    for key, at in keys.items():
        if held.get(key, 0) != found[at]:
            raise LedgerError(
                f"The position of {key[0]} on netuid {key[1]} stood at {found[at]} rao of alpha "
                f"when the day before ended, and at {held.get(key, 0)} at block {block}, where "
                "this one begins; take both days again."
            )


@dataclass(frozen=True, slots=True)
class _Opened:
    position: np.ndarray
    alpha_rao: np.ndarray
    tao_rao: np.ndarray
    is_unpriced: np.ndarray


def _opened(opening: dict[Key, int], keys: dict[Key, int], prices: pa.Table, block: int) -> _Opened:
    """What is held when the books begin, at its worth at the end of that block."""
    first = prices.filter(pc.equal(prices["block_number"], block + 1))
    bits = {
        netuid: None if price is None else int(price)
        for netuid, price in zip(
            first["netuid"].to_pylist(),
            first["pre_spot_price_u64f64_bits"].to_pylist(),
            strict=True,
        )
    } | {ROOT: 1 << 64}
    found = sorted(opening)
    worth = [
        None if bits.get(key[1]) is None else opening[key] * bits[key[1]] >> 64 for key in found
    ]
    return _Opened(
        np.array([keys[key] for key in found], np.int64),
        np.array([opening[key] for key in found], np.int64),
        np.array([rao or 0 for rao in worth], np.int64),
        np.array([rao is None for rao in worth], bool),
    )


# ---------------------------------------------------------------------- tables and arrays


def _restored(before: Day | None, count: int) -> tuple[Positions, np.ndarray]:
    """What the day before left, with empty positions for those that are new."""
    unpriced = np.zeros((count, len(_UNPRICED)), np.int64)
    if before is None:
        return Positions.empty(count), unpriced
    table, lots = before.positions, before.lots
    numbers = np.zeros((table.num_rows, len(NUMBERS)), np.int64)
    for name in _CARRIED_ON:
        # What is not known is posted as nothing, and stays not known.
        numbers[:, NUMBERS.index(name)] = pc.fill_null(table[name], 0).to_numpy()
    places = {key: at for at, key in enumerate(_keys(table))}
    owners = np.array([places[key] for key in _keys(lots)], np.int64)
    kept = Lots(
        *(
            pc.fill_null(lots[name], 0).to_numpy()
            for name in ("alpha_rao", "tao_rao", "acquired_block_number")
        ),
        linked(numbers, owners),
    )
    unpriced[: table.num_rows] = np.stack([table[name].to_numpy() for name in _UNPRICED], axis=1)
    last_block = table["block_number"][0].as_py()
    return Positions(numbers, kept, last_block).grown(count), unpriced


def _positions(
    after: Positions, order: list[Key], at: np.ndarray, unpriced: np.ndarray, begin: int, end: int
) -> pa.Table:
    fifo = np.zeros(len(after), np.int64)
    owners, lots = after.lots_in_order()
    np.add.at(fifo, owners, after.lots.tao_rao[lots])
    columns = dict(zip(KEY, zip(*order, strict=True), strict=True)) | {
        name: after.column(name)[at] for name in _CARRIED_ON
    }
    columns |= {
        "books_begin_at_block": np.full(len(order), begin),
        "block_number": np.full(len(order), end),
        "zero_basis_rao": after.zero_basis_rao()[at],
        "fifo_basis_rao": fifo[at],
    }
    columns |= {name: unpriced[at, kind] for kind, name in enumerate(_UNPRICED)}
    for name, kinds in _UNKNOWN_WITH.items():
        unknown = unpriced[at][:, list(kinds)].any(axis=1)
        columns[name] = pa.array(columns[name], pa.int64(), mask=unknown)
    return _as(RECOMPUTED__POSITIONS_BY_DAY, columns)


def _lots(after: Positions, order: list[Key], at: np.ndarray, unpriced: np.ndarray) -> pa.Table:
    owners, lots = after.lots_in_order()
    unknown = unpriced[owners][:, list(_UNKNOWN_WITH["fifo_basis_rao"])].any(axis=1)
    place = np.empty(len(after), np.int64)
    place[at] = np.arange(len(at))
    by_place = np.argsort(place[owners], kind="stable")
    owners, lots, unknown = place[owners][by_place], lots[by_place], unknown[by_place]
    starts = np.searchsorted(owners, owners)
    named = pa.array(owners)
    columns = {
        name: pa.array(values, RECOMPUTED__POSITION_LOTS.field(name).type).take(named)
        for name, values in zip(KEY, zip(*order, strict=True), strict=True)
    }
    return _as(
        RECOMPUTED__POSITION_LOTS,
        columns
        | {
            "lot_index": np.arange(len(owners)) - starts,
            "acquired_block_number": after.lots.acquired_block[lots],
            "alpha_rao": after.lots.alpha_rao[lots],
            "tao_rao": pa.array(after.lots.tao_rao[lots], pa.int64(), mask=unknown),
        },
    )


def _realized(
    ledger: pa.Table,
    effect: np.ndarray,
    alpha: np.ndarray,
    tao: np.ndarray,
    cost: np.ndarray,
    is_unpriced: np.ndarray,
    is_cost_known: np.ndarray,
) -> pa.Table:
    gives = (effect == Effect.SELL) | (effect == Effect.LOSE)
    rows = np.flatnonzero(gives | cost.any(axis=0))
    kept = ledger.take(pa.array(rows))
    is_unpaid = (is_unpriced & (effect == Effect.SELL))[rows]
    is_costless = ~is_cost_known[:, rows].all(axis=0)
    columns = {name: kept[name] for name in ("block_number", "entry_index", *KEY, "kind")}
    columns |= {
        "alpha_rao": np.where(gives, alpha, 0)[rows],
        "tao_rao": pa.array(np.where(effect == Effect.SELL, tao, 0)[rows], mask=is_unpaid),
        "unpriced_reason": pc.if_else(
            pa.array(is_unpaid),
            kept["unpriced_reason"],
            pc.if_else(pa.array(is_costless), COST_UNKNOWN, pa.scalar(None, pa.string())),
        ),
    }
    columns |= {
        f"{method}_cost_rao": pa.array(cost[at, rows], mask=~is_cost_known[at, rows])
        for at, method in enumerate(METHODS)
    }
    return _as(RECOMPUTED__REALIZED_PNL, columns)


def _as(schema: pa.Schema, columns: dict) -> pa.Table:
    arrays = []
    for each in schema:
        column = columns[each.name]
        if isinstance(column, pa.Array | pa.ChunkedArray):
            arrays.append(column.cast(each.type))
        else:
            arrays.append(pa.array(column, each.type))
    return pa.table(arrays, schema=schema)
