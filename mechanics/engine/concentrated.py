"""Pools of concentrated liquidity (specs 290 to 422) on arrays: steps of swaps, quotes, injections.

A swap of more than one step, that is one that crosses a tick, is the law's.
"""

from typing import NamedTuple

import numpy as np

from mechanics import amm as law
from mechanics.amm.state import PoolState, Refused, Side
from mechanics.amm.ticks import MAX_TICK, MIN_TICK, sqrt_price_at
from mechanics.amm.v290_concentrated import initialized, next_tick, require_reserve, sqrt_of_limit
from mechanics.engine.quotes import Quotes, amounts, by_law, refused, stable
from mechanics.engine.wide import (
    MOST,
    NOTHING,
    ONE_U64F64,
    UNIT,
    ZERO,
    at,
    compiled,
    div_u64f64,
    divided_by_word,
    halves,
    is_less,
    mul_u64f64,
    multiplied,
    pair,
    put,
    require_uint64,
    rest,
    total,
    words,
)
from mechanics.eras import BadState, UnknownRule

SPECS = range(290, 423)

_REINVESTED_FROM = 301
_PROPORTIONAL_FROM = 334
_FEE_TO_AUTHOR_FROM = 385
_U16_MAX = np.uint64(2**16 - 1)
_TOP_BIT = np.uint64(2**63)
_LOWEST = pair(sqrt_price_at(MIN_TICK).bits)
_HIGHEST = pair(sqrt_price_at(MAX_TICK).bits)


# ---------------------------------------------------------------------- swaps


class Steps(NamedTuple):
    """One stretch of a swap in each of n pools.

    Attributes:
        delta_in_rao, delta_out_rao: what is exchanged, uint64, shape (n,).
        fee_rao: of the asset paid in, on top of delta_in, uint64, shape (n,).
        sqrt_price: where the price comes to be, U64F64, shape (n, 2).
        is_crossing: the next tick is crossed, and the swap goes on; bool, shape (n,).
    """

    delta_in_rao: np.ndarray
    delta_out_rao: np.ndarray
    fee_rao: np.ndarray
    sqrt_price: np.ndarray
    is_crossing: np.ndarray


def steps(
    side: Side,
    sqrt_price: np.ndarray,
    liquidity: np.ndarray,
    edge_sqrt_price: np.ndarray,
    fee_rate_u16: np.ndarray,
    amount_rao: np.ndarray,
    limit_sqrt_price: np.ndarray,
    drop_fees: bool = False,
) -> Steps:
    """The next stretch of a swap in each of n pools.

    Rule
        That of ``v290_concentrated.step``.

    Args
        side: buy or sell, in all of them.
        sqrt_price: AlphaSqrtPrice, U64F64, shape (n, 2).
        liquidity: CurrentLiquidity, uint64, shape (n,).
        edge_sqrt_price: where the next tick in that direction begins, U64F64, shape (n, 2).
        fee_rate_u16: FeeRate, uint64, shape (n,).
        amount_rao: what is left of the order, fee included, uint64, shape (n,).
        limit_sqrt_price: the square root of the price at which to stop, U64F64, shape (n, 2).
        drop_fees: True for the protocol's own swaps.

    Returns
        The steps.

    Errors
        BadState where a pool has no liquidity;
        TypeError for a column of another type.

    Source
        ``mechanics.amm.v290_concentrated``.
    """
    require_uint64(
        sqrt_price=sqrt_price,
        liquidity=liquidity,
        edge_sqrt_price=edge_sqrt_price,
        fee_rate_u16=fee_rate_u16,
        amount_rao=amount_rao,
        limit_sqrt_price=limit_sqrt_price,
    )
    if not liquidity.all():
        raise BadState("current_liquidity", "is 0 in an initialised pool")
    return Steps(
        *_steps(
            side is Side.BUY,
            sqrt_price,
            liquidity,
            edge_sqrt_price,
            fee_rate_u16,
            amount_rao,
            limit_sqrt_price,
            drop_fees,
        )
    )


@compiled
def _steps(is_buy, sqrt_price, liquidity, edge, fee_rate, amount, limit, drop_fees):
    n = len(amount)
    delta_in = np.empty(n, np.uint64)
    delta_out = np.empty(n, np.uint64)
    fees = np.empty(n, np.uint64)
    final = np.empty((n, 2), np.uint64)
    is_crossing = np.empty(n, np.bool_)
    part_of, part_on = NOTHING, NOTHING
    for i in range(n):
        if not drop_fees and (i == 0 or fee_rate[i] != fee_rate[i - 1]):
            part_of, part_on = fee_parts(fee_rate[i])
        taken_in, out, fee, price, is_crossing[i] = _step(
            is_buy,
            at(sqrt_price, i),
            liquidity[i],
            at(edge, i),
            part_of,
            part_on,
            amount[i],
            at(limit, i),
        )
        delta_in[i], delta_out[i], fees[i] = taken_in, out, fee
        put(final, i, price)
    return delta_in, delta_out, fees, final, is_crossing


