"""The engine's epoch is the law's, to the bit, on states that try every corner."""

import os
from dataclasses import fields, replace
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mechanics import yuma as law
from mechanics.engine import yuma as engine
from mechanics.engine.rows import Rows
from mechanics.eras import BadState, UnknownRule
from mechanics.verify import epoch_ops
from mechanics.yuma.epoch import Rule
from mechanics.yuma.i32f32 import ONE
from mechanics.yuma.liquid_alpha import bounded_exponential, exponential_or_zero
from mechanics.yuma.state import EpochResult
from tests.mechanics.random_epochs import SPECS, random_state
from tests.mechanics.test_yuma import subnet

STATES = int(os.environ.get("TAOBOOKS_STATES", "1500"))
"""How many random states are compared; set TAOBOOKS_STATES=20000 or more for the full run."""


def outcome(by, spec_version, state):
    """The result, or the error in words."""
    try:
        return by(spec_version, state)
    except (BadState, UnknownRule) as error:
        return type(error), str(error)


def test_engine_and_law_agree_on_random_states_of_every_era():
    live = liquid = 0
    for seed in range(STATES):
        random = Random(seed)
        spec_version = random.choice(SPECS)
        greatest_n = 40 if seed % 50 == 0 else 14
        state = random_state(random, spec_version, greatest_n)
        by_law = outcome(law.recompute, spec_version, state)
        by_engine = outcome(engine.recompute, spec_version, state)
        assert by_engine == by_law, (seed, spec_version, differing(by_law, by_engine))
        if isinstance(by_law, EpochResult) and any(by_law.consensus_u16):
            live += 1
            liquid += state.yuma3_on and state.liquid_alpha_on
    assert live > STATES // 4
    assert liquid > STATES // 15


def differing(by_law, by_engine) -> list[str]:
    if not (isinstance(by_law, EpochResult) and isinstance(by_engine, EpochResult)):
        return [str(by_law), str(by_engine)]
    return [
        f"{field.name}: {getattr(by_law, field.name)} {getattr(by_engine, field.name)}"
        for field in fields(EpochResult)
        if getattr(by_law, field.name) != getattr(by_engine, field.name)
    ]


def test_most_states_are_the_engines_own(monkeypatch):
    handed_over = []
    states = [(random.choice(SPECS), random) for random in map(Random, range(300))]
    states = [(spec, random_state(random, spec)) for spec, random in states]
    computed = law.recompute
    monkeypatch.setattr(law, "recompute", lambda *case: handed_over.append(case) or computed(*case))
    for case in states:
        outcome(engine.recompute, *case)
    assert 0 < len(handed_over) < 60


POWERS = st.one_of(
    st.integers(-25 * ONE, 25 * ONE),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-200, 200).map(lambda k: k * ONE // 100 + k),
)


@settings(max_examples=600)
@given(POWERS)
@example(0)
@example(ONE)
@example(-ONE)
@example(20 * ONE)
@example(-20 * ONE)
@example(20 * ONE + 1)
@example(22 * ONE - 1)
@example(22 * ONE)
@example(2**63 - 1)
@example(-(2**63) + 1)
def test_the_compiled_exponential_is_the_laws(power):
    assert engine._exponential(power, True) == bounded_exponential(power)
    assert engine._exponential(power, False) == exponential_or_zero(power)


