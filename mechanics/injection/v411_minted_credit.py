"""The block's TAO is minted first and spent subnet by subnet, excess before injection.

Against v362: the whole emission enters TotalIssuance when it is minted, capped so that issuance
never passes 21 million TAO, and what no subnet could spend is recycled at the end: a buy the pool
refuses no longer adds to TotalIssuance. What a buy paid is recorded in SubnetExcessTao.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mechanics.eras import BadState, unsigned
from mechanics.injection import v362_cap_of_block_emission as v362
from mechanics.injection.state import Injection, PoolOutcome, Settlement
from mechanics.injection.v362_cap_of_block_emission import ORDER, recompute, terms, within_cap

FIRST_SPEC_VERSION = 411
FIRST_BLOCK_NUMBER = 8_283_784
SOURCE = (
    "subtensor@486037ba45 (spec 411), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "inject_and_maybe_swap; coinbase/block_step.rs: block_step"
)

__all__ = ["ORDER", "minted", "recompute", "settle", "spent", "terms", "within_cap"]

TOTAL_SUPPLY_RAO = 21_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Spending:
    """What became of the block's TAO.

    Attributes:
        excess_tao_rao: granted for buys, by netuid.
        tao_in_rao: granted for injections, by netuid.
        recycled_rao: left over, taken out of TotalIssuance again.
    """

    excess_tao_rao: Mapping[int, int]
    tao_in_rao: Mapping[int, int]
    recycled_rao: int


def minted(block_emission_rao: int, total_issuance_rao: int) -> int:
    """TAO the block mints: its emission, as far as issuance stays within 21 million TAO; rao.

    Raises:
        BadState: an amount is negative, or issuance is past 21 million TAO already.
    """
    unsigned(block_emission_rao, "block_emission_rao")
    if not 0 <= total_issuance_rao <= TOTAL_SUPPLY_RAO:
        raise BadState("total_issuance_rao", f"is {total_issuance_rao}, not within 21 million TAO")
    return min(block_emission_rao, TOTAL_SUPPLY_RAO - total_issuance_rao)


def spent(credit_rao: int, due: Mapping[int, Injection]) -> Spending:
    """The block's TAO spent by the subnets, when every pool takes what it is offered.

    Rule
        In netuid order, each subnet's excess and then its tao_in is taken off what is left, in
        whole or, where less is left, not at all.

    Args
        credit_rao: what the block minted.
        due: each candidate's part of the block, by netuid, shape (n,).

    Returns
        rao; the parts sum to the credit. The parts due are floored one by one, so that some rao are
        left in an ordinary block.

    Errors
        BadState when the credit is negative.

    Source
        subtensor@486037ba45 (spec 411), pallets/subtensor/src/coinbase/run_coinbase.rs:
        inject_and_maybe_swap.
    """
    unsigned(credit_rao, "credit_rao")
    excess_rao, tao_in_rao, left_rao = {}, {}, credit_rao
    for netuid, injection in sorted(due.items()):
        for asked_rao, granted in (
            (injection.excess_tao_rao, excess_rao),
            (injection.tao_in_rao, tao_in_rao),
        ):
            granted[netuid] = asked_rao if asked_rao <= left_rao else 0
            left_rao -= granted[netuid]
    return Spending(excess_rao, tao_in_rao, left_rao)


def settle(injected: Injection, pool: PoolOutcome) -> Settlement:
    """What the coinbase changes by the injection.

    Rule
        As v362; TotalIssuance keeps tao_in and what the buy paid. SubnetExcessTao is what the buy
        paid.

    Args
        injected: the subnet's part of the block, rao.
        pool: what the pool made of it.

    Returns
        rao of each asset.

    Errors
        None.

    Source
        subtensor@486037ba45 (spec 411), pallets/subtensor/src/coinbase/run_coinbase.rs:
        inject_and_maybe_swap.
    """
    return replace(
        v362.settle(injected, pool),
        total_issuance_rao=injected.tao_in_rao + pool.paid_tao_rao,
        excess_tao_rao=pool.paid_tao_rao,
    )
