"""I32F32 on raw bits held in plain integers, for vectors and matrices.

The same arithmetic as ``mechanics.fixed.I32F32``, which costs ten times as much for each number; an
epoch of 64 validators and 256 neurons takes some 10^5 of them.
"""

from collections.abc import Iterable

FRACTION = 32
ONE = 1 << FRACTION
MIN, MAX = -(2**63), 2**63 - 1
U16_MAX = 65_535
U64_MAX = 2**64 - 1


def clamped(bits: int) -> int:
    """Bits within the type: saturation."""
    return MAX if bits > MAX else MIN if bits < MIN else bits


def product(a: int, b: int) -> int:
    """The product toward -infinity, clamped."""
    return clamped(a * b >> FRACTION)


def quotient(a: int, b: int) -> int:
    """The quotient toward zero; 0 where the divisor is zero or the quotient does not fit."""
    if b == 0:
        return 0
    bits = (abs(a) << FRACTION) // abs(b)
    bits = bits if (a < 0) == (b < 0) else -bits
    return bits if MIN <= bits <= MAX else 0


def total(values: Iterable[int]) -> int:
    """The sum, which wraps as the chain's release build lets it."""
    bits = sum(values) & U64_MAX
    return bits - (1 << 64) if bits > MAX else bits


def of_share(u16: int) -> int:
    """A share of 65,535 as a fraction of 1."""
    return (u16 << FRACTION) // U16_MAX


def to_share(bits: int) -> int:
    """A fraction of 1 as a share of 65,535, floored and clamped."""
    share = bits * U16_MAX >> FRACTION
    return 0 if share < 0 else min(share, U16_MAX)
