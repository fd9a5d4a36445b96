"""The engine shares a block's TAO as the law does, to the bit."""

import numpy as np
import pytest

from mechanics import emission as law
from mechanics.emission import v334_tao_flow
from mechanics.emission.state import EmissionState, FlowEma, FlowState, GateState
from mechanics.engine import emission as engine
from mechanics.engine.wide import halves, integers
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32
from tests.mechanics.states import COUNT, Draw

_SPECS = (233, 300, 334, 338, 343, 348, 361, 402, 411, 421, 425, 440, 479)


def _state(draw: Draw, spec_version: int) -> EmissionState:
    """Up to six subnets, plausible or at every edge."""
    netuids = range(1, draw.randint(1, 7))
    is_wild = draw.is_true(0.3)

    def column(of):
        return {netuid: of() for netuid in netuids}

    def price() -> int:
        return draw.signed(128) if is_wild else draw.bits(34)

    def share() -> int:
        return draw.bits(128) if is_wild else draw.choice((0, 2**32, draw.bits(32)))

    def flow() -> I64F64:
        return I64F64(draw.signed(128 if is_wild else 104))

    def ema() -> FlowEma | None:
        return None if draw.is_true(0.1) else FlowEma(draw.choice((9, 10)), flow())

    return EmissionState(
        block_emission_rao=draw.bits(64) if is_wild else 10**9,
        moving_price=column(lambda: I96F32(price())),
        mechanism=column(lambda: int(draw.is_true(0.9))),
        first_emission_block_number=column(lambda: 1 if draw.is_true(0.9) else None),
        block_number=10 if spec_version < 440 else draw.choice((10, 360)),
        flow=FlowState(
            smoothing_factor=draw.bits(64) if is_wild else 29_597_889_189_277,
            cutoff=draw.choice((I64F64(0), flow())),
            norm_exponent=U64F64(draw.choice((2**64, 2**65, draw.bits(67)))),
            tao_flow_rao=column(lambda: draw.signed(64)),
            ema_tao_flow=column(ema),
            spot_price=column(lambda: U96F32(draw.bits(40))),
            is_net=draw.is_true(0.8),
            protocol_flow_rao=column(lambda: draw.signed(64)),
            ema_protocol_flow=column(ema),
        ),
        is_subtoken_enabled=column(lambda: draw.is_true(0.9)),
        is_registration_allowed=column(lambda: draw.is_true(0.9)),
        is_pow_registration_allowed=column(draw.is_true),
        is_emission_enabled=column(lambda: draw.is_true(0.8)),
        root_proportion=column(lambda: U96F32(share())),
        miner_burned=column(lambda: U96F32(share())),
        gate=GateState(
            bar=U64F64(draw.choice((0, draw.bits(64)))),
            bar_quantile=U64F64(draw.bits(64)),
            bar_rank=draw.choice((0, 0, 1, 3, 40)),
            exponent=U64F64(draw.choice((3 << 64, draw.bits(68)))),
        ),
    )


@pytest.mark.parametrize("spec_version", _SPECS)
def test_every_era_pays_what_the_law_pays(spec_version):
    draw = Draw(spec_version)
    era = law.ERAS.at(spec_version).module
    for _ in range(COUNT):
        pre = _state(draw, spec_version)
        assert engine.recompute(spec_version, pre) == era.recompute(pre), pre


def test_shares_of_128_subnets_are_the_laws():
    draw = Draw(128)
    netuids = range(1, 129)
    price = {n: I96F32(draw.bits(33)) for n in netuids}
    burned = {n: U96F32(draw.bits(32)) for n in netuids}
    open_to_all = dict.fromkeys(netuids, True)
    pre = EmissionState(
        block_emission_rao=500_000_000,
        moving_price=price,
        mechanism=dict.fromkeys(netuids, 1),
        first_emission_block_number=dict.fromkeys(netuids, 1),
        is_subtoken_enabled=open_to_all,
        is_registration_allowed=open_to_all,
        is_emission_enabled=open_to_all,
        miner_burned=burned,
    )
    shares = engine.shares_by_price(
        halves(p.bits for p in price.values()), halves(b.bits for b in burned.values())
    )
    by_law = law.ERAS.at(425).module.emission_shares(pre, list(netuids))
    assert integers(shares) == [share.bits for share in by_law.values()]


def test_emas_over_a_range_of_blocks_are_the_laws_step_after_step():
    draw = Draw(7)
    blocks = 10
    for _ in range(COUNT // blocks + 1):
        n = draw.randint(0, 4)
        factor = draw.choice((29_597_889_189_277, draw.bits(63), draw.bits(64), 2**63 - 1))
        emas = [draw.signed(128) for _ in range(n)]
        flows = [[draw.signed(64) for _ in range(n)] for _ in range(blocks)]
        computed = engine.emas_by_block(
            factor, halves(emas), np.array(flows, dtype=np.int64).reshape(blocks, n)
        )
        for block, row in enumerate(flows):
            pre = EmissionState(
                block_emission_rao=0,
                moving_price={},
                mechanism={},
                first_emission_block_number={},
                block_number=block + 1,
                flow=FlowState(factor, I64F64(0), U64F64(0), {}, {}),
            )
            emas = [
                v334_tao_flow.advanced(pre, FlowEma(block, I64F64(ema)), flow).ema.rao.bits
                for ema, flow in zip(emas, row, strict=True)
            ]
            assert integers(computed[block], is_signed=True) == emas, (factor, row)


def test_a_range_of_blocks_may_be_cut_anywhere():
    draw = Draw(8)
    flows = np.array([[draw.signed(50) for _ in range(3)] for _ in range(20)])
    stored = halves(draw.signed(110) for _ in range(3))
    whole = engine.emas_by_block(10**14, stored, flows)
    first = engine.emas_by_block(10**14, stored, flows[:7])
    assert (engine.emas_by_block(10**14, first[-1], flows[7:]) == whole[7:]).all()


def test_a_spec_nobody_has_read_is_no_rule_of_the_engine_either():
    pre = _state(Draw(0), 233)
    for spec_version in (232, 336, 420, 480):
        with pytest.raises(UnknownRule):
            engine.recompute(spec_version, pre)


def test_a_missing_field_is_named():
    pre = EmissionState(10**9, {1: I96F32(1)}, {1: 1}, {1: 1})
    with pytest.raises(BadState, match="is_subtoken_enabled"):
        engine.recompute(425, pre)
