"""Replays the functions of the epoch, and whole epochs of spec 425 by the law and by the engine."""

from collections.abc import Callable
from typing import Any

from mechanics.verify import form
from mechanics.verify.form import Check, UnknownForm
from mechanics.yuma import Commit, EpochResult, EpochState, dense, i32f32, sparse, vectors
from mechanics.yuma import recompute as by_law

Parser = Callable[[Any], Any]


def _bits(value: Any) -> int:
    return form.signed(value, 64)


def _bits_i64f64(value: Any) -> int:
    return form.signed(value, 128)


def _u16(value: Any) -> int:
    return form.unsigned(value, 16)


def _u64(value: Any) -> int:
    return form.unsigned(value, 64)


def _count(value: Any) -> int:
    return form.unsigned(value, 32)


def _listed(parse: Parser) -> Parser:
    return lambda value: [parse(element) for element in form.row(value)]


def _entry(value: Any) -> tuple[int, int]:
    column, bits = form.row(value, 2)
    return _u16(column), _bits(bits)


_vector = _listed(_bits)
_mask = _listed(form.boolean)
_matrix = _listed(_vector)
_sparse = _listed(_listed(_entry))


def _of(function: Callable, *parsers: Parser) -> Check:
    """A function of parsed arguments ``a`` whose result is ``r``."""

    def check(case: Any) -> tuple[Any, Any]:
        arguments, expected = form.fields(case, "a", "r")
        given = form.row(arguments, len(parsers))
        return expected, function(*(p(value) for p, value in zip(parsers, given, strict=True)))

    return check


def _median(stake: list[int], scores: list[int], minority: int, whole: int) -> int:
    if whole != i32f32.total(stake):
        raise UnknownForm("the upper edge of the partition is not the sum of stake")
    return vectors.weighted_median(stake, scores, minority)


def _masked_up_to(matrix: sparse.Matrix, scalar: int, of_column: list[int]) -> sparse.Matrix:
    return sparse.masked(matrix, [scalar] * len(matrix), of_column, int.__le__)


def _ema(new: sparse.Matrix, old: sparse.Matrix, alpha: int) -> sparse.Matrix:
    return sparse.ema(new, old, [alpha] * len(new))


def _ema_by_bond(new: sparse.Matrix, old: sparse.Matrix, alphas: dense.Matrix) -> sparse.Matrix:
    if len(alphas) != len(new):
        raise UnknownForm("there are not as many rows of alphas as of the matrix")
    return sparse.ema_by_bond(new, old, lambda i, j: alphas[i][j] if j < len(alphas[i]) else None)


def _diagonal_masked(matrix: sparse.Matrix) -> sparse.Matrix:
    return sparse.diagonal_masked(matrix, None)


