"""The chain's fixed-point numbers: raw bits, and the width and fraction they have.

A value of bits b with F fraction bits means b / 2^F. Operators are the saturating forms, which the
chain's economics use nearly everywhere; the checked and wrapping forms are methods. Two types never
mix: what the chain converts is converted here, by name.
"""

from typing import ClassVar, Self


class Fixed:
    """A fixed-point number; use one of the concrete types below.

    ``T(bits)`` takes raw bits, ``T.of(n)`` the integer n, clamped to the type.
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

    # ------------------------------------------------------------------ from other numbers

    @classmethod
    def _clamped(cls, bits: int) -> Self:
        made = object.__new__(cls)
        made.bits = cls.MAX if bits > cls.MAX else max(bits, cls.MIN)
        return made

    @classmethod
    def _checked(cls, bits: int) -> Self | None:
        return cls._clamped(bits) if cls.MIN <= bits <= cls.MAX else None

    @classmethod
    def _wrapped(cls, bits: int) -> Self:
        bits &= (1 << cls.WIDTH) - 1
        return cls._clamped(bits - (1 << cls.WIDTH) if bits > cls.MAX else bits)

    @classmethod
    def of(cls, number: int) -> Self:
        """The integer, clamped to the type."""
        return cls._clamped(number << cls.FRACTION)

    @classmethod
    def saturating_from(cls, other: "Fixed") -> Self:
        """Another fixed-point number: surplus fraction bits fall toward -infinity, then clamped."""
        shift = cls.FRACTION - other.FRACTION
        return cls._clamped(other.bits << shift if shift >= 0 else other.bits >> -shift)

    # ------------------------------------------------------------------ to integers

    def to_u64_sat(self) -> int:
        """The floor, clamped to 0 .. 2^64 - 1."""
        return min(max(self.bits >> self.FRACTION, 0), 2**64 - 1)

    def floor(self) -> Self:
        """The greatest whole number not above, clamped."""
        return self._clamped(self.bits >> self.FRACTION << self.FRACTION)

    # ------------------------------------------------------------------ arithmetic

    def _bits_of(self, other: "Fixed") -> int:
        if type(other) is not type(self):
            raise TypeError(
                f"{type(self).__name__} and {type(other).__name__} do not mix; convert one by name"
            )
        return other.bits

    def __add__(self, other: Self) -> Self:
        return self._clamped(self.bits + self._bits_of(other))

    def __sub__(self, other: Self) -> Self:
        return self._clamped(self.bits - self._bits_of(other))

    def __mul__(self, other: Self) -> Self:
        return self._clamped(self.bits * self._bits_of(other) >> self.FRACTION)

    def _quotient(self, other: Self) -> int:
        """Bits of the quotient, cut toward zero."""
        divisor = self._bits_of(other)
        quotient = (abs(self.bits) << self.FRACTION) // abs(divisor)
        return quotient if (self.bits < 0) == (divisor < 0) else -quotient

    def checked_div(self, other: Self) -> Self | None:
        """The quotient cut toward zero; None when the divisor is zero or the type too narrow."""
        return None if self._bits_of(other) == 0 else self._checked(self._quotient(other))

    def safe_div(self, other: Self) -> Self:
        """The checked quotient, 0 where there is none."""
        quotient = self.checked_div(other)
        return self._clamped(0) if quotient is None else quotient

    # ------------------------------------------------------------------ comparison

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.bits == self.bits

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.bits))

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


def _fixed(name: str, integer_bits: int, fraction_bits: int, is_signed: bool, doc: str) -> type:
    width = integer_bits + fraction_bits
    limits = (-(1 << width - 1), (1 << width - 1) - 1) if is_signed else (0, (1 << width) - 1)
    return type(
        name,
        (Fixed,),
        {
            "__slots__": (),
            "__doc__": doc,
            "__module__": __name__,
            "FRACTION": fraction_bits,
            "MIN": limits[0],
            "MAX": limits[1],
            "WIDTH": width,
        },
    )


I32F32 = _fixed("I32F32", 32, 32, True, "64 bits, 32 of them fraction, signed.")
I64F64 = _fixed("I64F64", 64, 64, True, "128 bits, 64 of them fraction, signed.")
U64F64 = _fixed("U64F64", 64, 64, False, "128 bits, 64 of them fraction, unsigned.")
I96F32 = _fixed("I96F32", 96, 32, True, "128 bits, 32 of them fraction, signed.")
U96F32 = _fixed("U96F32", 96, 32, False, "128 bits, 32 of them fraction, unsigned.")
