"""Taoflow among the started subnets that are open to registration.

Against v348: a candidate must also have SubtokenEnabled, and allow registration, by burn or by
proof of work. What a closed subnet would have had goes to the others.
"""

from mechanics.emission import v348_zero_start as v348
from mechanics.emission.state import Emissions, EmissionState
from mechanics.emission.v348_zero_start import (
    advanced,
    emissions_by_flow,
    shares_by_flow,
    tao_by_share,
    user_ema,
)

FIRST_SPEC_VERSION = 361
FIRST_BLOCK_NUMBER = 7_063_679
SOURCE = (
    "subtensor v361, pallets/subtensor/src/coinbase/subnet_emissions.rs: get_subnets_to_emit_to"
)

__all__ = ["advanced", "candidates", "recompute", "shares_by_flow", "tao_by_share", "user_ema"]


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``emissions_by_flow``."""
    return emissions_by_flow(pre, {netuid: user_ema(pre, netuid) for netuid in candidates(pre)})


def enabled(pre: EmissionState) -> list[int]:
    """Subnets that have FirstEmissionBlockNumber and SubtokenEnabled, in netuid order."""
    return [netuid for netuid in v348.candidates(pre) if pre.is_subtoken_enabled[netuid]]


def candidates(pre: EmissionState) -> list[int]:
    """The enabled subnets that allow registration by burn or by proof of work."""
    return [
        netuid
        for netuid in enabled(pre)
        if pre.is_registration_allowed[netuid] or pre.is_pow_registration_allowed[netuid]
    ]
