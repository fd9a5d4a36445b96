"""A ratio to a rational power in big integers, as the weighted pool's library computes it."""

from functools import cache
from math import gcd, isqrt

MAX_EXACT_EXPONENT = 1_024
"""Up to here, of numerator and denominator both, a power is taken exactly."""

_MAX_TERMS = 4_096
_GUARD_BITS = 24
_GUARD = 1 << _GUARD_BITS
_LEAST_BITS = 32


def pow_ratio_scaled(
    base_numerator: int,
    base_denominator: int,
    exponent_numerator: int,
    exponent_denominator: int,
    precision_bits: int,
    scale: int,
) -> int | None:
    """(bn / bd)^(en / ed) in parts of ``scale``.

    Rule
        The exponent is reduced. Where en and ed are at most 1,024: the floor of the exact root of
        bn^en scale^ed / bd^en. Else, with rp = max(precision, 32, bits of scale + 8) bits and 24
        guard bits: ln bn - ln bd by series, times en, floored over ed; e to that by series;
        rounded to rp bits, half away from zero; times scale, floored.

    Args
        base_numerator, base_denominator: at least 0, dimensionless.
        exponent_numerator, exponent_denominator: at least 0, dimensionless.
        precision_bits: bits asked for.
        scale: what 1 is written as.

    Returns
        Parts of scale; 0 for a base of 0; None for a denominator of 0.

    Errors
        None.

    Source
        safe-bigmath@013c4998, src/integer.rs: pow_ratio_scaled_with_max_iters.
    """
    if base_denominator == 0 or exponent_denominator == 0:
        return None
    if base_numerator == 0:
        return 0
    if exponent_numerator == 0:
        return scale
    common = gcd(exponent_numerator, exponent_denominator)
    up, down = exponent_numerator // common, exponent_denominator // common
    if up <= MAX_EXACT_EXPONENT and down <= MAX_EXACT_EXPONENT:
        return _root(base_numerator**up * scale**down // base_denominator**up, down)
    result_bits = max(precision_bits, _LEAST_BITS, scale.bit_length() + 8)
    bits = result_bits + _GUARD_BITS
    logarithm = ln(base_numerator, bits) - ln(base_denominator, bits)
    power = _rounded(exp(logarithm * up // down, bits))
    return power * scale >> result_bits


def _root(value: int, degree: int) -> int:
    """The greatest integer whose power is not above the value."""
    if degree == 1 or value < 2:
        return value
    if degree == 2:
        return isqrt(value)
    low = 1 << (value.bit_length() - 1) // degree
    high = 2 * low
    while high - low > 1:
        middle = low + high >> 1
        low, high = (middle, high) if middle**degree <= value else (low, middle)
    return low


def _max_terms(bits: int) -> int:
    return min(_MAX_TERMS, bits + 128)


def _rounded(value: int) -> int:
    """Without the guard bits, half away from zero."""
    magnitude = abs(value) + _GUARD // 2 >> _GUARD_BITS
    return -magnitude if value < 0 else magnitude


def ln(value: int, bits: int) -> int:
    """The natural logarithm of a whole number above 0, with so many fraction bits.

    Rule
        That of its mantissa in 0.75 .. 1.5, plus n ln 2.

    Args
        value: above 0.
        bits: fraction bits, 24 of them guards.

    Returns
        Raw bits, off by less than 2^32.

    Errors
        None.

    Source
        safe-bigmath@013c4998, src/integer.rs.
    """
    shift = value.bit_length() - 1
    mantissa = (value << bits) >> shift
    if mantissa >= 3 << bits - 1:
        mantissa, shift = mantissa >> 1, shift + 1
    return _ln_1p(mantissa - (1 << bits), bits) + shift * _ln_2(bits)


@cache
def _ln_2(bits: int) -> int:
    return -_ln_1p(-(1 << bits - 1), bits)


def _ln_1p(x: int, bits: int) -> int:
    """ln(1 + x) by x - x^2/2 + x^3/3 ..., until a term no longer shows."""
    power = result = x
    before = _rounded(result)
    for n in range(2, _max_terms(bits) + 1):
        power = power * x >> bits
        term = power // n
        if power == 0 or term == 0:
            break
        result += term if n % 2 else -term
        after = _rounded(result)
        if abs(term) < _GUARD or after == before:
            break
        before = after
    return result


def exp(x: int, bits: int) -> int:
    """e to the power x by 1 + x + x^2/2! + ..., until a term no longer shows.

    Args
        x: raw bits.
        bits: fraction bits, 24 of them guards.

    Returns
        Raw bits; for |x| below 16 off by less than 2^33.

    Errors
        None.

    Source
        safe-bigmath@013c4998, src/integer.rs.
    """
    term = result = 1 << bits
    before = _rounded(result)
    for n in range(1, _max_terms(bits) + 1):
        term = term * x // (n << bits)
        if term == 0:
            break
        result += term
        after = _rounded(result)
        if abs(term) < _GUARD or after == before:
            break
        before = after
    return result
