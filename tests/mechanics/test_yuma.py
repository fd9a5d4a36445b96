"""The Yuma epoch: the chain's own scenarios, a recorded chain, and what each era changed."""

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mechanics.engine import yuma as engine
from mechanics.eras import BadState, UnknownRule
from mechanics.verify import epoch_ops
from mechanics.yuma import ERAS, Commit, EpochState, recompute, v233_miner_alphas, vectors
from mechanics.yuma.i32f32 import ONE, of_share, to_share
from mechanics.yuma.liquid_alpha import bond_alpha, bounded_exponential
from mechanics.yuma.state import AUTO, CURRENT, PREVIOUS
from tests.mechanics.random_epochs import SPECS, random_state
from tests.mechanics.recorded_epochs import SPEC_VERSION, differences, epochs

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "yuma"
BY = pytest.mark.parametrize("by", [recompute, engine.recompute], ids=["law", "engine"])

# ---------------------------------------------------------------------- the chain's own scenarios

FACTOR_MILLI = 13_889
"""ActivityCutoffFactorMilli of the scenarios of spec 425: its default."""

OUTPUTS = {
    "active": "active",
    "consensus": "consensus_u16",
    "dividends": "dividends_u16",
    "emission": "emission_rao",
    "incentive": "incentive_u16",
    "server_emission": "server_emission_rao",
    "stake": "stake_rao",
    "stake_weight": "stake_weight_u16",
    "validator_emission": "validator_emission_rao",
    "validator_permit": "validator_permit",
    "validator_trust": "validator_trust_u16",
}


