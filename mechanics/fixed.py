"""The chain's fixed-point numbers: raw bits, and the width and fraction they have.

A value of bits b with F fraction bits means b / 2^F. Operators are the saturating forms, which the
chain's economics use nearly everywhere; the checked and wrapping forms are methods. Two types never
mix: what the chain converts is converted here, by name. No float takes part: where the chain
converts from or to an IEEE 754 number, that number is given and returned as its raw bits.

Source: encointer/substrate-fixed v0.6.0 (d5f70362), src/arith.rs, macros_round.rs, float_helper.rs;
subtensor@14bc6f9, primitives/safe-math/src/lib.rs.
"""

from typing import ClassVar, Self


class Fixed:
    """A fixed-point number; use one of the concrete types below.

    ``T(bits)`` takes raw bits, ``T.of(n)`` the integer n, clamped to the type.

    Raises:
        OverflowError: the bits are not of the type.
        TypeError: an operator is given another type.
    """

    __slots__ = ("bits",)

    FRACTION: ClassVar[int]
    MIN: ClassVar[int]
    MAX: ClassVar[int]
    WIDTH: ClassVar[int]

    bits: int

    def __init__(self, bits: int) -> None:
        if not self.MIN <= bits <= self.MAX:
            raise OverflowError(f"{bits} are no raw bits of {type(self).__name__}")
        self.bits = bits

    # ------------------------------------------------------------------ raw bits that may not fit

    @classmethod
    def clamped(cls, bits: int) -> Self:
        """Raw bits, clamped to the type."""
        made = object.__new__(cls)
        made.bits = cls.MAX if bits > cls.MAX else max(bits, cls.MIN)
        return made

    @classmethod
    def checked(cls, bits: int) -> Self | None:
        """Raw bits; None when they do not fit."""
        return cls.clamped(bits) if cls.MIN <= bits <= cls.MAX else None

    @classmethod
    def wrapped(cls, bits: int) -> Self:
        """Raw bits modulo 2^WIDTH, as a release build leaves an overflow."""
        bits &= (1 << cls.WIDTH) - 1
        return cls.clamped(bits - (1 << cls.WIDTH) if bits > cls.MAX else bits)

    # ------------------------------------------------------------------ from other numbers

    @classmethod
    def of(cls, number: int) -> Self:
        """The integer, clamped to the type."""
        return cls.clamped(number << cls.FRACTION)

    @classmethod
    def checked_of(cls, number: int) -> Self | None:
        """The integer; None when it does not fit."""
        return cls.checked(number << cls.FRACTION)

    @classmethod
    def saturating_from(cls, other: "Fixed") -> Self:
        """Another fixed-point number: surplus fraction bits fall toward -infinity, then clamped."""
        return cls.clamped(cls._shifted(other))

    @classmethod
    def checked_from(cls, other: "Fixed") -> Self | None:
        """The same; None when it does not fit."""
        return cls.checked(cls._shifted(other))

    @classmethod
    def _shifted(cls, other: "Fixed") -> int:
        shift = cls.FRACTION - other.FRACTION
        return other.bits << shift if shift >= 0 else other.bits >> -shift

    @classmethod
    def saturating_from_f64(cls, ieee_bits: int) -> Self:
        """A double, given as its 64 raw bits: nearest, ties to even; clamped.

        Raises:
            ValueError: it is not a number.
        """
        return cls._of_ieee(ieee_bits, exponent_bits=11, mantissa_bits=52)

    @classmethod
    def saturating_from_f32(cls, ieee_bits: int) -> Self:
        """A single, given as its 32 raw bits: nearest, ties to even; clamped.

        Raises:
            ValueError: it is not a number.
        """
        return cls._of_ieee(ieee_bits, exponent_bits=8, mantissa_bits=23)

    @classmethod
    def _of_ieee(cls, ieee_bits: int, *, exponent_bits: int, mantissa_bits: int) -> Self:
        mantissa = ieee_bits & ((1 << mantissa_bits) - 1)
        exponent = ieee_bits >> mantissa_bits & ((1 << exponent_bits) - 1)
        is_negative = ieee_bits >> (mantissa_bits + exponent_bits) & 1
        if exponent == (1 << exponent_bits) - 1:
            if mantissa:
                raise ValueError("not a number has no fixed-point value")
            return cls.clamped(cls.MIN if is_negative else cls.MAX)
        bias = (1 << exponent_bits - 1) - 1
        if exponent:
            mantissa |= 1 << mantissa_bits
        shift = max(exponent, 1) - bias - mantissa_bits + cls.FRACTION
        bits = mantissa << shift if shift >= 0 else _halved_to_even(mantissa, -shift)
        return cls.clamped(-bits if is_negative else bits)

    # ------------------------------------------------------------------ to other numbers

    def _to_integer(self, low: int, high: int) -> int:
        return min(max(self.bits >> self.FRACTION, low), high)

    def to_u16_sat(self) -> int:
        """The floor, clamped to 0 .. 2^16 - 1."""
        return self._to_integer(0, 2**16 - 1)

    def to_u64_sat(self) -> int:
        """The floor, clamped to 0 .. 2^64 - 1."""
        return self._to_integer(0, 2**64 - 1)

    def to_i64_sat(self) -> int:
        """The floor, clamped to -2^63 .. 2^63 - 1."""
        return self._to_integer(-(2**63), 2**63 - 1)

    def to_u128_sat(self) -> int:
        """The floor, clamped to 0 .. 2^128 - 1."""
        return self._to_integer(0, 2**128 - 1)

    def to_f64(self) -> int:
        """The nearest double, ties to even, as its 64 raw bits."""
        magnitude = abs(self.bits)
        sign = (self.bits < 0) << 63
        if magnitude == 0:
            return 0
        # A double holds 53 bits; no type here is small enough for a subnormal.
        surplus = magnitude.bit_length() - 53
        mantissa = _halved_to_even(magnitude, surplus) if surplus > 0 else magnitude << -surplus
        if mantissa == 1 << 53:
            mantissa, surplus = mantissa >> 1, surplus + 1
        exponent = surplus - self.FRACTION + 52 + 1023
        return sign | exponent << 52 | mantissa & ((1 << 52) - 1)

    # ------------------------------------------------------------------ rounding

    def int(self) -> Self:
        """The whole part, toward -infinity; always fits."""
        return self.clamped(self.bits >> self.FRACTION << self.FRACTION)

    def frac(self) -> Self:
        """What ``int`` leaves out: from 0 up to below 1."""
        return self.clamped(self.bits & ((1 << self.FRACTION) - 1))

    def floor(self) -> Self:
        """The greatest whole number not above."""
        return self.int()

    def ceil(self) -> Self:
        """The least whole number not below, clamped."""
        return self.clamped(-(-self.bits >> self.FRACTION) << self.FRACTION)

    def round(self) -> Self:
        """The nearest whole number, ties away from zero, clamped."""
        half = 1 << self.FRACTION - 1
        whole = (abs(self.bits) + half) >> self.FRACTION << self.FRACTION
        return self.clamped(-whole if self.bits < 0 else whole)

    # ------------------------------------------------------------------ arithmetic

    def _bits_of(self, other: "Fixed") -> int:
        if type(other) is not type(self):
            raise TypeError(
                f"{type(self).__name__} and {type(other).__name__} do not mix; convert one by name"
            )
        return other.bits

    def __add__(self, other: Self) -> Self:
        return self.clamped(self.bits + self._bits_of(other))

    def checked_add(self, other: Self) -> Self | None:
        return self.checked(self.bits + self._bits_of(other))

    def wrapping_add(self, other: Self) -> Self:
        return self.wrapped(self.bits + self._bits_of(other))

    def __sub__(self, other: Self) -> Self:
        return self.clamped(self.bits - self._bits_of(other))

    def checked_sub(self, other: Self) -> Self | None:
        return self.checked(self.bits - self._bits_of(other))

    def wrapping_sub(self, other: Self) -> Self:
        return self.wrapped(self.bits - self._bits_of(other))

    def __neg__(self) -> Self:
        return self.clamped(-self.bits)

    def _product(self, other: Self) -> int:
        """Bits of the product, toward -infinity."""
        return self.bits * self._bits_of(other) >> self.FRACTION

    def __mul__(self, other: Self) -> Self:
        return self.clamped(self._product(other))

    def checked_mul(self, other: Self) -> Self | None:
        return self.checked(self._product(other))

    def wrapping_mul(self, other: Self) -> Self:
        return self.wrapped(self._product(other))

    def _quotient(self, other: Self) -> int:
        """Bits of the quotient, cut toward zero."""
        divisor = self._bits_of(other)
        quotient = (abs(self.bits) << self.FRACTION) // abs(divisor)
        return quotient if (self.bits < 0) == (divisor < 0) else -quotient

    def __truediv__(self, other: Self) -> Self:
        """The quotient cut toward zero, clamped.

        Raises:
            ZeroDivisionError: the divisor is zero, where the chain would panic.
        """
        return self.clamped(self._quotient(other))

    def checked_div(self, other: Self) -> Self | None:
        """The quotient cut toward zero; None when the divisor is zero or the type too narrow."""
        return None if self._bits_of(other) == 0 else self.checked(self._quotient(other))

    def safe_div(self, other: Self) -> Self:
        """The checked quotient, 0 where there is none."""
        return self.safe_div_or(other, self.clamped(0))

    def safe_div_or(self, other: Self, default: Self) -> Self:
        """The checked quotient, ``default`` where there is none."""
        quotient = self.checked_div(other)
        return default if quotient is None else quotient

    def abs_diff(self, other: Self) -> Self:
        """The distance, clamped."""
        return self.clamped(abs(self.bits - self._bits_of(other)))

    # ------------------------------------------------------------------ comparison

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.bits == self.bits

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.bits))

    def __bool__(self) -> bool:
        return self.bits != 0

    def __lt__(self, other: Self) -> bool:
        return self.bits < self._bits_of(other)

    def __le__(self, other: Self) -> bool:
        return self.bits <= self._bits_of(other)

    def __gt__(self, other: Self) -> bool:
        return self.bits > self._bits_of(other)

    def __ge__(self, other: Self) -> bool:
        return self.bits >= self._bits_of(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.bits})"


