"""Net flow: emission by the EMA of stakers' TAO flow less the EMA of what the protocol put in.

Against v397: a second EMA keeps what the protocol itself spends on a subnet, by injecting and
buying, less what it takes out by selling root's alpha. Where it is positive it is deducted, scaled
so that all deductions do not exceed all stakers' inflows; where it is negative it is added whole.
And subnets with SubnetEmissionEnabled false, while they stay candidates, leave their share to the
others.
"""

from collections.abc import Mapping
from typing import NamedTuple

from mechanics.emission import v397_burn_registration as v397
from mechanics.emission.state import Emissions, EmissionState, FlowEma, FlowStep
from mechanics.emission.v397_burn_registration import (
    advanced,
    candidates,
    shares_by_flow,
    user_ema,
)
from mechanics.eras import given
from mechanics.fixed import I64F64, U64F64, U96F32

FIRST_SPEC_VERSION = 411
LAST_SPEC_VERSION = 419
FIRST_BLOCK_NUMBER = 8_283_784
SOURCE = (
    "subtensor@486037ba45 (spec 411), pallets/subtensor/src/coinbase/subnet_emissions.rs: "
    "get_subnet_block_emissions, get_shares_flow, update_ema_protocol_flow"
)


class FlowShares(NamedTuple):
    """Shares by net flow, and both EMAs after the block."""

    shares: dict[int, U64F64]
    user: dict[int, FlowStep]
    protocol: dict[int, FlowStep]


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block, and both EMAs: ``flow_shares``."""
    shared = flow_shares(pre, candidates(pre))
    emission = U96F32.of(pre.block_emission_rao)
    return Emissions(
        tao=tao_by_share(emission, shared.shares, pre.is_emission_enabled),
        ema_tao_flow={n: step.ema for n, step in shared.user.items()},
        consumed_tao_flow=frozenset(n for n, s in shared.user.items() if s.is_flow_consumed),
        ema_protocol_flow={n: step.ema for n, step in shared.protocol.items()},
        consumed_protocol_flow=frozenset(
            n for n, s in shared.protocol.items() if s.is_flow_consumed
        ),
    )


def flow_shares(pre: EmissionState, netuids: list[int]) -> FlowShares:
    """Each candidate's share of the block's TAO.

    Rule
        Both EMAs take their step, that of the protocol while NetTaoFlowEnabled is off too;
        ``net_flows`` of them; ``shares_by_flow`` of those.

    Args
        pre: the state before the block.
        netuids: the candidates, shape (n,).

    Returns
        Dimensionless shares, and EMAs in rao per block, shape (n,) each.

    Errors
        BadState when what is read is missing.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 411, not called from 421 on),
        pallets/subtensor/src/coinbase/subnet_emissions.rs: get_shares_flow.
    """
    flow = given(pre.flow, "flow")
    user = {netuid: user_ema(pre, netuid) for netuid in netuids}
    protocol = {netuid: protocol_ema(pre, netuid) for netuid in netuids}
    net = net_flows(
        {netuid: step.ema.rao for netuid, step in user.items()},
        {netuid: step.ema.rao for netuid, step in protocol.items()},
        flow.is_net,
    )
    return FlowShares(shares_by_flow(flow, net), user, protocol)


def protocol_ema(pre: EmissionState, netuid: int) -> FlowStep:
    """The EMA of the protocol's flow after the block: ``advanced``, from 0 where it has none."""
    flow = given(pre.flow, "flow")
    stored = flow.ema_protocol_flow[netuid] or FlowEma(0, I64F64(0))
    return advanced(pre, stored, flow.protocol_flow_rao[netuid])


def net_flows(
    user: Mapping[int, I64F64], protocol: Mapping[int, I64F64], is_net: bool
) -> dict[int, I64F64]:
    """Stakers' flows less the protocol's.

    Rule
        N = min(1, sum_i max(u_i, 0) / sum_i max(q_i, 0)), 0 when the divisor is 0;
        net_i = u_i - N q_i where q_i > 0, else u_i - q_i. With NetTaoFlowEnabled off net_i = u_i.

    Args
        user: u, rao per block, by netuid, shape (n,).
        protocol: q, rao per block, by netuid, shape (n,).
        is_net: NetTaoFlowEnabled.

    Returns
        rao per block, shape (n,).

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 411), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: get_shares_flow.
    """
    if not is_net:
        return dict(user)
    zero, one = I64F64.of(0), I64F64.of(1)
    inflow = sum((max(u, zero) for u in user.values()), zero)
    cost = sum((max(q, zero) for q in protocol.values()), zero)
    factor = min(inflow.safe_div(cost), one)
    return {
        netuid: u - (factor * protocol[netuid] if protocol[netuid] > zero else protocol[netuid])
        for netuid, u in user.items()
    }


def tao_by_share(
    block_emission: U96F32, shares: Mapping[int, U64F64], is_enabled: Mapping[int, bool]
) -> dict[int, U96F32]:
    """The block's TAO by share, those of disabled subnets redistributed.

    Rule
        Where any subnet is disabled: share_i / sum of the enabled shares for the enabled, 0 for the
        others, and 0 for all when that sum is 0. Where none is, the shares stand as they are.

    Args
        block_emission: rao of TAO.
        shares: dimensionless, by netuid, shape (n,).
        is_enabled: SubnetEmissionEnabled, by netuid.

    Returns
        rao of TAO, floored to 32 fraction bits, shape (n,).

    Errors
        BadState when a candidate's SubnetEmissionEnabled is missing.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 411), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: get_subnet_block_emissions.
    """
    enabled = {netuid: share for netuid, share in shares.items() if is_enabled[netuid]}
    if len(enabled) == len(shares):
        return v397.tao_by_share(block_emission, shares)
    zero = U64F64.of(0)
    total = sum(enabled.values(), zero)
    redistributed = {n: enabled[n].safe_div(total) if n in enabled else zero for n in shares}
    return v397.tao_by_share(block_emission, redistributed)
