"""Replays the number operations: every type's arithmetic, both libraries of series, the epoch's."""

from collections.abc import Callable
from typing import Any

from mechanics import transcendental
from mechanics.fixed import I32F32, I64F64, I96F32, U64F64, U96F32, U110F18, Fixed
from mechanics.verify import form
from mechanics.verify.form import Check, UnknownForm
from mechanics.yuma import numbers

_TYPES = (I32F32, I64F64, U64F64, U96F32, I96F32)
_SIGNED = (I32F32, I64F64, I96F32)

_OF_TWO = {
    "saturating_mul": "__mul__",
    "checked_mul": "checked_mul",
    "wrapping_mul": "wrapping_mul",
    "checked_div": "checked_div",
    "safe_div": "safe_div",
    "saturating_div": "__truediv__",
    "saturating_add": "__add__",
    "checked_add": "checked_add",
    "wrapping_add": "wrapping_add",
    "saturating_sub": "__sub__",
    "checked_sub": "checked_sub",
    "wrapping_sub": "wrapping_sub",
    "abs_diff": "abs_diff",
}
_OF_ONE = {
    "round_sat": "round",
    "ceil_sat": "ceil",
    "floor_sat": "floor",
    "int": "int",
    "frac": "frac",
}
_TO_INTEGER = ("to_u16_sat", "to_u64_sat", "to_i64_sat", "to_u128_sat")
_FROM_INTEGER = {
    "from_u16": (0, 2**16 - 1),
    "from_u64": (0, 2**64 - 1),
    "from_i64": (-(2**63), 2**63 - 1),
    "from_u128": (0, 2**128 - 1),
}
_I32 = (-(2**31), 2**31 - 1)


def _result(case: Any, arguments: int) -> Any:
    """The expected result, last in a case of so many arguments."""
    return form.optional_integer(form.row(case, arguments + 1)[-1])


def _bits(value: Fixed | int | None) -> int | None:
    return value.bits if isinstance(value, Fixed) else value


def _of_fixed(kind: type[Fixed], function: Callable, count: int = 1) -> Check:
    """A function of so many numbers of one type; dividing by zero is the chain's panic, null."""

    def check(case: Any) -> tuple[Any, Any]:
        expected = _result(case, count)
        arguments = [form.fixed(kind, bits) for bits in case[:-1]]
        try:
            return expected, _bits(function(*arguments))
        except ZeroDivisionError:
            return expected, None

    return check


def _of_power(kind: type[Fixed], function: Callable) -> Check:
    """A function of a number and an i32."""

    def check(case: Any) -> tuple[Any, Any]:
        expected = _result(case, 2)
        return expected, _bits(function(form.fixed(kind, case[0]), form.integer(case[1], *_I32)))

    return check


def _of_integer(function: Callable, low: int, high: int) -> Check:
    """A function of an integer within bounds."""

    def check(case: Any) -> tuple[Any, Any]:
        expected = _result(case, 1)
        return expected, _bits(function(form.integer(case[0], low, high)))

    return check


def _of_ieee(function: Callable, width: int) -> Check:
    """A function of an IEEE 754 number in raw bits."""

    def check(case: Any) -> tuple[Any, Any]:
        expected = _result(case, 1)
        try:
            return expected, _bits(function(form.unsigned(case[0], width)))
        except ValueError as why:
            raise UnknownForm(str(why)) from why

    return check


def _checks_of(kind: type[Fixed]) -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for name, method in _OF_TWO.items():
        checks[name] = _of_fixed(kind, getattr(kind, method), 2)
    for name, method in _OF_ONE.items():
        checks[name] = _of_fixed(kind, getattr(kind, method))
    for name in _TO_INTEGER:
        checks[name] = _of_fixed(kind, getattr(kind, name))
    checks["to_f64_bits"] = _of_fixed(kind, kind.to_f64)
    for name, (low, high) in _FROM_INTEGER.items():
        checks[name] = _of_integer(kind.of, low, high)
    checks["from_f64_bits"] = _of_ieee(kind.saturating_from_f64, 64)
    checks["from_f32_bits"] = _of_ieee(kind.saturating_from_f32, 32)
    for other in _TYPES:
        checks[f"from_{other.__name__}"] = _of_fixed(other, kind.saturating_from)
    return checks | _roots_of(kind)


def _roots_of(kind: type[Fixed]) -> dict[str, Check]:
    """What both signed and unsigned types have of the series."""
    return {
        "checked_sqrt": _of_fixed(kind, transcendental.checked_sqrt, 2),
        "checked_ln": _of_fixed(kind, transcendental.checked_ln),
        "checked_floor": _of_fixed(kind, transcendental.checked_floor),
        "checked_pow_i32": _of_power(kind, transcendental.checked_pow),
    }


def _series_of(kind: type[Fixed]) -> dict[str, Check]:
    """The library's series, of signed types only."""
    return {
        "exp": _of_fixed(kind, transcendental.exp),
        "ln": _of_fixed(kind, transcendental.ln),
        "log2": _of_fixed(kind, transcendental.log2),
        "sqrt": _of_fixed(kind, transcendental.sqrt),
        "pow": _of_fixed(kind, transcendental.pow, 2),
        "powi": _of_power(kind, transcendental.powi),
    }


_EPOCH: dict[str, Check] = {
    "epoch.exp_safe": _of_fixed(I32F32, numbers.exp_safe),
    "epoch.safe_ln": _of_fixed(I32F32, numbers.safe_ln),
    "epoch.sigmoid_safe": _of_fixed(I32F32, numbers.sigmoid_safe, 3),
    "epoch.u16_proportion_to_fixed": _of_integer(numbers.u16_proportion_to_fixed, 0, 2**16 - 1),
    "epoch.fixed_proportion_to_u16": _of_fixed(I32F32, numbers.fixed_proportion_to_u16),
    "epoch.fixed_to_u16": _of_fixed(I32F32, I32F32.to_u16_sat),
    "epoch.fixed_to_u64": _of_fixed(I32F32, I32F32.to_u64_sat),
    "epoch.fixed_to_fixed_u16_proportion": _of_fixed(I32F32, numbers.fixed_to_fixed_u16_proportion),
    "epoch.clamp_value": _of_fixed(I32F32, numbers.clamp_value, 3),
}

OPS: dict[str, Check] = (
    {f"{k.__name__}.{name}": check for k in _TYPES for name, check in _checks_of(k).items()}
    | {f"{k.__name__}.{name}": check for k in _SIGNED for name, check in _series_of(k).items()}
    | {f"U110F18.{name}": check for name, check in _roots_of(U110F18).items()}
    | _EPOCH
)
