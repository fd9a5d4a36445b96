"""Shares in U64F64: a staker's alpha is the pool's alpha per share, times its shares."""

from collections.abc import Hashable
from dataclasses import replace

from mechanics.fixed import I64F64, U64F64
from mechanics.share_pool.state import SharePool

FIRST_SPEC_VERSION = 246
SOURCE = (
    "subtensor@0c601d1 (specs 246 to 393, as pull request 1314 of February 2025 left it; what held "
    "from 233 to it has not been read), primitives/share-pool/src/lib.rs: SharePool"
)

LEAST_REST = U64F64.saturating_from_f64(0x3EE4F8B588E368F1)
"""0.00001: a smaller part of a staker's shares is not kept."""

YEAR_OF_EMISSION_RAO = 2_628_000_000_000_000


def value_of(pool: SharePool[U64F64], staker: Hashable) -> int:
    """A staker's alpha.

    Rule
        floor((V / D) S); floor((V S) / D) where V / D does not fit, 0 where that does not either.

    Args
        pool: V in rao, D and S in shares.
        staker: whose.

    Returns
        rao of alpha.

    Errors
        None. Without shares it is 0.

    Source
        subtensor@0c601d1, primitives/share-pool/src/lib.rs: get_value.
    """
    share = pool.shares.get(staker, _NO_SHARES)
    value = U64F64.of(pool.value_rao)
    per_share = value.checked_div(pool.denominator)
    if per_share is not None:
        return (per_share * share).to_u64_sat()
    return (value * share).safe_div(pool.denominator).to_u64_sat()


def update_all(pool: SharePool[U64F64], change_rao: int) -> SharePool[U64F64]:
    """The pool after all its alpha has changed, and with it every staker's in proportion.

    Source
        subtensor@0c601d1, primitives/share-pool/src/lib.rs: update_value_for_all.
    """
    return replace(pool, value_rao=pool.with_value(change_rao))


def update_one(
    pool: SharePool[U64F64], staker: Hashable, change_rao: int
) -> tuple[SharePool[U64F64], int]:
    """The pool after one staker's alpha has changed.

    Rule
        Into a pool without shares: as many shares as rao. Else d / (V / D) shares are added or
        taken off. Where the staker would keep less than 0.00001 of its shares, or so few would be
        left of all that a year's emission per share would not fit, all its shares go, and all its
        alpha.

    Args
        pool: V in rao, D and S in shares.
        staker: whose.
        change_rao: d, rao of alpha; negative for what is taken out.

    Returns
        The pool, and the change made, in rao.

    Errors
        None.

    Source
        subtensor@0c601d1, primitives/share-pool/src/lib.rs: update_value_for_one,
        get_shares_per_update.
    """
    share, shares = pool.shares.get(staker, _NO_SHARES), pool.denominator
    if not shares:
        share = shares = U64F64.of(change_rao)
    else:
        change = _shares_for(pool, change_rao)
        if change.bits >= 0:
            more = U64F64.saturating_from(change)
            share, shares = share + more, shares + more
        else:
            less = U64F64.saturating_from(-change)
            kept, all_kept = share - less, shares - less
            emission = U64F64.of(pool.value_rao) + U64F64.of(YEAR_OF_EMISSION_RAO)
            if kept.safe_div(share) < LEAST_REST or emission.checked_div(all_kept) is None:
                change_rao = -value_of(pool, staker)
                kept, all_kept = _NO_SHARES, shares - share
            share, shares = kept, all_kept
    after = SharePool(pool.with_value(change_rao), shares, {**pool.shares, staker: share})
    return after, change_rao


def _shares_for(pool: SharePool[U64F64], change_rao: int) -> I64F64:
    change, value = I64F64.of(change_rao), U64F64.of(pool.value_rao)
    per_share = value.checked_div(pool.denominator)
    if per_share is not None:
        return change.safe_div(I64F64.saturating_from(per_share))
    part = change.safe_div(I64F64.saturating_from(value))
    return part * I64F64.saturating_from(pool.denominator)


_NO_SHARES = U64F64(0)
