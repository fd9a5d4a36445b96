"""``recomputed__exit_quotes``: what leaving a subnet would pay, by the swap's own rule.

Quoted on the pool as the day's last snapshot left it. Nobody can sell more alpha than there is
outside the pool, and no pool pays for what it does not take: of such sizes there is no quote, but
the reason.
"""

from collections.abc import Iterator
from fractions import Fraction

import pyarrow as pa

from mechanics import amm
from mechanics.amm import Side
from mechanics.eras import BadState, UnknownRule
from mechanics.quote import Quote, largest, quote
from orchestration.recompute.pools import NOT_WHOLE, DayEnd, day_end, spot_price
from orchestration.recompute.rows import Columns, Row
from orchestration.schemas import RECOMPUTED__EXIT_QUOTES

ASKED_TAO_RAO = tuple(10**9 * tao for tao in (1, 10, 100, 1_000, 10_000))
"""Sales of alpha worth so much at the spot price."""

ASKED_SLIPPAGE_PPM = (10_000, 20_000, 50_000, 100_000)
"""The largest sale whose slippage is within 1, 2, 5 and 10 %, or all alpha where that is less."""

MORE_THAN_THERE_IS = "it is more alpha than there is outside the pool"
NOT_ONE_RAO = "not even one rao can be sold within the bound"

_PPM = 10**6
_KEPT = ("block_number", "netuid", "network_registered_at_block", "alpha_out_rao")
_COLUMNS = [*_KEPT, "spec_version", "is_network_added"]


def recompute(
    blocks: pa.Table,
    subnet_blocks: pa.Table,
    ticks: pa.Table,
    positions: pa.Table,
    stake_events: pa.Table,
) -> pa.Table:
    """One row per subnet and question, at the day's last snapshot.

    Args:
        blocks, subnet_blocks, ticks, positions, stake_events: a day of ``pools.DAY_END_TABLES``.
    """
    out = Columns(RECOMPUTED__EXIT_QUOTES)
    end = day_end(blocks, subnet_blocks, ticks, positions, stake_events, _COLUMNS)
    for row in end.rows.values():
        if not row["is_network_added"]:
            continue  # removed in this very block: there is nothing to leave
        kept = {name: row[name] for name in _KEPT}
        for answer in _answers(row, end):
            out.add(**kept, is_exact_price=end.is_exact_price, **answer)
    return out.table()


def _answers(row: Row, end: DayEnd) -> Iterator[dict]:
    questions = [{"asked_tao_rao": tao} for tao in ASKED_TAO_RAO]
    questions += [{"asked_slippage_ppm": ppm} for ppm in ASKED_SLIPPAGE_PPM]
    for question in questions:
        try:
            found = _answered(row, end.pool(row["netuid"]), question)
        except (UnknownRule, BadState, amm.Refused) as why:
            found = {"unexplained_reason": str(why)}
        yield question | found


def _answered(row: Row, pool: amm.PoolState, question: dict) -> dict:
    spec, most = row["spec_version"], row["alpha_out_rao"]
    if "asked_slippage_ppm" in question:
        bound = Fraction(question["asked_slippage_ppm"], _PPM)
        found = largest(pool, Side.SELL, bound, spec)
        if found is None:
            return {"unexplained_reason": NOT_ONE_RAO}
        is_all = found.taken_rao >= most
        return _answer(quote(pool, Side.SELL, most, spec) if is_all else found, is_all)
    price = spot_price(amm.ERAS.at(spec), row, "")
    if not price:
        raise BadState("spot_price", "is 0, so no alpha is worth anything")
    alpha_rao = (question["asked_tao_rao"] << price.FRACTION) // price.bits
    if alpha_rao > most:
        return {"unexplained_reason": MORE_THAN_THERE_IS}
    found = quote(pool, Side.SELL, alpha_rao, spec)
    if found.taken_rao < alpha_rao:
        return {"unexplained_reason": NOT_WHOLE}
    return _answer(found, is_all_alpha=alpha_rao == most)


def _answer(found: Quote, is_all_alpha: bool) -> dict:
    is_fee_in_alpha = found.fee_asset is amm.Asset.ALPHA
    return {
        "amm_era": found.era,
        "alpha_in_rao": found.taken_rao,
        "is_all_alpha": is_all_alpha,
        "tao_out_rao": found.paid_out_rao,
        "fee_tao_rao": 0 if is_fee_in_alpha else found.fee_rao,
        "fee_alpha_rao": found.fee_rao if is_fee_in_alpha else 0,
        "slippage_ppm": int(found.slippage * _PPM),
        "cost_ppm": int(found.cost * _PPM),
    }
