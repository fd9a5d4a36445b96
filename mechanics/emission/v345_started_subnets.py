"""Taoflow among the subnets whose owner has made the start call.

Against v342: a subnet without FirstEmissionBlockNumber is no candidate again.
"""

from mechanics.emission import v342_unfiltered as v342
from mechanics.emission.state import Emissions, EmissionState
from mechanics.emission.v342_unfiltered import (
    advanced,
    emissions_by_flow,
    shares_by_flow,
    tao_by_share,
    user_ema,
)

FIRST_SPEC_VERSION = 345
SOURCE = (
    "subtensor@8f33f8cbf6 (spec 345), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase; subnet_emissions.rs: get_subnets_to_emit_to"
)

__all__ = ["advanced", "candidates", "recompute", "shares_by_flow", "tao_by_share", "user_ema"]


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``emissions_by_flow``."""
    return emissions_by_flow(pre, {netuid: user_ema(pre, netuid) for netuid in candidates(pre)})


def candidates(pre: EmissionState) -> list[int]:
    """Subnets that have FirstEmissionBlockNumber, in netuid order."""
    return [n for n in v342.candidates(pre) if pre.first_emission_block_number[n] is not None]