def _halved_to_even(magnitude: int, times: int) -> int:
    """magnitude / 2^times, nearest, ties to even."""
    kept, lost = magnitude >> times, magnitude & ((1 << times) - 1)
    half = 1 << times - 1
    return kept + (lost > half or (lost == half and kept & 1))


class I32F32(Fixed):
    """64 bits, 32 of them fraction, signed."""

    __slots__ = ()
    FRACTION, WIDTH, MIN, MAX = 32, 64, -(2**63), 2**63 - 1


class I64F64(Fixed):
    """128 bits, 64 of them fraction, signed."""

    __slots__ = ()
    FRACTION, WIDTH, MIN, MAX = 64, 128, -(2**127), 2**127 - 1


class U64F64(Fixed):
    """128 bits, 64 of them fraction, unsigned."""

    __slots__ = ()
    FRACTION, WIDTH, MIN, MAX = 64, 128, 0, 2**128 - 1


class I96F32(Fixed):
    """128 bits, 32 of them fraction, signed."""

    __slots__ = ()
    FRACTION, WIDTH, MIN, MAX = 32, 128, -(2**127), 2**127 - 1


class U96F32(Fixed):
    """128 bits, 32 of them fraction, unsigned."""

    __slots__ = ()
    FRACTION, WIDTH, MIN, MAX = 32, 128, 0, 2**128 - 1


class I110F18(Fixed):
    """128 bits, 18 of them fraction, signed."""

    __slots__ = ()
    FRACTION, WIDTH, MIN, MAX = 18, 128, -(2**127), 2**127 - 1


class U110F18(Fixed):
    """128 bits, 18 of them fraction, unsigned."""

    __slots__ = ()
    FRACTION, WIDTH, MIN, MAX = 18, 128, 0, 2**128 - 1
