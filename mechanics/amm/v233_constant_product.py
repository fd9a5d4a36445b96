"""Constant product: the price is the ratio of the reserves."""

from mechanics.amm.state import PoolState
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 233
LAST_SPEC_VERSION = 277
FIRST_BLOCK_NUMBER = 4_920_350


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
    if pool.mechanism == 0:
        return U96F32.of(1)
    return U96F32.of(pool.tao_reserve_rao).safe_div(U96F32.of(pool.alpha_reserve_rao))
