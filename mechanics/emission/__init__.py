"""A block's TAO among the subnets."""

from mechanics.emission import (
    v233_price_ema,
    v257_started_subnets,
    v334_tao_flow,
    v338_scaled_start,
    v342_unfiltered,
    v345_started_subnets,
    v348_zero_start,
    v361_open_subnets,
    v397_burn_registration,
    v411_net_flow,
    v421_price_root_burn,
    v425_price_burn,
    v440_gate,
)
from mechanics.emission.state import Emissions, EmissionState, FlowEma, FlowState, GateState
from mechanics.eras import Eras

ERAS = Eras(
    "emission",
    v233_price_ema,
    v257_started_subnets,
    v334_tao_flow,
    v338_scaled_start,
    v342_unfiltered,
    v345_started_subnets,
    v348_zero_start,
    v361_open_subnets,
    v397_burn_registration,
    v411_net_flow,
    v421_price_root_burn,
    v425_price_burn,
    v440_gate,
)

__all__ = ["ERAS", "EmissionState", "Emissions", "FlowEma", "FlowState", "GateState"]
