"""What registering costs, what a new subnet starts with, which subnet leaves."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import issuance
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I96F32, U64F64
from mechanics.registration import lock_cost, neuron_burn, pool_start, pruning, start_call
from mechanics.registration.lock_cost import LockCostState
from mechanics.registration.neuron_burn import NeuronBurnState
from mechanics.registration.pool_start import PoolStart, PoolStartState
from mechanics.registration.pruning import PruningState, SubnetStanding
from mechanics.registration.start_call import StartCallState
from tests.recordings.replay import steps

TAO = 1_000_000_000
MAX_U64 = 2**64 - 1

# ---------------------------------------------------------------- the lock of a subnet


def network(**more: int) -> LockCostState:
    """1,000 TAO paid in block 1,000; the interval is 57,600 blocks before any halving."""
    known = {
        "block_number": 1_000,
        "last_lock_rao": 1_000 * TAO,
        "last_lock_block": 1_000,
        "min_lock_rao": TAO,
        "reduction_interval_blocks": 57_600,
        "block_emission_rao": TAO,
    }
    return LockCostState(**(known | more))


def cost(**more: int) -> int:
    return lock_cost.ERAS.at(425).module.recompute(network(**more))


# subtensor specs 301 and 320, pallets/subtensor/src/tests/networks.rs, migration.rs; exact.
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param(
            {
                "min_lock_rao": 1_000,
                "last_lock_rao": 1_000,
                "last_lock_block": 0,
                "block_number": 0,
            },
            1_000,
            id="lock_low",
        ),
        pytest.param(
            {"min_lock_rao": 10**12, "last_lock_block": 0, "block_number": 0},
            10**12,
            id="lock_high",
        ),
        pytest.param(
            {"last_lock_rao": 10**12, "last_lock_block": 51_400, "min_lock_rao": 10**9},
            2 * 10**12,
            id="lock_migr_320",
        ),
    ],
)
def test_lock_costs_of_the_chains_unit_tests(more, expected):
    assert cost(**more) == expected


def test_the_cost_doubles_and_falls_back_in_one_interval():
    assert cost() == 2_000 * TAO
    assert cost(block_number=1_001) == 2_000 * TAO - 1_000 * TAO // 57_600
    assert cost(block_number=1_000 + 57_600) == 1_000 * TAO + 1_000 * TAO % 57_600
    assert cost(block_number=1_000 + 2 * 57_600) == TAO


def test_after_the_halving_the_interval_is_28_800_blocks():
    halved = {"block_emission_rao": TAO // 2}
    assert cost(block_number=1_000 + 28_800, **halved) == 1_000 * TAO + 1_000 * TAO % 28_800
    assert lock_cost.ERAS.at(425).module.reduction_interval(network(**halved)) == 28_800


def test_only_where_nobody_ever_registered_the_cost_is_not_doubled():
    assert cost(last_lock_block=0, block_number=0) == 1_000 * TAO
    assert cost(last_lock_block=1, block_number=1) == 2_000 * TAO


def test_without_an_interval_the_cost_stays():
    assert cost(reduction_interval_blocks=0, block_number=10**6) == 2_000 * TAO


def test_costs_are_clamped_to_64_bits():
    assert cost(last_lock_rao=MAX_U64) == MAX_U64
    assert cost(last_lock_rao=MAX_U64, block_number=MAX_U64) == TAO


@given(st.integers(0, 10**15), st.integers(0, 10**13), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_cost_never_rises_with_time_nor_falls_below_the_minimum(lock, minimum, block, later):
    paid = {"last_lock_rao": lock, "min_lock_rao": minimum, "last_lock_block": 1}
    first, second = cost(block_number=block, **paid), cost(block_number=block + later, **paid)
    assert first >= second >= minimum
    assert first <= max(2 * lock, minimum)


@pytest.mark.parametrize("field", ["block_number", "last_lock_rao", "block_emission_rao"])
def test_a_lock_that_no_chain_can_have_is_named(field):
    with pytest.raises(BadState, match=field) as refused:
        network(**{field: -1})
    assert refused.value.field == field


# ---------------------------------------------------------------- which subnet leaves

IMMUNITY = 100


def registry(block: int, **subnets: tuple[int, int]) -> PruningState:
    """Subnets n1, n2, ... by block of registration and moving price in rao."""
    return PruningState(
        block,
        IMMUNITY,
        tuple(
            SubnetStanding(int(name[1:]), registered, I96F32.of(price))
            for name, (registered, price) in subnets.items()
        ),
    )


def pruned(block: int, **subnets: tuple[int, int]) -> int | None:
    return pruning.ERAS.at(361).module.recompute(registry(block, **subnets))


YOUNG = {"n5": (IMMUNITY + 5, 0), "n6": (IMMUNITY + 6, 0)}


# subtensor spec 361, pallets/subtensor/src/tests/networks.rs; exact.
@pytest.mark.parametrize(
    ("block", "subnets", "expected"),
    [
        pytest.param(
            IMMUNITY + 10,
            {"n1": (0, 5), "n2": (IMMUNITY + 5, 1)},
            1,
            id="prune_immune_ignored",
        ),
        pytest.param(IMMUNITY + 20, {"n1": (0, 7), "n2": (1, 7)}, 1, id="prune_tie_earlier"),
        pytest.param(
            IMMUNITY + 10,
            {"n1": (0, 25), "n2": (0, 25), "n3": (1, 100), "n4": (2, 1), **YOUNG},
            4,
            id="prune_complex_A",
        ),
        pytest.param(
            IMMUNITY + 10,
            {"n1": (0, 25), "n2": (0, 25), "n3": (1, 25), "n4": (2, 25), **YOUNG},
            1,
            id="prune_complex_C",
        ),
        pytest.param(0, {}, None, id="prune_none"),
    ],
)
def test_prunings_of_the_chains_unit_tests(block, subnets, expected):
    assert pruned(block, **subnets) == expected


def test_immunity_ends_with_its_last_block():
    assert pruned(IMMUNITY + 6, n1=(7, 0)) is None
    assert pruned(IMMUNITY + 7, n1=(7, 0)) == 1


def test_the_lowest_price_leaves_first_then_the_oldest_then_the_first_listed():
    state = registry(10**6, n3=(1, 2), n2=(9, 1), n4=(5, 1), n1=(5, 1))
    assert pruning.ERAS.at(425).module.order(state) == [1, 4, 2, 3]


def test_256_is_listed_before_1():
    assert pruned(10**6, n1=(0, 1), n256=(0, 1)) == 256


def test_root_never_leaves_and_a_stable_subnet_counts_as_price_one():
    stable = SubnetStanding(1, 0, I96F32.of(0), mechanism=0)
    root = SubnetStanding(0, 0, I96F32.of(0))
    cheap = SubnetStanding(2, 0, I96F32(2**32 - 1))
    order = pruning.ERAS.at(425).module.order
    assert order(PruningState(10**6, IMMUNITY, (root, stable, cheap))) == [2, 1]


def test_a_netuid_named_twice_is_refused():
    twice = SubnetStanding(1, 0, I96F32.of(0))
    with pytest.raises(BadState, match="subnets names a netuid twice"):
        PruningState(1, 1, (twice, twice))


@pytest.mark.parametrize("netuid", [-1, 2**16])
def test_a_netuid_of_more_than_16_bits_is_refused(netuid):
    with pytest.raises(BadState, match="netuid"):
        SubnetStanding(netuid, 0, I96F32.of(0))


# ---------------------------------------------------------------- what a pool starts with


def test_up_to_394_a_pool_starts_with_the_minimum_lock_at_price_one():
    started = pool_start.ERAS.at(394).module.recompute(PoolStartState(1_000 * TAO, TAO))
    assert started == PoolStart(TAO, TAO, 999 * TAO)


def test_from_397_a_pool_starts_with_the_whole_lock_at_the_median_price():
    prices = (U64F64(2**60), U64F64(2**62), U64F64.of(9))
    lock = PoolStartState(1_000 * TAO, TAO, prices)
    assert pool_start.ERAS.at(397).module.recompute(lock) == PoolStart(1_000 * TAO, 4_000 * TAO, 0)


def test_a_lock_below_the_minimum_still_starts_a_pool_with_the_minimum():
    lock = PoolStartState(7, 10, (U64F64.of(3),))
    assert pool_start.ERAS.at(425).module.recompute(lock) == PoolStart(10, 3, 0)


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([], 2**64),
        ([0, 0], 2**64),
        ([0, 5], 5),
        ([4, 7], 5),
        ([9, 1, 4], 4),
        ([9, 1, 4, 4], 4),
        ([1, 1, 8, 9], 4),
    ],
)
def test_the_median_leaves_zero_prices_out_and_cuts_half_sums(prices, expected):
    median = pool_start.ERAS.at(425).module.median_price
    assert median(U64F64(bits) for bits in prices).bits == expected


# ---------------------------------------------------------------- when a subnet may start


def test_up_to_370_a_subnet_may_start_after_seven_days_of_blocks():
    started = start_call.ERAS.at(257).module.recompute
    assert started(StartCallState(50_499, 100)) is None
    assert started(StartCallState(50_500, 100)) == 50_501


def test_from_371_the_delay_is_stored():
    started = start_call.ERAS.at(371).module.recompute
    assert started(StartCallState(109, 100, 10)) is None
    assert started(StartCallState(110, 100, 10)) == 111
    assert started(StartCallState(100, 100, 0)) == 101
    with pytest.raises(BadState, match="start_call_delay_blocks is missing"):
        started(StartCallState(110, 100))


# ---------------------------------------------------------------- the burn of a neuron


def subnet(**more) -> NeuronBurnState:
    """A burn of 1 TAO at the end of an interval of 360 blocks, target 2, half of it kept."""
    known = {
        "block_number": 360,
        "burn_rao": TAO,
        "min_burn_rao": 500_000,
        "max_burn_rao": 100 * TAO,
        "last_adjustment_block": 0,
        "adjustment_interval_blocks": 360,
        "adjustment_alpha_u64": 2**63,
        "target_registrations": 2,
        "registrations": 0,
        "pow_registrations": 0,
        "burn_registrations": 0,
        "half_life_blocks": 360,
        "increase_multiple": U64F64.saturating_from_f64(0x3FF4_28F5_C28F_5C29),  # 1.26
    }
    return NeuronBurnState(**(known | more))


def moved(**more) -> int:
    return neuron_burn.ERAS.at(394).module.recompute(subnet(**more))


def test_a_burn_stays_within_its_interval():
    assert moved(block_number=359, registrations=9, burn_registrations=9) == TAO


@pytest.mark.parametrize(
    ("registrations", "by_work", "by_burn", "expected"),
    [
        pytest.param(3, 2, 1, TAO, id="A above target, mostly by work: difficulty alone"),
        pytest.param(3, 1, 2, 1_125_000_000, id="B above target, mostly by burn"),
        pytest.param(1, 1, 0, 875_000_000, id="C below target, mostly by work"),
        pytest.param(1, 0, 1, TAO, id="D below target, mostly by burn: difficulty alone"),
        pytest.param(0, 0, 0, 750_000_000, id="E below target, as many by both"),
        pytest.param(4, 2, 2, 1_250_000_000, id="F above target, as many by both"),
        pytest.param(2, 1, 1, TAO, id="at target"),
    ],
)
def test_the_six_cases_of_an_adjustment(registrations, by_work, by_burn, expected):
    found = moved(
        registrations=registrations, pow_registrations=by_work, burn_registrations=by_burn
    )
    # The weight is a half cut to 18 fraction bits; its complement is a half and a bit.
    assert abs(found - expected) <= expected >> 18


def test_an_adjusted_burn_to_the_rao():
    """With all of the weight on the new burn nothing is cut but the last division."""
    assert moved(adjustment_alpha_u64=0, burn_rao=1_000_001, registrations=1) == 750_000


def test_a_burn_is_kept_within_its_bounds():
    assert moved(burn_rao=600_000, adjustment_alpha_u64=0) == 500_000
    assert moved(burn_rao=99 * TAO, registrations=9, adjustment_alpha_u64=0) == 100 * TAO


def test_a_target_of_zero_brings_the_burn_to_its_minimum():
    assert moved(target_registrations=0, adjustment_alpha_u64=0) == 500_000


def decayed(**more) -> int:
    return neuron_burn.ERAS.at(397).module.recompute(subnet(**more))


def test_a_burn_halves_in_its_half_life():
    burn = TAO
    for _ in range(360):
        burn = decayed(burn_rao=burn)
    # The factor is the greatest below the root of a half; every block floors as well.
    assert TAO // 2 - 2_000 < burn <= TAO // 2


def test_the_factor_is_the_greatest_that_halves():
    rule = neuron_burn.ERAS.at(397).module
    assert rule.decay_factor_q32(0) == 2**32
    assert rule.decay_factor_q32(1) == 2**31
    # The root of a half is 3,037,000,499.98 parts; the square of the next part floors to a half.
    assert rule.decay_factor_q32(2) == 3_037_000_500
    assert 3_037_000_500**2 >> 32 == 2**31 < 3_037_000_501**2 >> 32
    assert rule.decay_factor_q32(360) == 4_286_705_684  # of 4,286,705,684.07


def test_a_burn_does_not_decay_in_the_first_block_or_without_a_half_life():
    assert decayed(block_number=1) == TAO
    assert decayed(block_number=2) == TAO * 4_286_705_684 // 2**32
    assert decayed(half_life_blocks=0) == TAO
    assert decayed(half_life_blocks=0, burn_rao=1) == 500_000


def test_a_registration_raises_the_burn_by_26_percent():
    rule = neuron_burn.ERAS.at(397).module
    assert rule.after_registration(subnet()) == 1_260_000_000
    assert rule.after_registration(subnet(burn_rao=10)) == 500_000
    assert rule.after_registration(subnet(burn_rao=99 * TAO)) == 100 * TAO
    assert rule.after_registration(subnet(increase_multiple=U64F64(1))) == TAO


@given(
    st.sampled_from([233, 397]),
    st.integers(0, MAX_U64),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 2**16 - 1),
    st.integers(0, MAX_U64),
)
def test_a_burn_always_ends_within_its_bounds(spec, burn, one, other, count, weight):
    low, high = sorted((one, other))
    pre = subnet(
        burn_rao=burn,
        min_burn_rao=low,
        max_burn_rao=high,
        registrations=count,
        target_registrations=count // 2,
        adjustment_alpha_u64=weight,
    )
    assert low <= neuron_burn.ERAS.at(spec).module.recompute(pre) <= high


@pytest.mark.parametrize(
    "field",
    [
        *("last_adjustment_block", "adjustment_interval_blocks", "adjustment_alpha_u64"),
        *("target_registrations", "registrations", "pow_registrations", "burn_registrations"),
    ],
)
def test_what_an_adjustment_misses_is_named(field):
    with pytest.raises(BadState, match=f"{field} is missing"):
        moved(**{field: None})


def test_what_a_decay_misses_is_named():
    rule = neuron_burn.ERAS.at(397).module
    with pytest.raises(BadState, match="half_life_blocks is missing"):
        rule.recompute(subnet(half_life_blocks=None))
    with pytest.raises(BadState, match="increase_multiple is missing"):
        rule.after_registration(subnet(increase_multiple=None))


@pytest.mark.parametrize(
    ("field", "value"), [("burn_rao", -1), ("registrations", 2**16), ("min_burn_rao", 101 * TAO)]
)
def test_a_burn_that_no_chain_can_have_is_named(field, value):
    with pytest.raises(BadState, match=field):
        subnet(**{field: value})


@pytest.mark.parametrize(
    ("eras", "spec"),
    [
        (lock_cost.ERAS, 426),
        (pruning.ERAS, 319),
        (pruning.ERAS, 426),
        (pool_start.ERAS, 396),
        (start_call.ERAS, 256),
        (neuron_burn.ERAS, 395),
    ],
)
def test_a_spec_that_nobody_has_read_is_no_rule(eras, spec):
    with pytest.raises(UnknownRule):
        eras.at(spec)


# ---------------------------------------------------------------- a recorded chain, spec 293


def test_every_recorded_burn_is_exact(embedded: Path):
    """Each subnet's burn at the end of each block, root's too: no extrinsic sets one."""
    adjusted = 0
    for block, before, after in steps(
        embedded,
        *("Burn", "MinBurn", "MaxBurn", "LastAdjustmentBlock", "AdjustmentInterval"),
        *("AdjustmentAlpha", "TargetRegistrationsPerInterval", "RegistrationsThisInterval"),
        *("POWRegistrationsThisInterval", "BurnRegistrationsThisInterval"),
    ):
        for netuid in before.subnets():
            pre = NeuronBurnState(
                block_number=block,
                burn_rao=before.number("Burn", netuid),
                min_burn_rao=before.number("MinBurn", netuid),
                max_burn_rao=before.number("MaxBurn", netuid),
                last_adjustment_block=before.number("LastAdjustmentBlock", netuid),
                adjustment_interval_blocks=before.number("AdjustmentInterval", netuid),
                adjustment_alpha_u64=before.number("AdjustmentAlpha", netuid),
                target_registrations=before.number("TargetRegistrationsPerInterval", netuid),
                registrations=before.number("RegistrationsThisInterval", netuid),
                pow_registrations=before.number("POWRegistrationsThisInterval", netuid),
                burn_registrations=before.number("BurnRegistrationsThisInterval", netuid),
            )
            found = neuron_burn.ERAS.at(293).module.recompute(pre)
            assert found == after.number("Burn", netuid), (block, netuid)
            adjusted += found != pre.burn_rao
    assert adjusted > 50


LOCK = (
    *("NetworkLastLockCost", "NetworkLastRegistered", "NetworkMinLockCost"),
    *("NetworkLockReductionInterval", "TotalIssuance", "NetworkRegisteredAt"),
    *("SubnetTAO", "SubnetAlphaIn", "FirstEmissionBlockNumber"),
)


def registrations(recording: Path) -> list[tuple[int, int, int]]:
    """Each recorded registration: block, what the rule asks, what the chain took; pools checked."""
    found = []
    for block, before, after in steps(recording, *LOCK):
        for netuid in set(after.subnets()) - set(before.subnets()):
            asked = lock_cost.ERAS.at(293).module.recompute(
                LockCostState(
                    block_number=block,
                    last_lock_rao=before.number("NetworkLastLockCost"),
                    last_lock_block=before.number("NetworkLastRegistered"),
                    min_lock_rao=before.number("NetworkMinLockCost"),
                    reduction_interval_blocks=before.number("NetworkLockReductionInterval"),
                    block_emission_rao=issuance.block_emission(293, before.number("TotalIssuance")),
                )
            )
            found.append((block, asked, after.number("NetworkLastLockCost")))
            pool = pool_start.ERAS.at(293).module.recompute(
                PoolStartState(asked, before.number("NetworkMinLockCost"))
            )
            assert pool.tao_reserve_rao == after.number("SubnetTAO", netuid)
            assert pool.alpha_reserve_rao == after.number("SubnetAlphaIn", netuid)
        for netuid in before.subnets():
            if before.has("FirstEmissionBlockNumber", netuid):
                continue
            if after.has("FirstEmissionBlockNumber", netuid):
                # The recorded runtime has fast blocks, and a delay of 10.
                call = StartCallState(block, before.number("NetworkRegisteredAt", netuid), 10)
                started = start_call.ERAS.at(371).module.recompute(call)
                assert started == after.number("FirstEmissionBlockNumber", netuid)
    return found


def test_a_recorded_registration_pays_the_lock_and_starts_its_pool(embedded: Path):
    assert registrations(embedded) == [(700, 200 * TAO, 200 * TAO)]


def test_every_registration_of_the_whole_recording_pays_the_lock(localnet_a: Path):
    """The second and third have doubled and decayed since the one before."""
    assert registrations(localnet_a) == [
        (700, 200 * TAO, 200 * TAO),
        (1_800, 384_722_223_200, 384_722_223_200),
        (3_000, 737_384_261_200, 737_384_261_200),
    ]
