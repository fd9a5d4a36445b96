"""All of the subnet's TAO goes into its pool, with alpha at spot price, at most what it mints."""

from dataclasses import replace

from mechanics.fixed import U96F32
from mechanics.injection.state import (
    Injection,
    InjectionState,
    PoolOutcome,
    Settlement,
    Step,
    Terms,
)

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, steps 3 and 4"
)

ORDER = (Step.RESERVES, Step.LIQUIDITY)


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored; a closed subnet gets no TAO."""
    split = at_spot_price(pre)
    return without_tao(split) if is_closed(pre) else split


def is_closed(pre: InjectionState) -> bool:
    """Burned registration off and PoW registration ON, as v233 has it; 238 mends the second."""
    return not pre.is_registration_allowed and pre.is_pow_registration_allowed


def at_spot_price(pre: InjectionState) -> Terms:
    """What goes into the pool of an open subnet and what its participants get.

    Rule
        alpha_out = e; alpha_in = min(T / p, e), e when p = 0; tao_in = T, also when alpha_in is
        capped: the injection then raises the ratio of the reserves.

    Args
        pre: the subnet before its injection: T TAO due, p TAO per alpha, e alpha minted.

    Returns
        rao of each asset, unfloored.

    Errors
        None. The chain held these in I96F32 up to spec 258 and in U96F32 from 261; nothing here is
        negative, and both give the same bits.

    Source
        subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase, step 3.
    """
    minted = U96F32.of(pre.alpha_emission_rao)
    at_price = pre.tao_emission.checked_div(pre.price)
    return Terms(
        tao_in=pre.tao_emission,
        alpha_in=minted if at_price is None else min(at_price, minted),
        alpha_out=minted,
    )


def without_tao(split: Terms) -> Terms:
    """The terms of a closed subnet: its TAO is minted for nobody, its alpha is paid all the same.

    Source
        subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase, step 3.
    """
    return replace(split, tao_in=U96F32.of(0))


def settle(injected: Injection, pool: PoolOutcome) -> Settlement:
    """What the coinbase changes by the injection.

    Rule
        SubnetTAO, TotalStake and TotalIssuance grow by tao_in, SubnetAlphaIn by alpha_in and
        SubnetAlphaOut by alpha_out.

    Args
        injected: the subnet's part of the block, rao.
        pool: what the pool made of it; not read.

    Returns
        rao of each asset.

    Errors
        None.

    Source
        subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase, step 4.
    """
    return Settlement(
        tao_reserve_rao=injected.tao_in_rao,
        alpha_reserve_rao=injected.alpha_in_rao,
        alpha_out_rao=injected.alpha_out_rao,
        total_stake_rao=injected.tao_in_rao,
        total_issuance_rao=injected.tao_in_rao,
    )
