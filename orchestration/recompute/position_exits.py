"""``recomputed__position_exits``: what selling a whole position would pay at the end of a day.

Each is quoted by itself, from the pool as the day's last snapshot left it: what all would get who
left together is less. Root has no pool.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mechanics import amm
from mechanics.amm import Side
from mechanics.engine.amm import quotes
from mechanics.eras import BadState, UnknownRule
from orchestration.recompute.pools import POOL_AROUND_COLUMNS, Lent, pool_after
from orchestration.recompute.rows import Columns, Row, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__POSITION_EXITS

_HELD = ["coldkey_ss58", "netuid", "subnet_registered_at_block", "held_alpha_rao"]
_COLUMNS = [
    "block_number",
    "netuid",
    "spec_version",
    "is_network_added",
    "network_registered_at_block",
    *POOL_AROUND_COLUMNS,
]
_LENDING = ("LiquidityAdded", "LiquidityModified", "LiquidityRemoved")
_EVENT_COLUMNS = ["netuid", "event_name", "liquidity_u64", "tick_low", "tick_high"]

REFUSED = "the chain would refuse the sale"
NOT_WHOLE = "the pool would not take all of it"
NO_POOL = "the day's last snapshot has no pool of this subnet"


def recompute(
    held: pa.Table,
    subnet_blocks: pa.Table,
    ticks: pa.Table,
    positions: pa.Table,
    stake_events: pa.Table,
) -> pa.Table:
    """One row for each position of a subnet that holds any.

    Args:
        held: a day of ``recomputed__positions_by_day``.
        subnet_blocks: the same day of ``chain__subnet_blocks``.
        ticks: the same day of ``chain__pool_ticks``.
        positions: the same day of ``chain__pool_positions``.
        stake_events: the same day of ``chain__stake_events``.
    """
    out = Columns(RECOMPUTED__POSITION_EXITS)
    last = pc.max(subnet_blocks["block_number"]).as_py()
    here, ticks, positions, stake_events = (
        table.filter(pc.equal(table["block_number"], last))
        for table in (subnet_blocks, ticks, positions, stake_events)
    )
    is_lending = pc.is_in(stake_events["event_name"], value_set=pa.array(_LENDING))
    lending = [*rows_of(stake_events.filter(is_lending), _EVENT_COLUMNS)]
    lent = Lent(ticks, positions)
    pools = {row["netuid"]: row for row in rows_of(subnets_only(here), _COLUMNS)}
    for netuid, rows in _by_subnet(subnets_only(held)).items():
        pool = pools.get(netuid)
        alpha = np.array([row["held_alpha_rao"] for row in rows], np.uint64)
        of_pool = [event for event in lending if event["netuid"] == netuid]
        answers = _quoted(pool, lent, of_pool, alpha)
        for row, answer in zip(rows, answers, strict=True):
            if pool is None or not _is_of(pool, row):
                answer = {"unexplained_reason": NO_POOL}
            out.add(**row, block_number=last, **answer)
    return out.table()


def _by_subnet(held: pa.Table) -> Mapping[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows_of(held.filter(pc.greater(held["held_alpha_rao"], 0)), _HELD):
        found.setdefault(row["netuid"], []).append(row)
    return found


def _is_of(pool: Row, held: Row) -> bool:
    """A netuid is used again: the pool must be of the very subnet that the alpha is of."""
    registered = pool["network_registered_at_block"]
    return pool["is_network_added"] and registered == held["subnet_registered_at_block"]


def _quoted(pool: Row | None, lent: Lent, lending: list[Row], alpha: np.ndarray) -> list[dict]:
    if pool is None:
        return [{}] * len(alpha)
    spec = pool["spec_version"]
    try:
        era = amm.ERAS.at(spec).name
        found = quotes(spec, pool_after(pool, lent, lending), Side.SELL, alpha)
    except (UnknownRule, BadState) as why:
        return [{"unexplained_reason": str(why)}] * len(alpha)
    # A fee in TAO is no part of the alpha that the pool takes.
    is_whole = found.paid_in_rao + found.fee_rao >= alpha
    reasons = np.where(found.is_refused, REFUSED, np.where(is_whole, "", NOT_WHOLE))
    return [
        {"amm_era": era, "unexplained_reason": reason}
        if reason
        else {"amm_era": era, "tao_out_rao": int(paid)}
        for paid, reason in zip(found.paid_out_rao, reasons.tolist(), strict=True)
    ]
