"""Validators share what was kept for them; the part of miner incentive withheld is recorded.

Against v343: MinerBurned is written at every epoch, recycled and burned alike, and lowers the
subnet's share of TAO until the next.
"""

from dataclasses import replace

from mechanics.distribution.state import DistributionState, Payouts
from mechanics.distribution.v343_pending_apart import (
    claimed_later,
    dividend_distribution,
    epoch_alpha,
    validator_alpha,
)
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 421
# Collateral (436), root baskets (441) and the split by root uid (442) came after; not all is known.
LAST_SPEC_VERSION = 425
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 421), pallets/subtensor/src/coinbase/"
    "run_coinbase.rs: distribute_dividends_and_incentives"
)

__all__ = ["dividend_distribution", "epoch_alpha", "recompute", "validator_alpha"]


def recompute(pre: DistributionState) -> Payouts:
    """What the epoch credits, and MinerBurned.

    Rule
        As v343; burned = withheld / total incentive, cut; 0 when there is no incentive.

    Args
        pre: the epoch after Yuma.

    Returns
        rao of alpha; miner_burned dimensionless, from 0 to 1.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 421), pallets/subtensor/src/coinbase/
        run_coinbase.rs: distribute_dividends_and_incentives.
    """
    payouts = claimed_later(pre, validator_alpha(pre.pending, pre.incentive_total_rao))
    total = U96F32.of(pre.incentive_total_rao)
    return replace(payouts, miner_burned=U96F32.of(payouts.withheld_rao).safe_div(total))
