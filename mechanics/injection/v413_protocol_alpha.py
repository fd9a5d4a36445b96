"""The alpha that a subnet's excess TAO buys is kept for the protocol.

Against v411: what is bought is not recycled; it stays in SubnetAlphaOut and is counted in
SubnetProtocolAlpha, so that a subnet's alpha issuance no longer falls by chain buys.
"""

from dataclasses import replace

from mechanics.injection import v411_minted_credit as v411
from mechanics.injection.state import Injection, PoolOutcome, Settlement
from mechanics.injection.v411_minted_credit import (
    ORDER,
    minted,
    recompute,
    spent,
    terms,
    within_cap,
)

FIRST_SPEC_VERSION = 413
SOURCE = "subtensor v413, pallets/subtensor/src/coinbase/run_coinbase.rs: inject_and_maybe_swap"

__all__ = ["ORDER", "minted", "recompute", "settle", "spent", "terms", "within_cap"]


def settle(injected: Injection, pool: PoolOutcome) -> Settlement:
    """What the coinbase changes by the injection: as v411, with the alpha bought kept."""
    settled = v411.settle(injected, pool)
    return replace(
        settled,
        alpha_out_rao=settled.alpha_out_rao + pool.bought_alpha_rao,
        protocol_alpha_rao=pool.bought_alpha_rao,
    )
