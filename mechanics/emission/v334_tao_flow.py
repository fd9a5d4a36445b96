"""Taoflow: emission by an EMA of the TAO that stakers put into a subnet less what they take out.

Against v257: prices no longer count. Each candidate keeps an EMA of its flow, S, of which the block
takes in one step and consumes the flow; what lies above a lower limit is raised to a power and
divided by the sum. A candidate without an EMA starts at the lower of its moving and its spot price,
in TAO where flows are in rao - a mistake that left the start a billion times too small - and its
flow is not consumed in that block.
"""

from collections.abc import Mapping

from mechanics.emission.state import Emissions, EmissionState, FlowEma, FlowState, FlowStep
from mechanics.emission.v257_started_subnets import candidates
from mechanics.eras import given
from mechanics.fixed import I64F64, U64F64, U96F32
from mechanics.transcendental import checked_sqrt, safe_pow

FIRST_SPEC_VERSION = 334
# Specs 335 to 337 fall into the night in which the chain's authors went back to prices and forth
# again (subtensor pull requests 2174 and 2176); what those specs ran, if they ran, is not known.
LAST_SPEC_VERSION = 334
FIRST_BLOCK_NUMBER = 6_811_690
SOURCE = (
    "subtensor@6218ecc5cd (spec 334), pallets/subtensor/src/coinbase/subnet_emissions.rs: "
    "get_subnet_block_emissions, get_shares_flow, get_ema_flow, get_lower_limit, "
    "inplace_pow_normalize"
)

_I64_MAX = I64F64.of(2**63 - 1)
_I32_MAX = U64F64.of(2**31 - 1)


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``emissions_by_flow``."""
    return emissions_by_flow(pre, {netuid: user_ema(pre, netuid) for netuid in candidates(pre)})


def user_ema(pre: EmissionState, netuid: int) -> FlowStep:
    """The EMA of the TAO flow of a subnet after the block; the first is the lower of two prices."""
    flow = given(pre.flow, "flow")
    stored = flow.ema_tao_flow[netuid]
    if stored is None:
        return FlowStep(
            FlowEma(given(pre.block_number, "block_number"), lower_price(pre, netuid)), False
        )
    return advanced(pre, stored, flow.tao_flow_rao[netuid])


def lower_price(pre: EmissionState, netuid: int) -> I64F64:
    """The lower of a subnet's moving price and its spot price, TAO per alpha."""
    spot_price = given(pre.flow, "flow").spot_price[netuid]
    return I64F64.saturating_from(min(pre.moving_alpha_price(netuid), spot_price))


def advanced(pre: EmissionState, stored: FlowEma, flow_rao: int) -> FlowStep:
    """One step of an EMA of flows.

    Rule
        S = (1 - a) S_old + a flow, each product floored on its own; a = FlowEmaSmoothingFactor /
        (2^63 - 1). An EMA the block has written already stays, and its flow too.

    Args
        pre: the state before the block.
        stored: S_old.
        flow_rao: rao since the flow was last consumed.

    Returns
        rao per block. With the default factor an EMA halves in 216,000 blocks.

    Errors
        BadState when the block number or the flow state is missing.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 334), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: get_ema_flow.
    """
    block_number = given(pre.block_number, "block_number")
    if stored.block_number == block_number:
        return FlowStep(stored, False)
    weight = I64F64.of(given(pre.flow, "flow").smoothing_factor).safe_div(_I64_MAX)
    rest = I64F64.of(1) - weight
    return FlowStep(FlowEma(block_number, rest * stored.rao + weight * I64F64.of(flow_rao)), True)


def emissions_by_flow(pre: EmissionState, steps: Mapping[int, FlowStep]) -> Emissions:
    """What the block pays and stores, given the EMA of each candidate after the block."""
    shares = shares_by_flow(given(pre.flow, "flow"), {n: step.ema.rao for n, step in steps.items()})
    return Emissions(
        tao=tao_by_share(U96F32.of(pre.block_emission_rao), shares),
        ema_tao_flow={netuid: step.ema for netuid, step in steps.items()},
        consumed_tao_flow=frozenset(n for n, step in steps.items() if step.is_flow_consumed),
    )


def shares_by_flow(state: FlowState, flows: Mapping[int, I64F64]) -> dict[int, U64F64]:
    """Each candidate's share of the block's TAO by its flow.

    Rule
        L = max(TaoFlowCutoff, min(0, min_i S_i)); z_i = S_i - L where S_i > L, else 0;
        ``pow_normalized`` z. With a cutoff of 0 only positive flows earn.

    Args
        state: the cutoff and the exponent.
        flows: S, rao per block, by netuid, shape (n,).

    Returns
        Dimensionless, shape (n,).

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 334), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: get_shares_flow, get_lower_limit.
    """
    zero = I64F64.of(0)
    limit = max(state.cutoff, min([zero, *flows.values()]))
    above = {
        netuid: U64F64.saturating_from(flow - limit) if flow > limit else U64F64.of(0)
        for netuid, flow in flows.items()
    }
    return pow_normalized(above, state.norm_exponent)


def pow_normalized(flows: Mapping[int, U64F64], exponent: U64F64) -> dict[int, U64F64]:
    """Shares in proportion to a power of each number, scaled for the narrow power first.

    Rule
        z = z / max z, as a product with the cut quotient 1 / max z; M = (max z)^2 n. Where
        M < (2^31 - 1) / (2^64 - 1) the result is z, all zero. Else K = sqrt((2^31 - 1) / M), to
        1/1000; w_i = safe_pow(K z_i, p); share_i = w_i / sum_j w_j.

    Args
        flows: z, by netuid, shape (n,); zeros count in n.
        exponent: p.

    Returns
        Dimensionless, shape (n,). Quotients are cut toward zero: where any w is positive the shares
        sum to at most 1 and to more than 1 - n 2^-64. They are not z_i^p / sum_j z_j^p: with p = 1
        they are off by about 2e-9, with p = 2 the numbers 1, 5 and 10 give .0080074, .1994261 and
        .7925665 in place of .0079365, .1984127 and .7936508.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 334), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: inplace_pow_normalize, inplace_scale, pow_estimate.
    """
    zero, one = U64F64.of(0), U64F64.of(1)
    inverse = one.safe_div(max(flows.values(), default=zero))
    scaled = {netuid: inverse * flow for netuid, flow in flows.items()}
    greatest = max(scaled.values(), default=zero)
    weight = U64F64.of(len(scaled)) * (greatest * greatest)
    if weight < _I32_MAX.safe_div(U64F64.of(2**64 - 1)):
        return scaled
    factor = checked_sqrt(_I32_MAX.safe_div(weight), one.safe_div(U64F64.of(1_000))) or zero
    powers = {netuid: safe_pow(factor * flow, exponent) for netuid, flow in scaled.items()}
    total = sum(powers.values(), zero)
    return {netuid: power.safe_div(total) for netuid, power in powers.items()}


def tao_by_share(block_emission: U96F32, shares: Mapping[int, U64F64]) -> dict[int, U96F32]:
    """The block's TAO by share, floored to 32 fraction bits.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 334), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: get_subnet_block_emissions.
    """
    emission = U64F64.saturating_from(block_emission)
    return {netuid: U96F32.saturating_from(emission * share) for netuid, share in shares.items()}
