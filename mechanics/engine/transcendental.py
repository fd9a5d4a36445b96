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
    at,
    compiled,
    div_u64f64,
    is_less,
    multiplied,
    put,
    rest,
    total,
)
from mechanics.fixed import I32F32
from mechanics.transcendental import exp

_ONE = np.uint64(2**32)
_TWO = np.uint64(2**33)
_LEAST = np.uint64(3)
_MOST_I32F32 = np.uint64(I32F32.MAX)
_LOG2_E = np.uint64(12_102_203)
_LOG2_E_SHIFT = np.uint64(23)
_E = np.uint64(exp(I32F32.of(1)).bits)
_TOO_LARGE = np.uint64(22 << 32)
"""From 22 on the series does not fit, whatever the power: e^22 is above 2^31 by its term 31."""

_TERMS = I32F32.FRACTION
_WIDTHS = [max(i - 1, 0).bit_length() for i in range(_TERMS)]
_INVERSES = np.array(
    [0, 0, *(-(-(1 << 63 + _WIDTHS[i]) // i) for i in range(2, _TERMS))], np.uint64
)
_SHIFTS = np.array([width - 1 if width else 0 for width in _WIDTHS], np.uint64)
"""(n inverse >> 64) >> shift is n // i for every n below 2^63 (Granlund and Montgomery, 1994)."""

_CLAMPED_POWER = (np.uint64(2**31 - 1), ZERO)
_TOP = np.uint64(31)
_BISECTIONS = 128


@compiled
def safe_pow(values, exponent):
    """The law's ``safe_pow`` of many numbers to one power.

    Each stage goes over all of them, so that none waits for the one before. Those below 3 units
    have no logarithm.

    Args
        values: U64F64, shape (n, 2).
        exponent: U64F64.

    Returns
        U64F64, shape (n, 2).
    """
    powers = np.zeros((len(values), 2), np.uint64)
    places = np.empty(len(values), np.int64)
    x = np.empty(len(values), np.uint64)
    n = 0
    for place in range(len(values)):
        x[n] = _i32f32(at(values, place))
        if x[n] >= _LEAST:
            places[n] = place
            n += 1
    x = x[:n]
    is_below_one = _turn_into_log2(x)
    is_large = np.zeros(n, np.bool_)
    multiplier = _i32f32(exponent)
    for k in range(n):
        high, low = multiplied((x[k] << _LOG2_E_SHIFT) // _LOG2_E, multiplier)
        x[k] = (high << HALF_WORD) | (low >> HALF_WORD)
        if is_below_one[k] and low & LOW_WORD != ZERO:
            x[k] += UNIT
        if high >> _TOP != ZERO or x[k] >= _TOO_LARGE:
            is_large[k] = True
            x[k] = ZERO
    series = _exponential(x, is_large)
    for k in range(n):
        if is_large[k]:
            put(powers, places[k], _CLAMPED_POWER)
        else:
            bits = series[k]
            if is_below_one[k]:
                bits = _inverse(bits)
            elif x[k] == _ONE:
                bits = _E
            put(powers, places[k], (bits >> HALF_WORD, bits << HALF_WORD))
    return powers


@compiled
def _i32f32(a):
    """A U64F64 with 32 fraction bits, clamped."""
    if a[0] >> _TOP != ZERO:
        return _MOST_I32F32
    return (a[0] << HALF_WORD) | (a[1] >> HALF_WORD)


@compiled
def _inverse(bits):
    """2^64 over what is at least 2^32."""
    inverse = MOST // bits
    return inverse + UNIT if MOST % bits == bits - UNIT else inverse


@compiled
def _turn_into_log2(values):
    """Put |log2| in the place of numbers of I32F32 of at least 3 units; whether it is negative.

    The law's ``log2``. A number in 1 .. 2 is 1 + f, whose square is 1 + 2 f + f^2.
    """
    n = len(values)
    is_below_one = np.empty(n, np.bool_)
    fractions = np.empty(n, np.uint64)
    for k in range(n):
        bits = values[k]
        is_below_one[k] = bits < _ONE
        if is_below_one[k]:
            bits = _inverse(bits)
        whole = ZERO
        while bits >= _TWO:
            whole += UNIT
            bits = (bits >> UNIT) + (bits & UNIT)
        fractions[k] = bits & LOW_WORD
        values[k] = whole
    for _ in range(32):
        for k in range(n):
            f = fractions[k] & LOW_WORD
            f = (f << UNIT) + ((f * f) >> HALF_WORD)
            carry = np.uint64(f >= _ONE)
            halved = ((f + _ONE) >> UNIT) + (f & UNIT) - _ONE
            fractions[k] = halved if carry != ZERO else f
            values[k] = (values[k] << UNIT) | carry
    return is_below_one


@compiled
def _exponential(x, is_large):
    """The law's ``exp`` of numbers of I32F32 from 0; marks those that have none."""
    n = len(x)
    series = x + _ONE
    terms = x.copy()
    for i in range(2, _TERMS):
        inverse, shift = _INVERSES[i], _SHIFTS[i]
        for k in range(n):
            high, low = multiplied(terms[k], x[k])
            term = (high << HALF_WORD) | (low >> HALF_WORD)
            term = multiplied(term, inverse)[0] >> shift
            terms[k] = term
            series[k] += term
            is_large[k] |= high >> _TOP != ZERO or series[k] >= SIGN
    return series


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
