"""Constant product: the price is the ratio of the reserves, and each trade pays a flat fee."""

from dataclasses import replace

from mechanics.amm.state import (
    Adjustment,
    Asset,
    InsufficientLiquidity,
    PoolState,
    Swap,
    require_amount,
    saturating_rest,
    saturating_sum,
)
from mechanics.fixed import I110F18, U96F32

FIRST_SPEC_VERSION = 233
LAST_SPEC_VERSION = 277
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor v233 and @a27fff2918 (spec 246), pallets/subtensor/src/staking/stake_utils.rs: "
    "get_alpha_price, sim_swap_tao_for_alpha, sim_swap_alpha_for_tao, stake_into_subnet, "
    "unstake_from_subnet; add_stake.rs, remove_stake.rs: get_max_amount_add, get_max_amount_remove"
)

FEE_RAO = 50_000
LEAST_RESERVE_RAO = 10_000_000

_RAO_PER_WHOLE = 10**9
_MAX_U64 = 2**64 - 1


def spot_price(pool: PoolState) -> U96F32:
    """TAO per alpha.

    Rule
        p = SubnetTAO / SubnetAlphaIn, cut to 32 fraction bits; 0 for an empty pool; 1 for a
        stable subnet.

    Args
        pool: reserves in rao.

    Returns
        TAO per alpha. I96F32 on chain up to spec 258, the same bits.

    Errors
        None.

    Source
        subtensor v233, pallets/subtensor/src/staking/stake_utils.rs: get_alpha_price.
    """
    if pool.mechanism != 1:
        return U96F32.of(1)
    return U96F32.of(pool.tao_reserve_rao).safe_div(U96F32.of(pool.alpha_reserve_rao))


