"""The engine splits a subnet's part of the block as the law does, to the bit."""

from dataclasses import replace

import numpy as np
import pytest

from mechanics import injection as law
from mechanics.engine import injection as engine
from mechanics.engine.wide import halves, integers
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import U96F32
from mechanics.injection import InjectionState
from tests.mechanics.states import COUNT, Draw

_SPECS = (233, 237, 238, 298, 301, 320, 342, 361, 362, 411, 419, 421, 425, 442)


def _states(draw: Draw) -> list[InjectionState]:
    """Candidates of one block, some of them at every edge."""
    emission = draw.choice((10**9, 500_000_000, draw.bits(64)))

    def one() -> InjectionState:
        is_wild = draw.is_true(0.3)
        return InjectionState(
            tao_emission=U96F32(draw.bits(128 if is_wild else 62)),
            price=U96F32(draw.bits(128 if is_wild else 36)),
            alpha_emission_rao=draw.choice((10**9, draw.bits(64))),
            is_registration_allowed=draw.is_true(0.7),
            is_pow_registration_allowed=draw.is_true(),
            block_emission_rao=emission,
            root_proportion=U96F32(draw.bits(128 if is_wild else 32)),
        )

    return [one() for _ in range(8)]


def _in_arrays(states: list[InjectionState]) -> engine.Candidates:
    return engine.Candidates(
        halves(pre.tao_emission.bits for pre in states),
        halves(pre.price.bits for pre in states),
        np.array([pre.alpha_emission_rao for pre in states], np.uint64),
        np.array([pre.is_registration_allowed for pre in states]),
        np.array([pre.is_pow_registration_allowed for pre in states]),
        states[0].block_emission_rao,
        halves(pre.root_proportion.bits for pre in states),
    )


@pytest.mark.parametrize("spec_version", _SPECS)
def test_every_era_splits_as_the_law_does(spec_version):
    draw = Draw(spec_version)
    era = law.ERAS.at(spec_version).module
    for _ in range(COUNT // 8 + 1):
        states = _states(draw)
        terms = engine.terms(spec_version, _in_arrays(states))
        columns = [*map(integers, terms[:4]), terms.is_subsidized.tolist()]
        injections = engine.recompute(spec_version, _in_arrays(states))
        whole = zip(*(column.tolist() for column in injections), strict=True)
        for pre, row, floored in zip(states, zip(*columns, strict=True), whole, strict=True):
            split = era.terms(pre)
            parts = (split.tao_in, split.alpha_in, split.alpha_out, split.excess_tao)
            assert row == (*(part.bits for part in parts), split.is_subsidized), pre
            injected = era.recompute(pre)
            assert floored == (
                injected.tao_in_rao,
                injected.alpha_in_rao,
                injected.alpha_out_rao,
                injected.excess_tao_rao,
                injected.is_subsidized,
            ), pre


def test_what_is_given_stays_as_it_was():
    pre = _in_arrays([replace(s, is_registration_allowed=False) for s in _states(Draw(3))])
    before = pre.tao_emission.copy()
    engine.terms(300, pre)
    engine.terms(237, pre)
    assert (pre.tao_emission == before).all()


def test_a_part_that_is_missing_is_named_and_an_unknown_spec_refused():
    pre = _in_arrays(_states(Draw(1)))
    for spec_version, field in (
        (300, "block_emission_rao"),
        (370, "block_emission_rao"),
        (425, "root_proportion"),
        (300, "is_registration_allowed"),
    ):
        with pytest.raises(BadState, match=field):
            engine.terms(spec_version, replace(pre, **{field: None}))
    with pytest.raises(UnknownRule):
        engine.terms(430, pre)
