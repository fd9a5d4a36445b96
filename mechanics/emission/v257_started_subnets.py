"""Emission by EMA price among the subnets whose owner has made the start call.

Against v233: a subnet without FirstEmissionBlockNumber is no candidate and counts in no sum.
"""

from mechanics.emission import v233_price_ema as v233
from mechanics.emission.state import Emissions, EmissionState
from mechanics.emission.v233_price_ema import tao_by_price

FIRST_SPEC_VERSION = 257
LAST_SPEC_VERSION = 326
FIRST_BLOCK_NUMBER = 5_228_683
SOURCE = (
    "subtensor@8de0d23ca7 (spec 257), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, steps 1 to 3"
)


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``tao_by_price``."""
    return Emissions(tao_by_price(pre, candidates(pre)))


def candidates(pre: EmissionState) -> list[int]:
    """Subnets that have FirstEmissionBlockNumber, in netuid order."""
    return [n for n in v233.candidates(pre) if pre.first_emission_block_number[n] is not None]
