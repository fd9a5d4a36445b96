"""Taoflow among the started subnets that allow registration by burn.

Against v361: registration by proof of work, which went, no longer makes a subnet a candidate.
"""

from mechanics.emission.state import Emissions, EmissionState
from mechanics.emission.v361_open_subnets import (
    advanced,
    emissions_by_flow,
    enabled,
    shares_by_flow,
    tao_by_share,
    user_ema,
)

FIRST_SPEC_VERSION = 397
LAST_SPEC_VERSION = 402
# As spec 401: finney never ran specs 394 to 400.
FIRST_BLOCK_NUMBER = 8_036_576
SOURCE = (
    "subtensor v401, pallets/subtensor/src/coinbase/subnet_emissions.rs: get_subnets_to_emit_to"
)

__all__ = ["advanced", "candidates", "recompute", "shares_by_flow", "tao_by_share", "user_ema"]


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``emissions_by_flow``."""
    return emissions_by_flow(pre, {netuid: user_ema(pre, netuid) for netuid in candidates(pre)})


def candidates(pre: EmissionState) -> list[int]:
    """The enabled subnets that allow registration."""
    return [netuid for netuid in enabled(pre) if pre.is_registration_allowed[netuid]]
