"""The epoch's functions of full matrices of I32F32 bits, which the chain uses in its tests only.

The epoch that runs is the sparse one; a dense epoch of the same state differs from it (it masks the
owner's weight to itself, knows no commits and keeps bonds that have no weight). These functions are
stated because the chain exports them.

Source: subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs, under the chain's names
given in the docstrings.
"""

from collections.abc import Sequence

from mechanics.yuma.i32f32 import ONE, clamped, product, quotient, total
from mechanics.yuma.vectors import Vector, normalized, weighted_median

Matrix = list[Vector]


def row_normalized(matrix: Matrix) -> Matrix:
    """Rows over their sums, where a sum is positive (inplace_row_normalize)."""
    return [normalized(row) if total(row) > 0 else list(row) for row in matrix]


def column_normalized(matrix: Matrix) -> Matrix:
    """Columns over their clamped sums, where one is not 0 (inplace_col_normalize)."""
    sums = [0] * _width(matrix)
    for row in matrix:
        for j, value in enumerate(row):
            sums[j] = clamped(sums[j] + value)
    return _column_divided(matrix, sums)


def column_max_upscaled(matrix: Matrix) -> Matrix:
    """Columns over their greatest positive value (inplace_col_max_upscale)."""
    greatest = [0] * _width(matrix)
    for row in matrix:
        for j, value in enumerate(row):
            greatest[j] = max(greatest[j], value)
    return _column_divided(matrix, greatest)


def _width(matrix: Matrix) -> int:
    return max((len(row) for row in matrix), default=0)


def _column_divided(matrix: Matrix, divisors: Vector) -> Matrix:
    return [
        [quotient(value, divisors[j]) if divisors[j] else value for j, value in enumerate(row)]
        for row in matrix
    ]


def row_scaled(matrix: Matrix, scales: Sequence[int]) -> Matrix:
    """Rows times a number each; one empty row for a matrix without columns (row_hadamard)."""
    if not matrix or not matrix[0]:
        return [[]]
    return [
        [product(scale, value) for value in row] for row, scale in zip(matrix, scales, strict=False)
    ]


def column_products(matrix: Matrix, of_row: Sequence[int]) -> Vector:
    """For each column, the clamped sum of products with the rows' numbers (matmul)."""
    result = [0] * (len(matrix[0]) if matrix else 0)
    for i, row in enumerate(matrix):
        scale = of_row[i] if i < len(of_row) else 0
        for j, value in enumerate(row[: len(result)]):
            result[j] = clamped(result[j] + product(scale, value))
    return result


def row_products(matrix: Matrix, of_column: Sequence[int]) -> Vector:
    """For each row, the clamped sum of products with the columns' (matmul_transpose)."""
    if not matrix or not matrix[0]:
        return []
    result = []
    for row in matrix:
        summed = 0
        for value, scale in zip(row, of_column, strict=False):
            summed = clamped(summed + product(value, scale))
        result.append(summed)
    return result


def column_clipped(matrix: Matrix, thresholds: Sequence[int]) -> Matrix:
    """Values not above their column's threshold (inplace_col_clip)."""
    known = len(thresholds)
    return [
        [min(value, thresholds[j]) if j < known else value for j, value in enumerate(row)]
        for row in matrix
    ]


def column_medians(stake: Sequence[int], scores: Matrix, majority: int) -> Vector:
    """The stake-weighted median of each column (weighted_median_col).

    A row that is missing, or not as wide as the first, scores 0 and has no stake.
    """
    columns = len(scores[0]) if scores else 0
    counted = [i for i, share in enumerate(stake) if share > 0]
    is_whole = [i < len(scores) and len(scores[i]) == columns for i in counted]
    shares = normalized([stake[i] if ok else 0 for i, ok in zip(counted, is_whole, strict=True)])
    minority = clamped(total(shares) - majority)
    return [
        weighted_median(
            shares,
            [scores[i][column] if ok else 0 for i, ok in zip(counted, is_whole, strict=True)],
            minority,
        )
        for column in range(columns)
    ]


def interpolated(first: Matrix, second: Matrix, ratio: int) -> Matrix:
    """Between two matrices: a + ratio (b - a), the product floored (interpolate).

    The first as it is at ratio 0, the second at 1; where the second has no entry, 0.
    """
    if ratio == 0:
        return [list(row) for row in first]
    if ratio == ONE:
        return [list(row) for row in second]
    if not first or not first[0]:
        return [[]]
    columns = len(first[0])
    result = [[0] * columns for _ in first]
    for i, (first_row, second_row) in enumerate(zip(first, second, strict=False)):
        for j, (a, b) in enumerate(zip(first_row[:columns], second_row, strict=False)):
            result[i][j] = clamped(a + product(ratio, clamped(b - a)))
    return result


def ema(new: Matrix, old: Matrix, alpha: int) -> Matrix:
    """The moving average: alpha new + (1 - alpha) old, each product floored (mat_ema)."""
    if not new or not new[0]:
        return [[]]
    rest = clamped(ONE - alpha)
    return [
        [
            clamped(product(alpha, a) + product(rest, b))
            for a, b in zip(new_row, old_row, strict=False)
        ]
        for new_row, old_row in zip(new, old, strict=False)
    ]


def ema_by_bond(new: Matrix, old: Matrix, alphas: Matrix) -> Matrix:
    """The moving average with an alpha for each entry, not above 1 (mat_ema_alpha).

    Shapes that differ in rows give the old matrix, in columns the new one, as on chain.
    """
    if not new or not new[0]:
        return [[]]
    if not len(new) == len(old) == len(alphas):
        return [list(row) for row in old]
    rows = list(zip(new, old, alphas, strict=True))
    if any(not len(a) == len(b) == len(c) for a, b, c in rows):
        return [list(row) for row in new]
    return [
        [
            min(
                clamped(product(clamped(ONE - alpha), b) + max(product(alpha, a), 0)),
                ONE,
            )
            for a, b, alpha in zip(*row, strict=True)
        ]
        for row in rows
    ]
