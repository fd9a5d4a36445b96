"""Concentrated liquidity: the square root of the price is state, and each range has its liquidity.

Against v233: the price is AlphaSqrtPrice^2, no longer the ratio of the reserves, and moves along
CurrentLiquidity. The protocol lends the whole range; where the owner allows it users lend ranges of
their own, whose reserves are counted in SubnetTaoProvided and SubnetAlphaInProvided. The fee is
FeeRate of what is paid in, in that asset, and goes to the lenders, not into the reserves. A limit
is a limit of the price itself, not of the average.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isqrt

from mechanics.amm import v233_constant_product as v233
from mechanics.amm.state import (
    Adjustment,
    Asset,
    InsufficientLiquidity,
    InvalidLiquidityValue,
    InvalidTickRange,
    LiquidityNotFound,
    PoolState,
    Position,
    PriceLimitExceeded,
    Provision,
    ReservesTooLow,
    Side,
    Swap,
    Tick,
    TooManySwapSteps,
    UserLiquidityDisabled,
    changed,
    require_amount,
    saturating_rest,
    saturating_sum,
)
from mechanics.amm.ticks import MAX_TICK, MIN_TICK, sqrt_price_at, tick_at
from mechanics.eras import BadState
from mechanics.fixed import I64F64, U64F64, U96F32
from mechanics.transcendental import checked_sqrt

FIRST_SPEC_VERSION = 290
FIRST_BLOCK_NUMBER = 5_947_548
SOURCE = (
    "subtensor@c39063b475 (spec 290), pallets/swap/src/pallet/impls.rs: current_price, "
    "maybe_initialize_v3, adjust_protocol_liquidity, swap_inner, do_add_liquidity, "
    "do_remove_liquidity; swap_step.rs; position.rs; tick.rs; equal to the bit to a chain that ran "
    "spec 293, in every part of every pool"
)

MINIMUM_RESERVE_RAO = 1_000_000
MINIMUM_LIQUIDITY = 1_000
MAX_SWAP_ITERATIONS = 1_000

MIN_PRICE_RAO = 0
MAX_PRICE_RAO = 2**64 - 1
"""Limits for a swap without one: the squares of the outermost prices, in rao, clamped to u64."""

_RAO_PER_WHOLE = U64F64.of(10**9)
_U16_MAX = U64F64.of(2**16 - 1)
_ONE = U64F64.of(1)
_MAX_U64 = 2**64 - 1

_FIRST_PRICE_EPSILON = U64F64.saturating_from_f64(0x3D719799812DEA11)
_LIMIT_PRICE_EPSILON = U64F64.saturating_from_f64(0x3DDB7CDFD9D7BDBB)
"""1e-12 and 1e-10 as the nearest doubles: how near a square root must come."""


# ---------------------------------------------------------------------- price


def spot_price(pool: PoolState) -> U96F32:
    """TAO per alpha.

    Rule
        p = AlphaSqrtPrice^2, floored to 64 fraction bits and then to 32; the ratio of the
        reserves until the pool's first swap initialises it.

    Args
        pool: the pool's state.

    Returns
        TAO per alpha.

    Errors
        BadState when an initialised pool has no AlphaSqrtPrice.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: current_price.
    """
    if pool.mechanism != 1 or not pool.is_v3_initialized:
        return v233.spot_price(pool)
    return U96F32.saturating_from(_sqrt_price(pool) * _sqrt_price(pool))


def _sqrt_price(pool: PoolState) -> U64F64:
    if pool.alpha_sqrt_price is None:
        raise BadState("alpha_sqrt_price", "is missing from an initialised pool")
    return pool.alpha_sqrt_price


def _liquidity(pool: PoolState) -> int:
    if not pool.current_liquidity:
        raise BadState(
            "current_liquidity",
            f"is {pool.current_liquidity} in an initialised pool, where the protocol always lends",
        )
    return pool.current_liquidity


def _tick(pool: PoolState) -> int:
    if pool.current_tick is None:
        raise BadState("current_tick", "is missing from an initialised pool")
    return min(max(pool.current_tick, MIN_TICK), MAX_TICK)


def initialized(pool: PoolState) -> PoolState:
    """The pool as its first swap finds it.

    Rule
        sqrt p = the square root of TAO / alpha, by bisection to 1e-12; the protocol lends
        floor(sqrt(TAO alpha)) to the whole range. Nothing changes in a pool that is initialised.

    Args
        pool: reserves in rao.

    Returns
        The pool with its price, tick, liquidity, protocol position and the two outermost ticks.

    Errors
        None.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: maybe_initialize_v3.
    """
    if pool.is_v3_initialized:
        return pool
    tao, alpha = pool.tao_rao, pool.alpha_rao
    price = U64F64.of(tao).safe_div(U64F64.of(alpha))
    root = checked_sqrt(price, _FIRST_PRICE_EPSILON)
    pool = changed(pool, alpha_sqrt_price=root, current_tick=tick_at(root))
    position = Position(MIN_TICK, MAX_TICK, isqrt(tao * alpha))
    return changed(_lent(pool, position), protocol_position=position, is_v3_initialized=True)


# ---------------------------------------------------------------------- swaps


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of a swap: to the end of the order, to the limit, or to the next tick.

    Attributes:
        delta_in_rao, delta_out_rao: what is exchanged.
        fee_rao: of the asset paid in, on top of delta_in.
        sqrt_price: where the price comes to be.
        edge_tick: the next tick in that direction.
        is_crossing: the tick is crossed, and the swap goes on.
    """

    delta_in_rao: int
    delta_out_rao: int
    fee_rao: int
    sqrt_price: U64F64
    edge_tick: int
    is_crossing: bool


