"""A subsidised subnet's excess TAO buys alpha first; a closed subnet gets neither TAO nor alpha.

Against v298: a closed subnet's alpha, for the pool and for participants, is 0 as well. The buy of
its excess is made before it is looked at, and stays.
"""

from dataclasses import replace

from mechanics.fixed import U96F32
from mechanics.injection.state import Injection, InjectionState, Terms
from mechanics.injection.v298_subsidy import ORDER, is_closed, settle, subsidized

FIRST_SPEC_VERSION = 301
SOURCE = (
    "subtensor@312c0be959 (spec 301), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, step 3"
)

__all__ = ["ORDER", "is_closed", "recompute", "settle", "subsidized", "terms", "with_nothing"]


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored; a closed subnet gets nothing but its subsidy."""
    split = subsidized(pre, U96F32.of(pre.alpha_emission_rao))
    return with_nothing(split) if is_closed(pre) else split


def with_nothing(split: Terms) -> Terms:
    """The terms of a closed subnet: neither TAO nor alpha; the excess is spent all the same."""
    zero = U96F32.of(0)
    return replace(split, tao_in=zero, alpha_in=zero, alpha_out=zero)
