"""The engine on one core: shares of a block, a year of flow EMAs, a million quotes."""

import time
import timeit
from collections.abc import Callable, Iterator
from random import Random

import numpy as np

from benchmarks import Row, median_seconds
from mechanics import amm, moving_price
from mechanics import emission as law
from mechanics.amm.state import PoolState, Side
from mechanics.emission.state import EmissionState, FlowEma, FlowState, GateState
from mechanics.emission.v334_tao_flow import advanced, shares_by_flow
from mechanics.emission.v440_gate import gated
from mechanics.engine import amm as engine_amm
from mechanics.engine import emission as engine
from mechanics.engine import moving_price as engine_moving_price
from mechanics.engine.wide import halves
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32

SUBNETS = 128
BLOCKS_PER_DAY = 7_200
DAYS = 365
QUOTES = 1_000_000
_SHARES_TARGET_US = 20


def rows() -> Iterator[Row]:
    draw = Random(1)
    yield from _shares(draw)
    yield from _flow_emas(draw)
    yield from _quotes(draw)
    yield from _moving_prices(draw)


def _compared(
    what: str, seconds: float, law_seconds: float, unit: str, target: float | None
) -> Row:
    scale = {"us": 1e6, "s": 1.0}[unit]
    return Row(what, seconds * scale, unit, target, f"{law_seconds / seconds:,.0f} times the law")


