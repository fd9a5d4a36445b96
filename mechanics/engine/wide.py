"""The chain's 128-bit numbers in pairs of 64-bit halves: exact, saturating, compiled.

In compiled code a number is a pair (high, low) of uint64. In arrays it is a row of two, low half
first, as Arrow lays out decimal128: ``halves`` and ``integers`` go between these and raw bits.
Unsigned types are complete here: a result that does not fit clamps, a quotient that does not fit is
0, as ``safe_div`` has it.
"""

from collections.abc import Iterable, Sequence
from operator import index
from pathlib import Path

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from mechanics.engine.kept import compiler

compiled = compiler(Path(__file__).parent, error_model="numpy", nogil=True)

ZERO = np.uint64(0)
UNIT = np.uint64(1)
HALF_WORD = np.uint64(32)
LOW_WORD = np.uint64(2**32 - 1)
SIGN = np.uint64(2**63)
MOST = np.uint64(2**64 - 1)
_LAST = np.uint64(63)
_WORD = np.uint64(64)

NOTHING = (ZERO, ZERO)
ONE_U64F64 = (UNIT, ZERO)
GREATEST = (MOST, MOST)
GREATEST_SIGNED = (MOST >> UNIT, MOST)

_MASK = 2**64 - 1


# ---------------------------------------------------------------------- arrays


def halves(bits: Iterable[int]) -> np.ndarray:
    """Raw bits in rows of two halves.

    Args
        bits: raw bits of a 128-bit type, signed or unsigned, shape (n,).

    Returns
        uint64, shape (n, 2), low half first; two's complement.

    Errors
        OverflowError where some do not fit.
    """
    whole = b"".join((b & (1 << 128) - 1).to_bytes(16, "little") for b in map(_fitting, bits))
    return np.frombuffer(whole, dtype="<u8").astype(np.uint64).reshape(-1, 2)


def _fitting(bits: int) -> int:
    if not -(1 << 127) <= bits < 1 << 128:
        raise OverflowError(f"{bits} does not fit in 128 bits")
    return bits


def integers(rows: np.ndarray, is_signed: bool = False) -> list[int]:
    """The raw bits that rows of two halves stand for, shape (n,)."""
    values = [high << 64 | low for low, high in rows.tolist()]
    return [v - (1 << 128) if v >> 127 else v for v in values] if is_signed else values


def pair(bits: int) -> tuple[np.uint64, np.uint64]:
    """Raw bits as compiled code has them."""
    bits = _fitting(bits)
    return np.uint64(bits >> 64 & _MASK), np.uint64(bits & _MASK)


def words(values: Sequence[int] | np.ndarray) -> np.ndarray:
    """Amounts as uint64, shape (n,).

    Errors
        OverflowError where some are negative or do not fit; TypeError for what is no integer.
    """
    if isinstance(values, np.ndarray) and values.dtype == np.uint64:
        return values
    return np.array([index(value) for value in values], np.uint64)


def require_uint64(**columns: np.ndarray | None) -> None:
    """Refuse columns of another type, with which compiled code would fall back on floats.

    Errors
        TypeError, which names the column.
    """
    for name, column in columns.items():
        if column is not None and column.dtype != np.uint64:
            raise TypeError(f"{name} is of {column.dtype}, not of uint64")


@compiled
def at(rows, i):
    """The number in a row."""
    return rows[i, 1], rows[i, 0]


@compiled
def put(rows, i, number):
    """Write a number into a row."""
    rows[i, 1] = number[0]
    rows[i, 0] = number[1]


# ---------------------------------------------------------------------- 64 bits


@intrinsic
def multiplied(context, one, other):
    """The product of two uint64 as a pair: one instruction, where Python code would need four."""
    signature = types.UniTuple(types.uint64, 2)(types.uint64, types.uint64)

    def generate(context, builder, signature, arguments):
        word, wide = ir.IntType(64), ir.IntType(128)
        whole = builder.mul(*(builder.zext(a, wide) for a in arguments))
        high = builder.trunc(builder.lshr(whole, ir.Constant(wide, 64)), word)
        return context.make_tuple(
            builder, signature.return_type, (high, builder.trunc(whole, word))
        )

    return signature, generate