def buy(
    pool: PoolState, tao_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """TAO for alpha.

    Rule
        d = the order, at most what the limit allows, less the fee of 50,000 rao;
        out = floor(alpha - (alpha TAO) / (TAO + d)), the quotient cut to 18 fraction bits.
        The whole order must leave at least 10,000,000 rao of alpha. 1:1 in a stable subnet.

    Args
        pool: reserves in rao.
        tao_rao: what is offered, fee included.
        limit_price_rao: rao of TAO per whole alpha at which to stop, None for no limit.
        drop_fees: True for the protocol's own swaps.

    Returns
        rao. The fee is TAO, and stays in the pool.

    Errors
        InsufficientLiquidity where the chain refuses the order, or swaps nothing if it is the
        protocol's; BadState for an amount that is no balance.

    Source
        subtensor v233, pallets/subtensor/src/staking/stake_utils.rs: stake_into_subnet,
        sim_swap_tao_for_alpha, validate_add_stake.
    """
    require_amount("tao_rao", tao_rao)
    _alpha_for(pool, tao_rao)
    offered = tao_rao
    if limit_price_rao is not None:
        offered = min(offered, most_bought_for(pool, limit_price_rao))
    fee = 0 if drop_fees else min(FEE_RAO, offered)
    paid_in = offered - fee
    out = _alpha_for(pool, paid_in)
    after = replace(
        pool,
        tao_reserve_rao=saturating_sum(pool.tao_reserve_rao, offered),
        alpha_reserve_rao=saturating_rest(pool.alpha_reserve_rao, out),
    )
    return Swap(paid_in, out, fee, Asset.TAO, 0, after)


def sell(
    pool: PoolState, alpha_rao: int, limit_price_rao: int | None = None, drop_fees: bool = False
) -> Swap:
    """Alpha for TAO.

    Rule
        d = the order, at most what the limit allows;
        out = floor(TAO - (alpha TAO) / (alpha + d)), the quotient cut to 18 fraction bits, less
        the fee of 50,000 rao, or all of it. The whole order must leave at least 10,000,000 rao of
        TAO. 1:1 in a stable subnet.

    Args
        pool: reserves in rao.
        alpha_rao: what is offered.
        limit_price_rao: rao of TAO per whole alpha at which to stop, None for no limit.
        drop_fees: True for the protocol's own swaps.

    Returns
        rao. The fee is TAO, and stays in the pool.

    Errors
        As for ``buy``.

    Source
        subtensor v233, pallets/subtensor/src/staking/stake_utils.rs: unstake_from_subnet,
        sim_swap_alpha_for_tao, validate_remove_stake.
    """
    require_amount("alpha_rao", alpha_rao)
    _tao_for(pool, alpha_rao)
    offered = alpha_rao
    if limit_price_rao is not None:
        offered = min(offered, most_sold_for(pool, limit_price_rao))
    gross = _tao_for(pool, offered)
    fee = 0 if drop_fees else min(FEE_RAO, gross)
    after = replace(
        pool,
        tao_reserve_rao=saturating_rest(pool.tao_reserve_rao, gross) + fee,
        alpha_reserve_rao=saturating_sum(pool.alpha_reserve_rao, offered),
    )
    return Swap(offered, gross - fee, fee, Asset.TAO, 0, after)


def most_bought_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most TAO an order with a limit may spend.

    Rule
        floor(limit alpha / 10^9) - TAO, the amount whose average price is the limit; 0 where that
        is negative, at most 2^64 - 1. In a stable subnet all, when the limit is at least 1.

    Args
        pool: reserves in rao.
        limit_price_rao: rao of TAO per whole alpha.

    Returns
        rao of TAO, fee included.

    Errors
        None.

    Source
        subtensor@a27fff2918 (spec 246), pallets/subtensor/src/staking/add_stake.rs:
        get_max_amount_add.
    """
    if pool.mechanism != 1:
        return _MAX_U64 if limit_price_rao >= _RAO_PER_WHOLE else 0
    if pool.tao_reserve_rao == 0:
        return 0
    most = limit_price_rao * pool.alpha_reserve_rao // _RAO_PER_WHOLE - pool.tao_reserve_rao
    return min(max(most, 0), _MAX_U64)


def most_sold_for(pool: PoolState, limit_price_rao: int) -> int:
    """The most alpha an order with a limit may sell.

    Rule
        floor(TAO 10^9 / limit) - alpha, the amount whose average price is the limit; 0 where that
        is negative, all for a limit of 0. In a stable subnet all, when the limit is at most 1.

    Args
        pool: reserves in rao.
        limit_price_rao: rao of TAO per whole alpha.

    Returns
        rao of alpha.

    Errors
        None.

    Source
        subtensor@a27fff2918 (spec 246), pallets/subtensor/src/staking/remove_stake.rs:
        get_max_amount_remove.
    """
    if pool.mechanism != 1:
        return _MAX_U64 if limit_price_rao <= _RAO_PER_WHOLE else 0
    if pool.tao_reserve_rao == 0 or pool.alpha_reserve_rao == 0:
        return 0
    if limit_price_rao == 0:
        return _MAX_U64
    most = pool.tao_reserve_rao * _RAO_PER_WHOLE // limit_price_rao - pool.alpha_reserve_rao
    return min(max(most, 0), _MAX_U64)


def adjust_liquidity(pool: PoolState, tao_rao: int, alpha_rao: int) -> Adjustment:
    """An injection changes nothing but the reserves."""
    require_amount("tao_rao", tao_rao)
    require_amount("alpha_rao", alpha_rao)
    return Adjustment(pool, tao_rao, alpha_rao)


def inject(pool: PoolState, tao_rao: int, alpha_rao: int) -> PoolState:
    """The pool after the block's injection."""
    return adjust_liquidity(pool, tao_rao, alpha_rao).applied()


def _alpha_for(pool: PoolState, tao_rao: int) -> int:
    if pool.mechanism != 1:
        return tao_rao
    return _left_by(pool.tao_reserve_rao, pool.alpha_reserve_rao, tao_rao, "alpha_reserve_rao")


def _tao_for(pool: PoolState, alpha_rao: int) -> int:
    if pool.mechanism != 1:
        return alpha_rao
    return _left_by(pool.alpha_reserve_rao, pool.tao_reserve_rao, alpha_rao, "tao_reserve_rao")


def _left_by(reserve_in: int, reserve_out: int, paid_in: int, field: str) -> int:
    """What a payment drives out of the other reserve, named by its field."""
    before = I110F18.of(reserve_out)
    product = I110F18.of(reserve_in) * before
    after = product.safe_div(I110F18.of(reserve_in) + I110F18.of(paid_in))
    if after < I110F18.of(LEAST_RESERVE_RAO):
        raise InsufficientLiquidity(
            field, f"would fall to {after.to_u64_sat()} rao, below {LEAST_RESERVE_RAO:,}"
        )
    return (before - after).to_u64_sat()
