"""Weighted pool: the price is the ratio of the reserves times that of their weights.

Against v391: ticks, positions and the square root of the price are gone. The price is
(w_alpha / w_tao) (TAO / alpha), a swap keeps alpha^w_alpha TAO^w_tao, and an injection in any
proportion keeps the price by changing the weights; one that would take them out of 0.01 to 0.99 is
dropped. Pools came over with the price they had.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mechanics.amm.power import pow_ratio_scaled
from mechanics.amm.state import (
    PERQUINTILL,
    Adjustment,
    Asset,
    InsufficientLiquidity,
    PoolState,
    PriceLimitExceeded,
    ReservesTooLow,
    Side,
    Swap,
    require_amount,
    saturating_rest,
)
from mechanics.amm.v391_own_reserves import (
    fee_on,
    most_taken,
    moved,
    require_reserve,
    swap_fee,
)
from mechanics.eras import BadState
from mechanics.fixed import U64F64

FIRST_SPEC_VERSION = 423
SOURCE = (
    "subtensor v423 and @14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs; swap_step.rs; "
    "impls.rs: current_price, swap_inner, adjust_protocol_liquidity; "
    "migrations/migrate_swapv3_to_balancer.rs"
)

LEAST_WEIGHT_PERQUINTILL = PERQUINTILL // 100

MIN_PRICE_RAO = 1_000
MAX_PRICE_RAO = 10**15
"""Limits for a swap without one."""

PRECISION_BITS = 1_024
LIMIT_PRECISION_BITS = 1_024

_ONE = U64F64.of(1)
_PERQUINTILL = U64F64.of(PERQUINTILL)
_RAO_PER_WHOLE = U64F64.of(10**9)
_MAX_U64 = 2**64 - 1
_MAX_U128 = 2**128 - 1

Left = Callable[[int, int, int, int], U64F64]
"""(x / (x + d))^(up / down), by an era's rule of precision: x, d, up, down -> what is left."""


# ---------------------------------------------------------------------- price and weights


def spot_price(pool: PoolState) -> U64F64:
    """TAO per alpha.

    Rule
        p = (w_alpha / w_tao) (TAO / alpha), the quotients cut and the product floored to 64
        fraction bits; 0 for a pool without alpha; 1 for a stable subnet.

    Args
        pool: reserves in rao, weight in parts of 10^18.

    Returns
        TAO per alpha.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs: calculate_price.
    """
    if pool.mechanism != 1:
        return _ONE
    base, quote = weights(pool)
    ratio = U64F64.of(pool.tao_reserve_rao).safe_div(U64F64.of(pool.alpha_reserve_rao))
    return U64F64.of(base).safe_div(U64F64.of(quote)) * ratio


def weights(pool: PoolState) -> tuple[int, int]:
    """The weights of alpha and of TAO.

    Args
        pool: the pool's state.

    Returns
        Parts of 10^18, which they add up to.

    Errors
        BadState where there are none, or one is below 0.01, which the chain never stores.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs: check_constraints.
    """
    quote = pool.quote_weight_perquintill
    if quote is None:
        raise BadState("quote_weight_perquintill", "is missing: a half stands for an absent item")
    if not _is_within_bounds(quote):
        raise BadState("quote_weight_perquintill", f"is {quote}, not from 0.01 to 0.99 of 10^18")
    return PERQUINTILL - quote, quote


def _is_within_bounds(quote_weight: int) -> bool:
    return LEAST_WEIGHT_PERQUINTILL <= quote_weight <= PERQUINTILL - LEAST_WEIGHT_PERQUINTILL


