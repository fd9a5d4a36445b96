"""The engine moves prices as the law does, to the bit."""

from dataclasses import replace

import numpy as np
import pytest

from mechanics import moving_price as law
from mechanics.engine import moving_price as engine
from mechanics.engine.wide import halves, integers
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I96F32, U64F64, U96F32
from mechanics.moving_price import MovingPriceState
from tests.mechanics.states import COUNT, Draw


def _states(draw: Draw, kind: type[U96F32] | type[U64F64]) -> list[MovingPriceState]:
    """Candidates of one block, half of them at every edge."""
    block = draw.bits(64)
    alpha = I96F32(draw.choice((12_885, 2**31, 2**32, draw.signed(128))))
    return [
        MovingPriceState(
            block_number=block,
            mechanism=int(draw.is_true(0.9)),
            moving_price=I96F32(draw.choice((draw.bits(34), draw.signed(128)))),
            spot_price=kind(draw.choice((draw.bits(kind.FRACTION + 2), draw.bits(128)))),
            subnet_moving_alpha=alpha,
            network_registered_at_block=draw.choice((draw.bits(24), draw.bits(64))),
            first_emission_block_number=draw.choice((None, draw.bits(24), draw.bits(64))),
            ema_price_halving_blocks=draw.choice((201_600, draw.bits(64))),
        )
        for _ in range(8)
    ]


def _in_arrays(states: list[MovingPriceState]) -> engine.MovingPrices:
    return engine.MovingPrices(
        states[0].block_number,
        np.array([pre.mechanism for pre in states]),
        halves(pre.moving_price.bits for pre in states),
        halves(pre.spot_price.bits for pre in states),
        states[0].subnet_moving_alpha,
        np.array([pre.network_registered_at_block for pre in states], np.uint64),
        np.array([pre.first_emission_block_number or 0 for pre in states], np.uint64),
        np.array([pre.ema_price_halving_blocks for pre in states], np.uint64),
    )


@pytest.mark.parametrize("spec_version", [233, 234, 246, 252, 258, 422, 423, 479])
def test_every_era_moves_prices_as_the_law_does(spec_version):
    draw = Draw(spec_version)
    era = law.ERAS.at(spec_version).module
    for _ in range(COUNT // 8 + 1):
        states = _states(draw, U64F64 if spec_version >= 423 else U96F32)
        computed = engine.recompute(spec_version, _in_arrays(states))
        by_law = [era.recompute(pre).bits for pre in states]
        assert integers(computed, is_signed=True) == by_law, states


def test_a_part_that_is_missing_is_named_and_an_unknown_spec_refused():
    pre = _in_arrays(_states(Draw(1), U96F32))
    with pytest.raises(BadState, match="ema_price_halving_blocks"):
        engine.recompute(300, replace(pre, ema_price_halving_blocks=None))
    with pytest.raises(BadState, match="first_emission_block_number"):
        engine.recompute(300, replace(pre, first_emission_block_number=None))
    with pytest.raises(UnknownRule):
        engine.recompute(480, pre)
