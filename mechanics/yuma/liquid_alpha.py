"""Liquid alpha 2: how fast each bond follows the weight, by how far both are from consensus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mechanics.fixed import I32F32
from mechanics.transcendental import exp
from mechanics.yuma import sparse
from mechanics.yuma.i32f32 import ONE, clamped, of_share, product, quotient
from mechanics.yuma.numbers import exp_safe
from mechanics.yuma.sparse import Matrix
from mechanics.yuma.state import EpochState
from mechanics.yuma.vectors import Vector

_HALF = ONE >> 1

Exponential = Callable[[int], int]
"""e to a power, both as I32F32 bits."""


@dataclass(frozen=True, slots=True)
class LiquidAlpha:
    """The parts of liquid alpha 2 that differ between eras.

    Attributes:
        compared: the consensus that weights are compared with, from this epoch's.
        slope: k, I32F32 bits.
        exponential: e to a power.
    """

    compared: Callable[[EpochState, Vector], Vector]
    slope: Callable[[EpochState], int]
    exponential: Exponential


@lru_cache(maxsize=1 << 16)
def exponential_or_zero(power: int) -> int:
    """e to a power, 0 where the library's series overflows (safe_exp).

    Kept for the powers seen last: most bonds of an epoch share a few of them.
    """
    result = exp(I32F32.clamped(power))
    return 0 if result is None else result.bits


@lru_cache(maxsize=1 << 16)
def bounded_exponential(power: int) -> int:
    """e to a power first brought within -20 .. 20 (exp_safe)."""
    return exp_safe(I32F32.clamped(power)).bits


def seen_in_order(row: Sequence[tuple[int, int]]) -> dict[int, int]:
    """What a cursor that only moves forward finds of a row, column by column.

    Rule
        The chain walks the columns 0 .. n with one cursor per row, past entries of lower columns.
        So an entry is found when its column is above those of all entries before it; what is not
        found reads as 0. In a row sorted by column everything is found.

    Args
        row: (column, value) in stored order.

    Returns
        Value by column.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs:
        compute_liquid_alpha_values_sparse.
    """
    found: dict[int, int] = {}
    furthest = -1
    for column, value in row:
        if column > furthest:
            found[column] = value
            furthest = column
    return found


def bond_alpha(
    consensus: int,
    weight: int,
    bond: int,
    bounds: tuple[int, int],
    slope: int,
    exponential: Exponential,
) -> int:
    """The alpha of one bond's moving average.

    Rule
        d = w - c, clamped to 0 .. 1, when w >= b (buying); b - w, clamped, when not (selling).
        alpha = low + (high - low) / (1 + e^(k (d - 1/2))), then not above high, not below low.

    Args
        consensus, weight, bond: c, w, b, I32F32 bits.
        bounds: low and high, I32F32 bits.
        slope: k, I32F32 bits; negative where a greater distance is to give a greater alpha.
        exponential: the era's.

    Returns
        I32F32 bits.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: alpha_sigmoid.
    """
    low, high = bounds
    distance = weight - consensus if weight >= bond else bond - weight
    distance = min(max(distance, 0), ONE)
    power = product(slope, distance - _HALF)
    sigmoid = quotient(ONE, clamped(ONE + exponential(power)))
    alpha = clamped(low + product(sigmoid, clamped(high - low)))
    return max(min(alpha, high), low)


def ema_by_liquid_alpha(
    rule: LiquidAlpha, pre: EpochState, targets: Matrix, before: Matrix, compared: Vector
) -> Matrix:
    """The moving average of bonds with an alpha for each.

    Args
        rule: the era's.
        pre: the mechanism at that moment.
        targets: the weights that bonds follow, shape (n, n).
        before: the bonds, shape (n, n).
        compared: the consensus, I32F32 bits, shape (n,).

    Returns
        Shape (n, n). A bond without a target ends; one with a target of 0 decays.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs:
        compute_liquid_alpha_values_sparse.
    """
    bounds = of_share(pre.alpha_low_u16), of_share(pre.alpha_high_u16)
    slope = rule.slope(pre)
    weights = [seen_in_order(row) for row in targets]
    bonds = [seen_in_order(row) for row in before]

    def alpha_of(i: int, j: int) -> int:
        weight, bond = weights[i].get(j, 0), bonds[i].get(j, 0)
        return bond_alpha(compared[j], weight, bond, bounds, slope, rule.exponential)

    return sparse.ema_by_bond(targets, before, alpha_of)
