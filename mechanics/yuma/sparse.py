"""The epoch's functions of sparse matrices: rows of (column, I32F32 bits) in stored order.

An entry of value 0 is not the same as no entry, and the order of a row is kept: both decide the
bonds under liquid alpha.

Source: subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs, under the chain's names
given in the docstrings. Where a vector is too short, what is missing reads as 0 or as masked.
"""

from collections.abc import Callable, Sequence

from mechanics.yuma.i32f32 import ONE, clamped, product, quotient, total
from mechanics.yuma.vectors import Vector, normalized, weighted_median

Row = list[tuple[int, int]]
Matrix = list[Row]


def rows_masked(matrix: Matrix, mask: Sequence[bool]) -> Matrix:
    """Empty rows where the mask is set or missing (mask_rows_sparse)."""
    known = len(mask)
    return [[] if i >= known or mask[i] else list(row) for i, row in enumerate(matrix)]


def diagonal_masked(matrix: Matrix, kept: int | None) -> Matrix:
    """Without the diagonal but for one entry (mask_diag_sparse, mask_diag_sparse_except_index)."""
    return [[(j, value) for j, value in row if j != i or i == kept] for i, row in enumerate(matrix)]


def masked(
    matrix: Matrix,
    of_row: Sequence[int],
    of_column: Sequence[int],
    is_masked: Callable[[int, int], bool],
) -> Matrix:
    """Without the entries where a test of row's and column's number holds (vec_mask_sparse_matrix).

    With the same number for every row it is scalar_vec_mask_sparse_matrix.
    """
    columns = len(of_column)
    result = []
    for i, row in enumerate(matrix):
        first = of_row[i] if i < len(of_row) else 0
        result.append(
            [
                (j, value)
                for j, value in row
                if not is_masked(first, of_column[j] if j < columns else 0)
            ]
        )
    return result


def row_sums(matrix: Matrix) -> Vector:
    """The plain sum of each row (row_sum_sparse)."""
    return [total(value for _, value in row) for row in matrix]


def row_normalized(matrix: Matrix) -> Matrix:
    """Rows over their sums, where a sum is positive (inplace_row_normalize_sparse)."""
    result = []
    for row, whole in zip(matrix, row_sums(matrix), strict=True):
        if whole > 0:
            result.append([(j, quotient(value, whole)) for j, value in row])
        else:
            result.append(list(row))
    return result


def column_normalized(matrix: Matrix, columns: int) -> Matrix:
    """Columns over their clamped sums, where one is not 0 (inplace_col_normalize_sparse)."""
    sums = [0] * columns
    for row in matrix:
        for j, value in row:
            if j < columns:
                sums[j] = clamped(sums[j] + value)
    return _column_divided(matrix, sums)


def column_max_upscaled(matrix: Matrix, columns: int) -> Matrix:
    """Columns over their greatest positive value (inplace_col_max_upscale_sparse)."""
    greatest = [0] * columns
    for row in matrix:
        for j, value in row:
            if j < columns and greatest[j] < value:
                greatest[j] = value
    return _column_divided(matrix, greatest)


def _column_divided(matrix: Matrix, divisors: Vector) -> Matrix:
    columns = len(divisors)
    return [
        [
            (j, quotient(value, divisors[j]) if j < columns and divisors[j] else value)
            for j, value in row
        ]
        for row in matrix
    ]


def row_scaled(matrix: Matrix, scales: Sequence[int]) -> Matrix:
    """Rows times a number each, as many as there are of both (row_hadamard_sparse)."""
    return [
        [(j, product(value, scale)) for j, value in row]
        for row, scale in zip(matrix, scales, strict=False)
    ]


def column_scaled(matrix: Matrix, scales: Sequence[int]) -> Matrix:
    """Columns times a number each; products of 0 leave no entry (mat_vec_mul_sparse)."""
    columns = len(scales)
    scaled = (((j, product(value, scales[j])) for j, value in row if j < columns) for row in matrix)
    return [[(j, value) for j, value in row if value] for row in scaled]


def column_products(matrix: Matrix, of_row: Sequence[int], columns: int) -> Vector:
    """For each column, the clamped sum of products with the rows' numbers (matmul_sparse)."""
    result = [0] * columns
    for i, row in enumerate(matrix):
        scale = of_row[i] if i < len(of_row) else 0
        for j, value in row:
            if j < columns:
                result[j] = clamped(result[j] + product(scale, value))
    return result


def row_products(matrix: Matrix, of_column: Sequence[int]) -> Vector:
    """For each row, the clamped sum of products with the columns' (matmul_transpose_sparse)."""
    columns = len(of_column)
    result = []
    for row in matrix:
        summed = 0
        for j, value in row:
            if j < columns:
                summed = clamped(summed + product(of_column[j], value))
        result.append(summed)
    return result


