"""Emission by EMA price and the miner incentive a subnet does not withhold.

Against v421: a subnet's age no longer counts; root_proportion is not read.
"""

from mechanics.emission.state import Emissions, EmissionState
from mechanics.emission.v421_price_root_burn import (
    candidates,
    normalized,
    shares_by_price,
    tao_by_share,
    unburned,
)
from mechanics.fixed import U64F64, U96F32

FIRST_SPEC_VERSION = 425
SOURCE = (
    "subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/subnet_emissions.rs: "
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
        s_i = m_i / sum_j m_j; w_i = s_i (1 - min(b_i, 1)); share_i = w_i / sum_j w_j, and s_i when
        every weight is zero, so that the block's TAO is not stranded.

    Args
        pre: the state before the block: m moving prices, b MinerBurned.
        netuids: the candidates, shape (n,).

    Returns
        Dimensionless, shape (n,). Quotients are cut toward zero: the shares sum to at most 1, and
        to more than 1 - n 2^-64 unless all prices are zero, which gives all zero.

    Errors
        BadState when what is read is missing.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/subnet_emissions.rs:
        get_shares.
    """
    by_price = shares_by_price(pre, netuids)
    weights = {n: share * unburned(pre.miner_burned[n]) for n, share in by_price.items()}
    return normalized(weights) or by_price
