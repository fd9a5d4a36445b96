"""The engine swaps and lends in concentrated pools as the law does, to the bit."""

from dataclasses import replace

import numpy as np
import pytest

from mechanics import amm as law
from mechanics.amm import v290_concentrated, v301_fees_reinvested
from mechanics.amm.state import PoolState, Position, Side, Tick
from mechanics.amm.ticks import MAX_TICK, MIN_TICK, sqrt_price_at, tick_at
from mechanics.engine import concentrated as engine
from mechanics.engine.wide import halves, integers
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I64F64, U64F64
from tests.mechanics.states import COUNT, Draw, quoted_by_law

_POOL = PoolState(
    1,
    20_000_000_000_000,
    1_500_000_000_000_000,
    fee_rate_u16=33,
)


def _pool(draw: Draw) -> PoolState:
    """An initialised pool, plausible or at every edge, with up to three ticks of users near by."""
    if draw.is_true(0.5):
        tao, alpha = draw.getrandbits(draw.randint(22, 54)), draw.getrandbits(draw.randint(22, 54))
        price = U64F64.of(tao).safe_div(U64F64.of(alpha))
        root = v290_concentrated.checked_sqrt(price, U64F64(2**24))
        liquidity = v290_concentrated.isqrt(tao * alpha) or 1
    else:
        tao, alpha, root = draw.bits(64), draw.bits(64), U64F64(draw.bits(98))
        liquidity = draw.bits(64) or 1
    tick = tick_at(root)
    near = [min(tick + draw.randint(-300, 300), MAX_TICK - 1) for _ in range(draw.randint(0, 3))]
    # No tick takes off so much that a swap beyond it finds the pool without liquidity.
    ticks = {MIN_TICK: Tick(0, liquidity), MAX_TICK: Tick(0, liquidity)}
    part = liquidity // 8
    ticks |= {max(t, MIN_TICK + 1): Tick(draw.randint(-part, part), part) for t in near}
    return PoolState(
        1,
        tao,
        alpha,
        is_v3_initialized=True,
        alpha_sqrt_price=root,
        fee_rate_u16=draw.choice((0, 33, 196, 65_535, draw.bits(16))),
        current_liquidity=liquidity,
        current_tick=tick,
        ticks=ticks,
    )


@pytest.mark.parametrize("side", Side)
def test_steps_are_the_laws(side):
    draw = Draw(side.value)
    pools = [_pool(draw) for _ in range(COUNT)]
    amounts = [draw.bits(64) for _ in pools]
    limits = [U64F64(draw.choice((0, 2**96, draw.bits(98)))) for _ in pools]
    for drop_fees in (False, True):
        steps = engine.steps(
            side,
            halves(pool.alpha_sqrt_price.bits for pool in pools),
            np.array([pool.current_liquidity for pool in pools], np.uint64),
            halves(sqrt_price_at(v290_concentrated.next_tick(pool, side)).bits for pool in pools),
            np.array([pool.fee_rate_u16 for pool in pools], np.uint64),
            np.array(amounts, np.uint64),
            halves(limit.bits for limit in limits),
            drop_fees,
        )
        computed = zip(
            steps.delta_in_rao.tolist(),
            steps.delta_out_rao.tolist(),
            steps.fee_rao.tolist(),
            integers(steps.sqrt_price),
            steps.is_crossing.tolist(),
            strict=True,
        )
        for pool, amount, limit, found in zip(pools, amounts, limits, computed, strict=True):
            step = v290_concentrated.step(pool, side, amount, limit, drop_fees)
            by_law = (
                step.delta_in_rao,
                step.delta_out_rao,
                step.fee_rao,
                step.sqrt_price.bits,
                step.is_crossing,
            )
            assert found == by_law, (pool, amount, limit)


@pytest.mark.parametrize("spec_version", [290, 334, 385, 391])
@pytest.mark.parametrize("side", Side)
def test_quotes_are_the_laws(spec_version, side):
    draw = Draw(f"{spec_version} {side}")
    era = law.ERAS.at(spec_version).module
    trade = era.buy if side is Side.BUY else era.sell
    sizes = 10
    for _ in range(COUNT // sizes + 1):
        pool = _pool(draw)
        if draw.is_true(0.1):
            pool = replace(_POOL, mechanism=draw.randint(0, 1), tao_provided_rao=draw.bits(40))
        limit = draw.choice((None, None, draw.bits(64), draw.bits(30)))
        drop_fees = draw.is_true(0.2)
        amounts = [draw.bits(draw.choice((44, 64))) for _ in range(sizes)]
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


def test_a_pool_without_its_parts_is_refused_by_name():
    broken = replace(
        v290_concentrated.initialized(_POOL), current_liquidity=0, is_v3_initialized=True
    )
    with pytest.raises(BadState, match="current_liquidity"):
        engine.quotes(391, broken, Side.BUY, np.array([1], np.uint64))
    with pytest.raises(BadState, match="fee_rate_u16"):
        engine.quotes(391, replace(_POOL, fee_rate_u16=None), Side.SELL, np.array([1], np.uint64))
    with pytest.raises(OverflowError):
        engine.quotes(391, _POOL, Side.BUY, [-1])


@pytest.mark.parametrize("spec_version", [290, 301, 334, 422])
def test_injections_lend_what_the_laws_lend(spec_version):
    draw = Draw(spec_version)
    era = law.ERAS.at(spec_version).module
    pools, injected = [], []
    for _ in range(COUNT):
        pool = _pool(draw)
        position = Position(
            MIN_TICK,
            MAX_TICK,
            draw.choice((pool.current_liquidity, draw.bits(64))),
            I64F64(draw.bits(50)),
            I64F64(draw.bits(50)),
        )
        pools.append(
            replace(
                pool,
                protocol_position=position,
                fee_global_tao=U64F64(draw.bits(60)),
                fee_global_alpha=U64F64(draw.bits(60)),
                tao_scrap_rao=draw.bits(40),
                alpha_scrap_rao=draw.bits(40),
            )
        )
        injected.append((draw.bits(draw.choice((30, 64))), draw.bits(draw.choice((30, 64)))))
    fees = [v301_fees_reinvested.collected(pool, pool.protocol_position)[1:] for pool in pools]
    lent = engine.adjust_liquidity(
        spec_version,
        halves(pool.alpha_sqrt_price.bits for pool in pools),
        engine.Lent(
            np.array([pool.protocol_position.liquidity for pool in pools], np.uint64),
            np.array([pool.current_liquidity for pool in pools], np.uint64),
            np.array([pool.tao_scrap_rao for pool in pools], np.uint64),
            np.array([pool.alpha_scrap_rao for pool in pools], np.uint64),
        ),
        *np.array(injected, np.uint64).T,
        *np.array(fees, np.uint64).T,
    )
    rows = zip(*(column.tolist() for column in lent), strict=True)
    for pool, (tao, alpha), row in zip(pools, injected, rows, strict=True):
        after = era.adjust_liquidity(pool, tao, alpha).pool
        assert row == (
            after.protocol_position.liquidity,
            after.current_liquidity,
            after.tao_scrap_rao,
            after.alpha_scrap_rao,
        ), (pool, tao, alpha)


def test_pools_of_another_kind_lend_nothing_here():
    none = np.zeros(0, np.uint64)
    for spec_version in (277, 280, 423):
        with pytest.raises(UnknownRule):
            engine.adjust_liquidity(
                spec_version, halves([]), engine.Lent(none, none, none, none), none, none
            )
