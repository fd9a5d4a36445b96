"""Shares in a decimal of 21 digits: a staker's alpha is the pool's, times its shares over all.

Against v246: shares are SafeFloat (AlphaV2, TotalHotkeySharesV2), 21 digits and an exponent, so
nothing is too small to keep; a change is always made as asked.
"""

from collections.abc import Hashable
from dataclasses import replace

from mechanics.share_pool.safe_float import SafeFloat
from mechanics.share_pool.state import SharePool
from mechanics.share_pool.v246_fixed_point import update_all

FIRST_SPEC_VERSION = 397
FIRST_BLOCK_NUMBER = 8_036_576
SOURCE = (
    "subtensor@14bc6f9 (spec 425), primitives/share-pool/src/lib.rs: SharePool; pull request 2353, "
    "on main from spec 397, first live as 401"
)

__all__ = ["update_all", "update_one", "value_of"]

_ZERO = SafeFloat(0, 0)


def value_of(pool: SharePool[SafeFloat], staker: Hashable) -> int:
    """A staker's alpha.

    Rule
        floor(V S / D), cut to 21 digits once; 0 without a denominator.

    Args
        pool: V in rao, D and S in shares.
        staker: whose.

    Returns
        rao of alpha.

    Errors
        None. Without shares it is 0.

    Source
        subtensor@14bc6f9 (spec 425), primitives/share-pool/src/lib.rs: get_value.
    """
    share = pool.shares.get(staker, _ZERO)
    value = SafeFloat.of(pool.value_rao).mul_div(share, pool.denominator)
    return (value or _ZERO).to_u64()


def update_one(
    pool: SharePool[SafeFloat], staker: Hashable, change_rao: int
) -> tuple[SharePool[SafeFloat], int]:
    """The pool after one staker's alpha has changed.

    Rule
        Into a pool without shares: as many shares as rao. Else |d| D / V shares are added when d
        is positive, else taken off; a sum or difference that does not exist changes nothing.

    Args
        pool: V in rao, D and S in shares.
        staker: whose.
        change_rao: d, rao of alpha; negative for what is taken out.

    Returns
        The pool, and the change made, in rao.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), primitives/share-pool/src/lib.rs: update_value_for_one,
        get_shares_per_update.
    """
    share, shares = pool.shares.get(staker, _ZERO), pool.denominator
    size = SafeFloat.of(abs(change_rao))
    if shares.mantissa == 0:
        share = shares = size
    else:
        change = size.mul_div(shares, SafeFloat.of(pool.value_rao)) or _ZERO
        if change_rao > 0:
            share, shares = share.add(change) or share, shares.add(change) or shares
        else:
            share, shares = share.sub(change) or share, shares.sub(change) or shares
    pool = replace(pool, denominator=shares, shares={**pool.shares, staker: share})
    return update_all(pool, change_rao), change_rao
