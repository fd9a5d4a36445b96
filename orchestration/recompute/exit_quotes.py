"""``recomputed__exit_quotes``: what leaving a subnet would pay, by the swap's own rule.

Quoted on each day's last snapshot, from the pool as that block found it.
"""

from collections.abc import Iterator
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from mechanics import amm
from mechanics.amm import Side
from mechanics.eras import BadState, UnknownRule
from mechanics.quote import Quote, largest, quote
from orchestration.recompute.pools import POOL_BEFORE_COLUMNS, Lent, pool_before, spot_price
from orchestration.recompute.rows import Columns, Row, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__EXIT_QUOTES

ASKED_TAO_RAO = tuple(10**9 * tao for tao in (1, 10, 100, 1_000, 10_000))
"""Sales of alpha worth so much at the spot price."""

ASKED_SLIPPAGE_PPM = (10_000, 20_000, 50_000, 100_000)
"""The largest sale whose slippage is within 1, 2, 5 and 10 %."""

_PPM = 10**6
_KEPT = ("block_number", "netuid", "pre_network_registered_at_block", "pre_alpha_out_rao")
_COLUMNS = [
    "block_number",
    "netuid",
    "spec_version",
    "pre_is_network_added",
    "pre_network_registered_at_block",
    "pre_alpha_out_rao",
    *POOL_BEFORE_COLUMNS,
]


def recompute(subnet_blocks: pa.Table, ticks: pa.Table, positions: pa.Table) -> pa.Table:
    """One row per subnet and question, at the day's last snapshot.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        ticks: the same day of ``chain__pool_ticks``.
        positions: the same day of ``chain__pool_positions``.
    """
    out = Columns(RECOMPUTED__EXIT_QUOTES)
    last = pc.max(subnet_blocks["block_number"])
    tables = (t.filter(pc.equal(t["block_number"], last)) for t in (ticks, positions))
    lent = Lent(*tables)
    here = subnets_only(subnet_blocks.filter(pc.equal(subnet_blocks["block_number"], last)))
    for row in rows_of(here, _COLUMNS):
        if not row["pre_is_network_added"]:
            continue  # made in this very block: there was nothing to leave
        for answer in _answers(row, lent):
            out.add(**{name: row[name] for name in _KEPT}, **answer)
    return out.table()


def _answers(row: Row, lent: Lent) -> Iterator[dict]:
    spec = row["spec_version"]
    questions = [{"asked_tao_rao": tao} for tao in ASKED_TAO_RAO]
    questions += [{"asked_slippage_ppm": ppm} for ppm in ASKED_SLIPPAGE_PPM]
    for question in questions:
        try:
            found = _quoted(row, pool_before(row, lent), spec, question)
        except (UnknownRule, BadState, amm.Refused) as why:
            yield question | {"unexplained_reason": str(why)}
            continue
        if found is None:
            yield question | {"unexplained_reason": "not even one rao can be sold within the bound"}
        else:
            yield question | _answer(found)


def _quoted(row: Row, pool: amm.PoolState, spec: int, question: dict) -> Quote | None:
    if "asked_slippage_ppm" in question:
        bound = Fraction(question["asked_slippage_ppm"], _PPM)
        return largest(pool, Side.SELL, bound, spec)
    price = spot_price(amm.ERAS.at(spec), row, "pre_")
    if not price:
        raise BadState("spot_price", "is 0, so no alpha is worth anything")
    alpha_rao = (question["asked_tao_rao"] << price.FRACTION) // price.bits
    return quote(pool, Side.SELL, alpha_rao, spec)


def _answer(found: Quote) -> dict:
    is_fee_in_alpha = found.fee_asset is amm.Asset.ALPHA
    return {
        "amm_era": found.era,
        "alpha_in_rao": found.taken_rao,
        "tao_out_rao": found.paid_out_rao,
        "fee_tao_rao": 0 if is_fee_in_alpha else found.fee_rao,
        "fee_alpha_rao": found.fee_rao if is_fee_in_alpha else 0,
        "slippage_ppm": int(found.slippage * _PPM),
        "cost_ppm": int(found.cost * _PPM),
    }
