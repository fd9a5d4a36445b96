"""What an order of a size would pay, and the largest within a bound."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanics import amm
from mechanics.amm import Asset, PoolState, Refused, Side
from mechanics.amm.state import PriceLimitExceeded
from mechanics.eras import BadState, UnknownRule
from mechanics.quote import largest, quote

SPECS = [233, 290, 301, 334, 385, 391, 423, 424, 440]
HALF = 5 * 10**17
POOL = PoolState(1, 10**12, 4 * 10**12, fee_rate_u16=33, quote_weight_perquintill=HALF)
ONE_IN_20 = Fraction(1, 20)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("side", Side)
def test_a_quote_is_what_the_era_pays(spec, side):
    rule = amm.ERAS.at(spec).module
    swap = (rule.buy if side is Side.BUY else rule.sell)(POOL, 10**9)
    found = quote(POOL, side, 10**9, spec)
    assert found.era == amm.ERAS.at(spec).name
    assert found.paid_in_rao == swap.paid_in_rao
    assert found.paid_out_rao == swap.paid_out_rao
    assert (found.fee_rao, found.fee_asset) == (swap.fee_rao, swap.fee_asset)
    assert found.taken_rao == found.offered_rao == 10**9
    assert abs(found.spot_price - Fraction(1, 4)) < Fraction(1, 10**9)


def test_slippage_leaves_the_fee_out_and_cost_has_it():
    sold = quote(POOL, Side.SELL, 4 * 10**9, 424)
    assert sold.fee_rao == 2_014_190
    in_rao = 4 * 10**9 - 2_014_190
    assert sold.slippage == 1 - Fraction(sold.paid_out_rao * 4, in_rao)
    assert sold.cost == 1 - Fraction(sold.paid_out_rao * 4, 4 * 10**9)
    bought = quote(POOL, Side.BUY, 10**9, 424)
    assert bought.slippage == 1 - Fraction(bought.paid_out_rao, 4 * (10**9 - 503_547))
    assert bought.cost == 1 - Fraction(bought.paid_out_rao, 4 * 10**9)


def test_a_flat_fee_out_of_a_sale_is_no_slippage():
    sold = quote(POOL, Side.SELL, 10**9, 246)
    assert sold.fee_asset is Asset.TAO
    assert sold.slippage == 1 - Fraction((sold.paid_out_rao + 50_000) * 4, 10**9)
    assert sold.cost == 1 - Fraction(sold.paid_out_rao * 4, 10**9)


@pytest.mark.parametrize("spec", [233, 290, 424])
def test_along_the_curve_a_twentieth_is_lost_at_a_nineteenth_of_the_reserve(spec):
    found = largest(POOL, Side.SELL, ONE_IN_20, spec)
    exact = Fraction(4 * 10**12, 19)
    assert abs(found.paid_in_rao - exact) <= exact / 10**8


@pytest.mark.parametrize("spec", [233, 290, 385, 424])
@pytest.mark.parametrize("side", Side)
@settings(max_examples=20)
@given(
    st.integers(10**10, 10**15),
    st.integers(10**10, 10**15),
    st.fractions(Fraction(1, 10**4), Fraction(1, 2)),
)
def test_the_largest_is_within_the_bound_and_a_rao_more_is_not(spec, side, tao, alpha, most):
    pool = PoolState(1, tao, alpha, fee_rate_u16=33, quote_weight_perquintill=HALF)
    found = largest(pool, side, most, spec)
    if found is None:
        assert quote_slippage(pool, side, 10**6, spec) > most
        return
    assert found.slippage <= most
    assert found.taken_rao == found.offered_rao
    assert quote_slippage(pool, side, found.offered_rao + 1, spec) > most
    assert quote_slippage(pool, side, 2 * found.offered_rao + 10**6, spec) > most


def quote_slippage(pool: PoolState, side: Side, amount: int, spec: int) -> Fraction:
    try:
        found = quote(pool, side, amount, spec)
    except Refused:
        return Fraction(1)
    return found.slippage if found.taken_rao == amount else Fraction(1)


def test_a_stable_subnet_has_no_largest_order():
    stable = PoolState(0, 1, 1, fee_rate_u16=33)
    for side in Side:
        assert largest(stable, side, Fraction(0), 424).offered_rao == 2**64 - 1


@pytest.mark.parametrize("bound", [Fraction(-1, 10), Fraction(11, 10), 0.01])
def test_a_bound_is_an_exact_ratio_from_0_to_1(bound):
    with pytest.raises(BadState, match="most_slippage"):
        largest(POOL, Side.BUY, bound, 424)


def test_a_limit_is_part_of_the_question():
    stopped = quote(POOL, Side.BUY, 10**12, 424, limit_price_rao=260_000_000)
    assert stopped.taken_rao < stopped.offered_rao
    with pytest.raises(PriceLimitExceeded):
        quote(POOL, Side.BUY, 10**12, 424, limit_price_rao=240_000_000)


@pytest.mark.parametrize("spec", [0, 232, 278, 289, 462])
def test_a_spec_without_a_known_rule_is_not_quoted(spec):
    with pytest.raises(UnknownRule, match=str(spec)):
        quote(POOL, Side.BUY, 10**9, spec)


def test_bad_input_is_refused_by_name():
    for bad, field in (
        (replace(POOL, is_v3_initialized=True), "alpha_sqrt_price"),
        (replace(POOL, fee_rate_u16=None), "fee_rate_u16"),
    ):
        with pytest.raises(BadState, match=field):
            quote(bad, Side.SELL, 10**9, 293)
    with pytest.raises(BadState, match="quote_weight_perquintill"):
        quote(replace(POOL, quote_weight_perquintill=None), Side.SELL, 10**9, 424)
    with pytest.raises(BadState, match="alpha_rao"):
        quote(POOL, Side.SELL, -1, 293)