Settle = Callable[[PoolState, Side, Step], tuple[PoolState, int]]
"""Who earns a step's fee: the pool with its part counted, and the block author's part."""

Move = Callable[[PoolState, Side, int, int], PoolState]
"""The reserves after a payment in and one out."""


def buy(
    pool: PoolState, tao_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """TAO for alpha; see ``traded``. The limit is the highest price, in rao of TAO per alpha."""
    return traded(pool, Side.BUY, tao_rao, limit_price_rao, drop_fees, fee_to_lenders, moved)


def sell(
    pool: PoolState, alpha_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """Alpha for TAO; see ``traded``. The limit is the lowest price, in rao of TAO per alpha."""
    return traded(pool, Side.SELL, alpha_rao, limit_price_rao, drop_fees, fee_to_lenders, moved)


def most_bought_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most TAO an order with a limit may spend: what a swap of 2^64 - 1 would take, with fee.

    Source
        subtensor v290, pallets/subtensor/src/staking/add_stake.rs: get_max_amount_add.
    """
    return most_taken(buy, pool, limit_price_rao, limit_price_rao >= 10**9)


def most_sold_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most alpha an order with a limit may sell: what a swap of 2^64 - 1 would take, with fee.

    Source
        subtensor v290, pallets/subtensor/src/staking/remove_stake.rs: get_max_amount_remove.
    """
    return most_taken(sell, pool, limit_price_rao, limit_price_rao <= 10**9)


def most_taken(
    trade: Callable[[PoolState, int, int], Swap], pool: PoolState, limit_rao: int, at_par: bool
) -> int:
    """What a swap of 2^64 - 1 would take, with fee; of a stable subnet all, if 1 is in the limit.

    Raises:
        Refused: the chain refuses such a swap, and with it any order with that limit.
    """
    if pool.mechanism != 1:
        return _MAX_U64 if at_par else 0
    swap = trade(pool, _MAX_U64, limit_rao)
    return saturating_sum(swap.paid_in_rao, swap.fee_rao)


def traded(
    pool: PoolState,
    side: Side,
    amount_rao: int,
    limit_price_rao: int | None,
    drop_fees: bool,
    settle: Settle,
    move: Move,
) -> Swap:
    """What a swap comes to, by whoever's rule of fees and reserves.

    Rule
        Step by step (see ``step``) until the order is used up, the limit is reached, or a step
        takes nothing. A crossed tick turns its fees out over and adds its net liquidity to the
        pool's, or takes it off when the price falls. 1:1 without a fee in a stable subnet.

    Args
        pool: the pool's state.
        side: buy or sell.
        amount_rao: what is offered, fee included.
        limit_price_rao: rao of TAO per whole alpha at which to stop, None for no limit.
        drop_fees: True for the protocol's own swaps.
        settle, move: the rules of fees and reserves.

    Returns
        rao. The fee is of the asset paid in. A stable subnet's totals are staking's to keep.

    Errors
        ReservesTooLow, PriceLimitExceeded, TooManySwapSteps, InsufficientLiquidity where the chain
        refuses; BadState for an amount that is no balance or a state that no pool is in.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: swap, do_swap, swap_inner.
    """
    is_buy = side is Side.BUY
    require_amount("tao_rao" if is_buy else "alpha_rao", amount_rao)
    fee_asset = Asset.TAO if is_buy else Asset.ALPHA
    if pool.mechanism != 1:
        return Swap(amount_rao, amount_rao, 0, fee_asset, 0, pool)
    reserve = pool.alpha_rao if is_buy else pool.tao_rao
    require_reserve(side, reserve)
    pool = initialized(pool)
    limit = sqrt_of_limit(side, limit_price_rao)
    price = _sqrt_price(pool)
    if price >= limit if is_buy else price <= limit:
        raise PriceLimitExceeded("limit_price_rao", "is reached before the swap")
    left, paid_in, paid_out, fee, author_fee, steps = amount_rao, 0, 0, 0, 0, 0
    while left:
        taken = step(pool, side, left, limit, drop_fees)
        pool, to_author = settle(pool, side, taken)
        if taken.is_crossing:
            pool = _crossed(pool, side, taken.edge_tick)
        pool = changed(
            pool, alpha_sqrt_price=taken.sqrt_price, current_tick=tick_at(taken.sqrt_price)
        )
        paid_in += taken.delta_in_rao
        paid_out = saturating_sum(paid_out, taken.delta_out_rao)
        fee += taken.fee_rao
        author_fee += to_author
        used = taken.delta_in_rao + taken.fee_rao
        left = saturating_rest(left, used) if taken.is_crossing and used else 0
        steps += 1
        if steps > MAX_SWAP_ITERATIONS:
            raise TooManySwapSteps("ticks", f"crossed are more than {MAX_SWAP_ITERATIONS}")
    if reserve < paid_out:
        raise InsufficientLiquidity(
            "alpha_reserve_rao" if is_buy else "tao_reserve_rao",
            f"and what users provided are {reserve} rao, less than the {paid_out} to be paid out",
        )
    return Swap(paid_in, paid_out, fee, fee_asset, author_fee, move(pool, side, paid_in, paid_out))


def require_reserve(side: Side, reserve_rao: int) -> None:
    """Refuse a swap out of a reserve below the least.

    Raises:
        ReservesTooLow: it is below 1,000,000 rao.
    """
    if reserve_rao < MINIMUM_RESERVE_RAO:
        field = "alpha_reserve_rao" if side is Side.BUY else "tao_reserve_rao"
        raise ReservesTooLow(field, f"is {reserve_rao} rao, below {MINIMUM_RESERVE_RAO:,}")


@lru_cache(maxsize=4096)  # the root of no limit took half the time of a swap
def sqrt_of_limit(side: Side, limit_price_rao: int | None) -> U64F64:
    """The square root of the price at which to stop; without a limit that of the outermost price.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: swap.
    """
    if limit_price_rao is None:
        limit_price_rao = MAX_PRICE_RAO if side is Side.BUY else MIN_PRICE_RAO
    require_amount("limit_price_rao", limit_price_rao)
    price = U64F64.of(limit_price_rao).safe_div(_RAO_PER_WHOLE)
    return checked_sqrt(price, _LIMIT_PRICE_EPSILON)


def step(pool: PoolState, side: Side, amount_rao: int, limit: U64F64, drop_fees: bool) -> Step:
    """The next stretch of a swap, in an initialised pool.

    Rule
        d = amount - fee. Target: s + d / L for a buy, 1 / (d / L + 1 / s) for a sale. Where the
        target lies before the limit and the next tick, all of d is exchanged. Else the price goes
        to the nearer of the two, d is what that takes - floor(L (s' - s)), or
        floor(L (1 / s' - 1 / s)) - and the fee is taken anew. Coming to rest exactly on the tick
        crosses it in a buy, not in a sale.
        Out, at the price before: floor((L / ((L s + d) s)) d) for a buy,
        floor(d ((L / (L / s + d)) s)) for a sale. All in U64F64, which saturates where L s^2
        passes 2^64: the pool then pays too much.

    Args
        pool: the pool's state.
        side: buy or sell.
        amount_rao: what is left of the order, fee included.
        limit: square root of the price at which to stop.
        drop_fees: True for the protocol's own swaps.

    Returns
        The step; the pool is not changed.

    Errors
        BadState for a pool without a price, a tick or liquidity.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: SwapStep; later swap_step.rs.
    """
    is_buy = side is Side.BUY
    price, liquidity = _sqrt_price(pool), U64F64.of(_liquidity(pool))
    edge_tick = next_tick(pool, side)
    edge = sqrt_price_at(edge_tick)
    fee = swap_fee(pool, amount_rao, drop_fees)
    delta = saturating_rest(amount_rao, fee)
    run = U64F64.of(delta).safe_div(liquidity)
    target = run + price if is_buy else _ONE.safe_div(run + _ONE.safe_div(price))

    def is_closer(one: U64F64, other: U64F64) -> bool:
        return one <= other if is_buy else one >= other

    is_crossing = False
    if is_closer(target, limit) and is_closer(target, edge):
        final = target
    else:
        is_limited = is_closer(limit, target) and is_closer(limit, edge)
        final, is_crossing = (limit, False) if is_limited else (edge, True)
        distance = final - price if is_buy else _ONE.safe_div(final) - _ONE.safe_div(price)
        delta = (liquidity * distance).to_u64_sat()
        fee = fee_on(pool, delta, drop_fees)
    if (limit if is_closer(limit, target) else target) == edge:
        is_crossing = is_buy
    out = bought(liquidity, price, delta) if is_buy else sold(liquidity, price, delta)
    return Step(delta, out, fee, final, edge_tick, is_crossing)


def bought(liquidity: U64F64, price: U64F64, tao_rao: int) -> int:
    """Alpha for TAO along one liquidity: floor((L / ((L s + d) s)) d).

    Source
        subtensor v290, pallets/swap/src/pallet/swap_step.rs: convert_deltas.
    """
    tao = U64F64.of(tao_rao)
    return (liquidity.safe_div((liquidity * price + tao) * price) * tao).to_u64_sat()


def sold(liquidity: U64F64, price: U64F64, alpha_rao: int) -> int:
    """TAO for alpha along one liquidity: floor(d ((L / (L / s + d)) s)).

    Source
        subtensor v290, pallets/swap/src/pallet/swap_step.rs: convert_deltas.
    """
    alpha = U64F64.of(alpha_rao)
    return (alpha * (liquidity.safe_div(liquidity.safe_div(price) + alpha) * price)).to_u64_sat()


def swap_fee(pool: PoolState, amount_rao: int, drop_fees: bool) -> int:
    """The fee out of an amount: floor(amount (rate / 65,535)), the quotient cut first.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: calculate_fee_amount.
    """
    if drop_fees:
        return 0
    return (U64F64.of(amount_rao) * _fee_rate(pool).safe_div(_U16_MAX)).to_u64_sat()


def fee_on(pool: PoolState, delta_rao: int, drop_fees: bool) -> int:
    """The fee on top of an amount: floor(d (rate / (65,535 - rate))), the quotient cut first.

    Source
        subtensor v290, pallets/swap/src/pallet/swap_step.rs: determine_action.
    """
    if drop_fees:
        return 0
    rate = _fee_rate(pool)
    return (U64F64.of(delta_rao) * rate.safe_div(_U16_MAX - rate)).to_u64_sat()


def _fee_rate(pool: PoolState) -> U64F64:
    if pool.fee_rate_u16 is None:
        raise BadState("fee_rate_u16", "is missing: the spec's default stands for an absent item")
    return U64F64.of(pool.fee_rate_u16)


def next_tick(pool: PoolState, side: Side) -> int:
    """The next tick at which liquidity changes."""
    tick = _tick(pool)
    if side is Side.BUY:
        return min((t for t in pool.ticks if t > tick), default=MAX_TICK)
    if tick in pool.ticks and _sqrt_price(pool) > sqrt_price_at(tick):
        return tick
    return max((t for t in pool.ticks if t < tick), default=MIN_TICK)


def _crossed(pool: PoolState, side: Side, index: int) -> PoolState:
    tick = pool.ticks.get(index)
    if tick is None:
        raise InsufficientLiquidity("ticks", f"do not hold {index}, which the swap crosses")
    turned = replace(
        tick,
        fees_out_tao=I64F64.saturating_from(pool.fee_global_tao) - tick.fees_out_tao,
        fees_out_alpha=I64F64.saturating_from(pool.fee_global_alpha) - tick.fees_out_alpha,
    )
    change = min(abs(tick.liquidity_net), _MAX_U64)
    is_added = (tick.liquidity_net >= 0) == (side is Side.BUY)
    liquidity = (saturating_sum if is_added else saturating_rest)(_liquidity(pool), change)
    return changed(pool, current_liquidity=liquidity, ticks={**pool.ticks, index: turned})


def fee_to_lenders(pool: PoolState, side: Side, taken: Step) -> tuple[PoolState, int]:
    """All of a fee goes to those who lend: fee / (L - 1,000) more per unit of liquidity.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: add_fees, current_liquidity_safe.
    """
    lent = U64F64.of(saturating_rest(_liquidity(pool), MINIMUM_LIQUIDITY))
    share = U64F64.of(taken.fee_rao).safe_div(lent)
    if side is Side.BUY:
        return changed(pool, fee_global_tao=pool.fee_global_tao + share), 0
    return changed(pool, fee_global_alpha=pool.fee_global_alpha + share), 0


def moved(pool: PoolState, side: Side, paid_in: int, paid_out: int) -> PoolState:
    """What is paid out is taken from what users provided first, then from the reserve.

    Source
        subtensor v290, pallets/subtensor/src/staking/stake_utils.rs: swap_tao_for_alpha,
        swap_alpha_for_tao, decrease_provided_tao_reserve, decrease_provided_alpha_reserve.
    """
    if side is Side.BUY:
        pool = changed(pool, tao_reserve_rao=saturating_sum(pool.tao_reserve_rao, paid_in))
        return _withdrawn(pool, 0, paid_out)
    pool = changed(pool, alpha_reserve_rao=saturating_sum(pool.alpha_reserve_rao, paid_in))
    return _withdrawn(pool, paid_out, 0)


def _withdrawn(pool: PoolState, tao_rao: int, alpha_rao: int) -> PoolState:
    tao_beyond = saturating_rest(tao_rao, pool.tao_provided_rao)
    alpha_beyond = saturating_rest(alpha_rao, pool.alpha_provided_rao)
    return changed(
        pool,
        tao_provided_rao=saturating_rest(pool.tao_provided_rao, tao_rao),
        alpha_provided_rao=saturating_rest(pool.alpha_provided_rao, alpha_rao),
        tao_reserve_rao=saturating_rest(pool.tao_reserve_rao, tao_beyond),
        alpha_reserve_rao=saturating_rest(pool.alpha_reserve_rao, alpha_beyond),
    )


# ---------------------------------------------------------------------- the protocol's liquidity


def adjust_liquidity(pool: PoolState, tao_rao: int, alpha_rao: int) -> Adjustment:
    """The liquidity the protocol lends, after an injection.

    Rule
        With what its position holds at the price, tao and alpha: L' = floor(sqrt((tao + dT)
        (alpha + dA))). CurrentLiquidity and the two outermost ticks grow by L' - L, not below 0;
        the price stays. Nothing changes before the pool's first swap.

    Args
        pool: the pool's state.
        tao_rao, alpha_rao: dT, dA.

    Returns
        The pool, its reserves not yet counted; the reserves are to receive all of dT and dA.

    Errors
        BadState for an amount that is no balance.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: adjust_protocol_liquidity.
    """
    require_amount("tao_rao", tao_rao)
    require_amount("alpha_rao", alpha_rao)
    position = pool.protocol_position
    if position is not None:
        pool = grown(pool, position, tao_rao, alpha_rao)
    return Adjustment(pool, tao_rao, alpha_rao)


def inject(pool: PoolState, tao_rao: int, alpha_rao: int) -> PoolState:
    """The pool after the block's injection."""
    return adjust_liquidity(pool, tao_rao, alpha_rao).applied()


def grown(pool: PoolState, position: Position, tao_rao: int, alpha_rao: int) -> PoolState:
    """The pool with more in the protocol's position."""
    tao, alpha = token_amounts(position, _sqrt_price(pool))
    liquidity = isqrt(saturating_sum(tao, tao_rao) * saturating_sum(alpha, alpha_rao))
    more = saturating_rest(liquidity, position.liquidity)
    pool = _with_tick(pool, position.tick_low, more, 1)
    pool = _with_tick(pool, position.tick_high, more, -1)
    return changed(
        pool,
        current_liquidity=saturating_sum(pool.current_liquidity or 0, more),
        protocol_position=replace(position, liquidity=liquidity),
    )


# ---------------------------------------------------------------------- positions


def token_amounts(position: Position, sqrt_price: U64F64) -> tuple[int, int]:
    """TAO and alpha that a position holds at a price.

    Rule
        With s bounded to the range: floor(L (s - s_low)) TAO, floor(L (1 / s - 1 / s_high)) alpha.

    Args
        position: the position.
        sqrt_price: the square root of the price.

    Returns
        rao of TAO, rao of alpha.

    Errors
        None.

    Source
        subtensor v290, pallets/swap/src/position.rs: to_token_amounts.
    """
    low, high = sqrt_price_at(position.tick_low), sqrt_price_at(position.tick_high)
    price = min(max(sqrt_price, low), high)
    return _amounts(U64F64.of(position.liquidity), price, low, high)


def _amounts(liquidity: U64F64, price: U64F64, low: U64F64, high: U64F64) -> tuple[int, int]:
    tao = liquidity * (price - low)
    alpha = liquidity * (_ONE.safe_div(price) - _ONE.safe_div(high))
    return tao.to_u64_sat(), alpha.to_u64_sat()


def add_liquidity(
    pool: PoolState, position_id: int, tick_low: int, tick_high: int, liquidity: int
) -> Provision:
    """A user lends to a range of prices.

    Args
        pool: the pool's state.
        position_id: the id the chain gives it, LastPositionId + 1.
        tick_low, tick_high: the range, half-open.
        liquidity: square root of TAO times alpha, in rao.

    Returns
        What the user pays, rao of each; it is counted in the Provided maps.

    Errors
        UserLiquidityDisabled, InvalidTickRange, InvalidLiquidityValue where the chain refuses;
        BadState for an id in use.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: do_add_liquidity,
        add_liquidity_not_insert; mod.rs: add_liquidity.
    """
    _require_users(pool)
    if not MIN_TICK <= tick_low < tick_high <= MAX_TICK:
        raise InvalidTickRange("tick_low", f"{tick_low} to tick_high {tick_high} is no range")
    if liquidity < MINIMUM_LIQUIDITY:
        raise InvalidLiquidityValue("liquidity", f"is {liquidity}, below {MINIMUM_LIQUIDITY:,}")
    if position_id in pool.positions:
        raise BadState("position_id", f"{position_id} is in use")
    position = Position(tick_low, tick_high, liquidity)
    pool = _lent(pool, position)
    tao, alpha = token_amounts(position, _sqrt_price(pool))
    pool = changed(
        pool,
        positions={**pool.positions, position_id: position},
        tao_provided_rao=saturating_sum(pool.tao_provided_rao, tao),
        alpha_provided_rao=saturating_sum(pool.alpha_provided_rao, alpha),
    )
    return Provision(tao, alpha, 0, 0, pool)


def remove_liquidity(pool: PoolState, position_id: int) -> Provision:
    """A user takes a position out, with the fees it earned.

    Args
        pool: the pool's state.
        position_id: the position.

    Returns
        What the user gets, rao of each; only the first two leave the reserves, those that users
        provided first.

    Errors
        LiquidityNotFound where the chain refuses.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: do_remove_liquidity; mod.rs:
        remove_liquidity.
    """
    position = _position(pool, position_id)
    _, fee_tao, fee_alpha = collected(pool, position)
    tao, alpha = token_amounts(position, _sqrt_price(pool))
    pool = _taken_back(pool, position, position.liquidity)
    if position.tick_low <= _tick(pool) < position.tick_high:
        pool = changed(
            pool,
            current_liquidity=saturating_rest(pool.current_liquidity or 0, position.liquidity),
        )
    left = {key: kept for key, kept in pool.positions.items() if key != position_id}
    pool = _withdrawn(changed(pool, positions=left), tao, alpha)
    return Provision(tao, alpha, fee_tao, fee_alpha, pool)


def modify_position(pool: PoolState, position_id: int, liquidity_delta: int) -> Provision:
    """A user adds to a position or takes off it, and is paid the fees it earned.

    Rule
        As adding or removing that much; a rest below 1,000 is removed whole, though what is paid
        is for the part asked. The Provided maps stay as they are.

    Args
        pool: the pool's state.
        position_id: the position.
        liquidity_delta: liquidity to add, or to take off when negative.

    Returns
        What the user pays, or gets, rao of each.

    Errors
        UserLiquidityDisabled, LiquidityNotFound, InvalidLiquidityValue, InsufficientLiquidity
        where the chain refuses.

    Source
        subtensor@52378dc3e9 (spec 361), pallets/swap/src/pallet/impls.rs: do_modify_position;
        mod.rs: modify_position.
    """
    _require_users(pool)
    position = _position(pool, position_id)
    size = abs(liquidity_delta)
    if size < MINIMUM_LIQUIDITY:
        raise InvalidLiquidityValue("liquidity_delta", f"is within {MINIMUM_LIQUIDITY:,} of 0")
    price = _sqrt_price(pool)
    low, high = sqrt_price_at(position.tick_low), sqrt_price_at(position.tick_high)
    is_added = liquidity_delta > 0
    if not is_added and position.liquidity < size:
        raise InsufficientLiquidity("liquidity_delta", f"is more than {position.liquidity}")
    if low <= price <= high:
        change = saturating_sum if is_added else saturating_rest
        pool = changed(pool, current_liquidity=change(pool.current_liquidity or 0, size))
    tao, alpha = _amounts(U64F64.of(size), min(max(price, low), high), low, high)
    position, fee_tao, fee_alpha = collected(pool, position)
    if is_added:
        pool = _with_tick(pool, position.tick_low, size, 1)
        pool = _with_tick(pool, position.tick_high, size, -1)
        position = replace(position, liquidity=saturating_sum(position.liquidity, size))
        kept = {**pool.positions, position_id: position}
    elif position.liquidity - size < MINIMUM_LIQUIDITY:
        pool = _taken_back(pool, position, position.liquidity)
        kept = {key: other for key, other in pool.positions.items() if key != position_id}
    else:
        pool = _taken_back(pool, position, size)
        position = replace(position, liquidity=position.liquidity - size)
        kept = {**pool.positions, position_id: position}
    return Provision(tao, alpha, fee_tao, fee_alpha, changed(pool, positions=kept))


def collected(pool: PoolState, position: Position) -> tuple[Position, int, int]:
    """What a position has earned since last collected, of TAO and of alpha.

    Rule
        floor(L (inside - inside when last collected)), inside = global - below low - above high.

    Args
        pool: the pool's state.
        position: the position.

    Returns
        The position, marked as collected; rao of TAO; rao of alpha.

    Errors
        None.

    Source
        subtensor v290, pallets/swap/src/position.rs: collect_fees, fees_in_range; tick.rs:
        fees_below, fees_above.
    """
    low = pool.ticks.get(position.tick_low, Tick())
    high = pool.ticks.get(position.tick_high, Tick())
    is_low_passed = position.tick_low <= _tick(pool)
    is_high_passed = position.tick_high <= _tick(pool)

    def inside(earned: U64F64, out_low: I64F64, out_high: I64F64) -> I64F64:
        whole = I64F64.saturating_from(earned)
        below = out_low if is_low_passed else whole - out_low
        above = whole - out_high if is_high_passed else out_high
        return whole - below - above

    fees_tao = inside(pool.fee_global_tao, low.fees_out_tao, high.fees_out_tao)
    fees_alpha = inside(pool.fee_global_alpha, low.fees_out_alpha, high.fees_out_alpha)
    liquidity = I64F64.of(position.liquidity)
    return (
        replace(position, fees_tao=fees_tao, fees_alpha=fees_alpha),
        (liquidity * (fees_tao - position.fees_tao)).to_u64_sat(),
        (liquidity * (fees_alpha - position.fees_alpha)).to_u64_sat(),
    )


def _require_users(pool: PoolState) -> None:
    if not pool.is_user_liquidity_enabled:
        raise UserLiquidityDisabled("is_user_liquidity_enabled", "is false")


def _position(pool: PoolState, position_id: int) -> Position:
    if position_id not in pool.positions:
        raise LiquidityNotFound("position_id", f"{position_id} is none of the pool's positions")
    return pool.positions[position_id]


def _lent(pool: PoolState, position: Position) -> PoolState:
    """The pool with a new position's liquidity at its ticks and, where it is in range, in use."""
    pool = _with_tick(pool, position.tick_low, position.liquidity, 1)
    pool = _with_tick(pool, position.tick_high, position.liquidity, -1)
    tick = _tick(pool)
    if not MIN_TICK < tick < MAX_TICK:
        pool = changed(pool, alpha_sqrt_price=sqrt_price_at(tick))
    if position.tick_low <= tick < position.tick_high:
        liquidity = saturating_sum(pool.current_liquidity or 0, position.liquidity)
        pool = changed(pool, current_liquidity=liquidity)
    return pool


def _with_tick(pool: PoolState, index: int, liquidity: int, sign: int) -> PoolState:
    tick = pool.ticks.get(index)
    if tick is None:
        is_above = index > _tick(pool)
        earned = (pool.fee_global_tao, pool.fee_global_alpha) if is_above else (U64F64(0),) * 2
        tick = Tick(
            fees_out_tao=I64F64.saturating_from(earned[0]),
            fees_out_alpha=I64F64.saturating_from(earned[1]),
        )
    tick = replace(
        tick,
        liquidity_net=tick.liquidity_net + sign * liquidity,
        liquidity_gross=saturating_sum(tick.liquidity_gross, liquidity),
    )
    return changed(pool, ticks={**pool.ticks, index: tick})


def _taken_back(pool: PoolState, position: Position, liquidity: int) -> PoolState:
    ticks = dict(pool.ticks)
    for index, sign in ((position.tick_low, 1), (position.tick_high, -1)):
        tick = ticks.get(index)
        if tick is None:
            continue
        gross = saturating_rest(tick.liquidity_gross, liquidity)
        net = tick.liquidity_net - sign * liquidity
        ticks[index] = replace(tick, liquidity_net=net, liquidity_gross=gross)
        if gross == 0:
            del ticks[index]
    return changed(pool, ticks=ticks)
