"""The weighted pool (from spec 423) on arrays: powers, quotes, injections.

The law raises a ratio to a weight in integers of hundreds of bits and keeps 60 of them. Here the
power is found to 100 bits, with a bound on its error: where both ends of that interval give the
same 60 bits they are the law's, elsewhere (once in 2^40) the law computes it.
"""

from fractions import Fraction
from math import ceil, factorial

import numpy as np

from mechanics import amm as law
from mechanics.amm.power import exp, ln
from mechanics.amm.state import PERQUINTILL, PoolState, Refused, Side
from mechanics.amm.v423_balancer import (
    FIRST_SPEC_VERSION,
    price_limit,
    require_reserve,
    spot_price,
    step,
    weights,
)
from mechanics.amm.v424_bounded_input import MOST_INPUT_PER_RESERVE
from mechanics.engine.concentrated import fee_parts, part
from mechanics.engine.quotes import Quotes, refused, stable
from mechanics.engine.wide import (
    GREATEST,
    MOST,
    ONE_U64F64,
    UNIT,
    ZERO,
    compiled,
    div_u64f64,
    divided_by_word,
    is_less,
    is_zero,
    leading_zeros,
    mul_u64f64,
    multiplied,
    pair,
    prepared,
    product,
    put,
    quotient,
    require_uint64,
    rest,
    total,
    words,
    wrapping_difference,
    wrapping_sum,
)
from mechanics.eras import given
from mechanics.fixed import U64F64

__all__ = ["FIRST_SPEC_VERSION", "left", "quotes", "reweighted", "steps"]

_BOUNDED_FROM = 424

