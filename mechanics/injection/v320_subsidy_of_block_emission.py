"""A subsidised subnet gets as much alpha into its pool as the block mints TAO.

Against v301: in the subsidised branch alpha_in is E, the block's TAO taken as a number of alpha,
where it was the alpha the subnet mints: the injection is then exactly at spot price.
"""

from mechanics.eras import given
from mechanics.fixed import U96F32
from mechanics.injection.state import Injection, InjectionState, Terms
from mechanics.injection.v301_closed_subnets_without_alpha import (
    ORDER,
    is_closed,
    settle,
    with_nothing,
)

FIRST_SPEC_VERSION = 320
FIRST_BLOCK_NUMBER = 6_523_566
SOURCE = (
    "subtensor@835a2c9029 (spec 320), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, calculate_subnet_injection"
)

__all__ = ["ORDER", "is_closed", "recompute", "settle", "terms", "with_nothing"]


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored; a closed subnet gets nothing but its subsidy."""
    split = subsidized(pre)
    return with_nothing(split) if is_closed(pre) else split


def subsidized(pre: InjectionState) -> Terms:
    """What goes into the pool of an open subnet, what buys alpha, and what participants get.

    Rule
        p < T / E: tao_in = p E, alpha_in = E, excess = T - tao_in. Else tao_in = T and
        alpha_in = T / p, e when p = 0.

    Args
        pre: the subnet before its injection: T TAO due, p TAO per alpha, e alpha and E TAO minted.

    Returns
        rao of each asset, unfloored.

    Errors
        BadState when block_emission_rao is missing.

    Source
        subtensor@835a2c9029 (spec 320), pallets/subtensor/src/coinbase/run_coinbase.rs:
        calculate_subnet_injection. One stored source of specs 320 to 333 compares the price with
        m / sum m where the others have T / E: the branches differ only within 2^-32.
    """
    emission = U96F32.of(given(pre.block_emission_rao, "block_emission_rao"))
    minted = U96F32.of(pre.alpha_emission_rao)
    if pre.price < pre.tao_emission.safe_div(emission):
        tao_in = pre.price * emission
        return Terms(tao_in, emission, minted, pre.tao_emission - tao_in, is_subsidized=True)
    return Terms(pre.tao_emission, pre.tao_emission.safe_div_or(pre.price, minted), minted)
