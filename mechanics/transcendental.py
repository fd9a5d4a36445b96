"""Logarithms, exponentials, powers and roots as the chain's own series compute them, bit by bit.

Two libraries are in use on chain, and they differ: ``log2 ln exp sqrt pow powi`` are the
fixed-point library's, ``checked_*`` the runtime's own. None stands for the error each returns.
"""

from typing import TypeVar

from mechanics.fixed import I32F32, U64F64, Fixed

T = TypeVar("T", bound=Fixed)

_LOG2_E_I9F23 = 12_102_203
_E_I9F23 = 22_802_600
_CONSTANT_FRACTION = 23
"""The library keeps its constants with 23 fraction bits and widens them by shifting."""

_LN_2_F64 = 0x3FE62E42FEFA39EF
_RECIPROCALS_F64 = {
    2: 0x3FE0000000000000,
    3: 0x3FD5555555555555,
    4: 0x3FD0000000000000,
    5: 0x3FC999999999999A,
    6: 0x3FC5555555555555,
    7: 0x3FC2492492492492,
    8: 0x3FC0000000000000,
}
"""ln 2 and 1/k as the nearest doubles, in raw bits: ``checked_ln`` takes them from f64 literals."""

_BISECTIONS = 128


# ---------------------------------------------------------------------- the library's


def log2(value: T) -> T | None:
    """The binary logarithm.

    Rule
        Below 1: -log2(1 / v). Else halve (rounding half up) while v >= 2, counting; then F times:
        square v, cutting fraction bits; a result of 2 or more sets the next bit and is halved.

    Args
        value: a signed fixed-point number.

    Returns
        The same type; None for a value that is not positive, or so small that its reciprocal does
        not fit (there the chain panics).

    Errors
        None.

    Source
        substrate-fixed v0.6.0 (d5f70362), src/transcendental.rs: log2, log2_inner.
    """
    kind = type(value)
    if value.bits <= 0:
        return None
    one = kind.of(1)
    if value < one:
        inverse = one.checked_div(value)
        return None if inverse is None else kind.clamped(-_log2_bits(inverse))
    return kind.clamped(_log2_bits(value))


def _log2_bits(value: Fixed) -> int:
    fraction = value.FRACTION
    one, two = 1 << fraction, 2 << fraction
    bits, whole = value.bits, 0
    while bits >= two:
        whole += 1
        bits = (bits >> 1) + (bits & 1)
    if bits == one:
        return whole << fraction
    result = whole
    for _ in range(fraction):
        bits = bits * bits >> fraction
        result <<= 1
        if bits >= two:
            result |= 1
            bits = (bits >> 1) + (bits & 1)
    return result


def ln(value: T) -> T | None:
    """The natural logarithm: log2(v) / LOG2_E, with LOG2_E exact to 23 fraction bits only.

    Args
        value: a signed fixed-point number.

    Returns
        The same type; None where ``log2`` is.

    Errors
        None.

    Source
        substrate-fixed v0.6.0 (d5f70362), src/transcendental.rs: ln.
    """
    binary = log2(value)
    return None if binary is None else binary / _constant(type(value), _LOG2_E_I9F23)


def _constant(kind: type[T], bits_i9f23: int) -> T:
    return kind.clamped(bits_i9f23 << kind.FRACTION - _CONSTANT_FRACTION)


