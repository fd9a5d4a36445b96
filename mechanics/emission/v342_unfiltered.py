"""Taoflow among all subnets, those that have not made the start call too.

Against v338: the filter of candidates moved into a function that nothing called. A subnet not yet
started normally has a moving price of 0, so its EMA starts at 0 and earns nothing, but it counts in
the n that scales the powers, and it is paid alpha.
"""

from mechanics.emission.state import Emissions, EmissionState
from mechanics.emission.v338_scaled_start import (
    advanced,
    emissions_by_flow,
    shares_by_flow,
    tao_by_share,
    user_ema,
)

FIRST_SPEC_VERSION = 342
LAST_SPEC_VERSION = 343
SOURCE = (
    "subtensor@6a76ecc0d5 (spec 342), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase; subnet_emissions.rs: get_subnet_block_emissions"
)

__all__ = ["advanced", "candidates", "recompute", "shares_by_flow", "tao_by_share", "user_ema"]


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``emissions_by_flow``."""
    return emissions_by_flow(pre, {netuid: user_ema(pre, netuid) for netuid in candidates(pre)})


def candidates(pre: EmissionState) -> list[int]:
    """Every subnet but root, in netuid order."""
    return pre.subnets
