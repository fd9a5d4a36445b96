"""Constant product, specs 233 to 277."""

import pytest

from mechanics import amm
from mechanics.amm import Asset, PoolState, Swap
from mechanics.amm import v233_constant_product as rule
from mechanics.amm.state import InsufficientLiquidity
from mechanics.eras import BadState
from mechanics.fixed import U96F32

POOL = PoolState(1, 10**12, 4 * 10**12)
STABLE = PoolState(0, 10**12, 5)


def reserves(pool: PoolState) -> tuple[int, int]:
    return pool.tao_reserve_rao, pool.alpha_reserve_rao


def test_the_price_is_the_ratio_of_the_reserves():
    assert rule.spot_price(POOL) == U96F32(2**30)
    assert rule.spot_price(PoolState(1, 10**12, 0)) == U96F32(0)
    assert rule.spot_price(STABLE) == U96F32.of(1)


def test_a_buy_pays_its_fee_first_and_keeps_the_product():
    # 4e24 / (1e12 + 1e9 - 5e4) = 3,996,004,195,604.6
    swap = rule.buy(POOL, 10**9)
    assert (swap.paid_in_rao, swap.paid_out_rao) == (10**9 - 50_000, 3_995_804_395)
    assert (swap.fee_rao, swap.fee_asset) == (50_000, Asset.TAO)
    assert reserves(swap.pool) == (10**12 + 10**9, 4 * 10**12 - 3_995_804_395)


def test_a_sale_pays_its_fee_out_of_what_it_gets():
    # 1e12 - 4e24 / (4e12 + 1e9) = 249,937,515.6
    swap = rule.sell(POOL, 10**9)
    assert (swap.paid_in_rao, swap.paid_out_rao) == (10**9, 249_937_515 - 50_000)
    assert (swap.fee_rao, swap.fee_asset) == (50_000, Asset.TAO)
    assert reserves(swap.pool) == (10**12 - 249_937_515 + 50_000, 4 * 10**12 + 10**9)


def test_the_protocol_sells_without_a_fee():
    swap = rule.sell(POOL, 10**9, drop_fees=True)
    assert (swap.paid_out_rao, swap.fee_rao) == (249_937_515, 0)


def test_a_quotient_that_is_whole_leaves_no_rao_behind():
    # 4e24 / 2e12 = 2e12 exactly
    assert rule.buy(POOL, 10**12, drop_fees=True).paid_out_rao == 2 * 10**12


def test_a_pool_is_never_left_with_less_than_ten_million_rao():
    small = PoolState(1, 10**9, 20_000_000)
    assert rule.buy(small, 10**9, drop_fees=True).pool.alpha_reserve_rao == 10_000_000
    with pytest.raises(InsufficientLiquidity, match="alpha_reserve_rao"):
        rule.buy(small, 10**9 + 1_000, drop_fees=True)
    with pytest.raises(InsufficientLiquidity, match="tao_reserve_rao"):
        rule.sell(PoolState(1, 20_000_000, 10**9), 10**9 + 1_000)


def test_an_order_is_refused_for_its_whole_size_though_its_fee_would_save_it():
    small = PoolState(1, 10**9, 20_000_000)
    with pytest.raises(InsufficientLiquidity):
        rule.buy(small, 10**9 + 40_000)


def test_a_limit_stops_where_the_average_price_would_pass_it():
    # 260,000,000 x 4e12 / 1e9 - 1e12
    assert rule.most_bought_for(POOL, 260_000_000) == 40_000_000_000
    assert rule.buy(POOL, 10**12, 260_000_000) == rule.buy(POOL, 40_000_000_000)
    assert rule.buy(POOL, 10**9, 260_000_000) == rule.buy(POOL, 10**9)
    # 1e12 x 1e9 / 200,000,000 - 4e12
    assert rule.most_sold_for(POOL, 200_000_000) == 10**12
    assert rule.sell(POOL, 2 * 10**12, 200_000_000) == rule.sell(POOL, 10**12)


def test_a_limit_on_the_wrong_side_of_the_price_lets_nothing_through():
    swap = rule.buy(POOL, 10**9, 249_999_999)
    assert (swap.paid_in_rao, swap.paid_out_rao, swap.fee_rao) == (0, 0, 0)
    assert swap.pool == POOL


def test_a_stable_subnet_swaps_one_to_one():
    bought, sold = rule.buy(STABLE, 10**9), rule.sell(STABLE, 10**9)
    assert (bought.paid_out_rao, bought.fee_rao) == (10**9 - 50_000, 50_000)
    assert reserves(bought.pool) == (10**12 + 10**9, 0)
    assert (sold.paid_out_rao, sold.fee_rao) == (10**9 - 50_000, 50_000)
    assert reserves(sold.pool) == (10**12 - 10**9 + 50_000, 10**9 + 5)


def test_an_injection_goes_into_the_reserves():
    assert reserves(rule.inject(POOL, 7, 11)) == (10**12 + 7, 4 * 10**12 + 11)


def test_an_empty_pool_pays_nothing():
    with pytest.raises(InsufficientLiquidity):
        rule.buy(PoolState(1, 0, 0), 10**9)


@pytest.mark.parametrize("amount", [-1, 2**64])
def test_what_is_no_balance_is_refused_by_name(amount):
    with pytest.raises(BadState, match="tao_rao"):
        rule.buy(POOL, amount)
    with pytest.raises(BadState, match="alpha_rao"):
        rule.sell(POOL, amount)
    with pytest.raises(BadState, match="alpha_rao"):
        rule.inject(POOL, 1, amount)


@pytest.mark.parametrize(
    "field", ["tao_reserve_rao", "alpha_reserve_rao", "mechanism", "fee_rate_u16"]
)
def test_a_state_below_nothing_is_refused_by_name(field):
    with pytest.raises(BadState) as bad:
        PoolState(**({"mechanism": 1, "tao_reserve_rao": 1, "alpha_reserve_rao": 1} | {field: -1}))
    assert bad.value.field == field


def test_the_era_holds_from_233_to_277():
    assert {amm.ERAS.at(spec).module for spec in (233, 252, 277)} == {rule}
    assert isinstance(rule.buy(POOL, 10**9), Swap)
