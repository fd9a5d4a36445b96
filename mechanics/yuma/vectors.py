"""The epoch's functions of vectors of I32F32, as raw bits.

Source: subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs, under the chain's names
given in the docstrings. A mask says what is left out.
"""

from collections.abc import Sequence

from mechanics.yuma.i32f32 import (
    FRACTION,
    MAX,
    MIN,
    ONE,
    U16_MAX,
    clamped,
    of_share,
    product,
    quotient,
    total,
)

Vector = list[int]

_HALF = ONE >> 1
_UPSCALE_BRANCH = 32_768 << FRACTION
"""Above this maximum the chain divides 65,535 by it before it multiplies."""

_I64F64_FRACTION = 64
_I64F64_MAX = 2**127 - 1
_U128_MAX = 2**128 - 1


def normalized(values: Sequence[int]) -> Vector:
    """Values over their sum, cut toward zero; unchanged where it is 0 (normalize)."""
    return normalized_by(values, total(values))


def normalized_by(values: Sequence[int], whole: int) -> Vector:
    """Values over a sum, cut toward zero; unchanged where it is 0 (inplace_normalize_using_sum)."""
    return [quotient(value, whole) for value in values] if whole else list(values)


def normalized_i64f64(values: Sequence[int]) -> Vector:
    """The same in I64F64 (inplace_normalize_64)."""
    whole = sum(values) & _U128_MAX
    whole = whole - (1 << 128) if whole > _I64F64_MAX else whole
    if whole == 0:
        return list(values)
    return [_quotient_i64f64(value, whole) for value in values]


def _quotient_i64f64(a: int, b: int) -> int:
    bits = (abs(a) << _I64F64_FRACTION) // abs(b)
    bits = bits if (a < 0) == (b < 0) else -bits
    return bits if -_I64F64_MAX - 1 <= bits <= _I64F64_MAX else 0


def divided(dividends: Sequence[int], divisors: Sequence[int]) -> Vector:
    """Quotients, 0 where there is none (vecdiv)."""
    return [quotient(a, b) for a, b in zip(dividends, divisors, strict=True)]


def multiplied(a: Sequence[int], b: Sequence[int]) -> Vector:
    """Products, 0 where one does not fit, as many as the shorter has (vec_mul)."""
    products = (x * y >> FRACTION for x, y in zip(a, b, strict=False))
    return [bits if MIN <= bits <= MAX else 0 for bits in products]


def masked(values: Sequence[int], mask: Sequence[bool]) -> Vector:
    """0 where the mask is set or missing; an empty mask leaves all (inplace_mask_vector)."""
    if not mask:
        return list(values)
    known = len(mask)
    return [0 if i >= known or mask[i] else value for i, value in enumerate(values)]


def is_topk(values: Sequence[int], k: int) -> list[bool]:
    """Which values are among the k greatest; ties go to the higher index (is_topk)."""
    return _topk(values, k, [True] * len(values))


def is_topk_nonzero(values: Sequence[int], k: int) -> list[bool]:
    """Which values are among the k greatest and not zero (is_topk_nonzero)."""
    return _topk(values, k, [value != 0 for value in values])


def _topk(values: Sequence[int], k: int, chosen: list[bool]) -> list[bool]:
    surplus = max(len(values) - k, 0)
    for index in sorted(range(len(values)), key=values.__getitem__)[:surplus]:
        chosen[index] = False
    return chosen


def max_upscaled_to_u16(values: Sequence[int]) -> Vector:
    """Values scaled so that the greatest is 65,535, rounded to whole ones.

    Rule
        round(v 65535 / max), ties away from zero; with max above 32,768, round(v (65535 / max)),
        the quotient cut first; floor(v 65535) when max is 0.

    Args
        values: I32F32 bits, shape (n,).

    Returns
        Shares of 65,535, shape (n,).

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: vec_max_upscale_to_u16.
    """
    greatest = max(values, default=0)
    whole = U16_MAX << FRACTION
    if greatest == 0:
        return [_whole_u16(product(value, whole)) for value in values]
    if greatest > _UPSCALE_BRANCH:
        factor = quotient(whole, greatest)
        return [_rounded_u16(product(value, factor)) for value in values]
    return [_rounded_u16(quotient(product(value, whole), greatest)) for value in values]


def _rounded_u16(bits: int) -> int:
    magnitude = (abs(bits) + _HALF) >> FRACTION << FRACTION
    return _whole_u16(-magnitude if bits < 0 else magnitude)


def _whole_u16(bits: int) -> int:
    return min(max(bits >> FRACTION, 0), U16_MAX)


def u16_max_upscaled_to_u16(values: Sequence[int]) -> Vector:
    """Whole numbers scaled the same way, as weights are when set (vec_u16_max_upscale_to_u16)."""
    return max_upscaled_to_u16([value << FRACTION for value in values])


def is_max_limited(values: Sequence[int], limit: int) -> bool:
    """Whether no whole number is above a share of their sum (check_vec_max_limited)."""
    shares = normalized([value << FRACTION for value in values])
    return not shares or max(shares) <= of_share(limit)


def weighted_median(stake: Sequence[int], scores: Sequence[int], minority: int) -> int:
    """The score that the majority of stake supports.

    Rule
        The least score v with more than the minority of stake at scores up to v; the greatest
        score when there is none. Exactly half on each side goes to the higher score. The chain
        finds it by partitions about a pivot; sums being exact, the result is the same.

    Args
        stake: I32F32 bits, normalized, shape (v,).
        scores: I32F32 bits, shape (v,).
        minority: I32F32 bits, the sum of stake less the majority; may be negative.

    Returns
        I32F32 bits; 0 without scores.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: weighted_median.
    """
    if len(stake) != len(scores) or not scores:
        return 0
    below = 0
    order = sorted(range(len(scores)), key=scores.__getitem__)
    for place, index in enumerate(order):
        below = clamped(below + stake[index])
        is_last_of_its_score = place + 1 == len(order) or scores[order[place + 1]] != scores[index]
        if is_last_of_its_score and below > minority:
            return scores[index]
    return scores[order[-1]]
