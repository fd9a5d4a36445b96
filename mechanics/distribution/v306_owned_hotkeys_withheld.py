"""The incentive of hotkeys that belong to the subnet's owner is withheld, not of one hotkey only.

Against v252: every registered hotkey of the owner's coldkey counts as the owner's, the owner hotkey
among them. Where the spec has ImmuneOwnerUidsLimit, only so many do: the owner hotkey, and those
registered last.
"""

from mechanics.distribution.state import DistributionState, Hotkey, Payouts
from mechanics.distribution.v252_validators_pro_rata import (
    dividend_distribution,
    epoch_alpha,
    paid,
    shared,
    validator_alpha,
)

FIRST_SPEC_VERSION = 306
SOURCE = (
    "subtensor v306 (pull request 1905) and a stored source of specs 306 to 319, pallets/subtensor/"
    "src/coinbase/run_coinbase.rs: distribute_dividends_and_incentives, get_immune_owner_hotkeys"
)

__all__ = [
    "dividend_distribution",
    "epoch_alpha",
    "newest_first",
    "paid",
    "recompute",
    "shared",
    "validator_alpha",
]


def recompute(pre: DistributionState) -> Payouts:
    """What the epoch credits, the incentive of the owner's hotkeys withheld."""
    validator_rao = validator_alpha(pre.pending, pre.incentive_total_rao)
    dividends = shared(pre, validator_rao, pre.pending.root_tao_rao)
    return paid(pre, dividends, frozenset(withheld_hotkeys(pre)))


def withheld_hotkeys(pre: DistributionState) -> list[Hotkey]:
    """The hotkeys whose incentive is withheld.

    Rule
        The owner's registered hotkeys, ``newest_first``, as many as the limit allows; then the
        owner hotkey, if registered and not among them, at the front, and the limit again.

    Args
        pre: the epoch after Yuma.

    Returns
        Hotkeys, in the order in which the limit keeps them.

    Errors
        None.

    Source
        A stored source of specs 306 to 319, pallets/subtensor/src/coinbase/run_coinbase.rs:
        get_immune_owner_hotkeys.
    """
    limit = pre.immune_owner_uids_limit
    return with_owner_hotkey(pre, newest_first(pre)[:limit])[:limit]


def newest_first(pre: DistributionState) -> list[Hotkey]:
    """The owner's registered hotkeys, the one registered last first; ties by uid."""
    ordered = sorted(pre.owned_hotkeys, key=lambda owned: (-owned.block_at_registration, owned.uid))
    return [owned.hotkey for owned in ordered]


def with_owner_hotkey(pre: DistributionState, hotkeys: list[Hotkey]) -> list[Hotkey]:
    """The hotkeys with the owner hotkey put first, if it is registered and not among them."""
    owner = pre.owner_hotkey
    if owner is None or not pre.is_owner_hotkey_registered or owner in hotkeys:
        return hotkeys
    return [owner, *hotkeys]
