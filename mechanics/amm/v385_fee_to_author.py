"""Concentrated liquidity whose swap fee is the block author's, all of it.

Against v334: those who lend earn nothing any more; the whole fee goes to the author of the block,
what a sale pays in alpha by a further sale without a fee. A swap that takes something and would pay
out nothing is refused.
"""

from mechanics.amm.state import Asset, PoolState, ReservesTooLow, Side, Swap
from mechanics.amm.v334_proportional import (
    Step,
    add_liquidity,
    adjust_liquidity,
    fee_on,
    initialized,
    inject,
    modify_position,
    most_taken,
    moved,
    remove_liquidity,
    require_reserve,
    spot_price,
    swap_fee,
    traded,
)

FIRST_SPEC_VERSION = 385
FIRST_BLOCK_NUMBER = 7_782_670
SOURCE = (
    "subtensor v385, pallets/swap/src/pallet/swap_step.rs: process_swap, with DefaultFeeSplit 0; "
    "pallets/subtensor/src/staking/stake_utils.rs: stake_into_subnet, unstake_from_subnet"
)

__all__ = [
    "add_liquidity",
    "adjust_liquidity",
    "author_paid",
    "buy",
    "fee_on",
    "fee_to_author",
    "initialized",
    "inject",
    "modify_position",
    "most_bought_for",
    "most_sold_for",
    "most_taken",
    "remove_liquidity",
    "require_reserve",
    "sell",
    "spot_price",
    "swap_fee",
    "traded",
]


def buy(
    pool: PoolState, tao_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """TAO for alpha; as v290, with the fee for the block author."""
    return traded(pool, Side.BUY, tao_rao, limit_price_rao, drop_fees, fee_to_author, moved)


def sell(
    pool: PoolState, alpha_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """Alpha for TAO; as v290, with the fee for the block author."""
    return traded(pool, Side.SELL, alpha_rao, limit_price_rao, drop_fees, fee_to_author, moved)


def most_bought_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most TAO an order with a limit may spend; as v290."""
    return most_taken(buy, pool, limit_price_rao, limit_price_rao >= 10**9)


def most_sold_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most alpha an order with a limit may sell; as v290."""
    return most_taken(sell, pool, limit_price_rao, limit_price_rao <= 10**9)


def fee_to_author(pool: PoolState, side: Side, taken: Step) -> tuple[PoolState, int]:
    """All of a step's fee is the block author's.

    Rule
        fee - floor(0 fee) = fee, where the step takes anything; the lenders' part is 0.

    Args
        pool: the pool before the step.
        side: buy or sell.
        taken: the step.

    Returns
        The pool, unchanged; the author's part of the fee, rao of the asset paid in.

    Errors
        ReservesTooLow where the step takes something and pays out nothing.

    Source
        subtensor v385, pallets/swap/src/pallet/swap_step.rs: process_swap.
    """
    if taken.delta_in_rao == 0:
        return pool, 0
    if taken.delta_out_rao == 0:
        field = "alpha_reserve_rao" if side is Side.BUY else "tao_reserve_rao"
        raise ReservesTooLow(field, f"would pay nothing for {taken.delta_in_rao} rao")
    return pool, taken.fee_rao


def author_paid(swap: Swap) -> PoolState:
    """The pool once the author has been paid: a fee in alpha is sold, without a fee of its own.

    Args
        swap: a swap whose block has an author; without one the fee is burned, and the pool stays.

    Returns
        The pool.

    Errors
        As for ``sell``.

    Source
        subtensor v385, pallets/subtensor/src/staking/stake_utils.rs: unstake_from_subnet.
    """
    if swap.fee_asset is Asset.TAO:
        return swap.pool
    return sell(swap.pool, swap.author_fee_rao, drop_fees=True).pool