@intrinsic
def leading_zeros(context, value):
    """Zero bits above the first that is set; 64 for 0."""
    signature = types.uint64(types.uint64)

    def generate(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return signature, generate


@compiled
def divided_by_word(high, low, divisor):
    """(high, low) over a divisor above high: quotient and remainder, in two digits of 32 bits.

    Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D.
    """
    if high == ZERO:
        return low // divisor, low % divisor
    shift = leading_zeros(divisor)
    d = divisor << shift
    d_high, d_low = d >> HALF_WORD, d & LOW_WORD
    top = (high << shift) | ((low >> UNIT) >> (_LAST - shift))
    bottom = low << shift
    first, rest = _digit(top, bottom >> HALF_WORD, d, d_high, d_low)
    second, rest = _digit(rest, bottom & LOW_WORD, d, d_high, d_low)
    return (first << HALF_WORD) | second, rest >> shift


@compiled
def _digit(top, word, d, d_high, d_low):
    digit = top // d_high
    rest = top - digit * d_high
    while digit > LOW_WORD or digit * d_low > ((rest << HALF_WORD) | word):
        digit -= UNIT
        rest += d_high
        if rest > LOW_WORD:
            break
    return digit, ((top << HALF_WORD) | word) - digit * d


# ---------------------------------------------------------------------- 128 bits


@compiled
def is_less(a, b):
    return a[0] < b[0] or (a[0] == b[0] and a[1] < b[1])


@compiled
def is_zero(a):
    return (a[0] | a[1]) == ZERO


@compiled
def wrapping_sum(a, b):
    low = a[1] + b[1]
    return a[0] + b[0] + np.uint64(low < b[1]), low


@compiled
def wrapping_difference(a, b):
    return a[0] - b[0] - np.uint64(a[1] < b[1]), a[1] - b[1]


@compiled
def total(a, b):
    """The sum, clamped."""
    both = wrapping_sum(a, b)
    return GREATEST if is_less(both, a) else both


@compiled
def rest(a, b):
    """The difference, at least 0."""
    return NOTHING if is_less(a, b) else wrapping_difference(a, b)


@compiled
def product(a, b):
    """All four words of a product, highest first."""
    p1, p0 = multiplied(a[1], b[1])
    x1, x0 = multiplied(a[1], b[0])
    y1, y0 = multiplied(a[0], b[1])
    p3, p2 = multiplied(a[0], b[0])
    p1 += x0
    carry = np.uint64(p1 < x0)
    p1 += y0
    carry += np.uint64(p1 < y0)
    p2 += carry
    p3 += np.uint64(p2 < carry)
    p2 += x1
    p3 += np.uint64(p2 < x1)
    p2 += y1
    p3 += np.uint64(p2 < y1)
    return p3, p2, p1, p0


@compiled
def prepared(divisor):
    """A divisor above 0 for ``quotient``: shifted to have its top bit set, its inverse, the shift.

    Moeller and Granlund, Improved division by invariant integers (2011), algorithm 6.
    """
    high, low = divisor
    shift = leading_zeros(high)
    if high == ZERO:
        high, low = low, ZERO
        shift = leading_zeros(high)
        high <<= shift
        shift += _WORD
    else:
        high = (high << shift) | ((low >> UNIT) >> (_LAST - shift))
        low <<= shift
    inverse, _ = divided_by_word(~high, MOST, high)
    p = high * inverse + low
    if p < low:
        inverse -= UNIT
        if p >= high:
            inverse -= UNIT
            p -= high
        p -= high
    t1, t0 = multiplied(inverse, low)
    p += t1
    if p < t1:
        inverse -= UNIT
        if p > high or (p == high and t0 >= low):
            inverse -= UNIT
    return high, low, inverse, shift


@compiled
def _word_of_quotient(r1, r0, word, d1, d0, inverse):
    """(r1, r0, word) over (d1, d0), which is above (r1, r0): the word, and what remains.

    The same, algorithm 5.
    """
    if r1 == ZERO and (r0 < d1 or (r0 == d1 and word < d0)):
        return ZERO, r0, word
    q1, q0 = multiplied(inverse, r1)
    q1, q0 = wrapping_sum((q1, q0), (r1, r0))
    left = (r0 - q1 * d1, word)
    left = wrapping_difference(left, multiplied(d0, q1))
    left = wrapping_difference(left, (d1, d0))
    q1 += UNIT
    if left[0] >= q0:
        q1 -= UNIT
        left = wrapping_sum(left, (d1, d0))
    if not is_less(left, (d1, d0)):
        q1 += UNIT
        left = wrapping_difference(left, (d1, d0))
    return q1, left[0], left[1]


@compiled
def quotient(n2, n1, n0, divisor):
    """Three words over a ``prepared`` divisor: the words of the quotient, cut."""
    d1, d0, inverse, shift = divisor
    if shift >= _WORD:
        s = shift - _WORD
        r1 = (n2 >> UNIT) >> (_LAST - s)
        r0 = (n2 << s) | ((n1 >> UNIT) >> (_LAST - s))
        m2 = (n1 << s) | ((n0 >> UNIT) >> (_LAST - s))
        m1 = n0 << s
        m0 = ZERO
    else:
        r1 = ZERO
        r0 = (n2 >> UNIT) >> (_LAST - shift)
        m2 = (n2 << shift) | ((n1 >> UNIT) >> (_LAST - shift))
        m1 = (n1 << shift) | ((n0 >> UNIT) >> (_LAST - shift))
        m0 = n0 << shift
    q2, r1, r0 = _word_of_quotient(r1, r0, m2, d1, d0, inverse)
    q1, r1, r0 = _word_of_quotient(r1, r0, m1, d1, d0, inverse)
    q0, r1, r0 = _word_of_quotient(r1, r0, m0, d1, d0, inverse)
    return q2, q1, q0


# ---------------------------------------------------------------------- U64F64


@compiled
def mul_u64f64(a, b):
    """The product, floored and clamped."""
    p3, p2, p1, _ = product(a, b)
    return GREATEST if p3 != ZERO else (p2, p1)


@compiled
def div_u64f64(a, b):
    """``safe_div``: the quotient, cut; 0 where there is none or it does not fit."""
    if is_zero(b):
        return NOTHING
    return over_u64f64(a, prepared(b))


@compiled
def over_u64f64(a, divisor):
    """``div_u64f64`` by a ``prepared`` divisor."""
    q2, q1, q0 = quotient(a[0], a[1], ZERO, divisor)
    return NOTHING if q2 != ZERO else (q1, q0)


@compiled
def unsigned_from_signed(a):
    """A signed number as an unsigned one: 0 below 0."""
    return NOTHING if a[0] & SIGN else a


# ---------------------------------------------------------------------- I64F64


@compiled
def is_less_signed(a, b):
    return is_less((a[0] ^ SIGN, a[1]), (b[0] ^ SIGN, b[1]))


@compiled
def difference_signed(a, b):
    """The difference, clamped."""
    found = wrapping_difference(a, b)
    if (a[0] ^ b[0]) & (a[0] ^ found[0]) & SIGN == ZERO:
        return found
    return (SIGN, ZERO) if a[0] & SIGN else GREATEST_SIGNED


@compiled
def part_signed(a, part):
    """A number times a part of 2^64 below 1, floored."""
    high, low = multiplied(a[0], part)
    if a[0] & SIGN:
        high -= part
    return wrapping_sum((high, low), (ZERO, multiplied(a[1], part)[0]))


@compiled
def part_of_integer(amount, part):
    """An int64 times a part of 2^64 below 1; exact."""
    high, low = multiplied(np.uint64(amount), part)
    return (high - part if amount < 0 else high), low


# ---------------------------------------------------------------------- U96F32


@compiled
def u96f32(amount):
    """A whole number."""
    return amount >> HALF_WORD, amount << HALF_WORD


@compiled
def mul_u96f32(a, b):
    """The product, floored and clamped."""
    p3, p2, p1, p0 = product(a, b)
    if p3 != ZERO or p2 >> HALF_WORD != ZERO:
        return GREATEST
    return (p2 << HALF_WORD) | (p1 >> HALF_WORD), (p1 << HALF_WORD) | (p0 >> HALF_WORD)


@compiled
def div_u96f32(a, b):
    """``safe_div``: the quotient, cut; 0 where there is none or it does not fit."""
    return div_u96f32_or(a, b, NOTHING)


@compiled
def div_u96f32_or(a, b, default):
    """``safe_div_or``: the quotient, cut; the default where there is none or it does not fit."""
    if is_zero(b):
        return default
    return over_u96f32(a, prepared(b), default)


@compiled
def over_u96f32(a, divisor, default):
    """``div_u96f32_or`` by a ``prepared`` divisor."""
    n1 = (a[0] << HALF_WORD) | (a[1] >> HALF_WORD)
    q2, q1, q0 = quotient(a[0] >> HALF_WORD, n1, a[1] << HALF_WORD, divisor)
    return default if q2 != ZERO else (q1, q0)


@compiled
def u64f64_from_u96f32(a):
    """The same number with 64 fraction bits, clamped."""
    if a[0] >> HALF_WORD != ZERO:
        return GREATEST
    return (a[0] << HALF_WORD) | (a[1] >> HALF_WORD), a[1] << HALF_WORD


@compiled
def u96f32_from_u64f64(a):
    """The same number with 32 fraction bits, floored."""
    return a[0] >> HALF_WORD, (a[0] << HALF_WORD) | (a[1] >> HALF_WORD)


@compiled
def floor_u96f32(a):
    """``to_u64_sat``."""
    if a[0] >> HALF_WORD != ZERO:
        return MOST
    return (a[0] << HALF_WORD) | (a[1] >> HALF_WORD)
