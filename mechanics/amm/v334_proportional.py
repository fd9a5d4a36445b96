"""Concentrated liquidity, lent by the protocol in proportion to the price; the rest is kept aside.

Against v301: of the injection, the fees collected and what was kept aside before, only amounts in
proportion to the price go into the position; the rest of the one or the other is kept in
ScrapReservoirTao or ScrapReservoirAlpha and offered again at the next block. The reserves still
receive the injection whole.
"""

from dataclasses import replace

from mechanics.amm.state import (
    Adjustment,
    PoolState,
    require_amount,
    saturating_rest,
    saturating_sum,
)
from mechanics.amm.v301_fees_reinvested import (
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
from mechanics.fixed import U64F64

FIRST_SPEC_VERSION = 334
FIRST_BLOCK_NUMBER = 6_811_690
SOURCE = (
    "subtensor@6218ecc5cd (spec 334), pallets/swap/src/pallet/impls.rs: "
    "adjust_protocol_liquidity, get_proportional_alpha_tao_and_remainders"
)

__all__ = [
    "Step",
    "add_liquidity",
    "adjust_liquidity",
    "buy",
    "fee_on",
    "initialized",
    "inject",
    "modify_position",
    "most_bought_for",
    "most_sold_for",
    "most_taken",
    "moved",
    "proportional",
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
        As v301, with those parts of dT and dA, fees and scraps added, that are in proportion.

    Args
        pool: the pool's state.
        tao_rao, alpha_rao: dT, dA.

    Returns
        The pool with its scraps, its reserves not yet counted; the reserves are to receive dT and
        dA alone.

    Errors
        BadState for an amount that is no balance, or an initialised pool without a price.

    Source
        subtensor@6218ecc5cd (spec 334), pallets/swap/src/pallet/impls.rs:
        adjust_protocol_liquidity.
    """
    require_amount("tao_rao", tao_rao)
    require_amount("alpha_rao", alpha_rao)
    if pool.protocol_position is None:
        return Adjustment(pool, tao_rao, alpha_rao)
    position, fee_tao, fee_alpha = collected(pool, pool.protocol_position)
    tao = saturating_sum(saturating_sum(tao_rao, fee_tao), pool.tao_scrap_rao)
    alpha = saturating_sum(saturating_sum(alpha_rao, fee_alpha), pool.alpha_scrap_rao)
    lent_tao, lent_alpha = proportional(pool.alpha_sqrt_price, tao, alpha)
    pool = replace(
        pool,
        tao_scrap_rao=saturating_rest(tao, lent_tao),
        alpha_scrap_rao=saturating_rest(alpha, lent_alpha),
    )
    return Adjustment(grown(pool, position, lent_tao, lent_alpha), tao_rao, alpha_rao)


def inject(pool: PoolState, tao_rao: int, alpha_rao: int) -> PoolState:
    """The pool after the block's injection."""
    return adjust_liquidity(pool, tao_rao, alpha_rao).applied()


def proportional(sqrt_price: U64F64, tao_rao: int, alpha_rao: int) -> tuple[int, int]:
    """The parts of two amounts that are in proportion to the price.

    Rule
        With p = s^2: (floor(alpha p), alpha) where that much TAO is there, else
        (TAO, floor(TAO / p)).

    Args
        sqrt_price: s, the square root of TAO per alpha.
        tao_rao, alpha_rao: what is there.

    Returns
        rao of TAO, rao of alpha.

    Errors
        None.

    Source
        subtensor@6218ecc5cd (spec 334), pallets/swap/src/pallet/impls.rs:
        get_proportional_alpha_tao_and_remainders.
    """
    price = sqrt_price * sqrt_price
    tao_for_alpha = (U64F64.of(alpha_rao) * price).to_u64_sat()
    if tao_for_alpha <= tao_rao:
        return tao_for_alpha, alpha_rao
    return tao_rao, U64F64.of(tao_rao).safe_div(price).to_u64_sat()
