"""Weighted pool that takes at most a thousand times its reserve in one swap.

Against v423: powers are computed with 256 bits, no longer 1,024, and what is left of a reserve
counts as at most all of it; a swap of more than 1,000 times the reserve it pays into is refused.
"""

from collections.abc import Callable

from mechanics.amm.state import (
    Asset,
    PoolState,
    Side,
    Swap,
    SwapInputTooLarge,
    require_amount,
    saturating_rest,
    saturating_sum,
)
from mechanics.amm.v423_balancer import (
    adjust_liquidity,
    base_delta_in,
    initialized,
    inject,
    mul_perquintill_round,
    needed,
    quote_delta_in,
    raised,
    reweighted,
    share_perquintill,
    spot_price,
    step,
    swap_fee,
    traded,
    weights,
)
from mechanics.fixed import U64F64

FIRST_SPEC_VERSION = 424
SOURCE = (
    "subtensor@14bc6f9 (spec 425), pallets/swap/src/pallet/balancer.rs: exp_scaled; impls.rs: "
    "ensure_swap_input_within_reserve_limit; pallets/subtensor/src/staking/add_stake.rs: "
    "get_max_amount_add; remove_stake.rs: get_max_amount_remove"
)

__all__ = [
    "adjust_liquidity",
    "alpha_needed_for",
    "author_paid",
    "base_delta_in",
    "buy",
    "initialized",
    "inject",
    "left",
    "most_bought_for",
    "most_sold_for",
    "mul_perquintill_round",
    "quote_delta_in",
    "reweighted",
    "sell",
    "share_perquintill",
    "spot_price",
    "step",
    "weights",
]

PRECISION_BITS = 256
MOST_INPUT_PER_RESERVE = 1_000

_MAX_U64 = 2**64 - 1


def buy(
    pool: PoolState, tao_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """TAO for alpha; as v423, refusing too much with SwapInputTooLarge."""
    require_amount("tao_rao", tao_rao)
    _require_input("tao_rao", pool, tao_rao, pool.tao_reserve_rao, drop_fees)
    return traded(pool, Side.BUY, tao_rao, limit_price_rao, drop_fees, left)


def sell(
    pool: PoolState, alpha_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """Alpha for TAO; as v423, refusing too much with SwapInputTooLarge."""
    require_amount("alpha_rao", alpha_rao)
    _require_input("alpha_rao", pool, alpha_rao, pool.alpha_reserve_rao, drop_fees)
    return traded(pool, Side.SELL, alpha_rao, limit_price_rao, drop_fees, left)


def _require_input(
    field: str, pool: PoolState, amount_rao: int, reserve_rao: int, drop_fees: bool
) -> None:
    if pool.mechanism != 1:
        return
    paid_in = saturating_rest(amount_rao, swap_fee(pool, amount_rao, drop_fees))
    most = _most_input(reserve_rao)
    if paid_in > most:
        raise SwapInputTooLarge(field, f"without its fee is {paid_in} rao, more than {most}")


def _most_input(reserve_rao: int) -> int:
    return min(reserve_rao * MOST_INPUT_PER_RESERVE, _MAX_U64)


def most_bought_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most TAO an order with a limit may spend: what a swap of 1,000 reserves would take."""
    return _most_taken(buy, pool, pool.tao_reserve_rao, limit_price_rao, limit_price_rao >= 10**9)


def most_sold_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most alpha an order with a limit may sell: what a swap of 1,000 reserves would take."""
    return _most_taken(
        sell, pool, pool.alpha_reserve_rao, limit_price_rao, limit_price_rao <= 10**9
    )


def _most_taken(
    trade: Callable[[PoolState, int, int], Swap],
    pool: PoolState,
    reserve_rao: int,
    limit_rao: int,
    at_par: bool,
) -> int:
    if pool.mechanism != 1:
        return _MAX_U64 if at_par else 0
    swap = trade(pool, _most_input(reserve_rao), limit_rao)
    return saturating_sum(swap.paid_in_rao, swap.fee_rao)


def author_paid(swap: Swap) -> PoolState:
    """The pool once the author has been paid; as v385."""
    if swap.fee_asset is Asset.TAO:
        return swap.pool
    return sell(swap.pool, swap.author_fee_rao, drop_fees=True).pool


def left(reserve_rao: int, delta_rao: int, up: int, down: int) -> U64F64:
    """What a payment leaves of the other reserve: with 256 bits, and at most all of it."""
    return min(raised(reserve_rao, delta_rao, up, down, PRECISION_BITS), U64F64.of(1))


def alpha_needed_for(pool: PoolState, tao_rao: int) -> int:
    """Alpha to be sold for an amount of TAO; as v423, with 256 bits."""
    return needed(pool, tao_rao, PRECISION_BITS)
