"""Replays the emission gate of spec 440."""

from dataclasses import replace
from typing import Any

from mechanics.emission import v440_gate
from mechanics.emission.state import GateState
from mechanics.fixed import U64F64
from mechanics.verify import form
from mechanics.verify.emission_ops import bits, shares_by_engine, state_by_price
from mechanics.verify.form import Check


def _shares_gated(case: Any) -> tuple[Any, Any]:
    given, expected = form.fields(case, "in", "out")
    form.fields(expected, "bar_after", "shares")
    price, burned, block, bar, rank, quantile, exponent = form.fields(
        given, "price", "burned", "block", "bar", "rank", "q", "h"
    )
    pre = replace(
        state_by_price(price, burned),
        block_number=form.unsigned(block, 64),
        gate=GateState(
            bar=form.fixed(U64F64, bar),
            bar_quantile=form.fixed(U64F64, quantile),
            bar_rank=form.unsigned(rank, 16),
            exponent=form.fixed(U64F64, exponent),
        ),
    )
    shares, after = v440_gate.emission_shares(pre, v440_gate.candidates(pre))
    from mechanics.engine import emission as engine
    from mechanics.engine.wide import integers

    law = {"bar_after": after.bits, "shares": bits(shares)}
    by_engine, bar = engine.gated(pre.gate, shares_by_engine(pre), pre.block_number)
    twin = {"bar_after": bar.bits, "shares": integers(by_engine)}
    return expected, form.agreed(law, twin)


OPS: dict[str, Check] = {"emis.get_shares_gated": _shares_gated}
