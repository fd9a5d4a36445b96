"""TAO goes into the pool with alpha at spot price, at most what it mints; the rest buys alpha.

Against v320: no subnet is subsidised. Alpha at spot price is capped again and the TAO cut with it,
so that an injection never moves the price; what is cut buys alpha after the liquidity has grown and
before the reserves do. TotalIssuance takes in the TAO of the buys too.
"""

from dataclasses import replace

from mechanics.fixed import U96F32
from mechanics.injection import v320_subsidy_of_block_emission as v320
from mechanics.injection.state import (
    Injection,
    InjectionState,
    PoolOutcome,
    Settlement,
    Step,
    Terms,
)
from mechanics.injection.v320_subsidy_of_block_emission import is_closed, with_nothing

FIRST_SPEC_VERSION = 342
SOURCE = (
    "subtensor@6a76ecc0d5 (spec 342), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "get_subnet_terms, inject_and_maybe_swap"
)

ORDER = (Step.LIQUIDITY, Step.BUY, Step.RESERVES)


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored; a closed subnet gets nothing, as in v301.

    From spec 361 a closed subnet is no candidate and never comes here.
    """
    split = within_cap(pre, U96F32.of(pre.alpha_emission_rao))
    return with_nothing(split) if is_closed(pre) else split


def within_cap(pre: InjectionState, cap: U96F32) -> Terms:
    """What goes into the pool of an open subnet, what buys alpha, and what participants get.

    Rule
        alpha_in = T / p, 0 when p = 0, and tao_in = T; where alpha_in > cap, alpha_in = cap and
        tao_in = cap p. excess = T - tao_in; alpha_out = e.

    Args
        pre: the subnet before its injection: T TAO due, p TAO per alpha, e alpha minted.
        cap: alpha the pool may get, rao.

    Returns
        rao of each asset, unfloored. tao_in and excess sum to T.

    Errors
        None.

    Source
        subtensor@6a76ecc0d5 (spec 342), pallets/subtensor/src/coinbase/run_coinbase.rs:
        get_subnet_terms.
    """
    tao_in, alpha_in = pre.tao_emission, pre.tao_emission.safe_div(pre.price)
    if alpha_in > cap:
        tao_in, alpha_in = cap * pre.price, cap
    minted = U96F32.of(pre.alpha_emission_rao)
    return Terms(tao_in, alpha_in, minted, pre.tao_emission - tao_in)


def settle(injected: Injection, pool: PoolOutcome) -> Settlement:
    """What the coinbase changes by the injection.

    Rule
        As v320; TotalIssuance grows by the excess too, whether or not the pool took it.

    Args
        injected: the subnet's part of the block, rao.
        pool: what the pool made of it.

    Returns
        rao of each asset.

    Errors
        None.

    Source
        subtensor@8834a7c737 (spec 362), pallets/subtensor/src/coinbase/run_coinbase.rs:
        inject_and_maybe_swap.
    """
    settled = v320.settle(injected, pool)
    issued_rao = settled.total_issuance_rao + injected.excess_tao_rao
    return replace(settled, total_issuance_rao=issued_rao)