OPS: dict[str, Check] = {
    "epoch.vec_max_upscale_to_u16": _of(vectors.max_upscaled_to_u16, _vector),
    "epoch.vec_u16_max_upscale_to_u16": _of(vectors.u16_max_upscaled_to_u16, _listed(_u16)),
    "epoch.check_vec_max_limited": _of(vectors.is_max_limited, _listed(_u16), _u16),
    "epoch.sum": _of(i32f32.total, _vector),
    "epoch.is_topk": _of(vectors.is_topk, _vector, _count),
    "epoch.is_topk_nonzero": _of(vectors.is_topk_nonzero, _vector, _count),
    "epoch.normalize": _of(vectors.normalized, _vector),
    "epoch.inplace_normalize_64": _of(vectors.normalized_i64f64, _listed(_bits_i64f64)),
    "epoch.vecdiv": _of(vectors.divided, _vector, _vector),
    "epoch.vec_mul": _of(vectors.multiplied, _vector, _vector),
    "epoch.inplace_mask_vector": _of(lambda mask, v: vectors.masked(v, mask), _mask, _vector),
    "epoch.weighted_median": _of(_median, _vector, _vector, _bits, _bits),
    "epoch.inplace_row_normalize": _of(dense.row_normalized, _matrix),
    "epoch.inplace_col_normalize": _of(dense.column_normalized, _matrix),
    "epoch.inplace_col_max_upscale": _of(dense.column_max_upscaled, _matrix),
    "epoch.row_hadamard": _of(dense.row_scaled, _matrix, _vector),
    "epoch.matmul": _of(dense.column_products, _matrix, _vector),
    "epoch.matmul_transpose": _of(dense.row_products, _matrix, _vector),
    "epoch.inplace_col_clip": _of(dense.column_clipped, _matrix, _vector),
    "epoch.weighted_median_col": _of(dense.column_medians, _vector, _matrix, _bits),
    "epoch.interpolate": _of(dense.interpolated, _matrix, _matrix, _bits),
    "epoch.mat_ema": _of(dense.ema, _matrix, _matrix, _bits),
    "epoch.mat_ema_alpha": _of(dense.ema_by_bond, _matrix, _matrix, _matrix),
    "epoch.inplace_row_normalize_sparse": _of(sparse.row_normalized, _sparse),
    "epoch.row_sum_sparse": _of(sparse.row_sums, _sparse),
    "epoch.inplace_col_normalize_sparse": _of(sparse.column_normalized, _sparse, _u16),
    "epoch.inplace_col_max_upscale_sparse": _of(sparse.column_max_upscaled, _sparse, _u16),
    "epoch.mask_rows_sparse": _of(lambda mask, m: sparse.rows_masked(m, mask), _mask, _sparse),
    "epoch.mask_diag_sparse": _of(_diagonal_masked, _sparse),
    "epoch.mask_diag_sparse_except_index": _of(sparse.diagonal_masked, _sparse, _u16),
    "epoch.vec_mask_sparse_matrix_le": _of(
        lambda matrix, of_row, of_column: sparse.masked(matrix, of_row, of_column, int.__le__),
        _sparse,
        _listed(_u64),
        _listed(_u64),
    ),
    "epoch.scalar_vec_mask_sparse_matrix_le": _of(_masked_up_to, _sparse, _u64, _listed(_u64)),
    "epoch.row_hadamard_sparse": _of(sparse.row_scaled, _sparse, _vector),
    "epoch.matmul_sparse": _of(sparse.column_products, _sparse, _vector, _u16),
    "epoch.matmul_transpose_sparse": _of(sparse.row_products, _sparse, _vector),
    "epoch.col_clip_sparse": _of(sparse.column_clipped, _sparse, _vector),
    "epoch.mat_vec_mul_sparse": _of(sparse.column_scaled, _sparse, _vector),
    "epoch.weighted_median_col_sparse": _of(sparse.column_medians, _vector, _sparse, _u16, _bits),
    "epoch.interpolate_sparse": _of(sparse.interpolated, _sparse, _sparse, _u16, _bits),
    "epoch.mat_ema_sparse": _of(_ema, _sparse, _sparse, _bits),
    "epoch.mat_ema_alpha_sparse": _of(_ema_by_bond, _sparse, _sparse, _matrix),
}


# ---------------------------------------------------------------------- whole epochs

SPEC_VERSION = 425
"""The files hold epochs of this spec."""


def _numbered_row(value: Any) -> tuple[int, tuple[tuple[int, int], ...]]:
    uid, row = form.row(value, 2)
    pairs = [form.row(entry, 2) for entry in form.row(row)]
    return _u16(uid), tuple((_u16(j), _u16(share)) for j, share in pairs)


def _rows(value: Any) -> dict[int, tuple[tuple[int, int], ...]]:
    rows = [_numbered_row(row) for row in form.row(value)]
    if len(dict(rows)) != len(rows):
        raise UnknownForm("two rows have the same uid")
    return dict(rows)


