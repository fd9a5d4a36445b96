"""All of an open subnet's TAO goes into its pool, with alpha at spot price; a closed one gets none.

Against v233: a subnet is closed when neither kind of registration is allowed; its TAO is not shared
among the others.
"""

from mechanics.injection.state import Injection, InjectionState, Terms
from mechanics.injection.v233_capped_alpha import ORDER, at_spot_price, settle, without_tao

FIRST_SPEC_VERSION = 238
SOURCE = (
    "subtensor v238 and v261, pallets/subtensor/src/coinbase/run_coinbase.rs: run_coinbase, step 3"
)

__all__ = ["ORDER", "is_closed", "recompute", "settle", "terms", "without_tao"]


def recompute(pre: InjectionState) -> Injection:
    """The subnet's part of the block: ``terms`` in whole rao."""
    return terms(pre).floored()


def terms(pre: InjectionState) -> Terms:
    """The subnet's part of the block, unfloored; a closed subnet gets no TAO."""
    split = at_spot_price(pre)
    return without_tao(split) if is_closed(pre) else split


def is_closed(pre: InjectionState) -> bool:
    """Neither kind of registration is allowed."""
    return not pre.is_registration_allowed and not pre.is_pow_registration_allowed
