"""What holds of every pool at every spec."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mechanics import amm
from mechanics.amm import PoolState, Refused

SPECS = [233, 290, 391, 423, 424]
"""One of each rule of swaps."""

INJECTION_SPECS = [290, 301, 334, 423, 440]

balances = st.integers(10**9, 10**16)
orders = st.integers(10**6, 10**15)
weights = st.integers(10**17, 9 * 10**17)
rates = st.sampled_from([0, 33, 196, 10_000])


def pool_of(tao: int, alpha: int, weight: int, rate: int) -> PoolState:
    # The chain's V3 holds TAO times the square root of the price in 64 bits, and saturates beyond:
    # a pool of more than 2^63 of it pays out too much, and no real one is near.
    assume(tao**3 < alpha * 2**126)
    return PoolState(1, tao, alpha, fee_rate_u16=rate, quote_weight_perquintill=weight)


def reserve_in(pool: PoolState, side: str) -> int:
    return pool.tao_reserve_rao if side == "buy" else pool.alpha_reserve_rao


pools = st.builds(pool_of, balances, balances, weights, rates)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize(("there", "back"), [("buy", "sell"), ("sell", "buy")])
@given(pools, orders, st.booleans())
def test_a_swap_there_and_back_never_gains(spec, there, back, pool, amount, drop_fees):
    rule = amm.ERAS.at(spec).module
    assume(amount <= 10 * reserve_in(pool, there))
    try:
        gone = getattr(rule, there)(pool, amount, drop_fees=drop_fees)
        come = getattr(rule, back)(gone.pool, gone.paid_out_rao, drop_fees=drop_fees)
    except Refused:
        assume(False)
    assert come.paid_out_rao <= amount


@pytest.mark.parametrize("spec", SPECS)
@given(pools, orders, st.integers(1, 10**12), st.sampled_from(["buy", "sell"]))
def test_a_larger_order_never_pays_less(spec, pool, amount, more, side):
    rule = amm.ERAS.at(spec).module
    assume(amount + more <= 10 * reserve_in(pool, side))
    trade = getattr(rule, side)
    try:
        small, large = trade(pool, amount), trade(pool, amount + more)
    except Refused:
        assume(False)
    assert large.paid_out_rao >= small.paid_out_rao


@pytest.mark.parametrize("spec", SPECS)
@given(pools, orders, st.sampled_from(["buy", "sell"]))
def test_a_swap_takes_all_of_the_order_and_conserves_both_assets(spec, pool, amount, side):
    rule = amm.ERAS.at(spec).module
    # Far beyond, the price limits that stand for none would stop it.
    assume(amount <= min(pool.tao_reserve_rao, pool.alpha_reserve_rao))
    try:
        swap = getattr(rule, side)(pool, amount)
    except Refused:
        assume(False)
    after = swap.pool
    is_fee_beside = spec >= 290
    if side == "buy":
        assert swap.paid_in_rao + swap.fee_rao == amount
        kept = amount - (swap.fee_rao if is_fee_beside else 0)
        assert after.tao_reserve_rao == pool.tao_reserve_rao + kept
        assert after.alpha_reserve_rao == pool.alpha_reserve_rao - swap.paid_out_rao
    else:
        fee_in_alpha = swap.fee_rao if is_fee_beside else 0
        assert swap.paid_in_rao + fee_in_alpha == amount
        assert after.alpha_reserve_rao == pool.alpha_reserve_rao + swap.paid_in_rao
        assert after.tao_reserve_rao == pool.tao_reserve_rao - swap.paid_out_rao


@pytest.mark.parametrize("spec", INJECTION_SPECS)
@given(pools, st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_injection_keeps_the_price_from_290(spec, pool, tao, alpha):
    rule = amm.ERAS.at(spec).module
    pool = rule.initialized(pool) if spec < 423 else pool
    before, after = rule.spot_price(pool), rule.spot_price(rule.inject(pool, tao, alpha))
    if spec < 423:
        assert after == before
    else:
        # Weights have 18 digits, quotients 64 bits.
        slack = Fraction(before.bits, 10**16) + before.bits.bit_length() + 64
        ratio = Fraction(pool.tao_reserve_rao, pool.alpha_reserve_rao)
        assert abs(after.bits - before.bits) <= slack + 64 * max(ratio, 1)
