"""As v233, and a subnet is closed when neither kind of registration is allowed."""

from mechanics.injection.state import Injection, InjectionState
from mechanics.injection.v233_capped_alpha import terms

FIRST_SPEC_VERSION = 238
LAST_SPEC_VERSION = 297


def recompute(pre: InjectionState) -> Injection:
    """What the block records for the subnet; the rule is v233's."""
    return terms(pre, is_closed=is_closed(pre))


def is_closed(pre: InjectionState) -> bool:
    """Neither registration is allowed; alpha is emitted all the same until spec 301.

    Source
        subtensor v238 and v261, pallets/subtensor/src/coinbase/run_coinbase.rs: run_coinbase,
        step 3.
    """
    return not pre.is_registration_allowed and not pre.is_pow_registration_allowed