@compiled
def fee_parts(rate):
    """What a fee is of an amount that includes it, and of one that does not."""
    return div_u64f64((rate, ZERO), (_U16_MAX, ZERO)), div_u64f64(
        (rate, ZERO), (_U16_MAX - rate, ZERO)
    )


@compiled
def _step(is_buy, price, liquidity, edge, part_of, part_on, amount, limit):
    fee = part(amount, part_of)
    delta = amount - fee if fee < amount else ZERO
    run = (delta // liquidity, divided_by_word(delta % liquidity, ZERO, liquidity)[0])
    inverse = NOTHING
    if is_buy:
        target = total(run, price)
    else:
        inverse = div_u64f64(ONE_U64F64, price)
        target = div_u64f64(ONE_U64F64, total(run, inverse))
    is_crossing = False
    is_in_limit = _is_closer(is_buy, target, limit)
    if is_in_limit and _is_closer(is_buy, target, edge):
        final = target
    else:
        is_limited = _is_closer(is_buy, limit, target) and _is_closer(is_buy, limit, edge)
        final = limit if is_limited else edge
        is_crossing = not is_limited
        there, here = (final, price) if is_buy else (div_u64f64(ONE_U64F64, final), inverse)
        delta = part(liquidity, rest(there, here))
        fee = part(delta, part_on)
    nearest = limit if _is_closer(is_buy, limit, target) else target
    if nearest[0] == edge[0] and nearest[1] == edge[1]:
        is_crossing = is_buy
    whole = (liquidity, ZERO)
    if is_buy:
        paid = total(mul_u64f64(whole, price), (delta, ZERO))
        out = part(delta, div_u64f64(whole, mul_u64f64(paid, price)))
    else:
        paid = total(div_u64f64(whole, price), (delta, ZERO))
        out = part(delta, mul_u64f64(div_u64f64(whole, paid), price))
    return delta, out, fee, final, is_crossing


@compiled
def _is_closer(is_buy, one, other):
    return not is_less(other, one) if is_buy else not is_less(one, other)


@compiled
def part(amount, part):
    """An amount times a number, floored and clamped to uint64."""
    high, low = multiplied(amount, part[0])
    if high != ZERO:
        return MOST
    whole = low + multiplied(amount, part[1])[0]
    return MOST if whole < low else whole


def quotes(
    spec_version: int,
    pool: PoolState,
    side: Side,
    amount_rao: np.ndarray,
    limit_price_rao: int | None = None,
    drop_fees: bool = False,
) -> Quotes:
    """As ``mechanics.engine.amm.quotes``, of pools of this kind.

    Swaps that cross a tick are computed by the law, one by one.
    """
    amount_rao = words(amount_rao)
    if pool.mechanism != 1:
        return stable(amount_rao)
    n = len(amount_rao)
    is_buy = side is Side.BUY
    reserve = pool.alpha_rao if is_buy else pool.tao_rao
    limit = sqrt_of_limit(side, limit_price_rao)
    try:
        require_reserve(side, reserve)
    except Refused:
        return refused(n)
    pool = initialized(pool)
    price = pool.alpha_sqrt_price
    era = law.ERAS.at(spec_version).module

    def trade(size: int) -> tuple[int, int, int, int]:
        swap = (era.buy if is_buy else era.sell)(pool, size, limit_price_rao, drop_fees)
        return amounts(swap)

    fee_rate = 0 if drop_fees else pool.fee_rate_u16
    if price is None or not pool.current_liquidity or fee_rate is None:
        return by_law(amount_rao, trade)
    if price >= limit if is_buy else price <= limit:
        return refused(n)
    taken = steps(
        side,
        np.broadcast_to(halves([price.bits]), (n, 2)),
        np.broadcast_to(np.uint64(pool.current_liquidity), n),
        np.broadcast_to(halves([sqrt_price_at(next_tick(pool, side)).bits]), (n, 2)),
        np.broadcast_to(np.uint64(fee_rate), n),
        amount_rao,
        np.broadcast_to(halves([limit.bits]), (n, 2)),
        drop_fees,
    )
    is_refused = taken.delta_out_rao > np.uint64(reserve)
    author_fee = np.zeros(n, np.uint64)
    if spec_version >= _FEE_TO_AUTHOR_FROM:
        is_refused |= (taken.delta_in_rao > ZERO) & (taken.delta_out_rao == ZERO)
        author_fee = np.where(taken.delta_in_rao > ZERO, taken.fee_rao, ZERO)
    found = Quotes(taken.delta_in_rao, taken.delta_out_rao, taken.fee_rao, author_fee, is_refused)
    found.clear_refused()
    for place in np.flatnonzero(taken.is_crossing | (amount_rao == ZERO)).tolist():
        found.put(place, trade, amount_rao[place])
    return found


# ---------------------------------------------------------------------- the protocol's liquidity


class Lent(NamedTuple):
    """What the protocol lends n pools after an injection; uint64, shape (n,) each.

    Attributes:
        position_liquidity: the liquidity of its position.
        current_liquidity: CurrentLiquidity.
        tao_scrap_rao, alpha_scrap_rao: ScrapReservoirTao, ScrapReservoirAlpha.
    """

    position_liquidity: np.ndarray
    current_liquidity: np.ndarray
    tao_scrap_rao: np.ndarray
    alpha_scrap_rao: np.ndarray


def adjust_liquidity(
    spec_version: int,
    sqrt_price: np.ndarray,
    before: Lent,
    tao_rao: np.ndarray,
    alpha_rao: np.ndarray,
    fee_tao_rao: np.ndarray | None = None,
    fee_alpha_rao: np.ndarray | None = None,
) -> Lent:
    """The liquidity the protocol lends each of n initialised pools, after an injection.

    Rule
        That of the era's ``adjust_liquidity``, with the protocol's position over all prices.

    Args
        spec_version: which, from 290 to 422.
        sqrt_price: AlphaSqrtPrice, U64F64, shape (n, 2).
        before: what it lent before.
        tao_rao, alpha_rao: what the reserves are to receive, uint64, shape (n,).
        fee_tao_rao, fee_alpha_rao: what the position has earned since last collected, uint64,
            shape (n,), none where left out; from spec 385 it earns nothing.

    Returns
        What it lends after.

    Errors
        UnknownRule for a spec without pools of this kind;
        TypeError for a column of another type.

    Source
        ``mechanics.amm``, its eras v290 to v391.
    """
    if spec_version not in SPECS:
        raise UnknownRule("concentrated liquidity", spec_version, "specs 290-422")
    law.ERAS.at(spec_version)
    require_uint64(
        sqrt_price=sqrt_price,
        tao_rao=tao_rao,
        alpha_rao=alpha_rao,
        fee_tao_rao=fee_tao_rao,
        fee_alpha_rao=fee_alpha_rao,
        **before._asdict(),
    )
    none = np.zeros(len(tao_rao), np.uint64)
    return Lent(
        *_lent(
            spec_version >= _REINVESTED_FROM,
            spec_version >= _PROPORTIONAL_FROM,
            sqrt_price,
            *before,
            tao_rao,
            alpha_rao,
            none if fee_tao_rao is None else fee_tao_rao,
            none if fee_alpha_rao is None else fee_alpha_rao,
        )
    )


@compiled
def _lent(
    has_fees,
    is_proportional,
    sqrt_price,
    position_liquidity,
    current_liquidity,
    tao_scrap,
    alpha_scrap,
    tao_rao,
    alpha_rao,
    fee_tao,
    fee_alpha,
):
    n = len(tao_rao)
    position = np.empty(n, np.uint64)
    current = np.empty(n, np.uint64)
    new_tao_scrap = tao_scrap.copy()
    new_alpha_scrap = alpha_scrap.copy()
    lowest_inverse = div_u64f64(ONE_U64F64, _HIGHEST)
    for i in range(n):
        price = at(sqrt_price, i)
        tao, alpha = tao_rao[i], alpha_rao[i]
        if has_fees:
            tao, alpha = _sum(tao, fee_tao[i]), _sum(alpha, fee_alpha[i])
        if is_proportional:
            tao, alpha = _sum(tao, tao_scrap[i]), _sum(alpha, alpha_scrap[i])
            lent_tao, lent_alpha = _proportional(mul_u64f64(price, price), tao, alpha)
            new_tao_scrap[i], new_alpha_scrap[i] = tao - lent_tao, alpha - lent_alpha
            tao, alpha = lent_tao, lent_alpha
        bounded = price
        if is_less(price, _LOWEST):
            bounded = _LOWEST
        elif is_less(_HIGHEST, price):
            bounded = _HIGHEST
        liquidity = position_liquidity[i]
        held_tao = part(liquidity, rest(bounded, _LOWEST))
        held_alpha = part(liquidity, rest(div_u64f64(ONE_U64F64, bounded), lowest_inverse))
        position[i] = _root_of_product(_sum(held_tao, tao), _sum(held_alpha, alpha))
        more = position[i] - liquidity if position[i] > liquidity else ZERO
        current[i] = _sum(current_liquidity[i], more)
    return position, current, new_tao_scrap, new_alpha_scrap


@compiled
def _sum(a, b):
    both = a + b
    return MOST if both < a else both


@compiled
def _proportional(price, tao, alpha):
    tao_for_alpha = part(alpha, price)
    if tao_for_alpha <= tao:
        return tao_for_alpha, alpha
    return tao, div_u64f64((tao, ZERO), price)[0]


@compiled
def _root_of_product(a, b):
    """The square root of a product, floored, bit by bit."""
    whole = multiplied(a, b)
    root = ZERO
    bit = _TOP_BIT
    while bit != ZERO:
        tried = root | bit
        if not is_less(whole, multiplied(tried, tried)):
            root = tried
        bit >>= UNIT
    return root
