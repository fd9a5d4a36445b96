"""Logarithms as the runtime's own series computes them, bit by bit."""

from mechanics.fixed import Fixed


def log2(value: Fixed) -> Fixed | None:
    """The binary logarithm.

    Rule
        Below 1: -log2(1 / v). Else halve (rounding half up) while v >= 2, counting; then F times:
        square v, cutting fraction bits; a result of 2 or more sets the next bit and is halved.

    Args
        value: a signed fixed-point number.

    Returns
        The same type; None for a value that is not positive, or whose reciprocal does not fit.

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
        return None if inverse is None else kind._clamped(-_log2_bits(inverse))
    return kind._clamped(_log2_bits(value))


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
