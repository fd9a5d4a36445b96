"""As v233, but the subnet owner's neuron may weigh itself.

Against v233: the weight of the owner's uid to itself counts; those of others still do not.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v233_miner_alphas as v233
from mechanics.yuma.state import EpochResult, EpochState

FIRST_SPEC_VERSION = 252
SOURCE = (
    "subtensor v252 (spec 252), pallets/subtensor/src/epoch/run_epoch.rs: epoch; math.rs: "
    "mask_diag_sparse_except_index"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def owner_uid(pre: EpochState) -> int | None:
    """The uid of the owner's hotkey."""
    return pre.owner_uid


RULE = replace(v233.RULE, self_weight_uid=owner_uid)
