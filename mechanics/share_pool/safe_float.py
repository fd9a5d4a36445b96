"""SafeFloat: a decimal number of 21 digits and an exponent, in which shares are kept from spec 397.

A value of mantissa m and exponent e means m 10^e. But for 0, which is (0, 0), the mantissa is above
10^20 and at most 10^21; digits beyond are cut. None stands for the error each operation returns.
"""

from dataclasses import dataclass
from typing import Self

from mechanics.fixed import U64F64

DIGITS = 21
MOST = 10**DIGITS

_LEAST = MOST // 10
_MIN_EXPONENT, _MAX_EXPONENT = -(2**63), 2**63 - 1
_MAX_U64 = 2**64 - 1
_MAX_U256 = 2**256 - 1


@dataclass(frozen=True, slots=True)
class SafeFloat:
    """m 10^e; see ``normalized`` for the only way to make one.

    Source
        subtensor@14bc6f9 (spec 425), primitives/share-pool/src/lib.rs: SafeFloat.
    """

    mantissa: int
    exponent: int

    @classmethod
    def normalized(cls, mantissa: int, exponent: int) -> Self | None:
        """A number with its mantissa brought to 21 digits; None when the exponent leaves i64."""
        if mantissa == 0:
            return cls(0, 0)
        while mantissa > MOST:
            mantissa, exponent = mantissa // 10, exponent + 1
        while mantissa <= _LEAST:
            mantissa, exponent = mantissa * 10, exponent - 1
        if not _MIN_EXPONENT <= exponent <= _MAX_EXPONENT:
            return None
        return cls(mantissa, exponent)

    @classmethod
    def new(cls, mantissa: int, exponent: int) -> Self | None:
        """A number from a mantissa of at most 10^21; None for more."""
        return None if mantissa > MOST else cls.normalized(mantissa, exponent)

    @classmethod
    def of(cls, whole: int) -> Self:
        """A u64."""
        return cls.normalized(whole, 0)

    @classmethod
    def from_fixed(cls, value: U64F64) -> Self:
        """A share of the older form: its whole part plus its fraction over 2^64, each cut."""
        fraction = cls.of(value.bits & _MAX_U64).div(cls.normalized(2**64, 0))
        return cls.of(value.bits >> 64).add(fraction)

    def add(self, other: Self) -> Self | None:
        """The sum; what lies below the greater exponent's last digit is cut."""
        if self.mantissa == 0 or other.mantissa == 0:
            return other if self.mantissa == 0 else self
        one, two, exponent = self._aligned(other)
        return self.normalized(one + two, exponent)

    def sub(self, other: Self) -> Self | None:
        """The difference, cut likewise, 0 where it is negative; None for 0 less anything."""
        if other.mantissa == 0:
            return self
        if self.mantissa == 0:
            return None
        one, two, exponent = self._aligned(other)
        return self.normalized(max(one - two, 0), exponent)

    def _aligned(self, other: Self) -> tuple[int, int, int]:
        exponent = max(self.exponent, other.exponent)
        one = self.mantissa // _power_of_10(exponent - self.exponent)
        two = other.mantissa // _power_of_10(exponent - other.exponent)
        return one, two, exponent

    def div(self, other: Self) -> Self | None:
        """The quotient; None for a divisor of 0."""
        if other.mantissa == 0:
            return None
        exponent = self.exponent - other.exponent - DIGITS
        if not _MIN_EXPONENT <= exponent <= _MAX_EXPONENT:
            return None
        return self.normalized(self.mantissa * MOST // other.mantissa, exponent)

    def mul_div(self, by: Self, over: Self) -> Self | None:
        """self times one number over another, cut once; None for a divisor of 0."""
        if over.mantissa == 0:
            return None
        product = self.exponent + by.exponent
        exponent = product - over.exponent
        for each in (product, exponent):
            if not _MIN_EXPONENT <= each <= _MAX_EXPONENT:
                return None
        return self.normalized(self.mantissa * by.mantissa // over.mantissa, exponent)

    def gt(self, other: Self) -> bool:
        """Greater, by exponent and then mantissa; 0, whose exponent is 0, may count as greater."""
        apart = self.exponent - other.exponent
        if abs(apart) > 1:
            return apart > 0
        return self.mantissa * 10 ** max(apart, 0) > other.mantissa * 10 ** max(-apart, 0)

    def to_u64(self) -> int:
        """The floor, clamped to u64."""
        scale = _power_of_10(abs(self.exponent))
        if self.exponent > 0:
            return min(self.mantissa * scale, _MAX_U64)
        return min(self.mantissa // scale, _MAX_U64)


def _power_of_10(exponent: int) -> int:
    """10 to a power of at most 22: a greater one leaves nothing of a mantissa either."""
    return 10 ** min(exponent, DIGITS + 1)
