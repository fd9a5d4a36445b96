"""Logarithms, exponentials, powers and roots: the chain's series, with their errors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics.fixed import I32F32, I64F64, U64F64
from mechanics.transcendental import (
    checked_floor,
    checked_ln,
    checked_pow,
    checked_sqrt,
    exp,
    ln,
    log2,
    pow,
    powi,
    safe_pow,
    sqrt,
)

ONE, TWO = I32F32.of(1), I32F32.of(2)


def real(value: I32F32 | I64F64 | U64F64) -> float:
    return value.bits / 2**value.FRACTION


@pytest.mark.parametrize("power", range(-31, 31))
def test_log2_of_a_power_of_two_is_exact(power):
    value = I32F32(1 << 32 + power)
    # Below 2^-30 the reciprocal does not fit, where the chain panics.
    assert log2(value) == (I32F32.of(power) if power > -31 else None)


def test_there_is_no_logarithm_of_what_is_not_positive():
    for value in (I32F32(0), I32F32(-1), I64F64(0), I64F64(-1)):
        assert log2(value) is None
        assert ln(value) is None
        assert checked_ln(value) is None


def test_ln_is_good_to_the_23_bits_of_its_constant_and_no_more():
    # The true one is 2977044472 of these bits.
    assert ln(TWO) == I32F32(2**64 // (12_102_203 << 9)) == I32F32(2_977_044_511)
    assert ln(ONE) == I32F32(0)


def test_e_itself_is_kept_with_23_fraction_bits_and_its_reciprocal_is_not():
    assert exp(ONE) == I32F32(22_802_600 << 9)
    assert exp(I32F32.of(-1)) == I32F32(1_580_030_169)
    assert exp(I32F32(0)) == ONE


def test_exp_overflows_to_none_and_is_poor_far_from_zero():
    assert exp(I32F32.of(22)) is None
    assert exp(I32F32(I32F32.MIN)) is None
    assert abs(real(exp(I32F32.of(10))) / math.exp(10) - 1) < 1e-7
    assert exp(I32F32.of(-20)) == I32F32(8)
    assert round(math.exp(-20) * 2**32) == 9


@given(st.integers(-8 * 2**32, 8 * 2**32))
def test_exp_is_near_the_true_one_within_8_of_zero(bits):
    value = I32F32(bits)
    assert abs(real(exp(value)) - math.exp(real(value))) <= max(1, math.exp(real(value))) * 1e-7


@given(st.integers(1, I64F64.MAX))
def test_ln_is_near_the_true_one(bits):
    value = I64F64(bits)
    logarithm = ln(value)
    if logarithm is None:
        assert bits == 1
    else:
        assert abs(real(logarithm) - math.log(real(value))) <= 1e-7 + abs(real(logarithm)) * 2e-8


def test_sqrt_of_a_square_is_its_root():
    assert sqrt(I32F32.of(9)) == I32F32.of(3)
    assert sqrt(ONE) == ONE
    assert sqrt(I32F32(0)) == I32F32(0)
    assert sqrt(I32F32(-1)) is None


def test_powers_of_the_library_start_from_special_cases():
    assert pow(I32F32(0), TWO) == I32F32(0)
    assert pow(TWO, I32F32(0)) == ONE
    assert pow(TWO, ONE) == TWO
    assert pow(I32F32(-1), TWO) is None
    assert powi(TWO, 3) == I32F32.of(8)
    assert powi(TWO, -1) == I32F32(2**31)
    assert powi(TWO, 31) is None
    assert powi(I32F32(0), -1) == I32F32(0)


def test_bisection_stops_within_epsilon():
    root = checked_sqrt(U64F64.of(2), U64F64(1))
    assert abs(root.bits**2 - 2 * 2**128) < 2**67
    # A loose epsilon is content with the first middle, (1 + 1/4) / 2.
    assert checked_sqrt(U64F64(2**62), U64F64.of(1)) == U64F64(5 * 2**61)
    assert checked_sqrt(I32F32(-1), I32F32(1)) is None


@given(st.integers(2**32, 2**96))
def test_bisection_is_near_the_true_root(bits):
    root = checked_sqrt(U64F64(bits), U64F64(2**44))
    assert abs(real(root) - math.sqrt(real(U64F64(bits)))) < 2.0**-19


def test_the_runtimes_own_logarithm_is_a_series_of_eight_terms():
    assert checked_ln(U64F64.of(1)) == U64F64(0)
    # At z near 1 the series is worst: 1 - 1/2 + 1/3 ... - 1/8 for ln 2.
    just_below_two = U64F64(2**65 - 1)
    assert abs(real(checked_ln(just_below_two)) - 0.634523809) < 1e-8


def test_a_power_clamps_each_product():
    assert checked_pow(U64F64.of(3), 4) == U64F64.of(81)
    assert checked_pow(U64F64.of(2), -1) == U64F64(2**63)
    assert checked_pow(U64F64(0), -1) is None
    assert checked_pow(U64F64.of(2), 64) == U64F64(U64F64.MAX)


def test_the_floor_of_a_negative_fraction_is_one_too_low():
    assert checked_floor(I32F32(-(2**31))) == I32F32.of(-2)
    assert checked_floor(I32F32.of(-1)) == I32F32.of(-1)
    assert checked_floor(I32F32(2**31)) == I32F32(0)
    assert checked_floor(I32F32(I32F32.MIN + 1)) is None


def test_emissions_power_is_zero_where_the_number_is_lost_and_clamped_where_it_overflows():
    one = U64F64.of(1)
    assert safe_pow(U64F64(2**32 - 1), one) == U64F64(0)
    assert safe_pow(U64F64.of(2**31 - 1), U64F64.of(2)) == U64F64.of(2**31 - 1)
    assert safe_pow(one, U64F64.of(3)) == one
    assert safe_pow(U64F64(2**34), one) == U64F64(4 << 32)
    assert safe_pow(U64F64(2**34), U64F64.of(2)) == U64F64.of(2**31 - 1)
    # 2^1 by way of ln and exp.
    assert safe_pow(U64F64.of(2), one) == U64F64(8_589_934_663 << 32)