def exp(value: T) -> T | None:
    """e to a power, by the unreduced series.

    Rule
        1 at 0; E (23 fraction bits) at exactly 1. Else with x = |v|: 1 + x + x^2/2! + ... up to
        the term i = F - 1, each term the one before times x (floored) over i (cut); the reciprocal
        when v < 0. There is no early end and no range reduction: above about 12 the error is large.

    Args
        value: a signed fixed-point number.

    Returns
        The same type; None when a term or the sum overflows.

    Errors
        None.

    Source
        substrate-fixed v0.6.0 (d5f70362), src/transcendental.rs: exp.
    """
    kind = type(value)
    one = kind.of(1)
    if value.bits == 0:
        return one
    if value == one:
        return _constant(kind, _E_I9F23)
    if value.bits == kind.MIN:
        return None  # its negation wraps to itself, and the first square overflows
    x = kind.clamped(abs(value.bits))
    # The first sum may wrap for a huge x; the square of such an x overflows all the same.
    result, term = x.wrapping_add(one), x
    for i in range(2, kind.FRACTION):
        product = term.checked_mul(x)
        if product is None:
            return None
        term = product / kind.of(i)
        total = result.checked_add(term)
        if total is None:
            return None
        result = total
    return one.checked_div(result) if value.bits < 0 else result


def sqrt(value: T) -> T | None:
    """The square root by F Newton steps from v/2 + 1, of the reciprocal when v < 1.

    Args
        value: a fixed-point number.

    Returns
        The same type; None for a negative value, or when a reciprocal does not fit.

    Errors
        None.

    Source
        substrate-fixed v0.6.0 (d5f70362), src/transcendental.rs: sqrt.
    """
    kind = type(value)
    one, two = kind.of(1), kind.of(2)
    if value.bits < 0:
        return None
    if value.bits == 0 or value == one:
        return value
    operand = value if value > one else one.checked_div(value)
    if operand is None:
        return None
    root = operand / two + one
    for _ in range(kind.FRACTION):
        root = root.wrapping_add(operand / root) / two
    return one.checked_div(root) if value < one else root


def pow(value: T, exponent: T) -> T | None:
    """exp(exponent ln(value)).

    Args
        value, exponent: signed fixed-point numbers of one type.

    Returns
        The same type; 0 for a value of 0, 1 for an exponent of 0, the value for an exponent of 1;
        None where ``ln`` is, or for an overflow.

    Errors
        None.

    Source
        substrate-fixed v0.6.0 (d5f70362), src/transcendental.rs: pow.
    """
    kind = type(value)
    if value.bits == 0:
        return kind.of(0)
    if exponent.bits == 0:
        return kind.of(1)
    if exponent == kind.of(1):
        return value
    logarithm = ln(value)
    power = None if logarithm is None else logarithm.checked_mul(exponent)
    return None if power is None else exp(power)


def powi(value: T, exponent: int) -> T | None:
    """The value multiplied by itself, |exponent| - 1 times; the reciprocal when it is negative.

    Args
        value: a fixed-point number.
        exponent: an i32.

    Returns
        The same type; 0 for a value of 0; None for an overflow or the reciprocal of 0.

    Errors
        None.

    Source
        substrate-fixed v0.6.0 (d5f70362), src/transcendental.rs: powi.
    """
    kind = type(value)
    if value.bits == 0:
        return kind.of(0)
    if exponent == 0:
        return kind.of(1)
    result = value
    for _ in range(1, abs(exponent)):
        product = result.checked_mul(value)
        if product is None:
            return None
        if product == result:
            break  # 0, 1 or a fixed point of the floor: it stays for all the steps to come
        result = product
    return kind.of(1).checked_div(result) if exponent < 0 else result


# ---------------------------------------------------------------------- the runtime's own


def checked_sqrt(value: T, epsilon: T) -> T | None:
    """The square root by bisection, until v / mid and mid are within epsilon.

    Rule
        (high, low) = (v, 0) when v > 1, else (1, v); mid = (high + low) / 2. While
        |v / mid - mid| > epsilon: high = mid when v / mid < mid, else low = mid; at most 129 times.

    Args
        value, epsilon: fixed-point numbers of one type.

    Returns
        The same type; None for a negative value.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), primitives/safe-math/src/lib.rs: checked_sqrt.
    """
    kind = type(value)
    zero, one, two = kind.of(0), kind.of(1), kind.of(2)
    if value < zero:
        return None
    high, low = (value, zero) if value > one else (one, value)
    middle = (high + low).safe_div(two)
    quotient = value.safe_div(middle)
    rounds = 0
    while quotient.abs_diff(middle) > epsilon:
        if quotient < middle:
            high = middle
        else:
            low = middle
        middle = (high + low).safe_div(two)
        quotient = value.safe_div(middle)
        rounds += 1
        if rounds > _BISECTIONS:
            break
    return middle