def test_the_unbounded_series_ends_where_the_laws_ends():
    # Between 20 and 22 the first term that does not fit decides; walk across that edge.
    powers = [sign * (20 * ONE + k * ONE // 64) for k in range(130) for sign in (1, -1)]
    results = [engine._exponential(power, False) for power in powers]
    assert results == [exponential_or_zero(power) for power in powers]
    assert results[0] > 0
    assert results[-1] == 0


@given(st.integers(0, 2**47), st.integers(1, 2**47))
@example(ONE, ONE)
@example(ONE - 1, ONE)
@example(2**47, 1)
@example(ONE, 3)
def test_the_compiled_division_is_exact(dividend, divisor):
    if dividend // divisor < 2**31:
        assert engine._quotient(dividend, divisor) == (dividend << 32) // divisor


def test_rows_in_arrays_read_as_rows_in_tuples():
    rows = {3: ((2, 9), (0, 0)), 1: (), 7: ((65_535, 65_535),)}
    arrays = Rows.of(rows)
    assert dict(arrays) == rows
    assert arrays == rows
    assert Rows.of(arrays) is arrays
    assert (len(arrays), list(arrays), arrays.get(2, ())) == (3, [3, 1, 7], ())
    assert Rows.of({}) == {}


@pytest.mark.parametrize(
    ("starts", "uids", "shares"),
    [
        ([0, 1], [], []),
        ([0], [], []),
        ([0, 2], [1, 2], [1]),
        ([1, 1], [3], [3]),
        ([0, 2], [1], [1]),
    ],
)
def test_rows_that_do_not_fit_together_are_refused(starts, uids, shares):
    with pytest.raises(ValueError, match="do not fit together"):
        Rows(np.array([0]), np.array(starts), np.array(uids), np.array(shares))


def test_the_law_computes_on_arrays_what_it_computes_on_tuples():
    state = subnet(425, yuma3_on=True, bonds={0: ((2, 9),)})
    arrays = replace(state, weights=Rows.of(state.weights), bonds=Rows.of(state.bonds))
    assert law.recompute(425, arrays) == law.recompute(425, state)
    assert isinstance(engine.recompute(425, arrays).bonds, Rows)


def test_every_part_of_a_rule_is_a_part_the_engine_reads():
    # A part added to the rule must be read by the engine too, or by what it shares with the law.
    read = {
        "check",
        "check_rows",
        "activity_cutoff_blocks",
        "counted_stake",
        "old_permits",
        "new_permits",
        "self_weight_uid",
        "commit_blocks",
        "bond_cutoffs",
        "column_alphas",
        "liquid_alpha",
        "period_blocks",
        "writes_rank_trust_pruning",
        "writes_stake_weight",
        "writes_all_bond_rows",
    }
    assert {field.name for field in fields(Rule)} == read


def test_a_replay_fails_when_the_engine_differs_from_the_law(monkeypatch):
    sample = epoch_ops.epoch_outputs(law.recompute(425, _CASE_STATE))
    case = {"in": _CASE, "out": sample}
    assert epoch_ops.SECTIONS["full_epoch"](case) == (sample, sample)
    honest = engine.recompute

    def off_by_one(spec_version, state):
        result = honest(spec_version, state)
        return replace(result, emission_rao=(result.emission_rao[0] + 1, *result.emission_rao[1:]))

    monkeypatch.setattr(engine, "recompute", off_by_one)
    expected, computed = epoch_ops.SECTIONS["full_epoch"](case)
    assert computed != expected
    assert set(computed) == {"law", "engine"}


_CASE = {
    "n": 2,
    "block": "1000",
    "tempo": 99,
    "activity_cutoff_factor_milli": "13889",
    "last_update": ["990", "990"],
    "block_at_registration": ["0", "0"],
    "total_stake_I64F64_bits": [str(5 << 64), "0"],
    "stake_threshold": "0",
    "owner_uid": None,
    "validator_permit": [True, False],
    "max_allowed_validators": 2,
    "weights": [[0, [[1, 65535]]]],
    "bonds": [],
    "commit_reveal": False,
    "timelocked_commits": [],
    "epoch_now": "100",
    "reveal_period": "1",
    "kappa": 32767,
    "bonds_penalty": 65535,
    "yuma3": True,
    "liquid_alpha": True,
    "alpha_low": 45875,
    "alpha_high": 58982,
    "steepness": 1000,
    "bonds_moving_average": "900000",
    "last_mechanism_step_block": "0",
    "rao_emission": "1000",
}
_CASE_STATE = epoch_ops.epoch_state(_CASE)


@pytest.mark.parametrize(
    "change",
    [
        {"n": "two"},
        {"weights": [[0, [[1, 65536]]]]},
        {"weights": [[0, []], [0, []]]},
        {"yuma3": 1},
        {"unknown": 1},
        {"timelocked_commits": [["99", [[0]]]]},
    ],
)
def test_a_case_of_another_form_is_not_passed_over(change):
    with pytest.raises(epoch_ops.UnknownForm):
        epoch_ops.SECTIONS["full_epoch"]({"in": _CASE | change, "out": {}})