def _commits(value: Any) -> dict[int, list[Commit]]:
    by_uid: dict[int, list[Commit]] = {}
    for element in form.row(value):
        epoch, queue = form.row(element, 2)
        for commit in form.row(queue):
            uid, block_number = form.row(commit, 2)
            made = Commit(_u64(epoch), _u64(block_number))
            by_uid.setdefault(_u16(uid), []).append(made)
    return by_uid


_STATE: dict[str, tuple[str, Parser]] = {
    "n": ("neuron_count", _u16),
    "block": ("block_number", _u64),
    "tempo": ("tempo", _u16),
    "activity_cutoff_factor_milli": ("activity_cutoff_factor_milli", _u64),
    "last_update": ("last_update", _listed(_u64)),
    "block_at_registration": ("block_at_registration", _listed(_u64)),
    "total_stake_I64F64_bits": ("stake_i64f64_bits", _listed(_bits_i64f64)),
    "stake_threshold": ("stake_threshold_rao", _u64),
    "owner_uid": ("owner_uid", lambda value: None if value is None else _u16(value)),
    "validator_permit": ("validator_permit", _mask),
    "max_allowed_validators": ("max_allowed_validators", _u16),
    "weights": ("weights", _rows),
    "bonds": ("bonds", _rows),
    "commit_reveal": ("commit_reveal_weights_enabled", form.boolean),
    "timelocked_commits": ("timelocked_weight_commits", _commits),
    "epoch_now": ("subnet_epoch_index", _u64),
    "reveal_period": ("reveal_period_epochs", _u64),
    "kappa": ("kappa_u16", _u16),
    "bonds_penalty": ("bonds_penalty_u16", _u16),
    "yuma3": ("yuma3_on", form.boolean),
    "liquid_alpha": ("liquid_alpha_on", form.boolean),
    "alpha_low": ("alpha_low_u16", _u16),
    "alpha_high": ("alpha_high_u16", _u16),
    "steepness": ("alpha_sigmoid_steepness", lambda value: form.signed(value, 16)),
    "bonds_moving_average": ("bonds_moving_average_ppm", _u64),
    "last_mechanism_step_block": ("last_mechanism_step_block", _u64),
    "rao_emission": ("emission_rao", _u64),
}
"""A field of ``in`` -> the state's attribute, and how it is read."""

_RESULT = {
    "active": "active",
    "new_validator_permit": "validator_permit",
    "stake": "stake_rao",
    "stake_weight": "stake_weight_u16",
    "consensus": "consensus_u16",
    "incentive": "incentive_u16",
    "dividends": "dividends_u16",
    "validator_trust": "validator_trust_u16",
    "server_emission": "server_emission_rao",
    "validator_emission": "validator_emission_rao",
    "emission": "emission_rao",
}
"""A field of ``out`` -> the result's attribute."""


def epoch_state(given: Any) -> EpochState:
    """The state of one case of ``full_epoch``, from its ``in``."""
    values = dict(zip(_STATE, form.fields(given, *_STATE), strict=True))
    attributes = {name: parse(values[field]) for field, (name, parse) in _STATE.items()}
    return EpochState(netuid=0, **attributes)


def epoch_outputs(result: EpochResult) -> dict[str, Any]:
    """A result in the form of ``out``."""
    outputs = {field: list(getattr(result, name)) for field, name in _RESULT.items()}
    bonds = [[list(entry) for entry in result.bonds[uid]] for uid in range(len(result.active))]
    return outputs | {"bonds": bonds}


def _full_epoch(case: Any) -> tuple[Any, Any]:
    """Both the law and the engine must give what is expected."""
    # The engine takes a second to import, which the other operations need not wait for.
    from mechanics.engine import yuma as engine

    given, expected = form.fields(case, "in", "out")
    form.fields(expected, *_RESULT, "bonds")
    state = epoch_state(given)
    law = epoch_outputs(by_law(SPEC_VERSION, state))
    twin = epoch_outputs(engine.recompute(SPEC_VERSION, state))
    return expected, law if law == twin else {"law": law, "engine": twin}


SECTIONS: dict[str, Check] = {"full_epoch": _full_epoch}