def scenario(case: dict) -> tuple[int, EpochState]:
    """The spec and the state of a case."""
    given_ = case["inputs"]
    is_old = given_.get("liquid_alpha_v1", False)
    cutoff = given_["activity_cutoff"]
    if not is_old:
        assert cutoff == max(FACTOR_MILLI * given_["tempo"] // 1_000, 1)

    def rows(listed: list) -> dict:
        return {uid: tuple(map(tuple, row)) for uid, row in enumerate(listed)}

    return 272 if is_old else 425, EpochState(
        netuid=1,
        block_number=given_["block"],
        neuron_count=given_["n"],
        tempo=given_["tempo"],
        emission_rao=given_["rao_emission"],
        last_update=given_["last_update"],
        block_at_registration=given_["block_at_registration"],
        stake_i64f64_bits=[int(bits) for bits in given_["stake_bits"]],
        stake_threshold_rao=given_["stake_threshold"],
        owner_uid=given_["owner_uid"],
        validator_permit=given_["validator_permits"],
        max_allowed_validators=given_["max_allowed_validators"],
        weights=rows(given_["weights"]),
        bonds=rows(given_["bonds"]),
        kappa_u16=given_["kappa"],
        bonds_penalty_u16=given_["bonds_penalty"],
        bonds_moving_average_ppm=given_["bonds_moving_average"],
        activity_cutoff_blocks=cutoff if is_old else None,
        activity_cutoff_factor_milli=None if is_old else FACTOR_MILLI,
        liquid_alpha_on=given_["liquid_alpha_on"],
        alpha_low_u16=given_["alpha_low"],
        alpha_high_u16=given_["alpha_high"],
        yuma3_on=given_["yuma3_on"],
        alpha_sigmoid_steepness=given_["alpha_sigmoid_steepness"],
        last_mechanism_step_block=given_["last_mechanism_step_block"],
        commit_reveal_weights_enabled=given_["commit_reveal"],
        reveal_period_epochs=given_["reveal_period"],
        subnet_epoch_index=given_["current_epoch"],
        weight_commits={
            of["uid"]: [Commit(*commit) for commit in of["queue"]] for of in given_["commits_v2"]
        },
    )


def outputs_of(result, n: int) -> dict:
    """A result as the cases write it."""
    written = {field: list(getattr(result, name)) for field, name in OUTPUTS.items()}
    return written | {"bonds": [[list(pair) for pair in result.bonds.get(u, ())] for u in range(n)]}


def holds(assertion: dict, outputs: dict) -> bool:
    """Whether an assertion of the chain's test holds."""
    field, index, operator = assertion["field"], assertion["index"], assertion["op"]
    if field in ("bond", "bond_as_proportion"):
        value = dict(outputs["bonds"][index[0]]).get(index[1], 0)
        value = value / 65_535 if field == "bond_as_proportion" else value
    elif field == "dividends_as_proportion":
        value = outputs["dividends"][index] / 65_535
    elif field == "bonds_row":
        return outputs["bonds"][index] == assertion["value"]
    elif operator == "equal_pair":
        return outputs[field][index[0]] == outputs[field][index[1]]
    else:
        value = outputs[field][index]
    if operator == "gt":
        return value > assertion["value"]
    assert operator == "eq"
    return abs(value - assertion["value"]) <= assertion["tol"]


def check_scenario(case: dict, by) -> None:
    spec_version, state = scenario(case)
    outputs = outputs_of(by(spec_version, state), state.neuron_count)
    exact = case["expected_exact"]
    if exact is not None:
        assert outputs == {field: exact[field] for field in outputs}
    for assertion in case["asserted"]:
        assert holds(assertion, outputs), assertion
    assert exact is not None or case["asserted"]


EMBEDDED = json.loads((VECTORS / "scenarios.json").read_text())["cases"]


@BY
@pytest.mark.parametrize("case", EMBEDDED, ids=[case["id"] for case in EMBEDDED])
def test_a_scenario_of_the_chains_own_tests(case, by):
    check_scenario(case, by)


@BY
def test_every_scenario_of_the_chains_own_tests(shared, by):
    with gzip.open(shared / "vectors" / "yuma_unit_cases.json.gz") as file:
        cases = [case for case in json.load(file)["cases"] if case["kind"] == "epoch"]
    for case in cases:
        check_scenario(case, by)
    assert sum(case["expected_exact"] is not None for case in cases) == 100
    assert sum(len(case["asserted"]) for case in cases) == 427


# ---------------------------------------------------------------------- a recorded chain


@BY
def test_every_epoch_of_the_recording_is_what_the_runtime_wrote(embedded, by):
    kinds: Counter[str] = Counter()
    later = 0
    for epoch in epochs(embedded):
        state = epoch.state
        assert differences(epoch, by(SPEC_VERSION, state)) == {}, (
            state.netuid,
            state.block_number,
        )
        kind = "yuma 3" if state.yuma3_on else "yuma 2"
        kinds[kind + " liquid" if state.yuma3_on and state.liquid_alpha_on else kind] += 1
        later += not epoch.is_first
    assert kinds == {"yuma 2": 224, "yuma 3": 60, "yuma 3 liquid": 59}
    assert later == 81


def test_a_recorded_epoch_differs_when_one_share_of_weight_is_off(embedded):
    epoch = next(e for e in epochs(embedded) if e.state.weights and any(e.outputs["consensus_u16"]))
    state = epoch.state
    uid, row = next((u, r) for u, r in state.weights.items() if len(r) > 2)
    changed = {uid: ((row[0][0], row[0][1] // 2), *row[1:])}
    other = recompute(SPEC_VERSION, replace(state, weights={**state.weights, **changed}))
    assert differences(epoch, other)


# ---------------------------------------------------------------------- what each era changed


def subnet(spec_version: int, **changes) -> EpochState:
    """Two equal validators, 0 and 1, and two miners, 2 and 3, at a spec."""
    state = EpochState(
        netuid=1,
        block_number=1_000,
        neuron_count=4,
        tempo=99,
        emission_rao=1_000,
        last_update=[990] * 4,
        block_at_registration=[0] * 4,
        stake_i64f64_bits=[100 << 64, 100 << 64, 0, 0],
        validator_permit=[True, True, False, False],
        max_allowed_validators=2,
        weights={0: ((2, 65_535),), 1: ((2, 65_535),)},
        bonds={},
        kappa_u16=32_767,
        bonds_penalty_u16=65_535,
        bonds_moving_average_ppm=900_000,
        liquid_alpha_on=False,
        alpha_low_u16=45_875,
        alpha_high_u16=58_982,
        activity_cutoff_blocks=5_000 if spec_version < 423 else None,
        activity_cutoff_factor_milli=50_000 if spec_version >= 423 else None,
        subnet_epoch_index=10 if spec_version >= 423 else None,
    )
    return replace(state, **changes)


def both(spec_version: int, **changes):
    """The result of a changed subnet, by law and engine alike."""
    state = subnet(spec_version, **changes)
    result = recompute(spec_version, state)
    assert engine.recompute(spec_version, state) == result
    return result


@pytest.mark.parametrize(("spec_version", "consensus"), [(251, 0), (252, 65_535)])
def test_the_owner_may_weigh_itself_from_spec_252(spec_version, consensus):
    weights = {0: ((0, 65_535),), 1: ((1, 65_535),)}
    result = both(spec_version, weights=weights, owner_uid=0)
    assert result.consensus_u16[0] == consensus
    assert result.consensus_u16[1] == 0


def test_from_spec_257_bonds_end_by_the_tempo_and_not_by_the_last_update():
    bonds = {0: ((2, 65_535),)}
    # Registered at 902: after block - tempo = 901, before the update at 950.
    changes = {
        "bonds": bonds,
        "weights": {},
        "last_update": [950] * 4,
        "block_at_registration": [0, 0, 902, 0],
    }
    assert both(256, **changes).bonds[0] == ((2, 65_535),)
    assert both(257, **changes).bonds[0] == ()
    # block - tempo <= registered ends a bond; one block earlier it stays.
    assert both(257, **changes | {"block_at_registration": [0, 0, 901, 0]}).bonds[0] == ()
    assert both(257, **changes | {"block_at_registration": [0, 0, 900, 0]}).bonds[0] != ()


def test_liquid_alpha_1_gives_each_miner_an_alpha_until_spec_272():
    weights = {0: ((2, 20_000), (3, 45_535)), 1: ((2, 20_000), (3, 45_535))}
    changes = {"weights": weights, "liquid_alpha_on": True, "bonds": {0: ((2, 9), (3, 9))}}
    plain = both(272, **changes | {"liquid_alpha_on": False})
    assert both(272, **changes).bonds != plain.bonds
    assert both(273, **changes).bonds == plain.bonds


def test_liquid_alpha_1_has_the_curve_of_the_chains_own_tests():
    high, low, of_high, of_low = (ONE * tenths // 10 for tenths in (9, 1, 8, 2))
    a, b = v233_miner_alphas.logistic(high, low, of_high, of_low)
    assert (a / ONE, b / ONE) == (pytest.approx(7.324, abs=1e-3), pytest.approx(3.662, abs=1e-3))
    assert v233_miner_alphas.logistic(high, low, of_low, of_low) == (0, 0)
    for tenths, alpha in ((1, 0.52497918747894), (5, 0.6224593312018546), (9, 0.7109495026250039)):
        computed = v233_miner_alphas.logistic_alpha(ONE * tenths // 10, ONE, 0)
        assert computed / ONE == pytest.approx(alpha, abs=1e-6)


def test_quantiles_are_interpolated_between_neighbours():
    assert v233_miner_alphas.quantile([40, 0, 20, 10, 30], 3) == 30
    assert v233_miner_alphas.quantile([0, 400, 100, 300], 3) == 325
    assert v233_miner_alphas.quantile([7], 1) == 7


def test_from_spec_273_a_permit_needs_stake_above_zero():
    assert both(272, max_allowed_validators=3).validator_permit == (True, True, False, True)
    assert both(273, max_allowed_validators=3).validator_permit == (True, True, False, False)


def test_from_spec_273_stake_below_the_threshold_does_not_count():
    stake = [100 << 64, (100 << 64) - 1, 0, 0]
    changes = {"stake_i64f64_bits": stake, "stake_threshold_rao": 100}
    assert both(272, **changes).stake_weight_u16[1] > 0
    assert both(273, **changes).stake_weight_u16 == (65_535, 0, 0, 0)


def test_a_tie_at_the_cut_of_permits_goes_to_the_higher_uid():
    assert both(425, max_allowed_validators=1).validator_permit == (False, True, False, False)


def test_spec_283_divides_the_steepness_by_a_hundred():
    changes = {
        "yuma3_on": True,
        "liquid_alpha_on": True,
        "weights": {0: ((2, 65_535), (3, 0)), 1: ((2, 65_535),)},
    }
    # d = 0 for weight at consensus: undivided the power is 500, whose overflow counts as 0.
    high = to_share(of_share(58_982))
    assert both(282, **changes).bonds[0] == ((2, high),)
    low = both(283, **changes).bonds[0][0][1]
    assert 45_875 <= low < 45_875 + 100


def test_spec_365_bounds_the_power_where_it_took_zero():
    changes = {
        "yuma3_on": True,
        "liquid_alpha_on": True,
        "alpha_sigmoid_steepness": -4_400,
        "alpha_low_u16": 0,
        "alpha_high_u16": 65_535,
        "bonds": {0: ((2, 65_535),)},
        "weights": {0: ((2, 1), (3, 65_535)), 1: ((2, 1), (3, 65_535))},
    }
    # Selling from 1 to nearly 0: d - 1/2 is near 1/2, the power near 22, past the series' range.
    assert both(364, **changes).bonds[0][0][1] < 10
    assert both(365, **changes).bonds[0][0][1] > 65_000


@pytest.mark.parametrize(("commit_block", "counts"), [(500, True), (499, False)])
def test_a_commit_older_than_a_registration_masks_it_from_spec_297(commit_block, counts):
    # Epochs of netuid 1 with tempo 99 are blocks // 100 by (block + 2): 1,000 is in epoch 10.
    changes = {
        "block_at_registration": [0, 0, 500, 0],
        "commit_reveal_weights_enabled": True,
        "reveal_period_epochs": 6,
        "weight_commits": {uid: [Commit(None, commit_block)] for uid in (0, 1)},
    }
    assert any(both(296, **changes).consensus_u16)
    assert any(both(297, **changes).consensus_u16) is counts
    expired = changes | {"reveal_period_epochs": 4}
    assert any(both(297, **expired).consensus_u16)


@pytest.mark.parametrize(("commit_block", "has_expired"), [(498, False), (497, True)])
def test_a_commit_expires_by_the_epoch_of_its_block_until_spec_422(commit_block, has_expired):
    # (498 + 1 + 1) // 100 is epoch 5, five before the present one.
    result = both(
        422,
        block_at_registration=[0, 0, 500, 0],
        commit_reveal_weights_enabled=True,
        reveal_period_epochs=5,
        weight_commits={uid: [Commit(None, commit_block)] for uid in (0, 1)},
    )
    assert any(result.consensus_u16) is has_expired


def test_a_commit_expires_by_the_epoch_index_from_spec_423():
    def masks(epoch: int) -> bool:
        result = both(
            423,
            block_at_registration=[0, 0, 500, 0],
            commit_reveal_weights_enabled=True,
            reveal_period_epochs=2,
            timelocked_weight_commits={uid: [Commit(epoch, 400)] for uid in (0, 1)},
        )
        return not any(result.consensus_u16)

    assert masks(8)
    assert not masks(7)


def test_of_a_queue_the_first_commit_that_has_not_expired_counts_and_of_timelocked_the_earliest():
    queue = [Commit(1, 100), Commit(9, 600), Commit(10, 400)]
    changes = {"block_at_registration": [0, 0, 500, 0], "commit_reveal_weights_enabled": True}
    in_order = both(423, **changes, weight_commits={0: queue, 1: queue})
    assert any(in_order.consensus_u16)
    all_of_them = both(423, **changes, timelocked_weight_commits={0: queue, 1: queue})
    assert not any(all_of_them.consensus_u16)


def test_bond_rows_without_a_permit_are_written_from_spec_320():
    changes = {"bonds": {3: ((2, 9),)}, "validator_permit": [True, True, False, False]}
    assert set(both(319, **changes).bonds) == {0, 1}
    assert both(320, **changes).bonds[3] == ()


@pytest.mark.parametrize(
    ("spec_version", "is_written"), [(319, True), (320, False), (322, False), (323, True)]
)
def test_stake_weight_is_missing_in_specs_320_to_322(spec_version, is_written):
    assert (both(spec_version).stake_weight_u16 is not None) is is_written


@pytest.mark.parametrize(("spec_version", "is_written"), [(364, True), (365, False)])
def test_rank_trust_and_pruning_scores_end_with_spec_364(spec_version, is_written):
    result = both(spec_version)
    for vector in (result.rank_u16, result.trust_u16, result.pruning_scores_u16):
        assert (vector is not None) is is_written


def test_trust_is_rank_after_clipping_over_rank_before():
    weights = {0: ((2, 65_535),), 1: ((2, 32_768), (3, 32_767))}
    stake = [60 << 64, 40 << 64, 0, 0]
    result = both(364, weights=weights, stake_i64f64_bits=stake)
    assert result.trust_u16[2:] == (65_535, 0)
    assert result.rank_u16 == result.incentive_u16 == (0, 0, 65_535, 0)


def test_the_owner_is_a_validator_from_spec_397():
    changes = {"owner_uid": 3, "stake_threshold_rao": 10, "max_allowed_validators": 2}
    stake = [100 << 64, 100 << 64, 0, 9 << 64]
    before = both(396, stake_i64f64_bits=stake, **changes)
    after = both(397, stake_i64f64_bits=stake, **changes)
    assert (before.stake_weight_u16[3], before.validator_permit[3]) == (0, False)
    assert (after.stake_weight_u16[3] > 0, after.validator_permit[3]) == (True, True)
    weighs = both(397, stake_i64f64_bits=stake, **changes, weights={3: ((3, 1),)})
    assert weighs.validator_trust_u16[3] == 0  # its 4 % alone are no majority
    assert weighs.dividends_u16 == (0, 0, 0, 0)


def test_the_owners_weights_count_without_a_permit_from_spec_397():
    changes = {
        "owner_uid": 1,
        "validator_permit": [True, False, False, False],
        "weights": {0: ((2, 1),), 1: ((3, 1),)},
        "stake_i64f64_bits": [100 << 64, 300 << 64, 0, 0],
    }
    assert both(396, **changes).incentive_u16 == (0, 0, 65_535, 0)
    assert both(397, **changes).incentive_u16 == (0, 0, 0, 65_535)


@pytest.mark.parametrize(("update", "is_active"), [(505, True), (504, False)])
def test_from_spec_423_the_cutoff_is_a_factor_of_the_tempo(update, is_active):
    # 5,000 thousandths of 99 blocks: silent for 495 blocks.
    result = both(423, activity_cutoff_factor_milli=5_000, last_update=[update, 990, 990, 990])
    assert result.active[0] is is_active


def test_the_cutoff_in_blocks_and_the_least_of_the_factor():
    assert both(422, activity_cutoff_blocks=10).active[0]
    assert not both(422, activity_cutoff_blocks=9).active[0]
    assert both(423, activity_cutoff_factor_milli=1, last_update=[999] * 4).active[0]
    assert not both(423, activity_cutoff_factor_milli=1, last_update=[998] * 4).active[0]


def test_from_spec_423_bonds_end_by_the_block_after_the_epoch_before():
    def is_kept(registered: int, last_step: int, spec_version: int) -> bool:
        result = both(
            spec_version,
            weights={},
            bonds={0: ((2, 65_535),)},
            block_at_registration=[0, 0, registered, 0],
            last_mechanism_step_block=last_step,
        )
        return result.bonds[0] != ()

    assert is_kept(800, 800, 423)
    assert not is_kept(801, 800, 423)
    assert is_kept(801, 800, 422)
    assert is_kept(900, 0, 423)
    assert not is_kept(901, 0, 423)


def test_period_of_epochs_is_the_tempo_from_spec_423_and_one_block_more_before():
    assert ERAS.at(422).module.RULE.period_blocks(subnet(422)) == 100
    assert ERAS.at(423).module.RULE.period_blocks(subnet(423)) == 99


MODES = {
    "yuma3_on": True,
    "liquid_alpha_on": True,
    "weights": {0: ((2, 65_535),), 1: ((2, 65_535),)},
    "previous_consensus_u16": [0, 0, 30_000, 0],
}


@pytest.mark.parametrize(
    ("mode", "penalty", "is_previous"),
    [
        (CURRENT, 65_535, False),
        (PREVIOUS, 0, True),
        (AUTO, 65_535, True),
        (AUTO, 65_534, False),
    ],
)
def test_the_mode_chooses_the_consensus_from_spec_446(mode, penalty, is_previous):
    changes = MODES | {"liquid_alpha_consensus_mode": mode, "bonds_penalty_u16": penalty}
    current = both(445, **changes).bonds[0]
    # A weight above the consensus compared with is bought faster.
    assert (both(446, **changes).bonds[0] > current) is is_previous
    assert (both(446, **changes).bonds[0] == current) is not is_previous


def test_previous_consensus_is_this_epochs_while_none_is_stored_and_padded_when_short():
    changes = MODES | {"liquid_alpha_consensus_mode": PREVIOUS}
    nothing = both(446, **changes | {"previous_consensus_u16": []})
    assert nothing.bonds == both(445, **changes).bonds
    whole = both(446, **changes | {"previous_consensus_u16": [5, 0, 0, 0]})
    short = both(446, **changes | {"previous_consensus_u16": [5]})
    assert whole.bonds == short.bonds


def test_a_consensus_that_was_all_zero_is_a_rule_not_known():
    changes = MODES | {"liquid_alpha_consensus_mode": PREVIOUS}
    state = subnet(446, **changes | {"previous_consensus_u16": [0, 0, 0, 0]})
    for by in (recompute, engine.recompute):
        with pytest.raises(UnknownRule, match="all zero"):
            by(446, state)


# ---------------------------------------------------------------------- what stays the same


def test_one_of_two_equal_validators_supports_a_weight_and_half_of_less_kappa_does_not():
    weights = {0: ((2, 65_535),), 1: ((3, 65_535),)}
    assert both(425, weights=weights).consensus_u16[2:] == (65_535, 65_535)
    # 32,768 of 65,535 is just above a half: a validator of half the stake is no majority.
    assert both(425, weights=weights, kappa_u16=32_768).consensus_u16[2:] == (0, 0)


def test_without_weights_validators_share_the_emission_by_stake():
    result = both(425, weights={}, stake_i64f64_bits=[300 << 64, 100 << 64, 0, 0])
    assert result.emission_rao == (750, 250, 0, 0)
    assert result.server_emission_rao == (0, 0, 0, 0)
    silent = both(425, weights={}, last_update=[0] * 4, activity_cutoff_factor_milli=1)
    assert silent.emission_rao == (500, 500, 0, 0)


def test_a_new_permit_counts_from_the_next_epoch_on():
    result = both(425, validator_permit=[True, False, False, False])
    assert result.validator_permit == (True, True, False, False)
    assert result.validator_trust_u16 == (65_535, 0, 0, 0)


def test_an_inactive_validator_of_yuma_2_keeps_what_its_bonds_earn_and_of_yuma_3_nothing():
    changes = {
        "bonds": {0: ((2, 65_535),), 1: ((2, 65_535),)},
        "last_update": [0, 990, 990, 990],
        "activity_cutoff_factor_milli": 5_000,
    }
    assert both(425, **changes).dividends_u16[:2] == (29_490, 36_044)
    assert both(425, **changes, yuma3_on=True).dividends_u16[:2] == (0, 65_535)


def test_a_bond_without_a_weight_entry_ends_under_liquid_alpha_and_with_a_zero_decays():
    changes = {"yuma3_on": True, "liquid_alpha_on": True, "bonds": {0: ((3, 65_535),)}}
    assert both(425, **changes).bonds[0] == ((2, 45_962),)
    kept = both(425, **changes, weights={0: ((3, 0), (2, 65_535)), 1: ((2, 65_535),)}).bonds[0]
    assert [uid for uid, _ in kept] == [3, 2]  # the order of the weights
    assert 0 < kept[0][1] < 65_535


def test_a_weight_that_equals_the_bond_buys():
    def alpha(weight: int, bond: int) -> int:
        return bond_alpha(0, weight, bond, (0, ONE), -10 * ONE, bounded_exponential)

    # Bought from a consensus of 0, the whole weight is the distance; sold, there is none.
    assert alpha(ONE, ONE) > ONE * 99 // 100
    assert alpha(ONE - 1, ONE) < ONE // 100


def test_an_unsorted_row_hides_entries_from_liquid_alpha():
    base = {
        "yuma3_on": True,
        "liquid_alpha_on": True,
        "bonds_penalty_u16": 0,
        "kappa_u16": 65_535,  # consensus is the lowest weight: 0 for uid 2
    }
    sorted_row = both(425, **base, weights={0: ((2, 20_000), (3, 45_535)), 1: ((3, 65_535),)})
    reversed_row = both(425, **base, weights={0: ((3, 45_535), (2, 20_000)), 1: ((3, 65_535),)})
    assert sorted_row.consensus_u16 == reversed_row.consensus_u16
    # Hidden behind uid 3, the weight to uid 2 reads as 0: nothing bought, the slowest alpha.
    assert dict(reversed_row.bonds[0])[2] < dict(sorted_row.bonds[0])[2]


def test_bonds_of_share_zero_are_written():
    result = both(
        425,
        yuma3_on=True,
        weights={0: ((2, 65_535), (3, 1)), 1: ((2, 65_535), (3, 1))},
        kappa_u16=0,
    )
    assert result.bonds[0] == ((2, 6_553), (3, 0))


def test_weights_to_uids_beyond_the_neurons_do_not_count():
    beyond = both(425, weights={0: ((4, 65_535), (2, 1)), 1: ((2, 1),), 9: ((2, 1),)})
    assert beyond == both(425, weights={0: ((2, 1),), 1: ((2, 1),)})


def test_bonds_to_uids_beyond_the_neurons_end_from_spec_320_and_stop_the_chain_before():
    changes = {"bonds": {0: ((2, 9), (4, 65_535))}}
    assert both(320, **changes) == both(320, bonds={0: ((2, 9),)})
    with pytest.raises(BadState, match="bonds names a uid beyond") as refused:
        recompute(319, subnet(319, **changes))
    assert "netuid 1, mecid 0, block 1000" in str(refused.value)
    with pytest.raises(BadState):
        engine.recompute(319, subnet(319, **changes))


def test_a_uid_twice_in_a_row_adds_up_but_scores_its_last_entry():
    twice = both(425, weights={0: ((2, 100), (3, 100), (2, 300)), 1: ((2, 400), (3, 100))})
    # The median sees 300 / 500 of one validator and 400 / 500 of the other.
    assert twice.consensus_u16[2] == to_share((400 << 32) // 500)
    assert twice.validator_trust_u16[0] == to_share(sum((w << 32) // 500 for w in (100, 100, 300)))


def test_a_subnet_without_neurons_has_an_epoch_of_nothing():
    nobody = {"last_update": [], "block_at_registration": [], "stake_i64f64_bits": []}
    result = both(425, neuron_count=0, validator_permit=[], weights={}, **nobody)
    assert (result.active, result.emission_rao, result.bonds) == ((), (), {})


@pytest.mark.parametrize("length", [0, 1, 3])
def test_short_vectors_read_as_the_chain_reads_them_from_spec_320(length):
    short = both(320, validator_permit=[True, True, False, False][:length])
    if length == 0:  # an empty mask leaves all stake, but no row of weights
        assert short.emission_rao == (500, 500, 0, 0)
    assert short.validator_trust_u16 == tuple(
        65_535 if uid < min(length, 2) else 0 for uid in range(4)
    )
    updates = both(320, last_update=[990] * length, activity_cutoff_blocks=500)
    assert updates.active == tuple(uid < length for uid in range(4))


# ---------------------------------------------------------------------- states that cannot be


@BY
@pytest.mark.parametrize(
    ("spec_version", "changes", "field"),
    [
        (425, {"kappa_u16": 65_536}, "kappa_u16"),
        (425, {"bonds_penalty_u16": -1}, "bonds_penalty_u16"),
        (425, {"emission_rao": 2**64}, "emission_rao"),
        (425, {"alpha_sigmoid_steepness": 70_000}, "alpha_sigmoid_steepness"),
        (446, {"liquid_alpha_consensus_mode": 3}, "liquid_alpha_consensus_mode"),
        (425, {"stake_i64f64_bits": [0] * 3}, "stake_i64f64_bits"),
        (425, {"stake_i64f64_bits": [-1, 0, 0, 0]}, "stake_i64f64_bits"),
        (425, {"stake_i64f64_bits": None}, "stake_i64f64_bits"),
        (425, {"block_at_registration": [0] * 5}, "block_at_registration"),
        (425, {"last_update": None}, "last_update"),
        (425, {"last_update": [2**64] * 4}, "last_update"),
        (425, {"weights": None}, "weights"),
        (425, {"weights": {0: ((1, 65_536),)}}, "weights"),
        (425, {"weights": {0: ((1,),)}}, "weights"),
        (425, {"weights": {0: (1, 2)}}, "weights"),
        (425, {"bonds": {0: ((-1, 3),)}}, "bonds"),
        (425, {"bonds": {-1: ((1, 3),)}}, "bonds"),
        (425, {"activity_cutoff_factor_milli": None}, "activity_cutoff_factor_milli"),
        (422, {"activity_cutoff_blocks": None}, "activity_cutoff_blocks"),
        (425, {"previous_consensus_u16": [65_536]}, "previous_consensus_u16"),
        (319, {"last_update": [990] * 3}, "last_update"),
        (319, {"validator_permit": [True] * 5}, "validator_permit"),
        (272, {"yuma3_on": True}, "yuma3_on"),
        (334, {"has_distinct_hotkeys": False}, "has_distinct_hotkeys"),
        (
            425,
            {"commit_reveal_weights_enabled": True, "subnet_epoch_index": None},
            "subnet_epoch_index",
        ),
        (
            425,
            {"commit_reveal_weights_enabled": True, "weight_commits": {0: [Commit(None, 5)]}},
            "weight_commits",
        ),
    ],
)
def test_a_state_that_cannot_be_is_refused_by_the_name_of_its_field(
    by, spec_version, changes, field
):
    with pytest.raises(BadState) as refused:
        by(spec_version, subnet(spec_version, **changes))
    assert refused.value.field == field
    assert "(netuid 1, mecid 0, block 1000)" in str(refused.value)


@BY
@pytest.mark.parametrize(
    ("spec_version", "changes"),
    [
        (232, {}),
        (476, {}),
        (475, {"is_null_consensus": True}),
        (475, {"last_yuma_step_block": 5}),
        (320, {"has_distinct_hotkeys": False}),
    ],
)
def test_what_is_not_known_is_refused(by, spec_version, changes):
    with pytest.raises(UnknownRule):
        by(spec_version, subnet(spec_version, **changes))


# ---------------------------------------------------------------------- properties

STATES = st.builds(
    lambda random, spec_version: (spec_version, random_state(random, spec_version)),
    st.randoms(use_true_random=False),
    st.sampled_from([spec for spec in SPECS if spec < 446]),
)


@settings(max_examples=150)
@given(STATES)
def test_nothing_is_paid_that_is_not_there(case):
    spec_version, state = case
    result = recompute(spec_version, state)
    whole = state.emission_rao
    # Beyond that the chain's own sum of stake wraps, and its shares leave 0 .. 1.
    assume(sum(state.stake_i64f64_bits) < 2**127)
    assert sum(result.emission_rao) <= whole
    assert sum(result.server_emission_rao) + sum(result.validator_emission_rao) <= whole
    assert sum(result.incentive_u16) <= 65_535
    assert sum(result.dividends_u16) <= 65_535
    assert sum(result.validator_permit) <= max(state.max_allowed_validators, 0) + 1


@settings(max_examples=150)
@given(STATES)
def test_only_a_new_permit_keeps_bonds_and_without_consensus_there_is_no_incentive(case):
    spec_version, state = case
    result = recompute(spec_version, state)
    assert all(result.validator_permit[uid] or row == () for uid, row in result.bonds.items())
    if not any(result.consensus_u16):
        assert not any(result.incentive_u16)


@settings(max_examples=100)
@given(STATES, st.integers(2, 9))
def test_weights_count_by_their_proportions(case, factor):
    spec_version, state = case
    small = {
        uid: tuple((j, share % 7_000) for j, share in row) for uid, row in state.weights.items()
    }
    large = {uid: tuple((j, share * factor) for j, share in row) for uid, row in small.items()}
    assert recompute(spec_version, replace(state, weights=small)) == recompute(
        spec_version, replace(state, weights=large)
    )


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, ONE)), min_size=1, max_size=12),
    st.integers(0, 60),
)
def test_the_median_is_the_least_score_that_more_than_the_minority_is_not_above(pairs, minority):
    stake, scores = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    median = vectors.weighted_median(stake, scores, minority)
    below = sum(s for s, score in pairs if score < median)
    up_to = sum(s for s, score in pairs if score <= median)
    assert below <= minority or median == min(scores)
    assert up_to > minority or median == max(scores)


def test_a_sample_of_whole_epochs_passes_by_law_and_engine():
    cases = json.loads((VECTORS / "full_epoch.json").read_text())["full_epoch"]
    assert len(cases) == 15
    for case in cases:
        expected, computed = epoch_ops.SECTIONS["full_epoch"](case)
        assert computed == {
            name: [int(v) if isinstance(v, str) else v for v in values]
            for name, values in expected.items()
        }
