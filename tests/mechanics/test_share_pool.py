"""How a hotkey's alpha is divided among its stakers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import share_pool
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import U64F64
from mechanics.share_pool import SharePool, v246_fixed_point, v397_safe_float, v457_capped_value
from mechanics.share_pool.safe_float import MOST, SafeFloat

ZERO = SafeFloat(0, 0)
amounts = st.integers(1, 10**16)


def fixed(*shares: int) -> list[U64F64]:
    return [U64F64.of(share) for share in shares]


def test_the_first_to_stake_gets_as_many_shares_as_rao():
    pool, change = v246_fixed_point.update_one(SharePool(0, U64F64(0)), "first", 1_000)
    assert (pool.value_rao, pool.denominator, change) == (1_000, U64F64.of(1_000), 1_000)
    assert pool.shares == {"first": U64F64.of(1_000)}


def test_what_the_pool_earns_is_everybody_in_proportion():
    whole, three, seven = fixed(10, 3, 7)
    pool = v246_fixed_point.update_all(SharePool(10, whole, {"a": three, "b": seven}), 90)
    assert v246_fixed_point.value_of(pool, "a") == 30
    assert v246_fixed_point.value_of(pool, "b") == 70
    assert v246_fixed_point.value_of(pool, "nobody") == 0


def test_too_little_to_keep_goes_with_the_rest():
    pool = SharePool(10**12, U64F64.of(10**12), {"a": U64F64.of(10**9), "b": U64F64.of(10**12)})
    kept, change = v246_fixed_point.update_one(pool, "a", -(10**9 - 10**4 - 1))
    assert change == -(10**9 - 10**4 - 1)
    assert kept.shares["a"] == U64F64.of(10**4 + 1)
    # 10^4 / 10^9 is cut to a bit below 0.00001 as the chain has it
    emptied, change = v246_fixed_point.update_one(pool, "a", -(10**9 - 10**4))
    assert change == -(10**9)
    assert emptied.shares["a"] == U64F64(0)


def test_shares_too_few_for_a_year_of_emission_go_whole():
    one = SharePool(2**40, U64F64(2**64), {"a": U64F64(2**63), "b": U64F64(2**63)})
    emptied, change = v246_fixed_point.update_one(one, "a", -(2**39) + 2**30)
    assert (emptied.shares["a"], change) == (U64F64(2**54), -(2**39) + 2**30)
    few = SharePool(2**40, U64F64(2**51), {"a": U64F64(2**50), "b": U64F64(2**50)})
    emptied, change = v246_fixed_point.update_one(few, "a", -(2**38))
    assert (emptied.shares["a"], emptied.denominator) == (U64F64(0), U64F64(2**50))
    assert change == -(2**39)


def test_a_safe_float_keeps_what_a_fixed_point_share_is_too_coarse_for():
    pool, change = v397_safe_float.update_one(
        SharePool(10**12, SafeFloat.of(10**12), {"a": SafeFloat.of(10**9)}), "a", -(10**9 - 1)
    )
    assert change == -(10**9 - 1)
    assert v397_safe_float.value_of(pool, "a") == 1


def test_a_share_of_the_older_form_is_carried_over_to_21_digits():
    assert SafeFloat.from_fixed(U64F64(2**64 + 2**63)) == SafeFloat(15 * 10**19, -20)
    assert SafeFloat.from_fixed(U64F64(0)) == ZERO


def test_no_staker_has_more_than_the_pool_from_457():
    over = SharePool(100, SafeFloat.of(10), {"a": SafeFloat.of(11)})
    assert v397_safe_float.value_of(over, "a") == 110
    assert v457_capped_value.value_of(over, "a") == 100


@given(amounts, amounts)
def test_a_safe_float_has_21_digits_and_says_which_is_greater(one, other):
    left, right = SafeFloat.of(one), SafeFloat.of(other)
    assert MOST // 10 < left.mantissa <= MOST
    assert left.to_u64() == one
    assert left.gt(right) == (one > other)
    assert left.add(right).to_u64() == one + other
    assert left.sub(right).to_u64() == max(one - other, 0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(2, 10**15)), min_size=1, max_size=8))
def test_the_parts_of_a_safe_float_pool_never_exceed_the_whole_by_a_rao_each(stakes):
    pool = SharePool(0, ZERO)
    for staker, amount in stakes:
        pool, _ = v397_safe_float.update_one(pool, staker, amount)
        pool = v397_safe_float.update_all(pool, amount // 3)
    parts = [v397_safe_float.value_of(pool, staker) for staker in pool.shares]
    assert pool.value_rao - 2 * len(parts) <= sum(parts) <= pool.value_rao + len(parts)


def test_an_era_is_chosen_by_spec_and_none_is_guessed():
    assert share_pool.ERAS.at(293).name == "v246_fixed_point"
    assert share_pool.ERAS.at(425).name == "v397_safe_float"
    for spec in (233, 245, 459):
        with pytest.raises(UnknownRule):
            share_pool.ERAS.at(spec)


def test_a_pool_below_nothing_is_refused_by_name():
    with pytest.raises(BadState, match="value_rao"):
        SharePool(-1, ZERO)
