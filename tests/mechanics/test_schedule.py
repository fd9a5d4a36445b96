"""When an epoch is due, and which of those due run."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import schedule
from mechanics.eras import BadState, UnknownRule
from mechanics.schedule import Outcome, ScheduleState
from tests.recordings.replay import steps

MAX_U64 = 2**64 - 1


def rule(spec_version: int):
    return schedule.ERAS.at(spec_version).module


# subtensor specs 361 and 425, pallets/subtensor/src/tests/emission.rs; exact.
@pytest.mark.parametrize(
    ("netuid", "tempo", "block", "expected"),
    [
        (2, 20, 15, 2),
        (3, 30, 25, 1),
        (65_535, 65_535, MAX_U64, 0),
        (65_535, 65_535, MAX_U64 - 1, 1),
        (2, 10, 5, 2),
        (1, 10, MAX_U64, 9),
        (1, 10, MAX_U64 - 1, 10),
        (7, 0, 123, MAX_U64),
    ],
)
def test_blocks_until_the_next_epoch_by_the_chains_unit_tests(netuid, tempo, block, expected):
    subnet = ScheduleState(netuid, tempo)
    assert rule(233).blocks_until_next_epoch(subnet, block) == expected
    assert rule(422).blocks_until_next_epoch(subnet, block) == expected


@pytest.mark.parametrize(
    ("tempo", "block", "expected"), [(10, 5, 5), (20, 15, 5), (65_535, MAX_U64, 0)]
)
def test_blocks_until_the_next_epoch_from_423_by_the_chains_unit_tests(tempo, block, expected):
    assert rule(425).blocks_until_next_epoch(ScheduleState(1, tempo), block) == expected


def test_a_tempo_of_360_means_361_blocks_up_to_422_and_360_from_423():
    def due_blocks(spec: int) -> list[int]:
        subnet, due = ScheduleState(1, 360, last_epoch_block=1_000), []
        for block in range(1_001, 2_500):
            slot = rule(spec).recompute([subnet], block, 4)[1]
            subnet = slot.after
            if slot.outcome is Outcome.RUNS:
                due.append(block)
        return due

    assert due_blocks(423) == [1_360, 1_720, 2_080, 2_440]
    assert [later - first for first, later in pairwise(due_blocks(422))] == [361, 361, 361]


@pytest.mark.parametrize("spec", [233, 334, 423])
def test_a_tempo_of_zero_never_runs(spec):
    idle = ScheduleState(5, 0, blocks_since_last_step=60_000, pending_epoch_at=1)
    for block in range(20):
        slot = rule(spec).recompute([idle], block, 1)[5]
        assert slot.outcome is Outcome.WAITS


def test_the_block_counter_starts_again_with_an_epoch():
    due, waiting = ScheduleState(1, 10, 7), ScheduleState(2, 10, 7)
    slots = rule(233).recompute([due, waiting], 8)
    assert (slots[1].outcome, slots[1].after.blocks_since_last_step) == (Outcome.RUNS, 0)
    assert (slots[2].outcome, slots[2].after.blocks_since_last_step) == (Outcome.WAITS, 8)


def test_inconsistent_input_is_run_all_the_same_up_to_333_and_left_out_from_334():
    broken = ScheduleState(1, 10, 7, is_input_consistent=False)
    assert rule(333).recompute([broken], 8)[1].outcome is Outcome.RUNS
    slot = rule(334).recompute([broken], 8)[1]
    assert (slot.outcome, slot.after.blocks_since_last_step) == (Outcome.SKIPPED, 8)


def waiting(netuid: int, **more) -> ScheduleState:
    """A subnet of tempo 360 that is not due in block 1,100."""
    return ScheduleState(netuid, 360, **({"last_epoch_block": 1_000} | more))


@pytest.mark.parametrize(
    ("more", "is_due"),
    [
        pytest.param({}, False, id="not yet"),
        pytest.param({"last_epoch_block": 741}, False, id="a block early"),
        pytest.param({"last_epoch_block": 740}, True, id="by tempo"),
        pytest.param({"last_epoch_block": 1_101}, False, id="a last epoch to come"),
        pytest.param({"pending_epoch_at": 1_101}, False, id="asked for, not yet"),
        pytest.param({"pending_epoch_at": 1_100}, True, id="asked for"),
        pytest.param({"pending_epoch_at": 1}, True, id="asked for long ago"),
        pytest.param({"blocks_since_last_step": 50_399}, False, id="at the longest tempo"),
        pytest.param({"blocks_since_last_step": 50_400}, True, id="past the longest tempo"),
    ],
)
def test_what_makes_an_epoch_due_from_423(more, is_due):
    slot = rule(423).recompute([waiting(1, **more)], 1_100, 1)[1]
    assert (slot.outcome is Outcome.RUNS) == is_due


def test_epochs_beyond_the_limit_are_put_off_by_a_block():
    due = [waiting(n, last_epoch_block=0, epoch_index=9) for n in (3, 4, 5)]
    slots = rule(423).recompute(due, 1_100, 2)
    outcomes = [slot.outcome for slot in slots.values()]
    assert outcomes == [Outcome.RUNS, Outcome.RUNS, Outcome.DEFERRED]
    deferred = slots[5].after
    assert (deferred.pending_epoch_at, deferred.last_epoch_block) == (1_101, 0)
    assert (deferred.epoch_index, deferred.blocks_since_last_step) == (9, 1)
    assert slots[3].after == waiting(3, last_epoch_block=1_100, epoch_index=10)
    assert rule(423).recompute([deferred], 1_101, 2)[5].outcome is Outcome.RUNS


def test_a_skipped_epoch_uses_up_its_slot_but_not_the_limit():
    broken = waiting(3, last_epoch_block=0, is_input_consistent=False, pending_epoch_at=7)
    slots = rule(423).recompute([broken, waiting(4, last_epoch_block=0)], 1_100, 1)
    assert [slot.outcome for slot in slots.values()] == [Outcome.SKIPPED, Outcome.RUNS]
    after = slots[3].after
    assert (after.last_epoch_block, after.pending_epoch_at, after.epoch_index) == (1_100, 0, 1)
    assert after.blocks_since_last_step == 1


@given(st.integers(0, 2**16 - 1), st.integers(1, 2**16 - 1), st.integers(0, MAX_U64 - 2**17))
def test_an_epoch_comes_when_it_was_foretold(netuid, tempo, block):
    for spec in (233, 423):
        subnet = ScheduleState(netuid, tempo, last_epoch_block=block)
        blocks = rule(spec).blocks_until_next_epoch(subnet, block)
        assert blocks <= tempo
        assert rule(spec).is_due(subnet, block + blocks)
        assert blocks == 0 or not rule(spec).is_due(subnet, block + blocks - 1)


@given(st.lists(st.integers(0, 1_500), max_size=12), st.integers(0, 5), st.integers(0, 1_500))
def test_no_more_epochs_run_in_a_block_than_allowed(last_epochs, limit, block):
    subnets = [waiting(n, last_epoch_block=last) for n, last in enumerate(last_epochs)]
    slots = rule(423).recompute(subnets, block, limit).values()
    run = sum(slot.outcome is Outcome.RUNS for slot in slots)
    assert run <= limit
    if any(slot.outcome is Outcome.DEFERRED for slot in slots):
        assert run == limit


def test_a_missing_limit_is_named_from_423():
    assert rule(422).recompute([], 1) == {}
    with pytest.raises(BadState, match="max_epochs_per_block is missing"):
        rule(423).recompute([], 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("netuid", 2**16), ("tempo_blocks", -1), ("tempo_blocks", 2**16), ("last_epoch_block", -1)],
)
def test_a_schedule_that_no_chain_can_have_is_named(field, value):
    known = {"netuid": 1, "tempo_blocks": 360}
    with pytest.raises(BadState, match=field) as refused:
        ScheduleState(**(known | {field: value}))
    assert refused.value.field == field


@pytest.mark.parametrize("spec", [232, 426])
def test_a_spec_that_nobody_has_read_is_no_rule(spec):
    with pytest.raises(UnknownRule):
        schedule.ERAS.at(spec)


def test_every_recorded_epoch_ran_when_it_was_due(embedded: Path):
    """Spec 293: which blocks run an epoch, and how long ago the last one was, for every subnet."""
    run = 0
    for block, before, after in steps(
        embedded, "Tempo", "BlocksSinceLastStep", "LastMechansimStepBlock"
    ):
        subnets = [
            ScheduleState(n, before.number("Tempo", n), before.number("BlocksSinceLastStep", n))
            for n in before.subnets()
        ]
        for netuid, slot in rule(293).recompute(subnets, block).items():
            ran = after.number("LastMechansimStepBlock", netuid) == block
            assert (slot.outcome is Outcome.RUNS) == ran, (block, netuid)
            counted = after.number("BlocksSinceLastStep", netuid)
            assert slot.after.blocks_since_last_step == counted, (block, netuid)
            run += ran
    assert run > 300
