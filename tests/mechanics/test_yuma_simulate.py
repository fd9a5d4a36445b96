"""What-if runs of epochs: no change gives no difference, a change gives what the rules say."""

import doctest
from dataclasses import replace

import pytest

from mechanics.engine import yuma as engine
from mechanics.eras import BadState
from mechanics.yuma import recompute, simulate
from mechanics.yuma.simulate import Change
from tests.mechanics.recorded_epochs import SPEC_VERSION, epochs
from tests.mechanics.test_yuma import subnet


def run(state, change: Change, epochs_: int, spec_version: int = 425, by=recompute):
    simulation = simulate.simulate(spec_version, state, change, epochs_, by)
    return simulation, simulation.reward_difference_rao()


def test_the_example_of_the_module_is_right():
    assert doctest.testmod(simulate).failed == 0


def test_without_a_change_nobody_gains():
    simulation, difference = run(subnet(425), Change(), 5)
    assert simulation.as_it_was == simulation.changed
    assert difference == [0, 0, 0, 0]


def test_each_epoch_starts_from_the_bonds_and_permits_of_the_one_before():
    state = subnet(425, yuma3_on=True, validator_permit=[True, False, False, False])
    first, second, third = run(state, Change(), 3)[0].as_it_was
    assert first.validator_permit == (True, True, False, False)
    assert (first.validator_trust_u16[1], second.validator_trust_u16[1]) == (0, 65_535)
    bonds = [result.bonds[0][0][1] for result in (first, second, third)]
    # 0.1 of the way to 1 each epoch, stored in shares of 65,535 cut each time.
    assert bonds == [6_553, 12_451, 17_759]
    following = replace(
        state,
        block_number=state.block_number + 99,
        last_update=[block + 99 for block in state.last_update],
        validator_permit=first.validator_permit,
        bonds=first.bonds,
        last_mechanism_step_block=state.block_number,
        subnet_epoch_index=11,
        previous_consensus_u16=first.consensus_u16,
    )
    assert recompute(425, following) == second


def test_more_stake_earns_more_and_a_kappa_of_one_asks_for_every_vote():
    weights = {0: ((2, 65_535),), 1: ((2, 32_768), (3, 32_767))}
    state = subnet(425, weights=weights, stake_i64f64_bits=[60 << 64, 40 << 64, 0, 0])
    richer = run(state, Change(stake_i64f64_bits={1: 80 << 64}), 1)[1]
    assert richer[1] > 0 > richer[0]
    assert richer[3] > 0 > richer[2]
    unanimous = run(state, Change(kappa_u16=65_535), 1)[0].changed[0]
    assert unanimous.consensus_u16[3] == 0
    assert unanimous.validator_trust_u16[0] == unanimous.consensus_u16[2] < 65_535


def test_without_penalty_clipped_weights_still_bond():
    weights = {0: ((2, 65_535),), 1: ((2, 32_768), (3, 32_767))}
    state = subnet(
        425, weights=weights, yuma3_on=True, stake_i64f64_bits=[60 << 64, 40 << 64, 0, 0]
    )
    changed = run(state, Change(bonds_penalty_u16=0), 1)[0]
    assert [uid for uid, _ in changed.as_it_was[0].bonds[1]] == [2]
    assert [uid for uid, _ in changed.changed[0].bonds[1]] == [2, 3]


def test_a_what_if_on_the_recording_to_copy_the_consensus_gains_what_the_others_lose(embedded):
    epoch = next(
        e
        for e in epochs(embedded)
        if e.state.yuma3_on and sum(map(bool, e.outputs["dividends_u16"])) > 3
    )
    copier = next(uid for uid, share in enumerate(epoch.outputs["dividends_u16"]) if share)
    consensus = enumerate(epoch.outputs["consensus_u16"])
    change = Change(weights={copier: tuple((uid, share) for uid, share in consensus if share)})
    simulation, difference = run(epoch.state, change, 4, SPEC_VERSION)
    assert run(epoch.state, change, 4, SPEC_VERSION, engine.recompute)[1] == difference
    trust = [
        results[0].validator_trust_u16[copier]
        for results in (simulation.as_it_was, simulation.changed)
    ]
    assert trust == [39_724, 60_041]
    assert difference[copier] == 1_167_275_960
    validators = [
        sum(sum(result.validator_emission_rao) for result in results)
        for results in (simulation.as_it_was, simulation.changed)
    ]
    # What is paid in all stays the same but for the dust of rounding.
    assert abs(validators[1] - validators[0]) < 4 * epoch.state.neuron_count


@pytest.mark.parametrize(
    ("change", "epochs_", "field"),
    [
        (Change(), 0, "epochs"),
        (Change(weights={4: ()}), 1, "weights"),
        (Change(stake_i64f64_bits={-1: 5}), 1, "stake_i64f64_bits"),
        (Change(kappa_u16=70_000), 1, "kappa_u16"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_the_name_of_its_field(change, epochs_, field):
    with pytest.raises(BadState) as refused:
        run(subnet(425), change, epochs_)
    assert refused.value.field == field
