"""The series that shares are made with, compiled: the power in I32F32 and the root by bisection."""

import numpy as np

from mechanics.engine.wide import (
    HALF_WORD,
    LOW_WORD,
    MOST,
    NOTHING,
    ONE_U64F64,
    SIGN,
    UNIT,
    ZERO,
    compiled,
    div_u64f64,
    is_less,
    multiplied,
    rest,
    total,
)
from mechanics.fixed import I32F32
from mechanics.transcendental import exp

_ONE = np.uint64(2**32)
_TWO = np.uint64(2**33)
_MOST_I32F32 = np.uint64(I32F32.MAX)
_LOG2_E = np.uint64(12_102_203)
_SHIFT = np.uint64(23)
_E = np.uint64(exp(I32F32.of(1)).bits)
_TOO_LARGE = np.uint64(22 << 32)
"""From 22 on the series does not fit, whatever the power: e^22 is above 2^31 by its term 31."""

_CLAMPED_POWER = (np.uint64(2**31 - 1), ZERO)
_BISECTIONS = 128


@compiled
def log2_magnitude(value):
    """|log2| of a number above 0 in I32F32, and whether it is negative; no log2 of 2^-32 or 2^-31.

    The law's ``log2``; a number in 1 .. 2 is 1 + f, whose square is 1 + 2 f + f^2.
    """
    is_negative = value < _ONE
    bits = MOST // value if is_negative else value
    if is_negative and MOST % value == value - UNIT:
        bits += UNIT
    result = ZERO
    while bits >= _TWO:
        result += UNIT
        bits = (bits >> UNIT) + (bits & UNIT)
    if bits == _ONE:
        return result << HALF_WORD, is_negative
    f = bits & LOW_WORD
    for _ in range(32):
        f = (f << UNIT) + ((f * f) >> HALF_WORD)
        carry = np.uint64(f >= _ONE)
        result = (result << UNIT) | carry
        if carry:
            f = ((f + _ONE) >> UNIT) + (f & UNIT) - _ONE
    return result, is_negative


@compiled
def safe_pow(value, exponent):
    """The law's ``safe_pow`` of U64F64."""
    v = _i32f32(value)
    if v < np.uint64(3):
        return NOTHING
    log2, is_negative = log2_magnitude(v)
    logarithm = (log2 << _SHIFT) // _LOG2_E
    high, low = multiplied(logarithm, _i32f32(exponent))
    if high >> np.uint64(31) != ZERO:
        return _CLAMPED_POWER
    power = (high << HALF_WORD) | (low >> HALF_WORD)
    if is_negative and low & LOW_WORD != ZERO:
        power += UNIT
    bits = exponential(power, is_negative)
    if bits == MOST:
        return _CLAMPED_POWER
    return bits >> HALF_WORD, bits << HALF_WORD


@compiled
def _i32f32(a):
    """A U64F64 with 32 fraction bits, clamped."""
    if a[0] >> np.uint64(31) != ZERO:
        return _MOST_I32F32
    return (a[0] << HALF_WORD) | (a[1] >> HALF_WORD)


@compiled
def exponential(x, is_negative):
    """The law's ``exp`` of the I32F32 of magnitude x; all bits set where it has none."""
    if x == ZERO:
        return _ONE
    if x == _ONE and not is_negative:
        return _E
    if x >= _TOO_LARGE:
        return MOST
    result = x + _ONE
    term = x
    for i in range(2, 32):
        high, low = multiplied(term, x)
        if high >> np.uint64(31) != ZERO:
            return MOST
        term = ((high << HALF_WORD) | (low >> HALF_WORD)) // np.uint64(i)
        if term == ZERO:
            break
        result += term
        if result >= SIGN:
            return MOST
    if not is_negative:
        return result
    inverse = MOST // result
    if MOST % result == result - UNIT:
        inverse += UNIT
    return inverse


@compiled
def checked_sqrt(value, epsilon):
    """The law's ``checked_sqrt`` of U64F64."""
    if is_less(ONE_U64F64, value):
        high, low = value, NOTHING
    else:
        high, low = ONE_U64F64, value
    middle = _half(total(high, low))
    quotient = div_u64f64(value, middle)
    rounds = 0
    while is_less(epsilon, _distance(quotient, middle)):
        if is_less(quotient, middle):
            high = middle
        else:
            low = middle
        middle = _half(total(high, low))
        quotient = div_u64f64(value, middle)
        rounds += 1
        if rounds > _BISECTIONS:
            break
    return middle


@compiled
def _half(a):
    return a[0] >> UNIT, (a[0] << np.uint64(63)) | (a[1] >> UNIT)


@compiled
def _distance(a, b):
    return rest(b, a) if is_less(a, b) else rest(a, b)