def column_clipped(matrix: Matrix, thresholds: Sequence[int]) -> Matrix:
    """Values not above their column's threshold.

    Rule
        A value above the threshold becomes the threshold, or leaves no entry when that is not
        positive. Other entries stay, zeros too.

    Args
        matrix: shape (n, columns).
        thresholds: I32F32 bits, shape (columns,).

    Returns
        Shape (n, columns).

    Errors
        None. A column without a threshold has 0.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: col_clip_sparse.
    """
    columns = len(thresholds)
    result = []
    for row in matrix:
        clipped = []
        for j, value in row:
            threshold = thresholds[j] if j < columns else 0
            if value <= threshold:
                clipped.append((j, value))
            elif threshold > 0:
                clipped.append((j, threshold))
        result.append(clipped)
    return result


def column_medians(stake: Sequence[int], scores: Matrix, columns: int, majority: int) -> Vector:
    """The stake-weighted median of each column.

    Rule
        Rows of positive stake count, their stake normalized once more; a row without an entry
        scores 0, and of two entries the last counts. minority = sum of stake - majority.

    Args
        stake: I32F32 bits, shape (n,).
        scores: shape (n, columns).
        columns: number of columns.
        majority: kappa, I32F32 bits.

    Returns
        I32F32 bits, shape (columns,); zeros where no row counts.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs:
        weighted_median_col_sparse.
    """
    counted = [i for i, share in enumerate(stake) if share > 0]
    shares = normalized([stake[i] for i in counted])
    minority = clamped(total(shares) - majority)
    by_column = [[0] * len(counted) for _ in range(columns)]
    for place, i in enumerate(counted):
        for j, value in scores[i] if i < len(scores) else ():
            if j < columns:
                by_column[j][place] = value
    return [weighted_median(shares, column, minority) for column in by_column]


def interpolated(first: Matrix, second: Matrix, columns: int, ratio: int) -> Matrix:
    """Between two matrices: a + ratio (b - a), the product floored.

    Rule
        The first as it is at ratio 0, the second as it is at 1. Otherwise dense over the columns,
        absent entries being 0; positive values only, in order of columns.

    Args
        first, second: shape (n, columns).
        columns: number of columns.
        ratio: I32F32 bits.

    Returns
        Shape (n, columns).

    Errors
        None. Different numbers of rows give the second, as on chain.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: interpolate_sparse.
    """
    if ratio == 0:
        return [list(row) for row in first]
    if ratio == ONE or len(first) != len(second):
        return [list(row) for row in second]
    result = []
    for first_row, second_row in zip(first, second, strict=True):
        there = dict(second_row)
        between = []
        for j, a in sorted((dict.fromkeys(there, 0) | dict(first_row)).items()):
            value = clamped(a + product(ratio, clamped(there.get(j, 0) - a)))
            if value > 0 and j < columns:
                between.append((j, value))
        result.append(between)
    return result


def ema(new: Matrix, old: Matrix, alphas: Sequence[int]) -> Matrix:
    """The moving average: alpha new + (1 - alpha) old, each product floored.

    Rule
        Over the union of entries of columns that have an alpha; entries of one column add up.
        Positive values only, in order of columns.

    Args
        new, old: shape (n, n).
        alphas: I32F32 bits of each column, shape (n,).

    Returns
        Shape (n, n).

    Errors
        None. Rows missing in ``old`` count as empty.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: mat_ema_sparse, which
        takes one alpha for all columns.
    """
    columns = len(alphas)
    result = []
    for i, row in enumerate(new):
        mean: dict[int, int] = {}
        for j, value in row:
            if j < columns:
                mean[j] = clamped(mean.get(j, 0) + product(alphas[j], value))
        for j, value in old[i] if i < len(old) else ():
            if j < columns:
                mean[j] = clamped(mean.get(j, 0) + product(clamped(ONE - alphas[j]), value))
        result.append([(j, value) for j, value in sorted(mean.items()) if value > 0])
    return result


def ema_by_bond(new: Matrix, old: Matrix, alpha_of: Callable[[int, int], int | None]) -> Matrix:
    """The moving average with an alpha for each entry of ``new``; others end.

    Rule
        min((1 - alpha) old + max(alpha new, 0), 1), each product floored; of two old entries the
        last counts. Positive values only, in the order of ``new``.

    Args
        new, old: shape (n, n).
        alpha_of: I32F32 bits by row and column; None where the matrix of alphas has none.

    Returns
        Shape (n, n).

    Errors
        None. Different numbers of rows give ``new``, as on chain.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: mat_ema_alpha_sparse.
    """
    if len(new) != len(old):
        return [list(row) for row in new]
    result = []
    for i, (new_row, old_row) in enumerate(zip(new, old, strict=True)):
        before = dict(old_row)
        mean = []
        for j, value in new_row:
            alpha = alpha_of(i, j)
            if alpha is None:
                continue
            kept = product(clamped(ONE - alpha), before.get(j, 0))
            bond = min(clamped(kept + max(product(alpha, value), 0)), ONE)
            if bond > 0:
                mean.append((j, bond))
        result.append(mean)
    return result
