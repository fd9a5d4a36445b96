"""Shares of a block's TAO, era by era."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import emission
from mechanics.emission import (
    Emissions,
    EmissionState,
    FlowEma,
    FlowState,
    GateState,
    v334_tao_flow,
    v411_net_flow,
    v421_price_root_burn,
    v425_price_burn,
    v440_gate,
)
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32

BLOCK = 7_000_001
DEFAULT_SMOOTHING = 29_597_889_189_277
ONE64 = 1 << 64


def subnets(**fields: dict) -> EmissionState:
    """Candidates in every spec, with a moving price of 1 unless they have another."""
    netuids = next(iter(fields.values())).keys()
    everywhere = dict.fromkeys(netuids, True)
    state = EmissionState(
        block_emission_rao=1_000_000_000,
        moving_price=dict.fromkeys(netuids, I96F32.of(1)),
        mechanism=dict.fromkeys(netuids, 1),
        first_emission_block_number=dict.fromkeys(netuids, 1),
        block_number=BLOCK,
        is_subtoken_enabled=everywhere,
        is_registration_allowed=everywhere,
        is_pow_registration_allowed=everywhere,
        is_emission_enabled=everywhere,
        root_proportion=dict.fromkeys(netuids, U96F32.of(1)),
        miner_burned=dict.fromkeys(netuids, U96F32(0)),
        gate=GateState(U64F64(0), U64F64.saturating_from_f64(0x3FE3851EB851EB85), 0, U64F64.of(3)),
    )
    return replace(state, **fields)


def flowing(ema: dict, flow: dict | None = None, **fields: object) -> FlowState:
    """Flows with EMAs of the block before, and the chain's defaults."""
    state = FlowState(
        smoothing_factor=DEFAULT_SMOOTHING,
        cutoff=I64F64(0),
        norm_exponent=U64F64.of(1),
        tao_flow_rao=dict.fromkeys(ema, 0) | (flow or {}),
        ema_tao_flow={
            n: None if rao is None else FlowEma(BLOCK - 1, rao) for n, rao in ema.items()
        },
        protocol_flow_rao=dict.fromkeys(ema, 0),
        ema_protocol_flow=dict.fromkeys(ema, None),
    )
    return replace(state, **fields)


def paid(spec: int, state: EmissionState) -> Emissions:
    return emission.ERAS.at(spec).module.recompute(state)


def shares(spec: int, state: EmissionState) -> dict[int, float]:
    """What each candidate is paid, as a share of the block's TAO."""
    return {n: tao.bits / 2**32 / 1e9 for n, tao in paid(spec, state).tao.items()}


def i64(tao: float) -> I64F64:
    return I64F64(int(tao * ONE64))


# ---------------------------------------------------------------------- by price, 233 to 326


def test_shares_follow_moving_prices_and_a_stable_subnet_counts_as_one():
    state = subnets(moving_price={0: I96F32.of(9), 1: I96F32.of(3), 2: I96F32.of(7)})
    assert paid(233, state).tao == {
        1: U96F32.of(300_000_000),
        2: U96F32.of(700_000_000),
    }
    state = replace(state, mechanism={0: 0, 1: 1, 2: 0})
    assert paid(233, state).tao == {1: U96F32.of(750_000_000), 2: U96F32.of(250_000_000)}


