"""Validators share what was kept for them, and the servers' part as well when no miner earns.

Against v334: the validators' alpha is PendingValidatorEmission, of which root's part was taken off
as it accumulated; nothing is halved at the epoch any more.
"""

from mechanics.distribution.state import DistributionState, Payouts, Pending
from mechanics.distribution.v334_root_paid_in_alpha import claimed_later, dividend_distribution

FIRST_SPEC_VERSION = 343
SOURCE = (
    "subtensor@8834a7c737 (spec 362), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "drain_pending, distribute_emission"
)

__all__ = [
    "claimed_later",
    "dividend_distribution",
    "epoch_alpha",
    "recompute",
    "validator_alpha",
]


def recompute(pre: DistributionState) -> Payouts:
    """What the epoch credits."""
    return claimed_later(pre, validator_alpha(pre.pending, pre.incentive_total_rao))


def epoch_alpha(pending: Pending) -> int:
    """Alpha that Yuma shares out: the servers', the validators' and root's parts; rao."""
    return pending.server_rao + pending.validator_rao + pending.root_rao


def validator_alpha(pending: Pending, incentive_total_rao: int) -> int:
    """Alpha for the validators' stake in the subnet: their part, and the servers' if none earns it.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 343), pallets/subtensor/src/coinbase/
        run_coinbase.rs: distribute_emission.
    """
    return pending.validator_rao + (0 if incentive_total_rao else pending.server_rao)
