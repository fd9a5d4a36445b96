"""As v365, with the subnet owner's neuron always a validator.

Against v365: the owner's uid needs no stake above the threshold, and has a permit before and after
every epoch, beyond MaxAllowedValidators too.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v365_fewer_outputs as v365
from mechanics.yuma.state import EpochResult, EpochState
from mechanics.yuma.vectors import Vector

FIRST_SPEC_VERSION = 397
FIRST_BLOCK_NUMBER = 8_036_576  # specs 394 to 400 never ran on finney: the block of spec 401
SOURCE = "subtensor v397 (spec 397), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism"


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def counted_stake(pre: EpochState) -> Vector:
    """Stake that is not below StakeThreshold, and the owner's; I64F64 bits."""
    counted = v365.RULE.counted_stake(pre)
    if has_owner(pre, counted):
        counted[pre.owner_uid] = pre.stake_i64f64_bits[pre.owner_uid]
    return counted


def old_permits(pre: EpochState) -> list[bool]:
    """ValidatorPermit, and the owner's where the vector reaches that far."""
    return _with_owner(pre, v365.RULE.old_permits(pre))


def new_permits(pre: EpochState, stake: Vector) -> list[bool]:
    """The greatest shares of stake that are not 0, and the owner's."""
    return _with_owner(pre, v365.RULE.new_permits(pre, stake))


def has_owner(pre: EpochState, values: list) -> bool:
    """Whether the owner has a uid, and the vector a value for it."""
    return pre.owner_uid is not None and pre.owner_uid < len(values)


def _with_owner(pre: EpochState, permits: list[bool]) -> list[bool]:
    if has_owner(pre, permits):
        permits[pre.owner_uid] = True
    return permits


RULE = replace(
    v365.RULE, counted_stake=counted_stake, old_permits=old_permits, new_permits=new_permits
)
