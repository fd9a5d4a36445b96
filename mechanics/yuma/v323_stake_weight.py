"""As v320, with StakeWeight stored again.

Against v320: the shares of the stake that counts are written; specs 320 to 322 left old ones.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v320_mechanisms as v320
from mechanics.yuma.state import EpochResult, EpochState

FIRST_SPEC_VERSION = 323
SOURCE = (
    "subtensor v323 (spec 323), pallets/subtensor/src/epoch/run_epoch.rs: "
    "persist_netuid_epoch_terms"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


RULE = replace(v320.RULE, writes_stake_weight=True)
