"""Taoflow, where an EMA starts at the lower of two prices in rao.

Against v334: the first EMA is a billion times larger, so that it is in rao as flows are. The
upgrade removed every SubnetEmaTaoFlow first, so all subnets started anew. (A version of the source
between specs 334 and 348 shares by moving price and leaves flows alone; whether finney ran it is
not known.)
"""

from mechanics.emission.state import Emissions, EmissionState, FlowEma, FlowStep
from mechanics.emission.v334_tao_flow import (
    advanced,
    candidates,
    emissions_by_flow,
    lower_price,
    shares_by_flow,
    tao_by_share,
)
from mechanics.eras import given
from mechanics.fixed import I64F64

FIRST_SPEC_VERSION = 338
SOURCE = (
    "subtensor@1f520ed958 (spec 338), pallets/subtensor/src/coinbase/subnet_emissions.rs: "
    "get_ema_flow; migrations/migrate_init_tao_flow.rs"
)

_RAO_PER_TAO = I64F64.of(1_000_000_000)

__all__ = ["advanced", "candidates", "recompute", "shares_by_flow", "tao_by_share", "user_ema"]


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``emissions_by_flow``."""
    return emissions_by_flow(pre, {netuid: user_ema(pre, netuid) for netuid in candidates(pre)})


def user_ema(pre: EmissionState, netuid: int) -> FlowStep:
    """The EMA of the TAO flow of a subnet after the block; the first is 1e9 times the lower price.

    Rule
        Without an EMA: S = 1e9 min(m, p), the flow not consumed. Else ``advanced``.

    Args
        pre: the state before the block.
        netuid: the subnet.

    Returns
        rao per block.

    Errors
        BadState when what is read is missing.

    Source
        subtensor@1f520ed958 (spec 338), pallets/subtensor/src/coinbase/subnet_emissions.rs:
        get_ema_flow.
    """
    flow = given(pre.flow, "flow")
    stored = flow.ema_tao_flow[netuid]
    if stored is not None:
        return advanced(pre, stored, flow.tao_flow_rao[netuid])
    start = FlowEma(
        given(pre.block_number, "block_number"), _RAO_PER_TAO * lower_price(pre, netuid)
    )
    return FlowStep(start, is_flow_consumed=False)
