"""The incentive of all the owner's hotkeys is withheld, and recycled where the subnet says so.

Against v306: ImmuneOwnerUidsLimit no longer limits which hotkeys count as the owner's. With
RecycleOrBurn at recycle the withheld alpha leaves SubnetAlphaOut, and the subnet's alpha issuance
falls; burned, the default, it stays there as before.
"""

from dataclasses import replace

from mechanics.distribution.state import DistributionState, Hotkey, Payouts
from mechanics.distribution.v306_owned_hotkeys_withheld import (
    dividend_distribution,
    epoch_alpha,
    newest_first,
    paid,
    shared,
    validator_alpha,
    with_owner_hotkey,
)

FIRST_SPEC_VERSION = 320
# Specs 327 to 333 were never in force and have not been read.
LAST_SPEC_VERSION = 326
FIRST_BLOCK_NUMBER = 6_523_566
SOURCE = (
    "subtensor@835a2c9029 (spec 320), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "distribute_dividends_and_incentives, get_owner_hotkeys"
)

__all__ = ["credited", "dividend_distribution", "epoch_alpha", "recompute", "validator_alpha"]


def recompute(pre: DistributionState) -> Payouts:
    """What the epoch credits: ``credited`` with root's part in TAO."""
    validator_rao = validator_alpha(pre.pending, pre.incentive_total_rao)
    return credited(pre, validator_rao, pre.pending.root_tao_rao)


def credited(pre: DistributionState, validator_rao: int, root_rao: int) -> Payouts:
    """What the epoch credits, given the validators' and root's parts.

    Rule
        As v306, all the owner's hotkeys withheld; what is withheld is recycled with
        RecycleOrBurn at recycle.

    Args
        pre: the epoch after Yuma.
        validator_rao: alpha for stake in the subnet, rao.
        root_rao: what stake on root gets: rao of TAO up to spec 333, of alpha from 334.

    Returns
        rao.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 320), pallets/subtensor/src/coinbase/
        run_coinbase.rs: distribute_dividends_and_incentives.
    """
    payouts = paid(pre, shared(pre, validator_rao, root_rao), frozenset(withheld_hotkeys(pre)))
    return replace(payouts, recycled_rao=payouts.withheld_rao if pre.is_recycled else 0)


def withheld_hotkeys(pre: DistributionState) -> list[Hotkey]:
    """All registered hotkeys of the owner's coldkey, and the owner hotkey if registered."""
    return with_owner_hotkey(pre, newest_first(pre))
