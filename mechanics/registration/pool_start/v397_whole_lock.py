"""A pool starts with the whole lock, and with alpha at the median price of all subnets.

Against v233: no TAO of the lock is burned, and the price starts at the median in place of 1. Spec
401, not 402, also gave the owner alpha; how much has not been read.
"""

from collections.abc import Iterable

from mechanics.fixed import U64F64
from mechanics.registration.pool_start.state import PoolStart, PoolStartState

FIRST_SPEC_VERSION = 397
# The last spec whose source was read.
LAST_SPEC_VERSION = 425
SOURCE = (
    "subtensor@00e256b0 (spec 425 to 439), pallets/subtensor/src/subnets/subnet.rs: "
    "set_new_network_state; staking/stake_utils.rs: get_median_subnet_alpha_price"
)


def recompute(pre: PoolStartState) -> PoolStart:
    """The pool of the new subnet.

    Rule
        TAO = max(lock, minimum lock); alpha = floor(TAO / median price).

    Args
        pre: the registration.

    Returns
        rao of each asset; nothing is recycled.

    Errors
        None.

    Source
        subtensor@00e256b0 (spec 425 to 439), pallets/subtensor/src/subnets/subnet.rs:
        set_new_network_state.
    """
    tao_rao = max(pre.lock_rao, pre.min_lock_rao)
    alpha = U64F64.of(tao_rao).safe_div(median_price(pre.spot_prices))
    return PoolStart(tao_rao, alpha.to_u64_sat(), recycled_tao_rao=0)


def median_price(spot_prices: Iterable[U64F64]) -> U64F64:
    """The median of the prices above 0.

    Rule
        The middle one; of an even number half the sum of the middle two; 1 where there is none.

    Args
        spot_prices: TAO per alpha of every subnet but root, shape (n,).

    Returns
        TAO per alpha.

    Errors
        None.

    Source
        RaoFoundation/subtensor (spec 439 or later), pallets/subtensor/src/staking/stake_utils.rs:
        get_median_subnet_alpha_price. Up to spec 422 the AMM's prices have 32 fraction bits: half a
        sum of two may then have been cut a bit earlier.
    """
    prices = sorted(price for price in spot_prices if price)
    if not prices:
        return U64F64.of(1)
    lower, upper = prices[(len(prices) - 1) // 2], prices[len(prices) // 2]
    return upper if len(prices) % 2 else (lower + upper).safe_div(U64F64.of(2))
