"""All of the subnet's TAO goes into its pool, with alpha at spot price, at most what it mints."""

from mechanics.fixed import U96F32
from mechanics.injection.state import Injection, InjectionState

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350


def recompute(pre: InjectionState) -> Injection:
    """What the block records for the subnet.

    Rule
        alpha_out = e; alpha_in = min(T / p, e), e when p = 0; tao_in = T, also when alpha_in is
        capped, and 0 when the subnet is closed. Floored to whole rao.

    Args
        pre: the subnet before its injection.

    Returns
        rao of each asset.

    Errors
        None.

    Source
        subtensor v233, pallets/subtensor/src/coinbase/run_coinbase.rs: run_coinbase, steps 3 and 4.
    """
    return terms(pre, is_closed=is_closed(pre))


def is_closed(pre: InjectionState) -> bool:
    """Burned registration off and PoW registration ON, as v233 has it; 238 mends the second."""
    return not pre.is_registration_allowed and pre.is_pow_registration_allowed


def terms(pre: InjectionState, *, is_closed: bool) -> Injection:
    """The rule above, given whether the subnet is closed."""
    minted = U96F32.of(pre.alpha_emission_rao)
    at_price = pre.tao_emission.checked_div(pre.price)
    alpha_in = minted if at_price is None else min(at_price, minted)
    return Injection(
        tao_in_rao=0 if is_closed else pre.tao_emission.to_u64_sat(),
        alpha_in_rao=alpha_in.to_u64_sat(),
        alpha_out_rao=minted.to_u64_sat(),
    )
