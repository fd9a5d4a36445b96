"""A subnet priced below its share of the block is subsidised: part of its TAO buys alpha first.

Against v238: where the price is below T / E, only p E of the TAO goes into the pool, with all the
alpha minted; the rest buys alpha before the injection, and what it bought is recycled. Elsewhere
alpha at spot price is no longer capped. The TAO of the buys is left out of TotalIssuance.
"""

from dataclasses import replace

from mechanics.eras import given
from mechanics.fixed import U96F32
from mechanics.injection import v238_closed_subnets as v238
from mechanics.injection.state import (
    Injection,
    InjectionState,
    PoolOutcome,
    Settlement,
    Step,
    Terms,
)
from mechanics.injection.v238_closed_subnets import is_closed, without_tao

FIRST_SPEC_VERSION = 298
SOURCE = (
    "subtensor@6309d35929 (spec 298), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, steps 3 and 4"
)

ORDER = (Step.BUY, Step.RESERVES, Step.LIQUIDITY)


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored; a closed subnet gets no TAO, but its subsidy."""
    split = subsidized(pre, U96F32.of(pre.alpha_emission_rao))
    return without_tao(split) if is_closed(pre) else split


def subsidized(pre: InjectionState, subsidy_alpha: U96F32) -> Terms:
    """What goes into the pool of an open subnet, what buys alpha, and what participants get.

    Rule
        p < T / E: tao_in = p E, alpha_in = s, excess = T - tao_in. Else tao_in = T and
        alpha_in = T / p, e when p = 0.

    Args
        pre: the subnet before its injection: T TAO due, p TAO per alpha, e alpha and E TAO minted.
        subsidy_alpha: s, alpha for the pool where the subnet is subsidised, rao.

    Returns
        rao of each asset, unfloored.

    Errors
        BadState when block_emission_rao is missing. E = 0 makes the quotient 0.

    Source
        subtensor@6309d35929 (spec 298), pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase, step 3.
    """
    emission = U96F32.of(given(pre.block_emission_rao, "block_emission_rao"))
    minted = U96F32.of(pre.alpha_emission_rao)
    if pre.price < pre.tao_emission.safe_div(emission):
        tao_in = pre.price * emission
        return Terms(tao_in, subsidy_alpha, minted, pre.tao_emission - tao_in, is_subsidized=True)
    return Terms(pre.tao_emission, pre.tao_emission.safe_div_or(pre.price, minted), minted)


def settle(injected: Injection, pool: PoolOutcome) -> Settlement:
    """What the coinbase changes by the injection: as before, less the alpha bought and recycled.

    Source
        subtensor@6309d35929 (spec 298), pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase, steps 3 and 4.
    """
    settled = v238.settle(injected, pool)
    return replace(settled, alpha_out_rao=settled.alpha_out_rao - pool.bought_alpha_rao)
