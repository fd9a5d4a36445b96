"""Root stakers earn alpha, which each may claim, in place of TAO from the block's sale.

Against v320: root's part of the epoch is PendingRootAlphaDivs. Less the validator's take, paid at
once, it raises the hotkey's RootClaimable rate: alpha per TAO of stake that the hotkey has on root.
"""

from dataclasses import replace

from mechanics.distribution.state import DistributionState, Payouts
from mechanics.distribution.v320_recycle_or_burn import (
    credited,
    dividend_distribution,
    epoch_alpha,
    validator_alpha,
)
from mechanics.fixed import I96F32

FIRST_SPEC_VERSION = 334
FIRST_BLOCK_NUMBER = 6_811_690
SOURCE = (
    "subtensor@6218ecc5cd (spec 334), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "drain_pending_emission; staking/claim_root.rs: increase_root_claimable_for_hotkey_and_subnet"
)

__all__ = ["claimed_later", "dividend_distribution", "epoch_alpha", "recompute"]


def recompute(pre: DistributionState) -> Payouts:
    """What the epoch credits, root's part in alpha and to be claimed."""
    validator_rao = validator_alpha(pre.pending, pre.incentive_total_rao)
    return claimed_later(pre, validator_rao)


def claimed_later(pre: DistributionState, validator_rao: int) -> Payouts:
    """What the epoch credits, given the validators' part.

    Rule
        As v320 with PendingRootAlphaDivs for root; rate = d / R, cut, where d is the hotkey's root
        dividend in whole rao and R its stake on root; 0 when R is 0.

    Args
        pre: the epoch after Yuma.
        validator_rao: alpha for stake in the subnet, rao.

    Returns
        rao of alpha; rates in alpha per TAO.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 334), pallets/subtensor/src/staking/
        claim_root.rs: increase_root_claimable_for_hotkey_and_subnet.
    """
    payouts = credited(pre, validator_rao, pre.pending.root_rao)
    rates = {
        hotkey: I96F32.of(rao).safe_div(I96F32.of(pre.stakes[hotkey].root_rao))
        for hotkey, rao in payouts.root_dividends_rao.items()
    }
    return replace(payouts, claimable_rate=rates)
