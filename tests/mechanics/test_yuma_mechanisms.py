"""The mechanisms of a subnet: their parts of the emission, and how their epochs add up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics.engine import yuma as engine
from mechanics.eras import BadState, UnknownRule
from mechanics.yuma.mechanisms import (
    accumulated,
    emission_weights,
    recompute_subnet,
    split_emission,
)
from tests.mechanics.test_yuma import subnet

HALF = 1 << 63


@pytest.mark.parametrize(
    ("emission_rao", "count", "split", "parts"),
    [
        (25, 5, None, [5, 5, 5, 5, 5]),
        (10, 4, None, [4, 2, 2, 2]),
        (19, 5, [3_450, 6_899, 10_348, 17_247, 27_594], [1, 2, 3, 5, 8]),
        (100, 3, [65_535], [100, 0, 0]),
        (100, 1, [32_768, 32_767], [100]),
        (0, 2, None, [0, 0]),
    ],
)
def test_the_emission_is_split_and_what_is_left_goes_to_the_first(
    emission_rao, count, split, parts
):
    assert split_emission(425, emission_rao, count, split) == parts


def test_a_split_of_another_length_is_not_known_after_spec_425():
    assert split_emission(426, 10, 2, [0, 65_535]) == [0, 10]
    with pytest.raises(UnknownRule):
        split_emission(426, 10, 2, [65_535])


@given(
    st.integers(0, 2**64 - 1),
    st.lists(st.integers(0, 65_535), min_size=1, max_size=16),
)
def test_parts_add_up_to_the_emission_when_the_shares_add_up_to_one(emission_rao, shares):
    shares = [share // len(shares) for share in shares]
    shares[0] += 65_535 - sum(shares)
    parts = split_emission(425, emission_rao, len(shares), shares)
    assert sum(parts) == emission_rao
    assert sum(emission_weights(parts, emission_rao)) <= 1 << 64


@pytest.mark.parametrize(
    ("before", "value", "weight", "after"),
    [
        (0, 32_767, HALF, 16_383),
        (16_383, 65_535, HALF, 49_150),
        (0, 65_535, 1 << 64, 65_535),
        (100, 65_535, 13_835_058_055_282_163_712, 49_251),
        (65_535, 65_535, 1 << 64, 65_535),
    ],
)
def test_a_share_is_weighed_added_and_floored(before, value, weight, after):
    assert accumulated(before, value, weight, 65_535) == after


def test_without_emission_the_first_mechanism_counts_alone():
    assert emission_weights([0, 0], 0) == [1 << 64, 0]


def test_one_mechanism_is_its_own_epoch():
    alone = recompute_subnet(425, [subnet(425)], 1_000)
    result = alone.mechanisms[0]
    for field in ("consensus_u16", "dividends_u16", "emission_rao", "stake_rao", "active"):
        assert getattr(alone, field) == getattr(result, field)
    assert (alone.rank_u16, result.rank_u16) == (None, None)


@pytest.mark.parametrize("options", [{}, {"by": engine.recompute}], ids=["law", "engine"])
def test_two_mechanisms_share_the_emission_and_weigh_in_by_their_parts(options):
    first = subnet(425, mecid=0)
    second = subnet(
        425, mecid=1, weights={0: ((3, 1),), 1: ((3, 1),)}, last_update=[0, 990, 990, 0]
    )
    second = replace(second, activity_cutoff_factor_milli=5_000)
    both = recompute_subnet(425, [first, second], 1_001, [21_845, 43_690], **options)
    # Parts of 334 and 667: a third and two thirds, cut, and the rest of 1 to the first.
    assert both.server_emission_rao == (0, 0, 167, 333)
    assert both.validator_emission_rao == (83, 83 + 333, 0, 0)
    assert both.active == (True, True, True, True)
    assert both.stake_rao == (200, 200, 0, 0)
    assert both.consensus_u16 == (0, 0, 65_535 * 334 // 1_001, 65_535 * 667 // 1_001)
    assert both.dividends_u16[0] == 32_767 * 334 // 1_001 == 10_933
    assert both.dividends_u16[1] == 10_933 + 65_535 * 667 // 1_001
    # Each mechanism's emission weighs in once more by its part.
    assert [m.emission_rao for m in both.mechanisms] == [(83, 83, 167, 0), (0, 333, 0, 333)]
    assert both.emission_rao == (27, 248, 55, 221)


def test_mechanisms_are_at_least_one_and_before_spec_320_no_more():
    with pytest.raises(BadState, match="mechanisms"):
        recompute_subnet(425, [], 1)
    with pytest.raises(BadState, match="mechanisms"):
        recompute_subnet(319, [subnet(319), subnet(319)], 1)
    with pytest.raises(BadState, match="emission_rao"):
        recompute_subnet(425, [subnet(425)], -1)
    assert recompute_subnet(319, [subnet(319)], 1_000).trust_u16 is not None
