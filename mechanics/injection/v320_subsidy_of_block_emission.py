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
    subsidized,
    with_nothing,
)

FIRST_SPEC_VERSION = 320
FIRST_BLOCK_NUMBER = 6_523_566
SOURCE = (
    "subtensor@835a2c9029 (spec 320), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, step 3"
)

__all__ = ["ORDER", "is_closed", "recompute", "settle", "terms", "with_nothing"]


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored; a closed subnet gets nothing but its subsidy.

    Rule
        As v301 with E rao of alpha where the subnet is subsidised.

    Args
        pre: the subnet before its injection: E the TAO the block mints.

    Returns
        rao of each asset, unfloored.

    Errors
        BadState when block_emission_rao is missing.

    Source
        subtensor@835a2c9029 (spec 320), pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase, step 3. A source of an unknown spec from 320 to 333 compares the price with
        m / sum m where the others have T / E: the branches differ only within 2^-32.
    """
    block_emission_rao = given(pre.block_emission_rao, "block_emission_rao")
    split = subsidized(pre, U96F32.of(block_emission_rao))
    return with_nothing(split) if is_closed(pre) else split
