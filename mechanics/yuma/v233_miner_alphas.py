"""Bonds relative to the column; with liquid alpha, one alpha for each miner, by its consensus."""

from collections.abc import Sequence

from mechanics.fixed import I32F32
from mechanics.yuma import epoch
from mechanics.yuma.checks import bad, check_equal_lengths, check_rows_within
from mechanics.yuma.epoch import Rule
from mechanics.yuma.i32f32 import ONE, clamped, of_share, product, quotient
from mechanics.yuma.liquid_alpha import exponential_or_zero
from mechanics.yuma.numbers import safe_ln
from mechanics.yuma.state import EpochResult, EpochState
from mechanics.yuma.vectors import Vector, is_topk

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor v233 (spec 233), pallets/subtensor/src/epoch/run_epoch.rs: epoch, "
    "compute_liquid_alpha, calculate_logistic_params, compute_alpha_values; math.rs: quantile, "
    "mat_ema_alpha_vec_sparse"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def check(pre: EpochState) -> None:
    """Refuse what no chain of the era can hold."""
    check_equal_lengths(pre)
    if pre.yuma3_on:
        raise bad(pre, "yuma3_on", "is set, but the spec has no Yuma 3")


def activity_cutoff_blocks(pre: EpochState) -> int:
    """ActivityCutoff."""
    return pre.activity_cutoff_blocks


def counted_stake(pre: EpochState) -> Vector:
    """All stake counts, I64F64 bits."""
    return list(pre.stake_i64f64_bits)


def old_permits(pre: EpochState) -> list[bool]:
    """ValidatorPermit."""
    return list(pre.validator_permit)


def new_permits(pre: EpochState, stake: Vector) -> list[bool]:
    """The greatest MaxAllowedValidators shares of stake, those of 0 included."""
    return is_topk(stake, pre.max_allowed_validators)


def no_self_weight(_pre: EpochState) -> None:
    """No neuron may weigh itself."""


def no_commit_mask(_pre: EpochState) -> None:
    """Pending commits mask nothing."""


def bonds_since_update(pre: EpochState) -> Vector:
    """A bond ends when its uid registered at or after the validator's last update."""
    return epoch.updates_of(pre)


def column_alphas(pre: EpochState, consensus: Vector) -> Vector | None:
    """Liquid alpha 1: the alphas of the miners.

    Rule
        With c_h, c_l the 0.75 and 0.25 quantiles of consensus: alpha_j = 1 / (1 + e^(b - a c_j)),
        not above high, not below low, where a = (ln(1/high - 1) - ln(1/low - 1)) / (c_l - c_h) and
        b = ln(1/low - 1) + a c_l. One alpha for all when liquid alpha is off, or consensus all 0,
        or both quantiles 0.

    Args
        pre: the mechanism at that moment.
        consensus: c, I32F32 bits, shape (n,).

    Returns
        I32F32 bits, shape (n,); None for one alpha for all.

    Errors
        None. Equal quantiles give a = b = 0, so alpha = 1/2 before the bounds.

    Source
        subtensor v233, pallets/subtensor/src/epoch/run_epoch.rs: compute_bonds_sparse,
        calculate_logistic_params, compute_alpha_values, clamp_alpha_values.
    """
    if not (pre.liquid_alpha_on and any(consensus)):
        return None
    high_consensus, low_consensus = quantile(consensus, 3), quantile(consensus, 1)
    if not (high_consensus > low_consensus or high_consensus != 0):
        return None
    low, high = of_share(pre.alpha_low_u16), of_share(pre.alpha_high_u16)
    a, b = logistic(high, low, high_consensus, low_consensus)
    return [max(min(logistic_alpha(c, a, b), high), low) for c in consensus]


def quantile(values: Sequence[int], quarters: int) -> int:
    """The value at a number of quarters of the way through the sorted ones, interpolated."""
    ordered = sorted(values)
    place, rest = divmod(quarters * (len(ordered) - 1), 4)
    if rest == 0:
        return ordered[place]
    return ordered[place] + product(ordered[place + 1] - ordered[place], rest * ONE // 4)


def logistic(high: int, low: int, high_consensus: int, low_consensus: int) -> tuple[int, int]:
    """a and b of the curve through (c_l, low) and (c_h, high); I32F32 bits."""
    if high_consensus <= low_consensus or low == 0 or high == 0:
        return 0, 0
    of_low = safe_ln(I32F32(clamped(quotient(ONE, low) - ONE))).bits
    of_high = safe_ln(I32F32(clamped(quotient(ONE, high) - ONE))).bits
    a = quotient(clamped(of_high - of_low), clamped(low_consensus - high_consensus))
    return a, clamped(of_low + product(a, low_consensus))


def logistic_alpha(consensus: int, a: int, b: int) -> int:
    """1 / (1 + e^(b - a c)); I32F32 bits."""
    power = clamped(b - product(a, consensus))
    return quotient(ONE, clamped(ONE + exponential_or_zero(power)))


def period_blocks(pre: EpochState) -> int:
    """Tempo + 1."""
    return pre.tempo + 1


RULE = Rule(
    check=check,
    check_rows=check_rows_within,
    activity_cutoff_blocks=activity_cutoff_blocks,
    counted_stake=counted_stake,
    old_permits=old_permits,
    new_permits=new_permits,
    self_weight_uid=no_self_weight,
    commit_blocks=no_commit_mask,
    bond_cutoffs=bonds_since_update,
    column_alphas=column_alphas,
    liquid_alpha=None,
    period_blocks=period_blocks,
    writes_rank_trust_pruning=True,
    writes_stake_weight=True,
    writes_all_bond_rows=False,
)
