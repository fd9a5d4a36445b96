"""The engine swaps and injects in weighted pools as the law does, to the bit."""

from dataclasses import replace

import numpy as np
import pytest

from mechanics import amm as law
from mechanics.amm.state import PERQUINTILL, PoolState, Side
from mechanics.amm.v423_balancer import reweighted
from mechanics.engine import balancer as engine
from mechanics.engine.wide import integers
from mechanics.eras import BadState, UnknownRule
from tests.mechanics.states import COUNT, Draw, quoted_by_law

_POOL = PoolState(
    1,
    20_000_000_000_000,
    1_500_000_000_000_000,
    fee_rate_u16=33,
    quote_weight_perquintill=PERQUINTILL // 2,
)


def _weight(draw: Draw) -> int:
    """A weight within bounds: odd, round, or one whose power the law takes exactly."""
    least = PERQUINTILL // 100
    return draw.choice(
        (
            PERQUINTILL // 2,
            least * draw.randint(1, 99),
            PERQUINTILL // 2 + draw.randint(-1_000, 1_000),
            draw.randint(least, PERQUINTILL - least),
        )
    )


def _pool(draw: Draw) -> PoolState:
    return PoolState(
        1,
        draw.bits(draw.choice((52, 64))),
        draw.bits(draw.choice((52, 64))),
        fee_rate_u16=draw.choice((0, 33, 65_535, draw.bits(16))),
        quote_weight_perquintill=_weight(draw),
    )


@pytest.mark.parametrize("spec_version", [423, 424])
def test_powers_are_the_laws(spec_version):
    draw = Draw(spec_version)
    era = law.ERAS.at(spec_version).module
    rows = []
    for _ in range(COUNT):
        weight = _weight(draw)
        reserve = draw.bits(64)
        # A ratio within e^16, most often, for which the engine needs no help.
        delta = draw.bits(max(reserve.bit_length() + draw.randint(-60, 3), 1))
        rows.append((reserve, min(delta, 2**64 - 1), weight, PERQUINTILL - weight))
    columns = [np.array(column, np.uint64) for column in zip(*rows, strict=True)]
    computed = integers(engine.left(spec_version, *columns))
    for row, found in zip(rows, computed, strict=True):
        assert found == era.left(*row).bits, row


def test_the_engine_needs_the_law_for_hardly_any_power():
    draw = Draw(5)
    n = 10 * COUNT
    reserve = np.array([draw.randint(10**9, 10**16) for _ in range(n)], np.uint64)
    delta = np.array([draw.randint(1, 10**15) for _ in range(n)], np.uint64)
    up = np.array([draw.randint(PERQUINTILL // 3, PERQUINTILL // 2) for _ in range(n)], np.uint64)
    _, is_sure = engine._left(reserve, delta, up, np.uint64(PERQUINTILL) - up)
    assert is_sure.all()


@pytest.mark.parametrize("spec_version", [423, 425, 461])
@pytest.mark.parametrize("side", Side)
def test_quotes_are_the_laws(spec_version, side):
    draw = Draw(f"{spec_version} {side}")
    era = law.ERAS.at(spec_version).module
    trade = era.buy if side is Side.BUY else era.sell
    sizes = 10
    for _ in range(COUNT // sizes + 1):
        pool = _pool(draw)
        if draw.is_true(0.1):
            pool = replace(_POOL, mechanism=draw.randint(0, 1))
        limit = draw.choice((None, None, draw.bits(64), draw.bits(30)))
        drop_fees = draw.is_true(0.2)
        # Input far beyond the reserve makes the law's powers of spec 423 long.
        paid = pool.tao_reserve_rao if side is Side.BUY else pool.alpha_reserve_rao
        width = min(max(paid.bit_length() + 4, 4), 64)
        amounts = [draw.bits(width) for _ in range(sizes)]
        quotes = engine.quotes(
            spec_version, pool, side, np.array(amounts, np.uint64), limit, drop_fees
        )
        rows = zip(*(column.tolist() for column in quotes), strict=True)
        for amount, row in zip(amounts, rows, strict=True):
            assert row == quoted_by_law(trade, pool, amount, limit, drop_fees), (
                pool,
                amount,
                limit,
            )


def test_injections_shift_weights_as_the_law_does():
    draw = Draw(9)
    rows = []
    for _ in range(COUNT):
        width = draw.choice((30, 64))
        pool = _pool(draw)
        rows.append((pool, draw.bits(width), draw.bits(width)))
    weights, is_within = engine.reweighted(
        np.array([pool.tao_reserve_rao for pool, *_ in rows], np.uint64),
        np.array([pool.alpha_reserve_rao for pool, *_ in rows], np.uint64),
        np.array([pool.quote_weight_perquintill for pool, *_ in rows], np.uint64),
        np.array([tao for _, tao, _ in rows], np.uint64),
        np.array([alpha for *_, alpha in rows], np.uint64),
    )
    for row, weight, is_taken in zip(rows, weights.tolist(), is_within.tolist(), strict=True):
        assert reweighted(*row) == (weight if is_taken else None), row


def test_what_no_pool_is_in_is_refused_by_name():
    one = np.array([1], np.uint64)
    with pytest.raises(BadState, match="fee_rate_u16"):
        engine.quotes(425, replace(_POOL, fee_rate_u16=None), Side.SELL, one)
    for weight in (None, 0):
        with pytest.raises(BadState, match="quote_weight_perquintill"):
            engine.quotes(425, replace(_POOL, quote_weight_perquintill=weight), Side.BUY, one)
    with pytest.raises(UnknownRule):
        engine.quotes(462, _POOL, Side.BUY, one)
