"""The forms a case of the vectors may have, and the refusal of any other."""

import re
from collections.abc import Callable
from typing import Any

from mechanics.fixed import Fixed

Check = Callable[[Any], tuple[Any, Any]]
"""One case as it stands in the file -> (expected, computed), in the file's form or as integers."""

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)


class UnknownForm(ValueError):
    """A case has a form that no rule here knows."""


def integer(value: Any, low: int | None = None, high: int | None = None) -> int:
    """A decimal string, or a JSON integer, as an integer within bounds.

    Raises:
        UnknownForm: it is anything else.
    """
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        number = int(value)
    elif type(value) is int:
        number = value
    else:
        raise UnknownForm(f"{value!r} is no integer")
    if (low is not None and number < low) or (high is not None and number > high):
        raise UnknownForm(f"{number} is not from {low} to {high}")
    return number


def unsigned(value: Any, width: int) -> int:
    """An unsigned integer of a width in bits."""
    return integer(value, 0, 2**width - 1)


def signed(value: Any, width: int) -> int:
    """A signed integer of a width in bits."""
    return integer(value, -(2 ** (width - 1)), 2 ** (width - 1) - 1)


def fixed(kind: type[Fixed], value: Any) -> Fixed:
    """A fixed-point number from its raw bits."""
    return kind(integer(value, kind.MIN, kind.MAX))


def agreed(by_law: Any, by_engine: Any) -> Any:
    """What the law and the engine both give; both of them, named, where they differ."""
    return by_law if by_law == by_engine else {"law": by_law, "engine": by_engine}


def optional_integer(value: Any) -> int | None:
    """An integer, or null."""
    return None if value is None else integer(value)


def boolean(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise UnknownForm(f"{value!r} is neither true nor false")
    return value


def row(value: Any, length: int | None = None) -> list:
    """A list, of a length where one is given."""
    if not isinstance(value, list):
        raise UnknownForm(f"a {type(value).__name__} stands where a list belongs")
    if length is not None and len(value) != length:
        raise UnknownForm(f"{len(value)} elements stand where {length} belong")
    return value


def fields(value: Any, *names: str) -> list:
    """The values of an object that has exactly these fields, in this order."""
    if not isinstance(value, dict):
        raise UnknownForm(f"a {type(value).__name__} stands where an object belongs")
    if value.keys() != set(names):
        odd = ", ".join(sorted(value.keys() ^ set(names)))
        raise UnknownForm(f"fields missing or unknown: {odd}")
    return [value[name] for name in names]
