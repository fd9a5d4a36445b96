"""Alpha for the pool is capped by root's proportion of what the subnet mints; the rest buys alpha.

Against v413: the cap is r e, where r falls as a subnet's alpha issuance grows: an old subnet's TAO
goes into buys more than into liquidity. What the block mints of TAO no longer caps.
"""

from mechanics.eras import given
from mechanics.fixed import U96F32
from mechanics.injection.state import Injection, InjectionState, Terms
from mechanics.injection.v413_protocol_alpha import ORDER, minted, settle, spent, within_cap

FIRST_SPEC_VERSION = 421
SOURCE = (
    "subtensor@6016381e4f (spec 421), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "get_subnet_terms"
)

__all__ = ["ORDER", "minted", "recompute", "settle", "spent", "terms"]


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored.

    Rule
        ``within_cap`` with cap = r e.

    Args
        pre: the subnet before its injection: r its root_proportion before the block, e alpha
            minted.

    Returns
        rao of each asset, unfloored.

    Errors
        BadState when root_proportion is missing.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 421), pallets/subtensor/src/coinbase/
        run_coinbase.rs: get_subnet_terms.
    """
    root_proportion = given(pre.root_proportion, "root_proportion")
    return within_cap(pre, root_proportion * U96F32.of(pre.alpha_emission_rao))
