"""Validators share half of the epoch's alpha less what was sold for root, by their alpha dividends.

Against v233: Yuma's dividends count only as proportions: the validators' alpha is what is left of
half the epoch's alpha when root's part is taken off, or all that is pending when no miner earns.
The incentive of the subnet's owner hotkey is withheld: it stays in SubnetAlphaOut, nobody's.
"""

from collections.abc import Mapping

from mechanics.distribution.state import DistributionState, Hotkey, Payouts, Pending, Stake
from mechanics.distribution.v233_alpha_as_emitted import (
    Dividends,
    by_stake,
    epoch_alpha,
    paid,
    pro_rata,
    tao_weight,
)
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 252
SOURCE = (
    "subtensor v252 and v293, pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "drain_pending_emission, calculate_dividend_distribution, distribute_dividends_and_incentives"
)

__all__ = [
    "dividend_distribution",
    "epoch_alpha",
    "paid",
    "recompute",
    "shared",
    "validator_alpha",
]


def recompute(pre: DistributionState) -> Payouts:
    """What the epoch credits, the owner hotkey's incentive withheld."""
    validator_rao = validator_alpha(pre.pending, pre.incentive_total_rao)
    dividends = shared(pre, validator_rao, pre.pending.root_tao_rao)
    return paid(pre, dividends, frozenset([pre.owner_hotkey]))


def validator_alpha(pending: Pending, incentive_total_rao: int) -> int:
    """Alpha for the validators' stake in the subnet.

    Rule
        floor((pending + swapped) / 2) - swapped, at least 0; all that is pending when no miner
        earns anything.

    Args
        pending: what the epoch drained.
        incentive_total_rao: what Yuma gives all miners together.

    Returns
        rao of alpha.

    Errors
        None.

    Source
        subtensor v293, pallets/subtensor/src/coinbase/run_coinbase.rs: drain_pending_emission.
    """
    if not incentive_total_rao:
        return pending.emission_rao
    return max((pending.emission_rao + pending.swapped_rao) // 2 - pending.swapped_rao, 0)


def shared(pre: DistributionState, validator_rao: int, root_rao: int) -> Dividends:
    """The epoch's ``dividend_distribution``."""
    weight = tao_weight(pre.tao_weight_u64)
    return dividend_distribution(validator_rao, root_rao, weight, pre.stakes, pre.dividends)


def dividend_distribution(
    validator_rao: int,
    root_rao: int,
    weight: U96F32,
    stakes: Mapping[Hotkey, Stake],
    dividends: Mapping[Hotkey, U96F32],
) -> Dividends:
    """The validators' alpha and root's part shared out among hotkeys.

    Rule
        Each pool in proportion to its part of ``by_stake``; see ``pro_rata``.

    Args
        validator_rao: alpha for stake in the subnet, rao.
        root_rao: what stake on root gets: rao of TAO up to spec 333, of alpha from 334.
        weight: TaoWeight as a number from 0 to 1.
        stakes: by hotkey.
        dividends: by hotkey, shape (n,).

    Returns
        rao, unfloored, shape (n,), without the hotkeys that have no stake entry.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 252), pallets/subtensor/src/coinbase/
        run_coinbase.rs: calculate_dividend_distribution.
    """
    parts = by_stake(weight, stakes, dividends)
    return Dividends(pro_rata(validator_rao, parts.alpha), pro_rata(root_rao, parts.root))
