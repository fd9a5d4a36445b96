"""Concentrated liquidity that pays out of the pool's own reserves.

Against v385: what a swap pays out is taken from SubnetTAO or SubnetAlphaIn alone; the maps of what
users provided are no longer drawn down. Users had not been able to lend since spec 350.
"""

from dataclasses import replace

from mechanics.amm.state import Asset, PoolState, Side, Swap, saturating_rest, saturating_sum
from mechanics.amm.v385_fee_to_author import (
    adjust_liquidity,
    fee_on,
    fee_to_author,
    initialized,
    inject,
    most_taken,
    require_reserve,
    spot_price,
    swap_fee,
    traded,
)

FIRST_SPEC_VERSION = 391
LAST_SPEC_VERSION = 422
FIRST_BLOCK_NUMBER = 7_782_857
SOURCE = (
    "subtensor v391, pallets/subtensor/src/staking/stake_utils.rs: swap_tao_for_alpha, "
    "swap_alpha_for_tao"
)

__all__ = [
    "adjust_liquidity",
    "author_paid",
    "buy",
    "fee_on",
    "initialized",
    "inject",
    "most_bought_for",
    "most_sold_for",
    "most_taken",
    "require_reserve",
    "sell",
    "spot_price",
    "swap_fee",
]


def buy(
    pool: PoolState, tao_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """TAO for alpha; as v385, out of the pool's own reserves."""
    return traded(pool, Side.BUY, tao_rao, limit_price_rao, drop_fees, fee_to_author, moved)


def sell(
    pool: PoolState, alpha_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """Alpha for TAO; as v385, out of the pool's own reserves."""
    return traded(pool, Side.SELL, alpha_rao, limit_price_rao, drop_fees, fee_to_author, moved)


def most_bought_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most TAO an order with a limit may spend; as v290."""
    return most_taken(buy, pool, limit_price_rao, limit_price_rao >= 10**9)


def most_sold_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most alpha an order with a limit may sell; as v290."""
    return most_taken(sell, pool, limit_price_rao, limit_price_rao <= 10**9)


def author_paid(swap: Swap) -> PoolState:
    """The pool once the author has been paid; as v385, out of the pool's own reserves."""
    if swap.fee_asset is Asset.TAO:
        return swap.pool
    return sell(swap.pool, swap.author_fee_rao, drop_fees=True).pool


def moved(pool: PoolState, side: Side, paid_in: int, paid_out: int) -> PoolState:
    """What is paid in joins the pool's own reserve, what is paid out leaves it.

    Source
        subtensor v391, pallets/subtensor/src/staking/stake_utils.rs: swap_tao_for_alpha,
        swap_alpha_for_tao.
    """
    if side is Side.BUY:
        return replace(
            pool,
            tao_reserve_rao=saturating_sum(pool.tao_reserve_rao, paid_in),
            alpha_reserve_rao=saturating_rest(pool.alpha_reserve_rao, paid_out),
        )
    return replace(
        pool,
        tao_reserve_rao=saturating_rest(pool.tao_reserve_rao, paid_out),
        alpha_reserve_rao=saturating_sum(pool.alpha_reserve_rao, paid_in),
    )