def initialized(pool: PoolState) -> PoolState:
    """The pool as its first swap finds it: with equal weights where it has none yet.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/impls.rs: maybe_initialize_palswap.
    """
    if pool.quote_weight_perquintill is not None:
        return pool
    return replace(pool, quote_weight_perquintill=PERQUINTILL // 2)


def share_perquintill(part: int, whole: int) -> int:
    """part / whole in parts of 10^18, floored; all of it where there is no whole.

    Source
        sp-arithmetic (polkadot-sdk v1.7.0), per_things.rs: Perquintill::from_rational.
    """
    return PERQUINTILL if whole == 0 else min(part, whole) * PERQUINTILL // whole


def mul_perquintill_round(parts: int, value: int) -> int:
    """Parts of 10^18 of a value, to the nearest integer, half up; clamped to u128.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs: mul_perquintill_round.
    """
    return min((value * parts + PERQUINTILL // 2) // PERQUINTILL, _MAX_U128)


def reweighted(pool: PoolState, tao_rao: int, alpha_rao: int) -> int | None:
    """The weight of TAO that keeps the price when reserves are added.

    Rule
        q2 / (q1 + q2) with q1 = round(w_alpha TAO (alpha + dA)), q2 = round(w_tao alpha (TAO +
        dT)), floored to parts of 10^18; a half where both are 0.

    Args
        pool: reserves in rao, weight in parts of 10^18.
        tao_rao, alpha_rao: dT, dA.

    Returns
        Parts of 10^18; None where it is not from 0.01 to 0.99.

    Errors
        BadState for weights that are out of bounds before.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs:
        update_weights_for_added_liquidity.
    """
    base, quote = weights(pool)
    tao, alpha = pool.tao_reserve_rao, pool.alpha_reserve_rao
    of_alpha = mul_perquintill_round(base, min(tao * (alpha + alpha_rao), _MAX_U128))
    of_tao = mul_perquintill_round(quote, min(alpha * (tao + tao_rao), _MAX_U128))
    whole = min(of_alpha + of_tao, _MAX_U128)
    weight = share_perquintill(of_tao, whole) if whole else PERQUINTILL // 2
    return weight if _is_within_bounds(weight) else None


def adjust_liquidity(pool: PoolState, tao_rao: int, alpha_rao: int) -> Adjustment:
    """The weights after an injection.

    Rule
        The weight of TAO is ``reweighted``, which keeps the price. Where that would leave the
        bounds nothing is injected: the chain drops both amounts.

    Args
        pool: the pool's state.
        tao_rao, alpha_rao: dT, dA.

    Returns
        The pool, its reserves not yet counted; what they are to receive: dT and dA, or nothing.

    Errors
        BadState for an amount that is no balance, or weights out of bounds before.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/impls.rs: adjust_protocol_liquidity.
    """
    require_amount("tao_rao", tao_rao)
    require_amount("alpha_rao", alpha_rao)
    weight = reweighted(pool, tao_rao, alpha_rao)
    if weight is None:
        return Adjustment(pool, 0, 0)
    return Adjustment(replace(pool, quote_weight_perquintill=weight), tao_rao, alpha_rao)


def inject(pool: PoolState, tao_rao: int, alpha_rao: int) -> PoolState:
    """The pool after the block's injection."""
    return adjust_liquidity(pool, tao_rao, alpha_rao).applied()


def migrated(pool: PoolState) -> PoolState:
    """A pool of v391 as the upgrade to 423 leaves it.

    Rule
        w_tao = TAO / (p alpha + TAO), p = AlphaSqrtPrice^2, p alpha as floor(p) alpha +
        floor(frac(p) alpha); a half where that is not from 0.01 to 0.99, or the pool had no price.

    Args
        pool: the pool before the upgrade.

    Returns
        The pool with its weight, and nothing left of ticks, positions, scraps or liquidity.

    Errors
        None.

    Source
        subtensor v423, pallets/swap/src/pallet/migrations/migrate_swapv3_to_balancer.rs; impls.rs:
        maybe_initialize_palswap.
    """
    tao, alpha = pool.tao_reserve_rao, pool.alpha_reserve_rao
    weight = PERQUINTILL // 2
    if pool.alpha_sqrt_price is not None:
        price = pool.alpha_sqrt_price * pool.alpha_sqrt_price
        whole = price.to_u64_sat() * alpha + (U64F64.of(alpha) * price.frac()).to_u128_sat()
        found = share_perquintill(tao, whole + tao)
        weight = found if whole + tao and _is_within_bounds(found) else weight
    return PoolState(
        mechanism=pool.mechanism,
        tao_reserve_rao=tao,
        alpha_reserve_rao=alpha,
        fee_rate_u16=pool.fee_rate_u16,
        quote_weight_perquintill=weight,
    )


# ---------------------------------------------------------------------- swaps


@dataclass(frozen=True, slots=True)
class Step:
    """What a swap comes to, before the reserves change.

    Attributes:
        delta_in_rao, delta_out_rao: what is exchanged.
        fee_rao: of the asset paid in, on top of delta_in.
        author_fee_rao: the block author's part of it: all, or nothing where nothing is taken.
    """

    delta_in_rao: int
    delta_out_rao: int
    fee_rao: int
    author_fee_rao: int


def buy(
    pool: PoolState, tao_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """TAO for alpha; see ``traded``. The limit is the highest price, in rao of TAO per alpha."""
    return traded(pool, Side.BUY, tao_rao, limit_price_rao, drop_fees, left)


def sell(
    pool: PoolState, alpha_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """Alpha for TAO; see ``traded``. The limit is the lowest price, in rao of TAO per alpha."""
    return traded(pool, Side.SELL, alpha_rao, limit_price_rao, drop_fees, left)


def most_bought_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most TAO an order with a limit may spend: what a swap of 2^64 - 1 would take, with fee.

    Source
        subtensor v423, pallets/subtensor/src/staking/add_stake.rs: get_max_amount_add.
    """
    return most_taken(buy, pool, limit_price_rao, limit_price_rao >= 10**9)


def most_sold_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most alpha an order with a limit may sell: what a swap of 2^64 - 1 would take, with fee.

    Source
        subtensor v423, pallets/subtensor/src/staking/remove_stake.rs: get_max_amount_remove.
    """
    return most_taken(sell, pool, limit_price_rao, limit_price_rao <= 10**9)


def author_paid(swap: Swap) -> PoolState:
    """The pool once the author has been paid; as v385."""
    if swap.fee_asset is Asset.TAO:
        return swap.pool
    return sell(swap.pool, swap.author_fee_rao, drop_fees=True).pool


def traded(
    pool: PoolState,
    side: Side,
    amount_rao: int,
    limit_price_rao: int | None,
    drop_fees: bool,
    left: Left,
) -> Swap:
    """What a swap comes to, by whoever's rule of precision.

    Rule
        One step (see ``step``); what is paid in joins its reserve, what is paid out leaves the
        other, the weights stay, the fee is the block author's. 1:1 without a fee in a stable
        subnet.

    Args
        pool: reserves in rao, weight in parts of 10^18.
        side: buy or sell.
        amount_rao: what is offered, fee included.
        limit_price_rao: rao of TAO per whole alpha at which to stop, None for no limit.
        drop_fees: True for the protocol's own swaps.
        left: the rule of precision.

    Returns
        rao. The fee is of the asset paid in. A stable subnet's totals are staking's to keep.

    Errors
        ReservesTooLow, PriceLimitExceeded, InsufficientLiquidity where the chain refuses; BadState
        for an amount that is no balance or a state that no pool is in.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/impls.rs: do_swap, swap_inner.
    """
    is_buy = side is Side.BUY
    require_amount("tao_rao" if is_buy else "alpha_rao", amount_rao)
    fee_asset = Asset.TAO if is_buy else Asset.ALPHA
    if pool.mechanism != 1:
        return Swap(amount_rao, amount_rao, 0, fee_asset, 0, pool)
    reserve = pool.alpha_reserve_rao if is_buy else pool.tao_reserve_rao
    require_reserve(side, reserve)
    limit, price = price_limit(side, limit_price_rao), spot_price(pool)
    if price >= limit if is_buy else price <= limit:
        raise PriceLimitExceeded("limit_price_rao", "is reached before the swap")
    taken = step(pool, side, amount_rao, limit, drop_fees, left)
    if reserve < taken.delta_out_rao:
        raise InsufficientLiquidity(
            "alpha_reserve_rao" if is_buy else "tao_reserve_rao",
            f"is {reserve} rao, less than the {taken.delta_out_rao} to be paid out",
        )
    return Swap(
        taken.delta_in_rao,
        taken.delta_out_rao,
        taken.fee_rao,
        fee_asset,
        taken.author_fee_rao,
        moved(pool, side, taken.delta_in_rao, taken.delta_out_rao),
    )


def price_limit(side: Side, limit_price_rao: int | None) -> U64F64:
    """The price at which to stop; without a limit the outermost one."""
    if limit_price_rao is None:
        limit_price_rao = MAX_PRICE_RAO if side is Side.BUY else MIN_PRICE_RAO
    require_amount("limit_price_rao", limit_price_rao)
    return U64F64.of(limit_price_rao).safe_div(_RAO_PER_WHOLE)


def step(
    pool: PoolState, side: Side, amount_rao: int, limit: U64F64, drop_fees: bool, left: Left
) -> Step:
    """The exchange itself.

    Rule
        d = amount - fee; out = floor(reserve (1 - e)), with e what ``left`` gives for d. Where the
        price after that would be past the limit, d is what takes the price to the limit (see
        ``quote_delta_in``, ``base_delta_in``), and the fee is taken anew.

    Args
        pool: reserves in rao, weight in parts of 10^18.
        side: buy or sell.
        amount_rao: what is offered, fee included.
        limit: the price at which to stop, TAO per alpha.
        drop_fees: True for the protocol's own swaps.
        left: the rule of precision.

    Returns
        rao.

    Errors
        ReservesTooLow where it takes something and pays out nothing.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/swap_step.rs: BasicSwapStep.
    """
    fee = swap_fee(pool, amount_rao, drop_fees)
    delta = saturating_rest(amount_rao, fee)
    out = _out(pool, side, delta, left)
    after = spot_price(moved(pool, side, delta, out))
    if after > limit if side is Side.BUY else after < limit:
        to_limit = quote_delta_in if side is Side.BUY else base_delta_in
        delta = to_limit(pool, spot_price(pool), limit)
        fee = fee_on(pool, delta, drop_fees)
        out = _out(pool, side, delta, left)
    if delta and not out:
        field = "alpha_reserve_rao" if side is Side.BUY else "tao_reserve_rao"
        raise ReservesTooLow(field, f"would pay nothing for {delta} rao")
    return Step(delta, out, fee, fee if delta else 0)


def _out(pool: PoolState, side: Side, delta_rao: int, left: Left) -> int:
    base, quote = weights(pool)
    if side is Side.BUY:
        rest = left(pool.tao_reserve_rao, delta_rao, quote, base)
        return (U64F64.of(pool.alpha_reserve_rao) * (_ONE - rest)).to_u64_sat()
    rest = left(pool.alpha_reserve_rao, delta_rao, base, quote)
    return (U64F64.of(pool.tao_reserve_rao) * (_ONE - rest)).to_u64_sat()


def left(reserve_rao: int, delta_rao: int, up: int, down: int) -> U64F64:
    """What a payment leaves of the other reserve; see ``raised``."""
    return raised(reserve_rao, delta_rao, up, down, PRECISION_BITS)


def raised(reserve_rao: int, delta_rao: int, up: int, down: int, precision_bits: int) -> U64F64:
    """(x / (x + d))^(up / down).

    Rule
        By ``pow_ratio_scaled`` in parts of 10^18, then cut to 64 fraction bits; 0 where x + d is 0
        or the parts are more than 2^64 - 1.

    Args
        reserve_rao: x, rao.
        delta_rao: d, rao; negative for what is taken out. x + d is clamped to u64.
        up, down: weights, parts of 10^18.
        precision_bits: bits the power is computed with.

    Returns
        Dimensionless.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs: exp_scaled.
    """
    after = min(max(reserve_rao + delta_rao, 0), _MAX_U64)
    if after == 0:
        return U64F64(0)
    parts = pow_ratio_scaled(reserve_rao, after, up, down, precision_bits, PERQUINTILL)
    if parts is None or parts > _MAX_U64:
        return U64F64(0)
    return U64F64.of(parts).safe_div(_PERQUINTILL)


def quote_delta_in(pool: PoolState, price: U64F64, target: U64F64) -> int:
    """TAO that takes the price up to a target.

    Rule
        floor(TAO ((target / price)^w_alpha - 1)), the power in parts of 10^18; 0 downwards.

    Args
        pool: reserves in rao, weight in parts of 10^18.
        price, target: TAO per alpha.

    Returns
        rao of TAO.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs: calculate_quote_delta_in.
    """
    return _delta_in(pool.tao_reserve_rao, target, price, weights(pool)[0])


def base_delta_in(pool: PoolState, price: U64F64, target: U64F64) -> int:
    """Alpha that takes the price down to a target.

    Rule
        floor(alpha ((price / target)^w_tao - 1)), the power in parts of 10^18; 0 upwards.

    Args
        pool: reserves in rao, weight in parts of 10^18.
        price, target: TAO per alpha.

    Returns
        rao of alpha.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs: calculate_base_delta_in.
    """
    return _delta_in(pool.alpha_reserve_rao, price, target, weights(pool)[1])


def _delta_in(reserve_rao: int, high: U64F64, low: U64F64, weight: int) -> int:
    parts = pow_ratio_scaled(
        high.bits, low.bits, weight, PERQUINTILL, LIMIT_PRECISION_BITS, PERQUINTILL
    )
    if parts is None:
        return 0
    growth = U64F64.of(min(parts, _MAX_U64)).safe_div(_PERQUINTILL) - _ONE
    return (U64F64.of(reserve_rao) * growth).to_u64_sat()


def alpha_needed_for(pool: PoolState, tao_rao: int) -> int:
    """Alpha to be sold for an amount of TAO; see ``needed``."""
    return needed(pool, tao_rao, PRECISION_BITS)


def needed(pool: PoolState, tao_rao: int, precision_bits: int) -> int:
    """Alpha to be sold for an amount of TAO, without a fee.

    Rule
        floor(alpha ((TAO / (TAO - dT))^(w_tao / w_alpha) - 1)); 0 for all of the TAO or more.

    Args
        pool: reserves in rao, weight in parts of 10^18.
        tao_rao: dT.
        precision_bits: bits the power is computed with.

    Returns
        rao of alpha.

    Errors
        BadState for an amount that is no balance.

    Source
        subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs:
        get_base_needed_for_quote.
    """
    require_amount("tao_rao", tao_rao)
    base, quote = weights(pool)
    growth = raised(pool.tao_reserve_rao, -tao_rao, quote, base, precision_bits)
    return (U64F64.of(pool.alpha_reserve_rao) * (growth - _ONE)).to_u64_sat()
