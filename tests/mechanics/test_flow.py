"""What moves the flow counters, era by era."""

import pytest

from mechanics import flow
from mechanics.eras import BadState, UnknownRule
from mechanics.flow import Cause, Flows, Movement

SPECS = (334, 346, 347, 351, 352, 384, 385, 410, 411, 440)


def after(
    spec: int, cause: Cause, tao_rao: int, pre: Flows | None = None, **position: int
) -> Flows:
    return flow.ERAS.at(spec).module.recompute(pre or Flows(), Movement(cause, tao_rao, **position))


@pytest.mark.parametrize("spec", SPECS)
def test_staking_adds_and_unstaking_takes_away(spec):
    paid_in = after(spec, Cause.STAKING, 10, protocol_tao_before_rao=0, protocol_tao_after_rao=10)
    assert paid_in == Flows(10, 0)
    paid_out = after(
        spec, Cause.UNSTAKING, 4, paid_in, protocol_tao_before_rao=10, protocol_tao_after_rao=6
    )
    assert paid_out == Flows(6, 0)


def test_the_protocols_position_bounds_the_flow_from_347_to_351_only():
    for spec, kept in ((346, 10), (347, 3), (351, 3), (352, 10)):
        moved = after(spec, Cause.STAKING, 10, protocol_tao_before_rao=5, protocol_tao_after_rao=8)
        assert moved == Flows(kept), spec
    for spec, taken in ((346, -10), (347, -12), (351, -12), (352, -10)):
        moved = after(
            spec, Cause.UNSTAKING, 10, protocol_tao_before_rao=20, protocol_tao_after_rao=8
        )
        assert moved == Flows(taken), spec


def test_a_position_that_moved_the_other_way_adds_nothing():
    moved = after(347, Cause.STAKING, 10, protocol_tao_before_rao=8, protocol_tao_after_rao=5)
    assert moved == Flows(0)


def test_the_position_must_be_given_where_it_counts():
    with pytest.raises(BadState, match="protocol_tao_before_rao is missing"):
        after(347, Cause.STAKING, 10)


@pytest.mark.parametrize(
    ("cause", "first_spec", "moved"),
    [
        (Cause.AUTHOR_FEE, 385, Flows(-7, 0)),
        (Cause.NEURON_BURN, 411, Flows(7, 0)),
        (Cause.CHAIN_BUY, 411, Flows(0, 7)),
        (Cause.INJECTION, 411, Flows(0, 7)),
        (Cause.ROOT_CLAIM, 411, Flows(0, -7)),
    ],
)
def test_other_causes_count_from_their_spec_on(cause, first_spec, moved):
    for spec in SPECS:
        assert after(spec, cause, 7) == (moved if spec >= first_spec else Flows()), spec


def test_a_counter_stays_within_64_bits():
    full = Flows(2**63 - 1, -(2**63))
    assert after(411, Cause.STAKING, 1, full) == full
    assert after(411, Cause.ROOT_CLAIM, 1, full) == full


def test_an_amount_no_chain_can_have_is_refused_by_name():
    for tao_rao in (-1, 2**63):
        with pytest.raises(BadState, match="tao_rao is"):
            Movement(Cause.STAKING, tao_rao)


def test_no_rule_is_known_before_flows_were_counted():
    with pytest.raises(UnknownRule, match="No flow rule is known for spec 326"):
        flow.ERAS.at(326)
