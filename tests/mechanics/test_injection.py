"""A subnet's part of a block: what goes into its pool, what buys, what the participants get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import emission, injection, issuance
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I96F32, U96F32
from mechanics.injection import Injection, InjectionState, PoolOutcome, Step

TAO = 1_000_000_000
ONE = U96F32.of(1)
MAX_U64 = 2**64 - 1


def rule(spec_version: int):
    return injection.ERAS.at(spec_version).module


def subnet(tao_rao: int, price: U96F32, alpha_rao: int = TAO, **more) -> InjectionState:
    """A candidate open to registration, of a block that mints a TAO."""
    known = {
        "is_registration_allowed": True,
        "is_pow_registration_allowed": False,
        "block_emission_rao": TAO,
        "root_proportion": ONE,
    }
    return InjectionState(U96F32.of(tao_rao), price, alpha_rao, **(known | more))


def closed(tao_rao: int, price: U96F32, **more) -> InjectionState:
    return subnet(tao_rao, price, is_registration_allowed=False, **more)


def part(denominator: int) -> U96F32:
    """1 / denominator, a power of two, exactly."""
    return U96F32(2**32 // denominator)


# ---------------------------------------------------------------- cases of the chain's unit tests

# subtensor spec 233 and 258, pallets/subtensor/src/tests/coinbase.rs. Tolerance: exact.
COINBASE = [
    # spec, mechanism, TAO and alpha reserves, moving prices, E: TAO in, alpha reserve after
    pytest.param(233, 0, 0, 0, [1], 1, [1], None, id="coinbase233_low"),
    pytest.param(
        233, 1, 0, 0, [1, 2], 10**8, [33_333_333, 66_666_666], None, id="coinbase233_prices_1_2"
    ),
    pytest.param(
        *(258, 0, 10**6, 10**6, [1, 1], 10**6, [500_000, 500_000], [1_500_000, 1_500_000]),
        id="alpha_issuance258_base",
    ),
    pytest.param(
        *(258, 1, 10**6, 10**6, [1, 2], 10**6, [333_333, 666_666], [1_333_333, 1_666_666]),
        id="alpha_issuance258_different",
    ),
    pytest.param(
        *(258, 1, 10**3, 10**9, [1, 2], 10**6, [333_333, 666_666], [2 * 10**9, 2 * 10**9]),
        id="alpha_issuance258_cap",
    ),
]


@pytest.mark.parametrize(
    ("spec", "mechanism", "tao", "alpha", "moving", "block_rao", "tao_in", "alpha_after"), COINBASE
)
def test_a_block_injects_what_the_chains_unit_tests_state(
    spec, mechanism, tao, alpha, moving, block_rao, tao_in, alpha_after
):
    netuids = range(1, len(moving) + 1)
    shared = emission.ERAS.at(spec).module.recompute(
        emission.EmissionState(
            block_emission_rao=block_rao,
            moving_price={n: I96F32.of(moving[n - 1]) for n in netuids},
            mechanism=dict.fromkeys(netuids, mechanism),
            first_emission_block_number=dict.fromkeys(netuids, 0),
        )
    )
    price = ONE if mechanism == 0 else U96F32.of(tao).safe_div(U96F32.of(alpha))
    found = [
        rule(spec).recompute(
            InjectionState(
                tao_emission=shared.tao[netuid],
                price=price,
                alpha_emission_rao=issuance.block_emission(spec, alpha),
                is_registration_allowed=True,
                is_pow_registration_allowed=True,
            )
        )
        for netuid in netuids
    ]
    assert [injected.tao_in_rao for injected in found] == tao_in
    if alpha_after is not None:
        assert [alpha + injected.alpha_in_rao for injected in found] == alpha_after
    assert {injected.alpha_out_rao for injected in found} == {TAO}


def test_ten_tao_at_price_one_inject_one_and_buy_with_nine():
    """alpha_inject_cap362_10000000000, subtensor spec 362, tests/coinbase.rs; exact."""
    assert rule(362).recompute(subnet(10 * TAO, ONE)) == Injection(TAO, TAO, TAO, 9 * TAO)


# ---------------------------------------------------------------- the rules, version by version


@pytest.mark.parametrize("spec", [233, 238, 297])
def test_up_to_297_alpha_is_capped_and_the_tao_is_not(spec):
    assert rule(spec).recompute(subnet(TAO, part(4))) == Injection(TAO, TAO, TAO)
    assert rule(spec).recompute(subnet(TAO, U96F32.of(4))) == Injection(TAO, TAO // 4, TAO)


@pytest.mark.parametrize("spec", [233, 238, 298, 320])
def test_without_a_price_the_pool_gets_all_the_alpha_minted(spec):
    injected = rule(spec).recompute(subnet(0, U96F32.of(0), alpha_rao=7))
    assert (injected.tao_in_rao, injected.alpha_in_rao) == (0, 7)


def test_from_342_the_pool_gets_no_alpha_without_a_price():
    assert rule(342).recompute(subnet(5, U96F32.of(0))) == Injection(5, 0, TAO)


def test_233_closes_a_subnet_that_has_registration_by_work_alone():
    assert rule(233).recompute(closed(TAO, ONE)) == Injection(TAO, TAO, TAO)
    by_work = closed(TAO, ONE, is_pow_registration_allowed=True)
    assert rule(233).recompute(by_work) == Injection(0, TAO, TAO)


@pytest.mark.parametrize("spec", [238, 298])
def test_a_closed_subnet_gets_no_tao_but_its_alpha(spec):
    assert rule(spec).recompute(closed(TAO, ONE)) == Injection(0, TAO, TAO)
    by_work = closed(TAO, ONE, is_pow_registration_allowed=True)
    assert rule(spec).recompute(by_work) == Injection(TAO, TAO, TAO)


@pytest.mark.parametrize("spec", [301, 320, 342])
def test_from_301_a_closed_subnet_gets_no_alpha_either(spec):
    assert rule(spec).recompute(closed(TAO, ONE)) == Injection(0, 0, 0)


@pytest.mark.parametrize("spec", [298, 301, 320])
def test_a_closed_subnet_keeps_its_subsidy(spec):
    injected = rule(spec).recompute(closed(TAO // 2, part(4)))
    assert (injected.tao_in_rao, injected.excess_tao_rao) == (0, TAO // 4)
    assert injected.is_subsidized


@pytest.mark.parametrize(("spec", "alpha_in_rao"), [(298, 7), (301, 7), (320, TAO), (341, TAO)])
def test_a_subnet_priced_below_its_share_is_subsidised(spec, alpha_in_rao):
    injected = rule(spec).recompute(subnet(TAO // 2, part(4), alpha_rao=7))
    assert injected == Injection(TAO // 4, alpha_in_rao, 7, TAO // 4, is_subsidized=True)


@pytest.mark.parametrize("spec", [298, 320])
def test_a_price_at_the_share_is_not_below_it(spec):
    at = rule(spec).recompute(subnet(TAO // 4, part(4)))
    assert at == Injection(TAO // 4, TAO, TAO)
    below = rule(spec).recompute(subnet(TAO // 4, U96F32(part(4).bits - 1)))
    assert below.is_subsidized


@pytest.mark.parametrize("spec", [298, 320])
def test_an_unsubsidised_injection_is_not_capped_between_298_and_341(spec):
    injected = rule(spec).recompute(subnet(TAO // 4, part(4), alpha_rao=5))
    assert injected == Injection(TAO // 4, TAO, 5)


def test_from_342_the_tao_is_cut_with_the_alpha():
    assert rule(342).recompute(subnet(TAO, part(4))) == Injection(TAO // 4, TAO, TAO, TAO * 3 // 4)


def test_from_362_the_blocks_tao_caps_the_alpha_too():
    halved = subnet(TAO, part(4), block_emission_rao=TAO // 2)
    assert rule(361).recompute(halved).alpha_in_rao == TAO
    assert rule(362).recompute(halved) == Injection(TAO // 8, TAO // 2, TAO, TAO * 7 // 8)


def test_from_421_roots_proportion_caps_the_alpha_and_the_blocks_tao_does_not():
    old = subnet(TAO, part(4), root_proportion=part(8), block_emission_rao=1)
    assert rule(420).recompute(old).alpha_in_rao == 1
    assert rule(421).recompute(old) == Injection(TAO // 32, TAO // 8, TAO, TAO * 31 // 32)


@pytest.mark.parametrize("spec", [342, 362, 421])
def test_an_injection_at_the_cap_is_not_cut(spec):
    assert rule(spec).recompute(subnet(TAO // 4, part(4))) == Injection(TAO // 4, TAO, TAO)
    over = rule(spec).recompute(subnet(TAO // 4 + 1, part(4)))
    assert over == Injection(TAO // 4, TAO, TAO, 1)


def test_alpha_at_the_cap_leaves_what_its_quotient_cut_off_in_the_pool():
    """T / p, cut, is the cap itself: nothing is excess, though T is a 2^-32 rao above cap p."""
    tao = U96F32(3 * 2**32 + 1)
    terms = rule(342).terms(InjectionState(tao, U96F32.of(3), 1, True, True))
    assert (terms.alpha_in, terms.tao_in, terms.excess_tao.bits) == (ONE, tao, 0)


# ---------------------------------------------------------------- what it leaves behind

INJECTED = Injection(tao_in_rao=100, alpha_in_rao=200, alpha_out_rao=1_000, excess_tao_rao=30)
TAKEN = PoolOutcome(paid_tao_rao=29, bought_alpha_rao=50, added_tao_rao=90, added_alpha_rao=180)


def settled(spec: int, pool: PoolOutcome = TAKEN) -> tuple[int | None, ...]:
    found = rule(spec).settle(INJECTED, pool)
    return (
        found.tao_reserve_rao,
        found.alpha_reserve_rao,
        found.alpha_out_rao,
        found.total_stake_rao,
        found.total_issuance_rao,
        found.protocol_alpha_rao,
        found.excess_tao_rao,
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(233, (100, 200, 1_000, 100, 100, 0, None), id="no buys"),
        pytest.param(298, (100, 200, 950, 100, 100, 0, None), id="bought alpha recycled"),
        pytest.param(341, (100, 200, 950, 100, 100, 0, None), id="buys outside of issuance"),
        pytest.param(342, (100, 200, 950, 100, 130, 0, None), id="excess in issuance"),
        pytest.param(411, (100, 200, 950, 100, 129, 0, 29), id="only what was paid in issuance"),
        pytest.param(413, (100, 200, 1_000, 100, 129, 50, 29), id="bought alpha kept"),
        pytest.param(421, (100, 200, 1_000, 100, 129, 50, 29), id="kept since"),
        pytest.param(423, (90, 180, 1_000, 90, 119, 50, 29), id="what the pool took"),
        pytest.param(439, (90, 180, 1_000, 90, 129, 50, 29), id="the rest waits"),
    ],
)
def test_a_settled_injection_by_version(spec, expected):
    assert settled(spec) == expected


def test_an_injection_the_balancer_drops_from_423_changes_nothing_but_alpha_out():
    dropped = PoolOutcome(added_tao_rao=0, added_alpha_rao=0)
    assert settled(423, dropped) == (0, 0, 1_000, 0, 0, 0, 0)


def test_a_refused_buy_counts_as_issued_up_to_410_and_not_from_411():
    refused = PoolOutcome()
    assert (settled(362, refused)[4], settled(411, refused)[4]) == (130, 100)


def test_the_order_of_buy_liquidity_and_reserves():
    assert rule(297).ORDER == (Step.RESERVES, Step.LIQUIDITY)
    assert rule(298).ORDER == rule(341).ORDER == (Step.BUY, Step.RESERVES, Step.LIQUIDITY)
    assert rule(342).ORDER == rule(425).ORDER == (Step.LIQUIDITY, Step.BUY, Step.RESERVES)
    assert rule(439).ORDER == (Step.BUY, Step.LIQUIDITY, Step.RESERVES)


def test_the_blocks_credit_is_spent_in_netuid_order_excess_first():
    due = {
        2: Injection(tao_in_rao=40, alpha_in_rao=0, alpha_out_rao=0, excess_tao_rao=10),
        1: Injection(tao_in_rao=30, alpha_in_rao=0, alpha_out_rao=0, excess_tao_rao=15),
    }
    spending = rule(411).spent(100, due)
    assert (spending.excess_tao_rao, spending.tao_in_rao) == ({1: 15, 2: 10}, {1: 30, 2: 40})
    assert spending.recycled_rao == 5


def test_the_last_rao_of_the_credit_can_be_spent():
    spending = rule(411).spent(5, {1: Injection(tao_in_rao=5, alpha_in_rao=0, alpha_out_rao=0)})
    assert (spending.tao_in_rao, spending.recycled_rao) == ({1: 5}, 0)


def test_what_the_credit_does_not_cover_is_not_spent_in_part():
    due = {
        1: Injection(tao_in_rao=30, alpha_in_rao=0, alpha_out_rao=0, excess_tao_rao=15),
        2: Injection(tao_in_rao=40, alpha_in_rao=0, alpha_out_rao=0, excess_tao_rao=10),
    }
    spending = rule(411).spent(60, due)
    assert (spending.excess_tao_rao, spending.tao_in_rao) == ({1: 15, 2: 10}, {1: 30, 2: 0})
    assert spending.recycled_rao == 5


def test_the_last_tao_is_minted_and_not_one_rao_more():
    assert rule(411).minted(TAO, 21_000_000 * TAO - 7) == 7
    assert rule(411).minted(TAO, 20_000_000 * TAO) == TAO


# ---------------------------------------------------------------- properties

amounts = st.integers(0, TAO)
prices = st.integers(1, 2**40).map(U96F32)
proportions = st.integers(0, 2**32).map(U96F32)
emissions = st.integers(0, TAO << 32).map(U96F32)


@given(
    st.sampled_from([298, 301, 320, 342, 362, 411, 413, 421, 423]),
    emissions,
    prices,
    amounts,
    amounts,
    proportions,
)
def test_an_open_subnets_tao_is_split_without_a_rest(spec, tao, price, alpha, block, proportion):
    terms = rule(spec).terms(
        InjectionState(tao, price, alpha, True, True, block, root_proportion=proportion)
    )
    assert terms.tao_in + terms.excess_tao == tao
    assert terms.alpha_out == U96F32.of(alpha)


@given(st.sampled_from([342, 362, 421, 423]), emissions, prices, amounts, amounts, proportions)
def test_from_342_an_injection_stays_within_its_cap_and_never_above_the_price(
    spec, tao, price, alpha, block, proportion
):
    terms = rule(spec).terms(
        InjectionState(tao, price, alpha, True, True, block, root_proportion=proportion)
    )
    assert terms.alpha_in <= U96F32.of(alpha)
    assert terms.alpha_in * price <= terms.tao_in


@given(st.integers(0, 2 * TAO), st.lists(st.tuples(amounts, amounts), max_size=8))
def test_the_credit_is_spent_or_recycled_to_the_rao(credit, asked):
    due = {n: Injection(tao, 0, 0, excess) for n, (tao, excess) in enumerate(asked)}
    spending = rule(411).spent(credit, due)
    spent = sum(spending.excess_tao_rao.values()) + sum(spending.tao_in_rao.values())
    assert spent + spending.recycled_rao == credit
    assert spending.recycled_rao >= 0


# ---------------------------------------------------------------- what no chain can have


@pytest.mark.parametrize("spec", [298, 301, 320, 362, 411, 413])
def test_a_missing_block_emission_is_named(spec):
    with pytest.raises(BadState, match="block_emission_rao") as refused:
        rule(spec).recompute(subnet(1, ONE, block_emission_rao=None))
    assert refused.value.field == "block_emission_rao"


@pytest.mark.parametrize("spec", [421, 423, 439])
def test_a_missing_root_proportion_is_named(spec):
    with pytest.raises(BadState, match="root_proportion is missing"):
        rule(spec).recompute(subnet(1, ONE, root_proportion=None))


@pytest.mark.parametrize("rao", [-1, MAX_U64 + 1])
def test_an_amount_that_is_no_u64_is_named(rao):
    with pytest.raises(BadState, match="alpha_emission_rao"):
        subnet(1, ONE, alpha_rao=rao)
    with pytest.raises(BadState, match="block_emission_rao"):
        subnet(1, ONE, block_emission_rao=rao)
    with pytest.raises(BadState, match="bought_alpha_rao"):
        PoolOutcome(bought_alpha_rao=rao)


def test_a_pool_that_does_not_say_what_it_took_is_refused_from_423():
    with pytest.raises(BadState, match="added_tao_rao is missing"):
        settled(423, PoolOutcome(added_alpha_rao=1))
    with pytest.raises(BadState, match="added_alpha_rao is missing"):
        settled(423, PoolOutcome(added_tao_rao=1))


def test_an_issuance_past_the_supply_is_refused():
    with pytest.raises(BadState, match="total_issuance_rao"):
        rule(411).minted(TAO, 21_000_000 * TAO + 1)


@pytest.mark.parametrize("spec", [232, 426, 438, 443])
def test_a_spec_that_nobody_has_read_is_no_rule(spec):
    with pytest.raises(UnknownRule, match=f"spec {spec}"):
        injection.ERAS.at(spec)
