"""Refusal of states that no chain can have, each by the name of its field."""

from collections.abc import Mapping, Sequence

from mechanics.eras import BadState
from mechanics.yuma.i32f32 import U16_MAX, U64_MAX
from mechanics.yuma.state import AUTO, CURRENT, EpochState

_U16 = (
    "neuron_count",
    "tempo",
    "max_allowed_validators",
    "kappa_u16",
    "bonds_penalty_u16",
    "alpha_low_u16",
    "alpha_high_u16",
)
_U64 = (
    "block_number",
    "emission_rao",
    "bonds_moving_average_ppm",
    "stake_threshold_rao",
    "last_mechanism_step_block",
    "reveal_period_epochs",
)
_OPTIONAL_U64 = (
    "activity_cutoff_blocks",
    "activity_cutoff_factor_milli",
    "subnet_epoch_index",
    "owner_uid",
    "last_yuma_step_block",
)
_REQUIRED = (
    "last_update",
    "block_at_registration",
    "stake_i64f64_bits",
    "validator_permit",
    "weights",
    "bonds",
)
_I64F64_MAX = 2**127 - 1
_STEEPNESS = (-(2**15), 2**16 - 1)
"""An i16 from spec 283, a u16 before."""


def bad(pre: EpochState, field: str, why: str) -> BadState:
    """The error for a field, with the subnet, mechanism and block it was found at."""
    where = f"netuid {pre.netuid}, mecid {pre.mecid}, block {pre.block_number}"
    return BadState(field, f"{why} ({where})")


def check_ranges(pre: EpochState) -> None:
    """Refuse numbers that their storage items cannot hold.

    Raises:
        BadState: a number out of range, a vector that is missing, or one that must have a value
            for every neuron and has not.
    """
    for field in _REQUIRED:
        check_given(pre, field)
    for field in _U16:
        _check(pre, field, getattr(pre, field), U16_MAX)
    for field in _U64:
        _check(pre, field, getattr(pre, field), U64_MAX)
    for field in _OPTIONAL_U64:
        if getattr(pre, field) is not None:
            _check(pre, field, getattr(pre, field), U64_MAX)
    low, high = _STEEPNESS
    if not low <= pre.alpha_sigmoid_steepness <= high:
        raise bad(
            pre, "alpha_sigmoid_steepness", f"is {pre.alpha_sigmoid_steepness}, no 16-bit number"
        )
    if not CURRENT <= pre.liquid_alpha_consensus_mode <= AUTO:
        raise bad(
            pre, "liquid_alpha_consensus_mode", f"is {pre.liquid_alpha_consensus_mode}, no variant"
        )
    check_length(pre, "block_at_registration")
    check_length(pre, "stake_i64f64_bits")
    _check_all(pre, "last_update", pre.last_update, U64_MAX)
    _check_all(pre, "block_at_registration", pre.block_at_registration, U64_MAX)
    _check_all(pre, "stake_i64f64_bits", pre.stake_i64f64_bits, _I64F64_MAX)
    _check_all(pre, "previous_consensus_u16", pre.previous_consensus_u16, U16_MAX)


def check_equal_lengths(pre: EpochState) -> None:
    """Refuse what the chain panics on up to spec 319, besides numbers out of range.

    Raises:
        BadState: vectors of another length than the number of neurons, or no ActivityCutoff.
    """
    check_ranges(pre)
    check_length(pre, "last_update")
    check_length(pre, "validator_permit")
    check_given(pre, "activity_cutoff_blocks")


def check_rows_within(pre: EpochState) -> None:
    """Refuse rows that are no pairs of u16, and bonds that the chain panics on up to spec 319.

    Raises:
        BadState: such a row, or a bond to a uid beyond the neurons.
    """
    check_rows(pre)
    n = pre.neuron_count
    if any(j >= n for i, row in pre.bonds.items() if i < n for j, _ in row):
        raise bad(pre, "bonds", f"names a uid beyond the {n} neurons, where the chain would panic")


def check_distinct_hotkeys(pre: EpochState) -> None:
    """Refuse an epoch that the chain passes over from spec 334."""
    if not pre.has_distinct_hotkeys:
        raise bad(pre, "has_distinct_hotkeys", "is not set: the chain passes over such an epoch")


def check_commits(pre: EpochState) -> None:
    """Refuse commits without the epoch that decides from spec 423 when they expire."""
    for field in ("weight_commits", "timelocked_weight_commits"):
        queues = (getattr(pre, field) or {}).values()
        if any(commit.epoch is None for queue in queues for commit in queue):
            raise bad(pre, field, "has a commit without its epoch")


def check_given(pre: EpochState, field: str) -> None:
    """Refuse a state without an item that its spec has."""
    if getattr(pre, field) is None:
        raise bad(pre, field, "is missing")


def check_length(pre: EpochState, field: str) -> None:
    """Refuse a vector that does not have one value for each neuron."""
    length = len(getattr(pre, field))
    if length != pre.neuron_count:
        raise bad(pre, field, f"has {length} values for {pre.neuron_count} neurons")


def check_rows(pre: EpochState) -> None:
    """Refuse weights or bonds that are no pairs of u16."""
    for field, rows in (("weights", pre.weights), ("bonds", pre.bonds)):
        _check_rows(pre, field, rows)


def _check_rows(pre: EpochState, field: str, rows: Mapping[int, Sequence[tuple[int, int]]]) -> None:
    for uid, row in rows.items():
        try:
            is_held = all(0 <= j <= U16_MAX and 0 <= value <= U16_MAX for j, value in row)
        except (TypeError, ValueError):
            is_held = False
        if not is_held or not 0 <= uid <= U16_MAX:
            raise bad(pre, field, f"has a row, of uid {uid}, that is not pairs of u16")


def _check(pre: EpochState, field: str, value: int, greatest: int) -> None:
    if not 0 <= value <= greatest:
        raise bad(pre, field, f"is {value}, not from 0 to {greatest}")


def _check_all(pre: EpochState, field: str, values: Sequence[int], greatest: int) -> None:
    if values and not (min(values) >= 0 and max(values) <= greatest):
        raise bad(pre, field, f"has a value that is not from 0 to {greatest}")
