"""Concentrated liquidity: the square root of the price is state, not the ratio of the reserves."""

from mechanics.amm import v233_constant_product as v233
from mechanics.amm.state import PoolState
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 290
LAST_SPEC_VERSION = 422
FIRST_BLOCK_NUMBER = 5_947_548


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
        ValueError when an initialised pool has no AlphaSqrtPrice.

    Source
        subtensor v290, pallets/swap/src/pallet/impls.rs: current_price.
    """
    if pool.mechanism == 0 or not pool.is_v3_initialized:
        return v233.spot_price(pool)
    if pool.alpha_sqrt_price is None:
        raise ValueError("an initialised V3 pool has an AlphaSqrtPrice, and none was given")
    return U96F32.saturating_from(pool.alpha_sqrt_price * pool.alpha_sqrt_price)
