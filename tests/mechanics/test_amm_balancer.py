"""The weighted pool, specs 423 to 461."""

from dataclasses import replace

import pytest

from mechanics import amm
from mechanics.amm import (
    Asset,
    PoolState,
    Position,
    Side,
    v423_balancer,
    v424_bounded_input,
    v426_reservoirs,
)
from mechanics.amm import v424_bounded_input as rule
from mechanics.amm.power import pow_ratio_scaled
from mechanics.amm.state import (
    PERQUINTILL,
    PriceLimitExceeded,
    ReservesTooLow,
    SwapInputTooLarge,
)
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import U64F64

ERAS = [v423_balancer, v424_bounded_input, v426_reservoirs]
HALF = PERQUINTILL // 2
POOL = PoolState(1, 10**12, 4 * 10**12, fee_rate_u16=33, quote_weight_perquintill=HALF)
TILTED = replace(POOL, quote_weight_perquintill=PERQUINTILL // 4)
STABLE = PoolState(0, 10**12, 5, fee_rate_u16=33)


def reserves(pool: PoolState) -> tuple[int, int]:
    return pool.tao_reserve_rao, pool.alpha_reserve_rao


# ---------------------------------------------------------------------- powers


@pytest.mark.parametrize(
    ("arguments", "power"),
    [
        ((4, 9, 1, 2, 256, 1_000), 666),
        ((4, 9, 1, 2, 0, 10**18), 666_666_666_666_666_666),
        ((8, 27, 2, 3, 256, 9), 4),
        ((0, 5, 0, 7, 256, 10), 0),
        ((5, 0, 1, 2, 256, 10), None),
        ((5, 3, 1, 0, 256, 10), None),
        ((5, 3, 0, 2, 256, 10), 10),
        # 1,025 / 1,024 is beyond the exact powers. 2.00135426138613271335..., by 60 digits.
        ((2, 1, 1_025, 1_024, 256, 10**18), 2_001_354_261_386_132_713),
        ((2, 1, 1_024, 1_023, 256, 10**18), 2_001_355_585_648_338_824),
    ],
)
def test_a_power_is_the_floor_of_its_parts(arguments, power):
    assert pow_ratio_scaled(*arguments) == power


def test_both_ways_to_a_power_agree_where_they_meet():
    """A power of 1,024 parts is exact, one a hair beside it a series; both floor."""
    exact = pow_ratio_scaled(21, 28, 1_023, 1_024, 256, 10**18)
    series = pow_ratio_scaled(21, 28, 1_023 * 10**15, 1_024 * 10**15 + 1, 256, 10**18)
    assert abs(exact - series) <= 1


# ---------------------------------------------------------------------- price and weights


@pytest.mark.parametrize("era", ERAS)
def test_the_price_is_the_ratio_of_the_reserves_times_that_of_the_weights(era):
    assert era.spot_price(POOL) == U64F64(2**62)
    assert era.spot_price(TILTED) == U64F64(3 * 2**62)
    assert era.spot_price(STABLE) == U64F64.of(1)
    assert era.spot_price(replace(POOL, alpha_reserve_rao=0)) == U64F64(0)


@pytest.mark.parametrize("era", ERAS)
def test_an_injection_off_the_price_moves_the_weights_not_the_price(era):
    after = era.inject(POOL, 10**12, 0)
    assert after.quote_weight_perquintill == 2 * PERQUINTILL // 3
    assert reserves(after) == (2 * 10**12, 4 * 10**12)
    # A weight is floored to parts of 10^18, which are about 18 bits of this price.
    assert abs(era.spot_price(after).bits - 2**62) <= 18
    assert era.inject(POOL, 10**9, 4 * 10**9).quote_weight_perquintill == HALF


@pytest.mark.parametrize("era", [v423_balancer, v424_bounded_input])
def test_an_injection_beyond_the_weights_is_dropped(era):
    # 99 times the TAO is a weight of exactly 0.99, a rao more of it is too much.
    assert era.inject(POOL, 98 * 10**12, 0).quote_weight_perquintill == 99 * PERQUINTILL // 100
    dropped = era.adjust_liquidity(POOL, 98 * 10**12 + 100, 0)
    assert (dropped.pool, dropped.tao_rao, dropped.alpha_rao) == (POOL, 0, 0)


def test_from_426_what_becomes_of_such_an_injection_is_not_known():
    with pytest.raises(UnknownRule):
        v426_reservoirs.inject(POOL, 98 * 10**12 + 100, 0)
    with pytest.raises(UnknownRule):
        v426_reservoirs.inject(replace(POOL, alpha_reservoir_rao=1), 1, 4)


def test_a_pool_without_reserves_is_weighted_in_halves():
    empty = replace(TILTED, tao_reserve_rao=0, alpha_reserve_rao=0)
    assert rule.reweighted(empty, 0, 0) == HALF


@pytest.mark.parametrize("weight", [None, 0, PERQUINTILL // 100 - 1, PERQUINTILL])
@pytest.mark.parametrize("era", ERAS)
def test_weights_out_of_bounds_are_refused_by_name(era, weight):
    pool = replace(POOL, quote_weight_perquintill=weight)
    for use in (lambda: era.spot_price(pool), lambda: era.inject(pool, 1, 1)):
        with pytest.raises(BadState, match="quote_weight_perquintill"):
            use()


@pytest.mark.parametrize("era", ERAS)
def test_a_pool_without_weights_begins_with_equal_ones(era):
    assert era.initialized(replace(POOL, quote_weight_perquintill=None)) == POOL
    assert era.initialized(TILTED) is TILTED


def test_a_pool_comes_over_with_the_price_it_had():
    v3 = replace(
        POOL,
        is_v3_initialized=True,
        alpha_sqrt_price=U64F64.of(2),
        current_liquidity=5,
        protocol_position=Position(-1, 1, 5),
        tao_scrap_rao=3,
    )
    # 1e12 / (4 x 4e12 + 1e12)
    weighted = v423_balancer.migrated(v3)
    assert weighted == replace(POOL, quote_weight_perquintill=PERQUINTILL // 17)
    assert abs(v423_balancer.spot_price(weighted).bits - 4 * 2**64) < 2**64 // 10**15
    # 1e12 / (100 x 4e12 + 1e12) is below 0.01
    for lost in (U64F64.of(10), None):
        assert v423_balancer.migrated(replace(v3, alpha_sqrt_price=lost)) == POOL


# ---------------------------------------------------------------------- swaps


@pytest.mark.parametrize("era", ERAS)
def test_with_equal_weights_a_swap_is_the_constant_product(era):
    # 4e12 (1 - 1e12 / (1e12 + 999,496,453)) = 3,993,993,829.3
    bought = era.buy(POOL, 10**9)
    assert (bought.paid_in_rao, bought.paid_out_rao) == (999_496_453, 3_993_993_829)
    assert (bought.fee_rao, bought.author_fee_rao) == (503_547, 503_547)
    assert bought.fee_asset is Asset.TAO
    assert reserves(bought.pool) == (10**12 + 999_496_453, 4 * 10**12 - 3_993_993_829)
    # 1e12 (1 - 4e12 / (4e12 + 999,496,453)) = 249,811,691.3
    sold = era.sell(POOL, 10**9)
    assert (sold.paid_in_rao, sold.paid_out_rao, sold.fee_rao) == (
        999_496_453,
        249_811_691,
        503_547,
    )
    assert sold.fee_asset is Asset.ALPHA


@pytest.mark.parametrize("era", ERAS)
def test_weights_bend_the_curve(era):
    # Weights 3 : 1, so the power of a sale is 3 and that of a buy a third.
    sold = era.sell(TILTED, 10**12, drop_fees=True)
    assert sold.paid_out_rao == 10**12 - (10**12 * 4**3 // 5**3)
    bought = era.buy(TILTED, 7 * 10**12, drop_fees=True)
    assert bought.paid_out_rao == 2 * 10**12


@pytest.mark.parametrize("era", ERAS)
def test_a_limit_is_reached_and_not_passed(era):
    # TAO (sqrt(0.36 / 0.25) - 1) = 0.2 TAO
    bought = era.buy(POOL, 10**12, limit_price_rao=360_000_000)
    assert abs(bought.paid_in_rao - 2 * 10**11) <= 1
    assert bought.fee_rao == bought.paid_in_rao * 33 // 65_502
    assert era.spot_price(bought.pool).bits <= 36 * 2**64 // 100
    assert era.most_bought_for(POOL, 360_000_000) == bought.paid_in_rao + bought.fee_rao
    # alpha (sqrt(0.25 / 0.16) - 1) = 0.25 alpha
    sold = era.sell(POOL, 10**13, limit_price_rao=160_000_000)
    assert abs(sold.paid_in_rao - 10**12) <= 1
    assert era.most_sold_for(POOL, 160_000_000) == sold.paid_in_rao + sold.fee_rao


@pytest.mark.parametrize("era", ERAS)
def test_what_the_chain_refuses_is_refused(era):
    with pytest.raises(PriceLimitExceeded, match="limit_price_rao"):
        era.buy(POOL, 10**9, limit_price_rao=250_000_000)
    with pytest.raises(ReservesTooLow, match="alpha_reserve_rao"):
        era.buy(replace(POOL, alpha_reserve_rao=999_999, tao_reserve_rao=10**9), 10**6)
    with pytest.raises(ReservesTooLow, match="tao_reserve_rao"):
        era.sell(POOL, 3)
    with pytest.raises(BadState, match="fee_rate_u16"):
        era.buy(replace(POOL, fee_rate_u16=None), 10**9)


def test_from_424_more_than_a_thousand_reserves_are_too_much():
    most = 1_000 * 10**12
    assert rule.buy(POOL, most, drop_fees=True).paid_out_rao
    with pytest.raises(SwapInputTooLarge, match="tao_rao"):
        rule.buy(POOL, most + 1, drop_fees=True)
    # The fee does not count.
    assert rule.buy(POOL, most + most * 33 // 65_535).paid_out_rao
    with pytest.raises(SwapInputTooLarge, match="alpha_rao"):
        rule.sell(POOL, 5 * most)
    assert v423_balancer.buy(POOL, most + 1, drop_fees=True).paid_out_rao


def test_what_is_left_is_at_most_all_of_it_from_424():
    assert rule.left(5, 0, 1, 1) == v423_balancer.left(5, 0, 1, 1) == U64F64.of(1)
    # Far out, at weights of 23 to 1 and 760 times the reserve, 256 bits have too few terms for
    # e^-152: the series gives 4.2, which the clamp makes 1, and nothing is paid.
    far = (10**9, 759 * 10**9, PERQUINTILL - PERQUINTILL // 24, PERQUINTILL // 24)
    assert v423_balancer.raised(*far, 256) > U64F64.of(4)
    assert rule.left(*far) == U64F64.of(1)
    assert v423_balancer.left(*far) == U64F64(0)


def test_alpha_needed_for_an_amount_of_tao_would_pay_it():
    needed = rule.alpha_needed_for(TILTED, 10**9)
    paid = rule.sell(TILTED, needed + 1, drop_fees=True).paid_out_rao
    assert abs(paid - 10**9) <= 2
    assert rule.alpha_needed_for(TILTED, 10**12) == 0


@pytest.mark.parametrize("era", ERAS)
def test_a_stable_subnet_swaps_one_to_one_without_a_fee(era):
    for trade in (era.buy, era.sell):
        swap = trade(STABLE, 10**15)
        assert (swap.paid_out_rao, swap.fee_rao, swap.pool) == (10**15, 0, STABLE)
    assert era.most_bought_for(STABLE, 10**9) == era.most_sold_for(STABLE, 10**9) == 2**64 - 1
    assert era.most_bought_for(STABLE, 10**9 - 1) == era.most_sold_for(STABLE, 10**9 + 1) == 0


@pytest.mark.parametrize("era", ERAS)
def test_the_author_sells_a_fee_in_alpha_without_a_fee(era):
    sale = era.sell(POOL, 10**10)
    assert era.author_paid(sale) == era.sell(sale.pool, sale.fee_rao, drop_fees=True).pool
    bought = era.buy(POOL, 10**10)
    assert era.author_paid(bought) == bought.pool


def test_the_eras_hold_for_their_specs():
    for spec, number in {423: 0, 424: 1, 425: 1, 426: 2, 440: 2, 461: 2}.items():
        assert amm.ERAS.at(spec).module is ERAS[number], spec


def test_a_step_is_the_swap_before_the_reserves_move():
    step = rule.step(TILTED, Side.SELL, 10**9, U64F64(0), False, rule.left)
    swap = rule.sell(TILTED, 10**9)
    assert (step.delta_in_rao, step.delta_out_rao) == (swap.paid_in_rao, swap.paid_out_rao)
