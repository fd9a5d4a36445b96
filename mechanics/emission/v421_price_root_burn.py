"""Emission by EMA price, root's share of the subnet and the miner incentive it does not withhold.

Against v411: flows no longer count and are no longer consumed: SubnetTaoFlow grows for ever,
SubnetEmaTaoFlow stays as it was. A subnet's share of all moving prices is weighted by its
root_proportion, which falls with its age, and by 1 less the part of miner incentive it withheld.
"""

from collections.abc import Mapping

from mechanics.emission.state import Emissions, EmissionState
from mechanics.emission.v411_net_flow import candidates, tao_by_share
from mechanics.fixed import U64F64, U96F32

FIRST_SPEC_VERSION = 421
SOURCE = (
    "subtensor@6016381e4f (spec 421), pallets/subtensor/src/coinbase/subnet_emissions.rs: "
    "get_shares, get_shares_price_ema, get_subnet_block_emissions"
)


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``emission_shares`` of its TAO."""
    shares = emission_shares(pre, candidates(pre))
    return Emissions(
        tao_by_share(U96F32.of(pre.block_emission_rao), shares, pre.is_emission_enabled)
    )


def emission_shares(pre: EmissionState, netuids: list[int]) -> dict[int, U64F64]:
    """Each candidate's share of the block's TAO.

    Rule
        s_i = m_i / sum_j m_j; w_i = s_i (r_i (1 - min(b_i, 1))); share_i = w_i / sum_j w_j, and s_i
        when every weight is zero, so that the block's TAO is not stranded.

    Args
        pre: the state before the block: m moving prices, r root_proportion, b MinerBurned.
        netuids: the candidates, shape (n,).

    Returns
        Dimensionless, shape (n,). Quotients are cut toward zero: the shares sum to at most 1, and
        to more than 1 - n 2^-64 unless all prices are zero, which gives all zero.

    Errors
        BadState when what is read is missing.

    Source
        subtensor@6016381e4f (spec 421), pallets/subtensor/src/coinbase/subnet_emissions.rs:
        get_shares.
    """
    by_price = shares_by_price(pre, netuids)
    weights = {
        netuid: share
        * (U64F64.saturating_from(pre.root_proportion[netuid]) * unburned(pre.miner_burned[netuid]))
        for netuid, share in by_price.items()
    }
    return normalized(weights) or by_price


def shares_by_price(pre: EmissionState, netuids: list[int]) -> dict[int, U64F64]:
    """Each candidate's moving price over the sum of all; 0 for all when the sum is 0.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 421), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: get_shares_price_ema.
    """
    price = {n: U64F64.saturating_from(pre.moving_alpha_price(n)) for n in netuids}
    total = sum(price.values(), U64F64.of(0))
    return {netuid: moving.safe_div(total) for netuid, moving in price.items()}


def unburned(miner_burned: U96F32) -> U64F64:
    """1 less the part of miner incentive withheld, at least 0."""
    one = U64F64.of(1)
    return one - min(U64F64.saturating_from(miner_burned), one)


def normalized(weights: Mapping[int, U64F64]) -> dict[int, U64F64]:
    """Each weight over the sum of all, cut toward zero; empty when the sum is 0."""
    total = sum(weights.values(), U64F64.of(0))
    if not total:
        return {}
    return {netuid: weight.safe_div(total) for netuid, weight in weights.items()}
