"""Shares in a decimal of 21 digits, and no staker's alpha counts as more than the pool's.

Against v397: where rounding has left a staker more shares than there are, its alpha is all of the
pool's.
"""

from collections.abc import Hashable

from mechanics.share_pool import v397_safe_float as v397
from mechanics.share_pool.safe_float import SafeFloat
from mechanics.share_pool.state import SharePool
from mechanics.share_pool.v397_safe_float import update_all, update_one

FIRST_SPEC_VERSION = 457
LAST_SPEC_VERSION = 458
SOURCE = (
    "RaoFoundation/subtensor, pull request 3160 (spec 458), primitives/share-pool/src/lib.rs: "
    "get_value, as its description states it; from 459 shares move by another rule"
)

__all__ = ["update_all", "update_one", "value_of"]


def value_of(pool: SharePool[SafeFloat], staker: Hashable) -> int:
    """A staker's alpha.

    Rule
        min(floor(V S / D), V).

    Args
        pool: V in rao, D and S in shares.
        staker: whose.

    Returns
        rao of alpha.

    Errors
        None. Without shares it is 0.

    Source
        RaoFoundation/subtensor, pull request 3160 (spec 458), primitives/share-pool/src/lib.rs.
    """
    return min(v397.value_of(pool, staker), pool.value_rao)
