"""TAO goes into the pool with alpha at spot price, capped; the rest buys alpha.

Against v342: the cap on alpha is the lesser of what the subnet mints and what the block mints of
TAO, so that it halved with TAO in December 2025.
"""

from mechanics.eras import given
from mechanics.fixed import U96F32
from mechanics.injection.state import Injection, InjectionState, Terms
from mechanics.injection.v342_excess_buys import ORDER, settle, within_cap

FIRST_SPEC_VERSION = 362
SOURCE = (
    "subtensor@8834a7c737 (spec 362), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "get_subnet_terms"
)

__all__ = ["ORDER", "recompute", "settle", "terms", "within_cap"]


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored.

    Rule
        ``within_cap`` with cap = min(e, E).

    Args
        pre: the subnet before its injection: e alpha and E TAO minted.

    Returns
        rao of each asset, unfloored.

    Errors
        BadState when block_emission_rao is missing.

    Source
        subtensor@8834a7c737 (spec 362), pallets/subtensor/src/coinbase/run_coinbase.rs:
        get_subnet_terms.
    """
    cap_rao = min(pre.alpha_emission_rao, given(pre.block_emission_rao, "block_emission_rao"))
    return within_cap(pre, U96F32.of(cap_rao))
