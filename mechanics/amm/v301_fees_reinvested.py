"""Concentrated liquidity, and the protocol's own fees are lent again at each injection.

Against v290: an injection first collects what the protocol's position has earned in fees, and the
liquidity grows by that too. The reserves still receive the injection alone.
"""

from mechanics.amm.state import Adjustment, PoolState, require_amount
from mechanics.amm.v290_concentrated import (
    Step,
    add_liquidity,
    buy,
    collected,
    fee_on,
    grown,
    initialized,
    modify_position,
    most_bought_for,
    most_sold_for,
    most_taken,
    moved,
    remove_liquidity,
    require_reserve,
    sell,
    spot_price,
    swap_fee,
    traded,
)

FIRST_SPEC_VERSION = 301
SOURCE = "subtensor v301, pallets/swap/src/pallet/impls.rs: adjust_protocol_liquidity"

__all__ = [
    "Step",
    "add_liquidity",
    "adjust_liquidity",
    "buy",
    "collected",
    "fee_on",
    "grown",
    "initialized",
    "inject",
    "modify_position",
    "most_bought_for",
    "most_sold_for",
    "most_taken",
    "moved",
    "remove_liquidity",
    "require_reserve",
    "sell",
    "spot_price",
    "swap_fee",
    "traded",
]


def adjust_liquidity(pool: PoolState, tao_rao: int, alpha_rao: int) -> Adjustment:
    """The liquidity the protocol lends, after an injection.

    Rule
        As v290, with the fees collected added to dT and dA.

    Args
        pool: the pool's state.
        tao_rao, alpha_rao: dT, dA.

    Returns
        The pool, its reserves not yet counted; the reserves are to receive dT and dA alone.

    Errors
        BadState for an amount that is no balance.

    Source
        subtensor v301, pallets/swap/src/pallet/impls.rs: adjust_protocol_liquidity.
    """
    require_amount("tao_rao", tao_rao)
    require_amount("alpha_rao", alpha_rao)
    if pool.protocol_position is None:
        return Adjustment(pool, tao_rao, alpha_rao)
    position, fee_tao, fee_alpha = collected(pool, pool.protocol_position)
    after = grown(pool, position, tao_rao + fee_tao, alpha_rao + fee_alpha)
    return Adjustment(after, tao_rao, alpha_rao)


def inject(pool: PoolState, tao_rao: int, alpha_rao: int) -> PoolState:
    """The pool after the block's injection."""
    return adjust_liquidity(pool, tao_rao, alpha_rao).applied()