def _once(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _each(work: Callable[[], object], times: int = 200) -> float:
    """Seconds of one run: the best of many short series; what else the machine does only adds."""
    work()
    return min(timeit.repeat(work, number=times, repeat=25)) / times


def _shares(draw: Random) -> Iterator[Row]:
    netuids = range(1, SUBNETS + 1)
    open_to_all = dict.fromkeys(netuids, True)
    pre = EmissionState(
        block_emission_rao=500_000_000,
        moving_price={n: I96F32(int(draw.lognormvariate(-4, 1.5) * 2**32)) for n in netuids},
        mechanism=dict.fromkeys(netuids, 1),
        first_emission_block_number=dict.fromkeys(netuids, 1),
        block_number=1,
        is_subtoken_enabled=open_to_all,
        is_registration_allowed=open_to_all,
        is_emission_enabled=open_to_all,
        miner_burned={n: U96F32(draw.choice((0, draw.getrandbits(32)))) for n in netuids},
        gate=GateState(U64F64(2**64 // 100), U64F64(2**63), 0, U64F64.of(3)),
    )
    price = halves(pre.moving_alpha_price(n).bits for n in netuids)
    burned = halves(pre.miner_burned[n].bits for n in netuids)
    flows = {n: I64F64(int(draw.gauss(0, 1e9)) << 64) for n in netuids}
    flow_state = FlowState(0, I64F64(0), U64F64.of(1), {}, {})
    flow_bits = halves(flow.bits for flow in flows.values())
    by_price = law.v425_price_burn.emission_shares(pre, list(netuids))
    shares = engine.shares_by_price(price, burned)
    what = f"a block's shares of {SUBNETS} subnets, "
    yield _compared(
        what + "by price (spec 233)",
        _each(lambda: engine.tao_by_price(500_000_000, price)),
        _each(lambda: law.v233_price_ema.tao_by_price(pre, netuids), 1),
        "us",
        _SHARES_TARGET_US,
    )
    yield _compared(
        what + "by flow (spec 334)",
        _each(lambda: engine.shares_by_flow(flow_state.cutoff, U64F64.of(1), flow_bits)),
        _each(lambda: shares_by_flow(flow_state, flows), 1),
        "us",
        _SHARES_TARGET_US,
    )
    yield _compared(
        what + "by price and burn (spec 425)",
        _each(lambda: engine.shares_by_price(price, burned)),
        _each(lambda: law.v425_price_burn.emission_shares(pre, list(netuids)), 1),
        "us",
        _SHARES_TARGET_US,
    )
    yield _compared(
        "  the gate after it (spec 440)",
        _each(lambda: engine.gated(pre.gate, shares, 1)),
        _each(lambda: gated(by_price, pre.gate.bar, pre.gate.exponent), 1),
        "us",
        None,
    )


def _flow_emas(draw: Random) -> Iterator[Row]:
    """A year block after block, a day at a time, with the flows of one day again and again."""
    factor = 29_597_889_189_277
    flows = np.array(
        [[int(draw.gauss(0, 1e9)) for _ in range(SUBNETS)] for _ in range(BLOCKS_PER_DAY)]
    )
    start = halves([0] * SUBNETS)
    engine.emas_by_block(factor, start, flows[:1])

    def year() -> None:
        emas = start
        for _ in range(DAYS):
            emas = engine.emas_by_block(factor, emas, flows)[-1]

    pre = EmissionState(
        block_emission_rao=0,
        moving_price={},
        mechanism={},
        first_emission_block_number={},
        block_number=1,
        flow=FlowState(factor, I64F64(0), U64F64(0), {}, {}),
    )
    one = _each(lambda: advanced(pre, FlowEma(0, I64F64(1 << 90)), 1_000_000_007))
    steps = DAYS * BLOCKS_PER_DAY * SUBNETS
    yield _compared(
        f"a year of flow EMAs, {DAYS * BLOCKS_PER_DAY:,} blocks of {SUBNETS} subnets",
        _once(year),
        one * steps,
        "s",
        60,
    )


def _quotes(draw: Random) -> Iterator[Row]:
    pool = PoolState(
        1,
        20_000 * 10**9,
        1_500_000 * 10**9,
        fee_rate_u16=33,
        quote_weight_perquintill=487_123_456_789_012_345,
    )
    sizes = np.array([draw.randrange(10**6, 10**12) for _ in range(QUOTES)], np.uint64)
    for name, spec_version, target in (
        ("V3 single-step", 391, 2),
        ("weighted-pool", 425, None),
    ):
        era = amm.ERAS.at(spec_version).module
        before = era.initialized(pool) if spec_version in range(290, 423) else pool
        for side, trade in ((Side.BUY, era.buy), (Side.SELL, era.sell)):
            few = sizes[:200].tolist()

            def by_law(trade=trade, before=before, few=few) -> None:
                for size in few:
                    trade(before, size)

            def by_engine(spec_version=spec_version, before=before, side=side) -> None:
                engine_amm.quotes(spec_version, before, side, sizes)

            yield _compared(
                f"a million {name} quotes, {side.value} (spec {spec_version})",
                median_seconds(by_engine, 3),
                median_seconds(by_law, 3) / len(few) * QUOTES,
                "s",
                target,
            )


def _moving_prices(draw: Random) -> Iterator[Row]:
    states = [
        moving_price.MovingPriceState(
            block_number=7_000_000,
            mechanism=1,
            moving_price=I96F32(draw.getrandbits(32)),
            spot_price=U64F64(draw.getrandbits(63)),
            subnet_moving_alpha=I96F32(12_885),
            network_registered_at_block=0,
            first_emission_block_number=5_000_000,
            ema_price_halving_blocks=201_600,
        )
        for _ in range(SUBNETS)
    ]
    arrays = engine_moving_price.MovingPrices(
        7_000_000,
        np.ones(SUBNETS, np.int64),
        halves(pre.moving_price.bits for pre in states),
        halves(pre.spot_price.bits for pre in states),
        I96F32(12_885),
        first_emission_block_number=np.full(SUBNETS, 5_000_000, np.uint64),
        ema_price_halving_blocks=np.full(SUBNETS, 201_600, np.uint64),
    )
    era = moving_price.ERAS.at(425).module
    yield _compared(
        f"a block's moving prices of {SUBNETS} subnets (spec 425)",
        _each(lambda: engine_moving_price.recompute(425, arrays)),
        _each(lambda: [era.recompute(pre) for pre in states], 1),
        "us",
        None,
    )