def test_a_share_is_cut_and_never_rounded_up():
    state = subnets(moving_price=dict.fromkeys((1, 2, 3), I96F32.of(1)))
    third = U96F32(1_000_000_000 * 2**32 // 3)
    assert paid(300, state).tao == {1: third, 2: third, 3: third}


def test_no_price_at_all_pays_nobody():
    state = subnets(moving_price={1: I96F32(0), 2: I96F32(0)})
    for spec in (233, 300, 421, 425, 440):
        assert set(paid(spec, state).tao.values()) == {U96F32(0)}


# ---------------------------------------------------------------------- candidates


def candidates(spec: int, state: EmissionState) -> set[int]:
    return set(emission.ERAS.at(spec).module.candidates(state))


def test_who_is_a_candidate_changes_with_the_spec():
    state = subnets(
        moving_price=dict.fromkeys(range(6), I96F32.of(1)),
        # 1 is not started, 2 has no subtoken, 3 takes proof of work only, 4 burns only, 5 neither.
        first_emission_block_number={0: 1, 1: None, 2: 1, 3: 1, 4: 1, 5: 1},
        is_subtoken_enabled={0: True, 1: True, 2: False, 3: True, 4: True, 5: True},
        is_registration_allowed={0: True, 1: True, 2: True, 3: False, 4: True, 5: False},
        is_pow_registration_allowed={0: True, 1: True, 2: True, 3: True, 4: False, 5: False},
    )
    everyone, started = {1, 2, 3, 4, 5}, {2, 3, 4, 5}
    for spec in (233, 252, 256, 342, 343):
        assert candidates(spec, state) == everyone, spec
    for spec in (257, 326, 334, 338, 341, 345, 348, 352, 360):
        assert candidates(spec, state) == started, spec
    for spec in (361, 365, 385, 391, 396):
        assert candidates(spec, state) == {3, 4}, spec
    for spec in (397, 401, 402, 411, 419, 421, 425, 440, 479):
        assert candidates(spec, state) == {4}, spec


@pytest.mark.parametrize(
    "spec", [*range(327, 334), 335, 336, 337, 344, 403, 410, 420, 480, 481, 232, 0]
)
def test_no_rule_is_known_where_none_was_read(spec):
    with pytest.raises(UnknownRule, match=f"No emission rule is known for spec {spec}"):
        emission.ERAS.at(spec)


# ---------------------------------------------------------------------- Taoflow, 334 to 402


def test_only_positive_flows_earn():
    state = subnets(moving_price=dict.fromkeys((1, 2, 3), I96F32.of(1)))
    state = replace(state, flow=flowing({1: i64(1000), 2: i64(3000), 3: i64(-500)}))
    earned = shares(391, state)
    assert earned[3] == 0
    # The power is off by some 2e-9 of the algebraic one.
    assert abs(earned[1] - 0.25) < 1e-8
    assert abs(earned[2] - 0.75) < 1e-8


def test_a_negative_cutoff_makes_the_lowest_flow_the_zero():
    state = subnets(moving_price=dict.fromkeys((1, 2, 3), I96F32.of(1)))
    flow = flowing({1: i64(100), 2: i64(200), 3: i64(-100)}, cutoff=i64(-1000))
    earned = shares(391, replace(state, flow=flow))
    assert earned[3] == 0
    assert abs(earned[1] - 2 / 5) < 1e-7
    assert abs(earned[2] - 3 / 5) < 1e-7


# Stated in the chain's unit tests (pallets/subtensor/src/tests/subnet_emissions.rs, spec 338).
@pytest.mark.parametrize("second", [2000.00001, 2000.001])
def test_a_cutoff_between_two_flows_leaves_all_to_the_greater(second):
    state = subnets(moving_price={1: I96F32.of(1), 2: I96F32.of(1)})
    flow = flowing(
        {1: i64(1000), 2: i64(second)},
        cutoff=i64(2000),
        ema_tao_flow={1: FlowEma(BLOCK, i64(1000)), 2: FlowEma(BLOCK, i64(second))},
    )
    earned = shares(338, replace(state, flow=flow))
    assert abs(earned[1] - 0) <= 1e-6
    assert abs(earned[2] - 1) <= 1e-6


def test_two_high_flows_share_all_of_it():
    state = subnets(moving_price={1: I96F32.of(1), 2: I96F32.of(1)})
    earned = shares(338, replace(state, flow=flowing({1: i64(9e11), 2: i64(1.8e12)})))
    assert abs(earned[1] + earned[2] - 1) <= 1e-9
    assert earned[1] < earned[2]


def test_a_block_takes_one_step_of_the_ema_and_consumes_the_flow():
    state = subnets(moving_price={1: I96F32.of(1)})
    state = replace(state, flow=flowing({1: i64(1e9)}, {1: 5_000_000_000}))
    after = paid(352, state)
    weight = (DEFAULT_SMOOTHING << 64) // (2**63 - 1)
    kept = (ONE64 - weight) * i64(1e9).bits >> 64
    assert after.ema_tao_flow == {1: FlowEma(BLOCK, I64F64(kept + weight * 5_000_000_000))}
    assert after.consumed_tao_flow == {1}


def test_each_product_of_the_ema_falls_toward_minus_infinity():
    state = subnets(moving_price={1: I96F32.of(1)})
    state = replace(state, flow=flowing({1: I64F64(-1)}, {1: 0}, smoothing_factor=2**62))
    assert paid(352, state).ema_tao_flow[1].rao == I64F64(-1)


def test_an_ema_the_block_has_written_already_stays_with_its_flow():
    state = subnets(moving_price={1: I96F32.of(1)})
    flow = flowing({1: i64(7)}, {1: 99}, ema_tao_flow={1: FlowEma(BLOCK, i64(7))})
    after = paid(352, replace(state, flow=flow))
    assert after.ema_tao_flow == {1: FlowEma(BLOCK, i64(7))}
    assert after.consumed_tao_flow == frozenset()


def test_the_first_ema_is_a_price_then_a_price_in_rao_then_zero():
    state = subnets(moving_price={1: I96F32(2**30), 2: I96F32(2**31)})
    flow = flowing(
        {1: None, 2: None}, {1: 2**40, 2: 2**40}, spot_price={1: U96F32(2**31), 2: U96F32(2**29)}
    )
    state = replace(state, flow=flow)
    launch = paid(334, state)
    assert launch.ema_tao_flow == {
        1: FlowEma(BLOCK, I64F64(2**62)),
        2: FlowEma(BLOCK, I64F64(2**61)),
    }
    assert launch.consumed_tao_flow == frozenset()
    for spec in (338, 342, 345):
        scaled = paid(spec, state)
        assert scaled.ema_tao_flow == {
            1: FlowEma(BLOCK, I64F64(10**9 * 2**62)),
            2: FlowEma(BLOCK, I64F64(10**9 * 2**61)),
        }
        assert scaled.consumed_tao_flow == frozenset()
    started = paid(348, state)
    weight = (DEFAULT_SMOOTHING << 64) // (2**63 - 1)
    assert started.ema_tao_flow[1] == FlowEma(BLOCK, I64F64(weight * 2**40))
    assert started.consumed_tao_flow == {1, 2}


def test_at_342_a_subnet_not_started_earns_nothing_and_moves_the_others_by_counting():
    state = subnets(
        moving_price={1: I96F32.of(1), 2: I96F32.of(2), 3: I96F32(0)},
        first_emission_block_number={1: 1, 2: 1, 3: None},
    )
    flow = flowing({1: i64(1000), 2: i64(2500), 3: None}, spot_price={3: U96F32.of(1)})
    state = replace(state, flow=flow)
    unfiltered, filtered = paid(342, state).tao, paid(345, state).tao
    assert unfiltered[3] == U96F32(0)
    assert 3 not in filtered
    assert unfiltered[1] != filtered[1]
    assert abs(unfiltered[1].bits - filtered[1].bits) < 100 * 2**32


# Stated in the chain's unit tests, within 1% of the algebraic shares.
POWERS = {
    1.0: (0.2, 0.3, 0.5),
    1.1: (0.18860931101624073, 0.2946208740310166, 0.5167698149527427),
    1.3: (0.1670850500262367, 0.2830454838116787, 0.5498694661620845),
    1.4: (0.1569644753489578, 0.27690394010925073, 0.5661315845417914),
    1.5: (0.14727617756097572, 0.2705636147189431, 0.5821602077200814),
    1.8: (0.12079920249222403, 0.2506272757172168, 0.6285735217905591),
    1.9: (0.11282393858020424, 0.24376685188079628, 0.6434092095389994),
}


def u64(value: float) -> U64F64:
    return U64F64(int(value * ONE64))


def real(values: dict[int, U64F64]) -> list[float]:
    return [share.bits / ONE64 for share in values.values()]


@pytest.mark.parametrize(("exponent", "stated"), POWERS.items())
def test_powers_of_the_chains_tests(exponent, stated):
    flows = {7: u64(2.0), 8: u64(3.0), 9: u64(5.0)}
    found = real(v334_tao_flow.pow_normalized(flows, u64(exponent)))
    assert found == pytest.approx(stated, rel=0.01)
    assert abs(sum(found) - 1) <= 1e-12


def test_tiny_flows_are_scaled_up_before_the_power():
    flows = {1: u64(1e-9), 2: u64(2e-9), 3: u64(3e-9)}
    found = real(v334_tao_flow.pow_normalized(flows, U64F64.of(2)))
    assert found == pytest.approx([1 / 14, 4 / 14, 9 / 14], rel=0.01)


def test_a_square_is_off_by_the_error_of_the_series():
    flows = {1: U64F64.of(1), 2: U64F64.of(5), 3: U64F64.of(10)}
    found = real(v334_tao_flow.pow_normalized(flows, U64F64.of(2)))
    assert [round(share, 7) for share in found] == [0.0080074, 0.1994261, 0.7925665]


def test_with_a_square_a_flow_too_small_for_the_series_takes_the_most():
    flows = {1: U64F64.of(10**12), 2: U64F64.of(100)}
    found = real(v334_tao_flow.pow_normalized(flows, U64F64.of(2)))
    assert found == pytest.approx([0.3303406, 0.6696594], abs=1e-7)


def test_no_flow_gives_no_share():
    for flows in ({}, {1: U64F64(0)}, {1: U64F64(0), 2: U64F64(0)}):
        assert set(v334_tao_flow.pow_normalized(flows, U64F64.of(1)).values()) <= {U64F64(0)}


@given(
    st.lists(st.integers(0, 2**100), min_size=1, max_size=40),
    st.sampled_from([1.0, 1.5, 2.0]),
)
def test_flow_shares_never_exceed_one_and_fall_short_by_less_than_n_ulps(flows, exponent):
    shares = v334_tao_flow.pow_normalized(
        {n: U64F64(bits) for n, bits in enumerate(flows)}, u64(exponent)
    )
    total = sum(share.bits for share in shares.values())
    assert total == 0 or ONE64 - len(flows) < total <= ONE64


# ---------------------------------------------------------------------- net flow, 411 to 419


def test_the_protocols_cost_is_scaled_down_to_the_stakers_inflow():
    user = {1: i64(100), 2: i64(300), 3: i64(-50)}
    protocol = {1: i64(600), 2: i64(0), 3: i64(200)}
    # N = 400 / 800: 600 and 200 count half.
    assert v411_net_flow.net_flows(user, protocol, is_net=True) == {
        1: i64(-200),
        2: i64(300),
        3: i64(-150),
    }


def test_a_cost_below_the_inflow_counts_whole_and_a_gain_is_added_whole():
    user = {1: i64(100), 2: i64(300)}
    protocol = {1: i64(10), 2: i64(-40)}
    assert v411_net_flow.net_flows(user, protocol, is_net=True) == {1: i64(90), 2: i64(340)}
    assert v411_net_flow.net_flows(user, protocol, is_net=False) == user


def test_both_emas_take_a_step_and_both_flows_are_consumed_even_when_switched_off():
    state = subnets(moving_price={1: I96F32.of(1)})
    flow = flowing({1: i64(1)}, {1: 2**40}, protocol_flow_rao={1: -(2**40)}, is_net=False)
    after = paid(411, replace(state, flow=flow))
    weight = (DEFAULT_SMOOTHING << 64) // (2**63 - 1)
    assert after.ema_protocol_flow == {1: FlowEma(BLOCK, I64F64(-weight * 2**40))}
    assert after.consumed_protocol_flow == after.consumed_tao_flow == {1}


def test_flows_are_no_longer_consumed_from_421_on():
    state = replace(subnets(moving_price={1: I96F32.of(1)}), flow=flowing({1: i64(1)}, {1: 5}))
    for spec in (421, 425, 440):
        after = paid(spec, state)
        assert after.ema_tao_flow == {}
        assert after.consumed_tao_flow == frozenset()


# ---------------------------------------------------------------------- disabled subnets, from 411


@pytest.mark.parametrize("spec", [421, 425, 440])
def test_a_disabled_subnet_leaves_its_share_to_the_others_and_stays_in_the_map(spec):
    state = subnets(
        moving_price={1: I96F32.of(1), 2: I96F32.of(1), 3: I96F32.of(2)},
        is_emission_enabled={1: True, 2: True, 3: False},
    )
    assert paid(spec, state).tao == {
        1: U96F32.of(500_000_000),
        2: U96F32.of(500_000_000),
        3: U96F32(0),
    }


def test_all_disabled_pays_nobody():
    state = subnets(moving_price={1: I96F32.of(1)}, is_emission_enabled={1: False})
    assert paid(425, state).tao == {1: U96F32(0)}


def test_without_a_disabled_subnet_the_shares_are_not_divided_again():
    even = {n: U64F64(ONE64 // 3) for n in (1, 2, 3)}
    emission_u96f32 = U96F32.of(1_000_000_000)
    cut = U96F32(1_000_000_000 * (ONE64 // 3) >> 32)
    assert v411_net_flow.tao_by_share(
        emission_u96f32, even, dict.fromkeys(even, True)
    ) == dict.fromkeys(even, cut)


# ---------------------------------------------------------------------- price, root, burn: 421, 425


# Stated in the chain's unit tests (spec 421), within 1e-9; 1e-6 where root's part decides.
def test_without_burn_and_with_equal_root_shares_follow_prices():
    state = subnets(moving_price={n: I96F32.of(n) for n in (1, 2, 3)})
    assert list(shares(421, state).values()) == pytest.approx([1 / 6, 1 / 3, 1 / 2], abs=1e-9)


def test_a_subnet_that_burns_all_gets_nothing():
    state = subnets(
        moving_price={1: I96F32.of(1), 2: I96F32.of(1)},
        miner_burned={1: U96F32.of(1), 2: U96F32(0)},
    )
    for spec in (421, 425):
        assert list(shares(spec, state).values()) == pytest.approx([0, 1], abs=1e-9)


def test_roots_part_weighs_at_421_and_no_longer_at_425():
    # Root has 1,000 at a weight of 1, the subnets have issued 1,000 and 3,000.
    state = subnets(
        moving_price={1: I96F32.of(1), 2: I96F32.of(1)},
        root_proportion={1: U96F32(2**31), 2: U96F32(2**30)},
    )
    assert list(shares(421, state).values()) == pytest.approx([2 / 3, 1 / 3], abs=1e-6)
    assert list(shares(425, state).values()) == [0.5, 0.5]


def test_a_subnet_that_burns_half_earns_as_if_half_its_price():
    state = subnets(
        moving_price={1: I96F32.of(2), 2: I96F32.of(1)},
        miner_burned={1: U96F32(2**31), 2: U96F32(0)},
    )
    found = v425_price_burn.emission_shares(state, [1, 2])
    assert found == {1: U64F64(2**63), 2: U64F64(2**63)}


def test_a_burn_above_one_counts_as_one():
    state = subnets(
        moving_price={1: I96F32.of(1), 2: I96F32.of(1)},
        miner_burned={1: U96F32.of(7), 2: U96F32(0)},
    )
    assert paid(425, state).tao[1] == U96F32(0)


def test_when_all_burn_all_the_prices_decide():
    state = subnets(
        moving_price={1: I96F32.of(3), 2: I96F32.of(1)},
        miner_burned=dict.fromkeys((1, 2), U96F32.of(1)),
    )
    for spec in (421, 425):
        assert paid(spec, state).tao == {1: U96F32.of(750_000_000), 2: U96F32.of(250_000_000)}


prices = st.dictionaries(
    st.integers(1, 200), st.integers(0, 2**34).map(I96F32), min_size=1, max_size=60
)


@given(prices, st.data())
def test_price_shares_never_exceed_one_and_fall_short_by_less_than_n_ulps(moving_price, data):
    burned = {n: U96F32(data.draw(st.integers(0, 2**33))) for n in moving_price}
    state = subnets(moving_price=moving_price, miner_burned=burned)
    for era in (v421_price_root_burn, v425_price_burn):
        found = era.emission_shares(state, list(moving_price))
        total = sum(share.bits for share in found.values())
        assert total == 0 or ONE64 - len(found) < total <= ONE64


@given(prices)
def test_a_block_never_pays_more_than_it_mints(moving_price):
    state = subnets(moving_price=moving_price)
    state = replace(
        state, flow=flowing({n: I64F64(price.bits) for n, price in moving_price.items()})
    )
    for spec in (233, 257, 391, 411, 421, 425, 440):
        total = sum(tao.bits for tao in paid(spec, state).tao.values())
        assert total <= 1_000_000_000 << 32


# ---------------------------------------------------------------------- the gate, from 440


def gate(**fields: object) -> GateState:
    """The chain's first defaults: a quantile of 0.61, an exponent of 3."""
    state = GateState(
        bar=U64F64(0),
        bar_quantile=U64F64.saturating_from_f64(0x3FE3851EB851EB85),
        bar_rank=0,
        exponent=U64F64.of(3),
    )
    return replace(state, **fields)


def even(*weights: float) -> dict[int, U64F64]:
    return {n: u64(weight) for n, weight in enumerate(weights, 1)}


# Stated in the chain's unit tests of the gate, within 1e-6.
def test_the_gate_passes_a_half_at_the_bar_and_a_ninth_at_half_of_it():
    state = subnets(moving_price={1: I96F32.of(1), 2: I96F32.of(2)})
    after = paid(440, state)
    assert after.emission_gate_bar.bits / ONE64 == pytest.approx(2 / 3, abs=1e-6)
    assert list(shares(440, state).values()) == pytest.approx([0.1, 0.9], abs=1e-6)


def test_the_bar_is_the_share_at_which_the_quantile_is_reached():
    assert v440_gate.updated_bar(gate(), even(0.7, 0.2, 0.1), 7) == u64(0.7)
    assert v440_gate.updated_bar(gate(), even(0.5, 0.3, 0.2), 7) == u64(0.3)
    thirds = even(1 / 3, 1 / 3, 1 / 3)
    assert v440_gate.updated_bar(gate(), thirds, 360) == u64(1 / 3)


def test_the_bar_moves_only_when_due():
    old = gate(bar=u64(0.5))
    assert v440_gate.updated_bar(old, even(0.7, 0.3), 361) == u64(0.5)
    assert v440_gate.updated_bar(old, even(0.7, 0.3), 720) == u64(0.7)
    assert v440_gate.updated_bar(gate(), even(0.7, 0.3), 361) == u64(0.7)


def test_a_bar_of_zero_is_not_written():
    assert v440_gate.updated_bar(gate(bar=u64(0.5)), even(0.0, 0.0), 360) == u64(0.5)
    assert v440_gate.updated_bar(gate(bar=u64(0.5)), {}, 360) == u64(0.5)
    assert v440_gate.updated_bar(gate(), {}, 360) == U64F64(0)


def test_a_rank_chooses_the_share_at_that_place_among_the_positive():
    ranked = even(0.4, 0.3, 0.2, 0.1, 0.0)
    for rank, bar in ((1, 0.4), (2, 0.3), (4, 0.1), (5, 0.1), (32, 0.1)):
        assert v440_gate.updated_bar(gate(bar_rank=rank), ranked, 360) == u64(bar)


def test_a_gate_that_lets_nothing_pass_is_taken_back():
    shares = {n: U64F64(ONE64 // 256) for n in range(256)}
    assert v440_gate.gated(shares, U64F64.of(1), U64F64.of(8)) == shares


def test_without_a_bar_nothing_is_gated():
    assert v440_gate.gated(even(0.9, 0.1), U64F64(0), U64F64.of(3)) == even(0.9, 0.1)
    assert paid(440, subnets(moving_price={0: I96F32.of(1)})).tao == {}


def test_a_share_a_thousand_times_the_bar_is_starved_as_one_far_below_it():
    assert v440_gate.gated(even(0.9, 0.1), u64(0.9 / 1_000), U64F64.of(3))[1] > u64(0.89)
    starved = v440_gate.gated(even(0.9, 0.1), u64(0.9 / 1_100), U64F64.of(3))
    assert starved[1] < u64(1e-8)


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=40), st.integers(2**54, 2**63))
def test_gated_shares_never_exceed_one_and_keep_their_order(weights, bar):
    total = sum(weights) or 1
    shares = {n: U64F64(weight * ONE64 // total) for n, weight in enumerate(weights)}
    found = v440_gate.gated(shares, U64F64(bar), U64F64.of(3))
    assert sum(share.bits for share in found.values()) <= ONE64
    gated = [found[n].bits for n in sorted(shares, key=lambda n: shares[n].bits)]
    # The series is not monotone in its last bits: two shares that are close may change places.
    for lower, higher in pairwise(gated):
        assert lower <= higher * (1 + 1e-6) + 2**40


# ---------------------------------------------------------------------- bad input


def test_what_a_rule_reads_and_is_missing_is_named():
    state = subnets(moving_price={1: I96F32.of(1), 2: I96F32.of(1)})
    missing = {
        (233, "mechanism[2]"): {"mechanism": {1: 1}},
        (257, "first_emission_block_number[1]"): {"first_emission_block_number": {2: 1}},
        (334, "flow"): {"flow": None},
        (352, "block_number"): {"block_number": None, "flow": flowing({1: i64(1), 2: i64(1)})},
        (352, "tao_flow_rao[2]"): {"flow": flowing({1: i64(1), 2: i64(1)}, tao_flow_rao={1: 0})},
        (361, "is_subtoken_enabled[1]"): {"is_subtoken_enabled": {2: True}},
        (411, "ema_protocol_flow[1]"): {
            "flow": flowing({1: i64(1), 2: i64(1)}, ema_protocol_flow={})
        },
        (421, "root_proportion[2]"): {"root_proportion": {1: U96F32(0)}},
        (425, "miner_burned[1]"): {"miner_burned": {}},
        (425, "is_emission_enabled[1]"): {"is_emission_enabled": {}},
        (440, "gate"): {"gate": None},
    }
    for (spec, field), change in missing.items():
        with pytest.raises(BadState) as raised:
            paid(spec, replace(state, **change))
        assert raised.value.field == field
        assert str(raised.value) == f"{field} is missing"


def test_a_negative_emission_is_refused_by_name():
    with pytest.raises(BadState, match="block_emission_rao is -1, below 0"):
        subnets(moving_price={1: I96F32.of(1)}, block_emission_rao=-1)
