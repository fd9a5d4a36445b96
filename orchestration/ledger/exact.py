"""a b / c of 63-bit integers, compiled: the product needs 126 bits, which numba has no type for."""

from pathlib import Path

from numba import int64, uint64

from mechanics.engine.kept import compiler

compiled = compiler(Path(__file__).parent)

_32 = uint64(32)
_LOW = uint64(0xFFFF_FFFF)
_ONE = uint64(1)
_BASE = uint64(1 << 32)


@compiled
def mul_div(a: int, b: int, c: int) -> int:
    """floor(a b / c), exact, for 0 <= a, b < 2^63, 0 < c < 2^63 and a quotient below 2^63."""
    if a < 1 << 31 and b < 1 << 31:
        return a * b // c
    high, low = _product(uint64(a), uint64(b))
    return int64(_quotient(high, low, uint64(c)))


@compiled
def mul_div_up(a: int, b: int, c: int) -> int:
    """ceil(a b / c), under the same conditions."""
    down = mul_div(a, b, c)
    # The rest is below c < 2^63, so that its low 64 bits say whether there is one.
    exact = uint64(a) * uint64(b) == uint64(down) * uint64(c)
    return down if exact else down + 1


@compiled
def _product(a, b):
    """The high and the low 64 bits of a b."""
    a_high, a_low = a >> _32, a & _LOW
    b_high, b_low = b >> _32, b & _LOW
    low = a_low * b_low
    middle = a_high * b_low + (low >> _32)
    other = a_low * b_high + (middle & _LOW)
    return a_high * b_high + (middle >> _32) + (other >> _32), (other << _32) | (low & _LOW)


@compiled
def _quotient(high, low, c):
    """floor((high 2^64 + low) / c) for high < c, in two digits of 32 bits (Knuth's algorithm D)."""
    if high == uint64(0):
        return low // c
    shift = uint64(0)
    while not c >> uint64(63):
        c <<= _ONE
        shift += _ONE
    if shift:
        high = (high << shift) | (low >> (uint64(64) - shift))
        low <<= shift
    c_high, c_low = c >> _32, c & _LOW
    digit_1, rest = _digit(high, low >> _32, c, c_high, c_low)
    digit_0, _ = _digit(rest, low & _LOW, c, c_high, c_low)
    return (digit_1 << _32) | digit_0


@compiled
def _digit(rest, following, c, c_high, c_low):
    """The next digit of a long division, and what is left."""
    digit = rest // c_high
    left = rest - digit * c_high
    while digit >= _BASE or digit * c_low > ((left << _32) | following):
        digit -= _ONE
        left += c_high
        if left >= _BASE:
            break
    return digit, ((rest << _32) | following) - digit * c
