"""Fixed-point numbers: bits in, bits out, as the chain's library has them."""

import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics.fixed import I32F32, I64F64, I96F32, I110F18, U64F64, U96F32, U110F18, Fixed

TYPES = [I32F32, I64F64, U64F64, U96F32, I96F32, I110F18, U110F18]
SIGNED = [I32F32, I64F64, I96F32, I110F18]

kinds = st.sampled_from(TYPES)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Fixed, Fixed]:
    kind = draw(kinds)
    bits = st.one_of(
        st.integers(kind.MIN, kind.MAX),
        st.integers(max(kind.MIN, -(2**70)), min(kind.MAX, 2**70)),
        st.sampled_from([kind.MIN, kind.MAX, 0, 1, 1 << kind.FRACTION]),
    )
    return kind(draw(bits)), kind(draw(bits))


def ieee(value: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def number(value: Fixed) -> Fraction:
    return Fraction(value.bits, 1 << value.FRACTION)


@pytest.mark.parametrize("kind", TYPES)
def test_one_has_as_many_fraction_bits_as_the_type(kind):
    assert kind.of(1).bits == 1 << kind.FRACTION
    assert kind.MAX.bit_length() == kind.WIDTH - (kind.MIN < 0)


@pytest.mark.parametrize("kind", TYPES)
def test_bits_that_the_type_cannot_hold_are_refused(kind):
    for bits in (kind.MAX + 1, kind.MIN - 1):
        with pytest.raises(OverflowError, match=kind.__name__):
            kind(bits)


def test_two_types_never_mix():
    for operate in (
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: a < b,
        lambda a, b: a.checked_mul(b),
        lambda a, b: a.safe_div(b),
    ):
        with pytest.raises(TypeError, match="do not mix"):
            operate(U96F32.of(1), I96F32.of(1))
    assert U96F32.of(1) != I96F32.of(1)


def test_a_product_falls_toward_minus_infinity_and_a_quotient_toward_zero():
    ulp = I32F32(1)
    half = I32F32(2**31)
    assert ulp * half == I32F32(0)
    assert -ulp * half == I32F32(-1)
    assert ulp / I32F32.of(2) == I32F32(0)
    assert -ulp / I32F32.of(2) == I32F32(0)
    assert I32F32.of(-1) / I32F32.of(3) == I32F32(-1431655765)


def test_what_does_not_fit_is_clamped_checked_or_wrapped():
    top, ulp = I64F64(I64F64.MAX), I64F64(1)
    assert top + ulp == top
    assert top.checked_add(ulp) is None
    assert top.wrapping_add(ulp) == I64F64(I64F64.MIN)
    assert U64F64(0) - U64F64(1) == U64F64(0)
    assert U64F64(0).checked_sub(U64F64(1)) is None
    assert U64F64(0).wrapping_sub(U64F64(1)) == U64F64(U64F64.MAX)


def test_a_quotient_that_is_none_is_zero_or_the_default_when_asked_safely():
    one, zero = U96F32.of(1), U96F32.of(0)
    assert one.checked_div(zero) is None
    assert one.safe_div(zero) == zero
    assert one.safe_div_or(zero, one) == one
    with pytest.raises(ZeroDivisionError):
        one / zero
    # 2^96 - 2^-32 over 2^-32 does not fit either.
    assert U96F32(U96F32.MAX).safe_div(U96F32(1)) == zero
    assert U96F32(U96F32.MAX) / U96F32(1) == U96F32(U96F32.MAX)


def test_rounding_goes_away_from_zero_at_a_half():
    half = 2**31
    assert I32F32(half).round() == I32F32.of(1)
    assert I32F32(-half).round() == I32F32.of(-1)
    assert I32F32(half - 1).round() == I32F32.of(0)
    assert I32F32(-half).floor() == I32F32.of(-1)
    assert I32F32(-half).ceil() == I32F32.of(0)
    assert I32F32(1).ceil() == I32F32.of(1)
    assert I32F32(-1).frac() == I32F32(2**32 - 1)


def test_integers_out_of_a_number_are_floors_clamped():
    assert I96F32(-1).to_u64_sat() == 0
    assert I96F32(-1).to_i64_sat() == -1
    assert U96F32(U96F32.MAX).to_u64_sat() == 2**64 - 1
    assert U96F32.of(65_536).to_u16_sat() == 65_535
    assert I96F32(I96F32.MIN).to_i64_sat() == -(2**63)


def test_a_number_turns_into_another_type_losing_surplus_bits_toward_minus_infinity():
    assert I32F32.saturating_from(I64F64(-1)) == I32F32(-1)
    assert I32F32.saturating_from(I64F64.of(2**40)) == I32F32(I32F32.MAX)
    assert U64F64.saturating_from(I96F32(-1)) == U64F64(0)
    assert U64F64.checked_from(I96F32(-1)) is None
    assert U64F64.saturating_from(U96F32(1)) == U64F64(2**32)


def test_a_double_turns_into_the_nearest_number_ties_to_even():
    # 3e-6 is the default SubnetMovingAlpha.
    assert I96F32.saturating_from_f64(ieee(0.000003)) == I96F32(12885)
    assert I32F32.saturating_from_f64(ieee(2.0**-33)) == I32F32(0)
    assert I32F32.saturating_from_f64(ieee(3 * 2.0**-33)) == I32F32(2)
    assert U96F32.saturating_from_f64(ieee(-1.0)) == U96F32(0)
    assert I32F32.saturating_from_f64(ieee(float("inf"))) == I32F32(I32F32.MAX)
    with pytest.raises(ValueError, match="not a number"):
        I32F32.saturating_from_f64(ieee(float("nan")))


@given(st.floats(min_value=-(2.0**31), max_value=2.0**31 - 1))
def test_a_double_comes_back_when_the_type_holds_all_its_bits(value):
    held = I64F64.saturating_from_f64(ieee(value))
    if Fraction(value) * 2**64 == held.bits:
        assert held.to_f64() == ieee(value + 0.0)
    else:
        assert abs(Fraction(value) * 2**64 - held.bits) <= Fraction(1, 2)


@given(pairs())
def test_operators_are_the_exact_results_clamped(pair):
    a, b = pair
    kind, unit = type(a), Fraction(1, 1 << a.FRACTION)

    def clamped(exact: Fraction) -> Fraction:
        return min(max(exact, kind.MIN * unit), kind.MAX * unit)

    assert number(a + b) == clamped(number(a) + number(b))
    assert number(a - b) == clamped(number(a) - number(b))
    assert number(a * b) == clamped((number(a) * number(b)) // unit * unit)
    if b.bits:
        exact = number(a) / number(b)
        cut = abs(exact) // unit * unit
        assert number(a / b) == clamped(cut if exact >= 0 else -cut)


@given(pairs())
def test_checked_and_wrapping_forms_agree_with_the_operator_where_nothing_overflows(pair):
    a, b = pair
    for checked, wrapping, clamped in (
        (a.checked_add(b), a.wrapping_add(b), a + b),
        (a.checked_sub(b), a.wrapping_sub(b), a - b),
        (a.checked_mul(b), a.wrapping_mul(b), a * b),
    ):
        if checked is None:
            assert clamped.bits in (clamped.MIN, clamped.MAX)
            assert wrapping != clamped
        else:
            assert checked == wrapping == clamped


@given(pairs())
def test_whole_part_and_fraction_make_the_number(pair):
    value, _ = pair
    assert value.int().bits + value.frac().bits == value.bits
    assert 0 <= value.frac().bits < 1 << value.FRACTION
    assert value.floor().bits <= value.bits <= max(value.ceil().bits, value.bits)
