"""Taoflow, where an EMA starts at 0.

Against v345: a candidate without an EMA has one of 0 from block 0, which the block advances as any
other, consuming the flow. (Specs 347 to 351 also counted flows wrongly: see ``mechanics.flow``.)
"""

from mechanics.emission.state import Emissions, EmissionState, FlowEma, FlowStep
from mechanics.emission.v345_started_subnets import (
    advanced,
    candidates,
    emissions_by_flow,
    shares_by_flow,
    tao_by_share,
)
from mechanics.eras import given
from mechanics.fixed import I64F64

FIRST_SPEC_VERSION = 348
SOURCE = (
    "subtensor v348 (pull request 2220), pallets/subtensor/src/coinbase/subnet_emissions.rs: "
    "get_ema_flow"
)

__all__ = ["advanced", "candidates", "recompute", "shares_by_flow", "tao_by_share", "user_ema"]


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``emissions_by_flow``."""
    return emissions_by_flow(pre, {netuid: user_ema(pre, netuid) for netuid in candidates(pre)})


def user_ema(pre: EmissionState, netuid: int) -> FlowStep:
    """The EMA of a subnet's TAO flow after the block: ``advanced``, from 0 where it has none."""
    flow = given(pre.flow, "flow")
    stored = flow.ema_tao_flow[netuid] or FlowEma(0, I64F64(0))
    return advanced(pre, stored, flow.tao_flow_rao[netuid])