_WHOLE = np.uint64(PERQUINTILL)
_TWICE = np.uint64(2 * PERQUINTILL)
_HALF = np.uint64(PERQUINTILL // 2)
_LEAST_WEIGHT = np.uint64(PERQUINTILL // 100)

# ---------------------------------------------------------------------- tables

_TABLE_BITS = 200
_LOG_FRACTION = 120
"""Fraction bits of logarithms, which are below 2^8."""

_LN_TERMS = 17
_EXP_TERMS = 13
_STEPS = 128


def _column(values: list[Fraction], fraction: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers with so many fraction bits, floored: high halves, low halves."""
    pairs = [pair(int(value * 2**fraction)) for value in values]
    return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])


def _ln(value: int) -> Fraction:
    return Fraction(ln(value, _TABLE_BITS), 2**_TABLE_BITS)


_RECIPROCALS = [ceil(Fraction(2**16 * _STEPS, _STEPS + j)) for j in range(_STEPS)]
_RECIPROCAL = np.array(_RECIPROCALS, np.uint64)
"""1 / (1 + j/128) in parts of 2^16, rounded up, so that nothing times it is below 1."""

_LN_HIGH, _LN_LOW = _column([16 * _ln(2) - _ln(r) for r in _RECIPROCALS], _LOG_FRACTION)
_LN_2 = pair(int(_ln(2) * 2**_LOG_FRACTION))
_EXP_HIGH, _EXP_LOW = _column(
    [
        Fraction(exp(-(j << _TABLE_BITS) // _STEPS, _TABLE_BITS), 2**_TABLE_BITS)
        for j in range(_STEPS)
    ],
    127,
)
_PER_HIGH, _PER_LOW = _column([Fraction(1, max(n, 2)) for n in range(_LN_TERMS + 1)], 128)
_FACTORIAL_HIGH, _FACTORIAL_LOW = _column(
    [Fraction(1, factorial(max(n, 2))) for n in range(_EXP_TERMS + 1)], 128
)

_TOO_LARGE = np.uint64(16 << 56)
"""The high half of 16: the law's series is good for powers below."""

_MARGIN = (ZERO, np.uint64(1 << 24))
"""2^-100 as it shows in the parts: the error here is below 2^-104, that of the law below 2^-170.

Here: 140 units of 2^-120 in the logarithms, at most 99 times that in the power, what is cut in the
series below 2^-122. There, with 280 bits: below 2^32 units in the logarithms and 99 times that in
the power, below 2^33 in its exponential, half a unit of 2^-256 in rounding.
"""


# ---------------------------------------------------------------------- the power


@compiled
def _upper(a, b):
    """The product of two parts of 2^128, floored."""
    p3, p2, _, _ = product(a, b)
    return p3, p2


@compiled
def _logarithm(value):
    """ln of a whole number above 0 with 120 fraction bits."""
    zeros = leading_zeros(value)
    mantissa = value << zeros
    j = np.int64((mantissa >> np.uint64(56)) & np.uint64(_STEPS - 1))
    high, low = multiplied(mantissa, _RECIPROCAL[j])
    high -= np.uint64(1 << 15)
    u = ((high << np.uint64(49)) | (low >> np.uint64(15)), low << np.uint64(49))
    h = (_PER_HIGH[_LN_TERMS], _PER_LOW[_LN_TERMS])
    for n in range(_LN_TERMS - 1, 1, -1):
        h = wrapping_difference((_PER_HIGH[n], _PER_LOW[n]), _upper(u, h))
    series = wrapping_difference(u, _upper(u, _upper(u, h)))
    found = (series[0] >> np.uint64(8), (series[0] << np.uint64(56)) | (series[1] >> np.uint64(8)))
    found = wrapping_sum(found, (_LN_HIGH[j], _LN_LOW[j]))
    return wrapping_sum(found, _times(_LN_2, np.uint64(63) - zeros))


@compiled
def _of_word(a, word):
    """The three words of a number times a uint64."""
    high, middle = multiplied(a[0], word)
    carried, low = multiplied(a[1], word)
    middle += carried
    return high + np.uint64(middle < carried), middle, low


@compiled
def _times(a, count):
    """A number times a whole one, which fits."""
    high, low = multiplied(a[1], count)
    return a[0] * count + high, low


@compiled
def _parts_left(reserve, delta, up, down):
    """(x / (x + d))^(up / down) in parts of 10^18, and whether they are surely the law's."""
    after = reserve + delta
    if after < reserve:
        after = MOST
    if reserve == ZERO:
        return ZERO, True
    if after == reserve:
        return _WHOLE, True
    if up == down:
        high, low = multiplied(reserve, _WHOLE)
        return divided_by_word(high, low, after)[0], True
    growth = wrapping_difference(_logarithm(after), _logarithm(reserve))
    high, middle, low = _of_word(growth, up)
    q2, q1, q0 = quotient(high, middle, low, prepared((ZERO, down)))
    if q2 != ZERO or q1 >= _TOO_LARGE:
        return ZERO, False
    halvings = q1 // _LN_2[0]
    if is_less((q1, q0), _times(_LN_2, halvings)):
        halvings -= UNIT
    f = wrapping_difference((q1, q0), _times(_LN_2, halvings))
    j = np.int64(f[0] >> np.uint64(49))
    g = ((f[0] << np.uint64(15)) >> np.uint64(15), f[1])
    g = ((g[0] << np.uint64(8)) | (g[1] >> np.uint64(56)), g[1] << np.uint64(8))
    h = (_FACTORIAL_HIGH[_EXP_TERMS], _FACTORIAL_LOW[_EXP_TERMS])
    for n in range(_EXP_TERMS - 1, 1, -1):
        h = wrapping_difference((_FACTORIAL_HIGH[n], _FACTORIAL_LOW[n]), _upper(g, h))
    lost = wrapping_difference(g, _upper(g, _upper(g, h)))
    there = (_EXP_HIGH[j], _EXP_LOW[j])
    there = wrapping_difference(there, _upper(there, lost))
    high, low, _ = _of_word(there, _TWICE)
    found = (high, low)
    least = wrapping_difference(found, _MARGIN)[0] >> halvings
    return least, least == wrapping_sum(found, _MARGIN)[0] >> halvings


@compiled
def _share(parts):
    """Parts of 10^18 as a U64F64."""
    return ONE_U64F64 if parts == _WHOLE else (ZERO, divided_by_word(parts, ZERO, _WHOLE)[0])


def left(
    spec_version: int,
    reserve_rao: np.ndarray,
    delta_rao: np.ndarray,
    up: np.ndarray,
    down: np.ndarray,
) -> np.ndarray:
    """What payments leave of the other reserves.

    Rule
        That of the era's ``left``.

    Args
        spec_version: which, from 423.
        reserve_rao: the reserves paid into, uint64, shape (n,).
        delta_rao: what is paid in, uint64, shape (n,).
        up, down: weights, parts of 10^18, uint64, shape (n,).

    Returns
        Dimensionless, U64F64, shape (n, 2).

    Errors
        TypeError for a column of another type.

    Source
        ``mechanics.amm.v423_balancer``.
    """
    require_uint64(reserve_rao=reserve_rao, delta_rao=delta_rao, up=up, down=down)
    era = law.ERAS.at(spec_version).module
    found, is_sure = _left(reserve_rao, delta_rao, up, down)
    columns = (reserve_rao, delta_rao, up, down)
    for i in np.flatnonzero(~is_sure).tolist():
        put(found, i, pair(era.left(*(int(column[i]) for column in columns)).bits))
    return found


@compiled
def _left(reserve, delta, up, down):
    n = len(reserve)
    found = np.empty((n, 2), np.uint64)
    is_sure = np.empty(n, np.bool_)
    for i in range(n):
        parts, is_sure[i] = _parts_left(reserve[i], delta[i], up[i], down[i])
        if is_sure[i]:
            put(found, i, _share(parts))
    return found, is_sure


# ---------------------------------------------------------------------- swaps


def quotes(
    spec_version: int,
    pool: PoolState,
    side: Side,
    amount_rao: np.ndarray,
    limit_price_rao: int | None = None,
    drop_fees: bool = False,
) -> Quotes:
    """As ``mechanics.engine.amm.quotes``, of pools of this kind.

    Swaps that would pass the limit are computed by the law, one by one.
    """
    law.ERAS.at(spec_version)
    amount_rao = words(amount_rao)
    if pool.mechanism != 1:
        return stable(amount_rao)
    is_buy = side is Side.BUY
    paid, other = pool.tao_reserve_rao, pool.alpha_reserve_rao
    if not is_buy:
        paid, other = other, paid
    try:
        require_reserve(side, other)
    except Refused:
        return refused(len(amount_rao))
    limit, price = price_limit(side, limit_price_rao), spot_price(pool)
    if price >= limit if is_buy else price <= limit:
        return refused(len(amount_rao))
    found = steps(spec_version, pool, side, amount_rao, limit, drop_fees)
    if spec_version >= _BOUNDED_FROM:
        most = min(paid * MOST_INPUT_PER_RESERVE, 2**64 - 1)
        found.is_refused[:] |= _is_above(_fee_rate(pool, drop_fees), amount_rao, np.uint64(most))
        found.clear_refused()
    return found


def _fee_rate(pool: PoolState, drop_fees: bool) -> np.uint64:
    return np.uint64(0 if drop_fees else given(pool.fee_rate_u16, "fee_rate_u16"))


@compiled
def _is_above(fee_rate, amount, most):
    """Whether what is left of an amount after the fee is above the most a swap may put in."""
    part_of, _ = fee_parts(fee_rate)
    found = np.empty(len(amount), np.bool_)
    for i in range(len(amount)):
        fee = part(amount[i], part_of)
        found[i] = fee < amount[i] and amount[i] - fee > most
    return found


def steps(
    spec_version: int,
    pool: PoolState,
    side: Side,
    amount_rao: np.ndarray,
    limit: U64F64,
    drop_fees: bool = False,
) -> Quotes:
    """The exchange itself, of each of n sizes, each of them from the same pool.

    Rule
        That of the era's ``step``.

    Args
        spec_version: which, from 423.
        pool: a pool with reserves, not a stable subnet's.
        side: buy or sell.
        amount_rao: what is offered, fee included, uint64, shape (n,).
        limit: the price at which to stop, TAO per alpha.
        drop_fees: True for the protocol's own swaps.

    Returns
        The quotes. Steps that would pass the limit are computed by the law, one by one.

    Errors
        BadState for a pool without a fee rate, or with weights that no pool has;
        TypeError for a column of another type.

    Source
        ``mechanics.amm.v423_balancer``.
    """
    require_uint64(amount_rao=amount_rao)
    era = law.ERAS.at(spec_version).module
    paid, other = pool.tao_reserve_rao, pool.alpha_reserve_rao
    down, up = weights(pool)
    if side is Side.SELL:
        paid, other, up, down = other, paid, down, up
    *columns, is_sure = _steps(
        side is Side.BUY,
        np.uint64(paid),
        np.uint64(other),
        np.uint64(up),
        np.uint64(down),
        _fee_rate(pool, drop_fees),
        pair(limit.bits),
        amount_rao,
    )
    found = Quotes(*columns)
    found.clear_refused()

    def trade(size: int) -> tuple[int, int, int, int]:
        taken = step(pool, side, size, limit, drop_fees, era.left)
        return taken.delta_in_rao, taken.delta_out_rao, taken.fee_rao, taken.author_fee_rao

    for place in np.flatnonzero(~is_sure).tolist():
        found.put(place, trade, amount_rao[place])
    return found


@compiled
def _steps(is_buy, paid, other, up, down, fee_rate, limit, amount):
    n = len(amount)
    delta_in = np.empty(n, np.uint64)
    delta_out = np.empty(n, np.uint64)
    fees = np.empty(n, np.uint64)
    author_fees = np.zeros(n, np.uint64)
    is_refused = np.zeros(n, np.bool_)
    is_sure = np.empty(n, np.bool_)
    part_of, _ = fee_parts(fee_rate)
    # The weight of alpha over that of TAO.
    ratio = div_u64f64((down, ZERO), (up, ZERO)) if is_buy else div_u64f64((up, ZERO), (down, ZERO))
    for i in range(n):
        fee = part(amount[i], part_of)
        delta = amount[i] - fee if fee < amount[i] else ZERO
        parts, is_sure[i] = _parts_left(paid, delta, up, down)
        out = part(other, rest(ONE_U64F64, _share(parts)))
        delta_in[i], delta_out[i], fees[i] = delta, out, fee
        paid_after = paid + delta
        if paid_after < paid:
            paid_after = MOST
        tao, alpha = (paid_after, other - out) if is_buy else (other - out, paid_after)
        price = mul_u64f64(ratio, div_u64f64((tao, ZERO), (alpha, ZERO)))
        if is_less(limit, price) if is_buy else is_less(price, limit):
            is_sure[i] = False
        if delta != ZERO:
            is_refused[i] = out == ZERO
            author_fees[i] = fee
    return delta_in, delta_out, fees, author_fees, is_refused, is_sure


# ---------------------------------------------------------------------- injections


def reweighted(
    tao_reserve_rao: np.ndarray,
    alpha_reserve_rao: np.ndarray,
    quote_weight_perquintill: np.ndarray,
    tao_rao: np.ndarray,
    alpha_rao: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The weights of TAO that keep the prices of n pools when reserves are added.

    Rule
        That of ``v423_balancer.reweighted``.

    Args
        tao_reserve_rao, alpha_reserve_rao: before, uint64, shape (n,).
        quote_weight_perquintill: before, within bounds, uint64, shape (n,).
        tao_rao, alpha_rao: what is added, uint64, shape (n,).

    Returns
        Parts of 10^18, uint64, shape (n,); and whether each is from 0.01 to 0.99, without which
        the pool cannot take the injection in.

    Errors
        TypeError for a column of another type.

    Source
        ``mechanics.amm.v423_balancer``.
    """
    require_uint64(
        tao_reserve_rao=tao_reserve_rao,
        alpha_reserve_rao=alpha_reserve_rao,
        quote_weight_perquintill=quote_weight_perquintill,
        tao_rao=tao_rao,
        alpha_rao=alpha_rao,
    )
    return _reweighted(
        tao_reserve_rao, alpha_reserve_rao, quote_weight_perquintill, tao_rao, alpha_rao
    )


@compiled
def _reweighted(tao_reserve, alpha_reserve, quote_weight, tao_rao, alpha_rao):
    n = len(quote_weight)
    weights = np.empty(n, np.uint64)
    is_within = np.empty(n, np.bool_)
    whole = prepared((ZERO, _WHOLE))
    for i in range(n):
        tao, alpha = tao_reserve[i], alpha_reserve[i]
        both = multiplied(tao, alpha)
        of_alpha = _rounded(
            total(both, multiplied(tao, alpha_rao[i])), _WHOLE - quote_weight[i], whole
        )
        of_tao = _rounded(total(both, multiplied(alpha, tao_rao[i])), quote_weight[i], whole)
        weights[i] = _share_of(of_tao, total(of_alpha, of_tao))
        is_within[i] = _LEAST_WEIGHT <= weights[i] <= _WHOLE - _LEAST_WEIGHT
    return weights, is_within


@compiled
def _rounded(value, parts, whole):
    """Parts of 10^18 of a value, half up, clamped."""
    high, middle, low = _of_word(value, parts)
    low += _HALF
    carry = np.uint64(low < _HALF)
    middle += carry
    high += np.uint64(middle < carry)
    q2, q1, q0 = quotient(high, middle, low, whole)
    return GREATEST if q2 != ZERO else (q1, q0)


@compiled
def _share_of(one, both):
    """A part of a whole in parts of 10^18, floored; a half where there is no whole."""
    if is_zero(both):
        return _HALF
    if is_less(both, one):
        one = both
    high, middle, low = _of_word(one, _WHOLE)
    return quotient(high, middle, low, prepared(both))[2]