def checked_ln(value: T) -> T | None:
    """The natural logarithm by eight terms of ln(1 + z) after scaling to 1 .. 2.

    Args
        value: a fixed-point number. An unsigned type wraps where the logarithm is negative, as the
            chain's release build does.

    Returns
        The same type; None for a value that is not positive, or an overflow on the way.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), primitives/safe-math/src/lib.rs: checked_ln.
    """
    kind = type(value)
    if value.bits <= 0:
        return None
    one, two = kind.of(1), kind.of(2)
    exponent, scaled = 0, value
    while scaled >= two:
        scaled, exponent = scaled / two, exponent + 1
    while scaled < one:
        scaled, exponent = scaled * two, exponent - 1
    z = scaled - one
    total, power = z, z
    for k, reciprocal in _RECIPROCALS_F64.items():
        power = power * z
        term = power * kind.saturating_from_f64(reciprocal)
        summed = total.checked_add(term) if k % 2 else total.checked_sub(term)
        if summed is None:
            return None
        total = summed
    doublings = kind.wrapped(exponent << kind.FRACTION)
    shift = doublings.checked_mul(kind.saturating_from_f64(_LN_2_F64))
    return None if shift is None else total.checked_add(shift)


def checked_pow(value: T, exponent: int) -> T | None:
    """The value to an integer power, by squaring, each product clamped.

    Args
        value: a fixed-point number.
        exponent: an i32.

    Returns
        The same type; None for 0 to a negative power. The reciprocal of a power that was clamped
        to 0 is 0.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), primitives/safe-math/src/lib.rs: checked_pow.
    """
    kind = type(value)
    if exponent == 0:
        return kind.of(1)
    if value.bits == 0:
        return None if exponent < 0 else kind.of(0)
    result, base, left = kind.of(1), value, abs(exponent)
    while left:
        if left & 1:
            result = result * base
        base = base * base
        left >>= 1
    return kind.of(1).safe_div(result) if exponent < 0 else result


def checked_floor(value: T) -> T | None:
    """The whole part; one less than the floor for a negative value with a fraction.

    The chain subtracts 1 from a whole part that is already the floor, so -0.5 gives -2.

    Args
        value: a fixed-point number.

    Returns
        The same type; None for an overflow.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), primitives/safe-math/src/lib.rs: checked_floor.
    """
    if value.bits >= 0 or value.frac().bits == 0:
        return value.int()
    return value.int().checked_sub(type(value).of(1))


def safe_pow(value: U64F64, exponent: U64F64) -> U64F64:
    """A power as emission takes it: exp(p ln(v)) of the library, in I32F32.

    Rule
        v and p are cut to 32 fraction bits and clamped to I32F32; 0 where ln has an error (v cut to
        0), 2^31 - 1 where exp has one. ln is good to 23 bits and exp an unreduced series: the
        result is not v^p. As exp of a negative number is the reciprocal of that of its magnitude,
        it has its error on that side too: where p ln(v) is below -20.89 the result is not near 0
        but 2^31 - 1.

    Args
        value, exponent: not negative.

    Returns
        From 0 to 2^31 - 1.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 334), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: safe_pow.
    """
    logarithm = ln(I32F32.saturating_from(value))
    if logarithm is None:
        return U64F64.of(0)
    power = exp(I32F32.saturating_from(exponent) * logarithm)
    return U64F64.saturating_from(I32F32.of(2**31 - 1) if power is None else power)
