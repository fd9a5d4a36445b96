"""Emission by EMA price: every subnet's share is its moving price over the sum of all."""

from collections.abc import Iterable

from mechanics.emission.state import Emissions, EmissionState
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, steps 1 to 3"
)


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block: ``tao_by_price``."""
    return Emissions(tao_by_price(pre, candidates(pre)))


def candidates(pre: EmissionState) -> list[int]:
    """Every subnet but root, in netuid order."""
    return pre.subnets


def tao_by_price(pre: EmissionState, netuids: Iterable[int]) -> dict[int, U96F32]:
    """The block's TAO in proportion to moving prices.

    Rule
        tao_i = (E m_i) / sum_j m_j; 0 for all when the sum is 0. A stable subnet counts with m = 1.

    Args
        pre: the state before the block.
        netuids: the candidates, shape (n,).

    Returns
        rao of TAO, unfloored, by netuid, shape (n,). Quotients are cut toward zero, so the sum
        falls short of E by less than n 2^-32.

    Errors
        BadState when a candidate's moving price or mechanism is missing. The chain held these in
        I96F32 up to spec 258 and in U96F32 from 261; for prices that are never negative both give
        the same bits.

    Source
        subtensor@e2b8367b8b (spec 233) and v293, pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase, steps 2 and 3.
    """
    emission = U96F32.of(pre.block_emission_rao)
    zero = U96F32.of(0)
    price = {netuid: pre.moving_alpha_price(netuid) for netuid in netuids}
    total = sum(price.values(), zero)
    return {n: (emission * moving).checked_div(total) or zero for n, moving in price.items()}
