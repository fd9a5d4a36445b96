"""What many sizes of a swap would come to, by the spec's kind of pool."""

import numpy as np

from mechanics import amm as law
from mechanics.amm.state import PoolState, Side
from mechanics.engine import balancer, concentrated
from mechanics.engine.quotes import Quotes, amounts, by_law
from mechanics.engine.wide import words


def quotes(
    spec_version: int,
    pool: PoolState,
    side: Side,
    amount_rao: np.ndarray,
    limit_price_rao: int | None = None,
    drop_fees: bool = False,
) -> Quotes:
    """What a swap of each of n sizes would come to, each of them from the same pool.

    Rule
        That of the era's ``buy`` or ``sell``.

    Args
        spec_version: which.
        pool: the pool's state.
        side: buy or sell.
        amount_rao: what is offered, fee included, uint64, shape (n,).
        limit_price_rao: rao of TAO per whole alpha at which to stop, None for no limit.
        drop_fees: True for the protocol's own swaps.

    Returns
        The quotes; those of constant-product pools (up to spec 277) are the law's.

    Errors
        UnknownRule where the law knows no rule; BadState for a limit that is no balance or a state
        that no pool is in; OverflowError for an amount that is no uint64.

    Source
        ``mechanics.amm``.
    """
    era = law.ERAS.at(spec_version)
    if era.first_spec_version >= balancer.FIRST_SPEC_VERSION:
        return balancer.quotes(spec_version, pool, side, amount_rao, limit_price_rao, drop_fees)
    if spec_version in concentrated.SPECS:
        return concentrated.quotes(spec_version, pool, side, amount_rao, limit_price_rao, drop_fees)
    trade = era.module.buy if side is Side.BUY else era.module.sell
    return by_law(
        words(amount_rao), lambda size: amounts(trade(pool, size, limit_price_rao, drop_fees))
    )
