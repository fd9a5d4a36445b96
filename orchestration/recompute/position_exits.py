"""``recomputed__position_exits``: what selling a whole position would pay at the end of a day.

Each is quoted by itself, from the pool as the day's last snapshot left it: what all would get who
left together is less. Where that is not the day's last block, the price is older than what is
held, and ``is_exact_price`` says so. Root has no pool.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mechanics import amm
from mechanics.amm import Side
from mechanics.engine.amm import quotes
from mechanics.eras import BadState, UnknownRule
from orchestration.recompute.pools import NOT_WHOLE, DayEnd, day_end
from orchestration.recompute.rows import Columns, Row, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__POSITION_EXITS

_HELD = ["coldkey_ss58", "netuid", "subnet_registered_at_block", "held_alpha_rao"]
_COLUMNS = ["spec_version", "is_network_added", "network_registered_at_block"]

REFUSED = "the chain would refuse the sale"
NO_POOL = "the day's last snapshot has no pool of this subnet"


def recompute(
    held: pa.Table,
    blocks: pa.Table,
    subnet_blocks: pa.Table,
    ticks: pa.Table,
    positions: pa.Table,
    stake_events: pa.Table,
) -> pa.Table:
    """One row for each position of a subnet that holds any.

    Args:
        held: a day of ``recomputed__positions_by_day``.
        blocks, subnet_blocks, ticks, positions, stake_events: that of ``pools.DAY_END_TABLES``.
    """
    out = Columns(RECOMPUTED__POSITION_EXITS)
    end = day_end(blocks, subnet_blocks, ticks, positions, stake_events, _COLUMNS)
    for netuid, rows in _by_subnet(subnets_only(held)).items():
        pool = end.rows.get(netuid)
        alpha = np.array([row["held_alpha_rao"] for row in rows], np.uint64)
        answers = [{}] * len(rows) if pool is None else _quoted(end, netuid, alpha)
        for row, answer in zip(rows, answers, strict=True):
            if pool is None or not _is_of(pool, row):
                answer = {"unexplained_reason": NO_POOL}
            out.add(
                **row,
                block_number=end.block_number,
                is_exact_price=end.is_exact_price,
                **answer,
            )
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


def _quoted(end: DayEnd, netuid: int, alpha: np.ndarray) -> list[dict]:
    spec = end.rows[netuid]["spec_version"]
    try:
        era = amm.ERAS.at(spec).name
        found = quotes(spec, end.pool(netuid), Side.SELL, alpha)
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
