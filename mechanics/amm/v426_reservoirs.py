"""Weighted pool that keeps aside, in reservoirs, what an injection cannot place within the weights.

Against v424: an injection that would take the weights out of bounds is no longer dropped. How it is
split between pool and reservoirs has not been read, so such an injection, and every one while a
reservoir holds anything, has no known rule; all else is as before.
"""

from mechanics.amm import v424_bounded_input as v424
from mechanics.amm.state import Adjustment, PoolState, require_amount
from mechanics.amm.v424_bounded_input import (
    alpha_needed_for,
    author_paid,
    buy,
    initialized,
    left,
    most_bought_for,
    most_sold_for,
    reweighted,
    sell,
    spot_price,
)
from mechanics.eras import UnknownRule

FIRST_SPEC_VERSION = 426
LAST_SPEC_VERSION = 461
SOURCE = (
    "RaoFoundation/subtensor@0bb2cb3, pallets/swap/src/pallet/swap_step.rs, balancer.rs: unchanged "
    "from spec 425; pull request 2758 and the metadata of specs 439 and 461 for the reservoirs"
)

__all__ = [
    "adjust_liquidity",
    "alpha_needed_for",
    "author_paid",
    "buy",
    "initialized",
    "inject",
    "left",
    "most_bought_for",
    "most_sold_for",
    "sell",
    "spot_price",
]


def adjust_liquidity(pool: PoolState, tao_rao: int, alpha_rao: int) -> Adjustment:
    """The weights after an injection; as v424 where nothing is kept aside.

    Errors
        UnknownRule where a reservoir holds anything, or the weights would leave their bounds;
        BadState for an amount that is no balance.
    """
    require_amount("tao_rao", tao_rao)
    require_amount("alpha_rao", alpha_rao)
    is_kept_aside = bool(pool.tao_reservoir_rao or pool.alpha_reservoir_rao)
    if is_kept_aside or reweighted(pool, tao_rao, alpha_rao) is None:
        raise UnknownRule(
            "reservoir injection", FIRST_SPEC_VERSION, "injections without reservoirs"
        )
    return v424.adjust_liquidity(pool, tao_rao, alpha_rao)


def inject(pool: PoolState, tao_rao: int, alpha_rao: int) -> PoolState:
    """The pool after the block's injection."""
    return adjust_liquidity(pool, tao_rao, alpha_rao).applied()
