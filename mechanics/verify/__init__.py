"""Replays vector files - inputs and outputs of the chain's own code - against the rules.

A file is ``{"meta": ..., "ops": {operation: {"n": count, "cases": [...]}}}``, gzipped or not;
beside ``ops`` it may hold sections, lists of cases under a name. What is not known counts as
failed: nothing is passed over.
"""

import gzip
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from mechanics.verify import (
    coinbase_ops,
    emission_ops,
    epoch_ops,
    fixed_ops,
    gate_ops,
    swap_share_ops,
)
from mechanics.verify.form import Check, UnknownForm

OPS: dict[str, Check] = {
    **fixed_ops.OPS,
    **emission_ops.OPS,
    **gate_ops.OPS,
    **coinbase_ops.OPS,
    **epoch_ops.OPS,
    **swap_share_ops.OPS,
}
"""Every operation known, by name."""

SECTIONS: dict[str, Check] = {
    **epoch_ops.SECTIONS,
}
"""Every section known beside ``ops``, by name."""

_GZIP_MAGIC = b"\x1f\x8b"


class UnreadableVectors(ValueError):
    """A file that cannot be replayed; the message says which and why in one sentence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one operation, or of one section.

    ``stated`` is the number of cases the file says there are; ``trouble`` describes the first
    failure in full.
    """

    name: str
    stated: int
    passed: int
    failed: int
    trouble: str | None


def verify(paths: Iterable[Path], out: TextIO, errors: TextIO) -> int:
    """Replay files: a line per operation, the first failing case in full, a closing count.

    Returns:
        0 when everything was known and passed, else 1.
    """
    passed = failed = 0
    for path in paths:
        try:
            groups = load(path)
        except UnreadableVectors as why:
            print(why, file=errors)
            failed += 1
            continue
        for group in groups:
            outcome = _replay(*group)
            passed += outcome.passed
            failed += outcome.failed
            print(f"{outcome.name}: {outcome.passed}/{outcome.stated}", file=out)
            if outcome.trouble:
                print(outcome.trouble, file=out)
    print(f"{passed} passed, {failed} failed", file=out)
    return 1 if failed else 0


def load(path: Path) -> list[tuple[str, Check | None, int, list]]:
    """The operations and sections of a file: name, check if known, count stated, cases.

    Raises:
        UnreadableVectors: the file is missing, damaged, or not of the form.
    """
    try:
        raw = path.read_bytes()
        text = gzip.decompress(raw) if raw.startswith(_GZIP_MAGIC) else raw
        tree = json.loads(text, object_pairs_hook=_object)
    except OSError as why:
        # gzip reports damage as an OSError without an error number.
        reason = why.strerror if why.errno else f"the gzip stream is damaged ({why})"
        raise UnreadableVectors(f"{path} cannot be read: {reason}.") from None
    except (EOFError, zlib.error) as why:
        raise UnreadableVectors(f"{path} is cut short or damaged: {why}.") from None
    except (ValueError, RecursionError) as why:
        raise UnreadableVectors(f"{path} is not JSON: {why}.") from None
    if not isinstance(tree, dict) or not isinstance(tree.get("ops"), dict):
        raise UnreadableVectors(f'{path} has no "ops" to replay.')
    groups = []
    for name, group in tree["ops"].items():
        if not isinstance(group, dict) or group.keys() != {"n", "cases"}:
            raise UnreadableVectors(f"{path}: {name} is not an object of n and cases.")
        if type(group["n"]) is not int or not isinstance(group["cases"], list):
            raise UnreadableVectors(f"{path}: {name} has no whole n, or no list of cases.")
        groups.append((name, OPS.get(name), group["n"], group["cases"]))
    for name, cases in tree.items():
        if name in ("meta", "ops"):
            continue
        if not isinstance(cases, list):
            raise UnreadableVectors(f"{path}: {name}, beside ops, is not a list of cases.")
        groups.append((name, SECTIONS.get(name), len(cases), cases))
    if not any(cases for *_, cases in groups):
        raise UnreadableVectors(f"{path} holds no case.")
    return groups


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def _replay(name: str, check: Check | None, stated: int, cases: list) -> Outcome:
    if check is None:
        return Outcome(name, stated, 0, max(len(cases), 1), "  no rule is known by this name")
    passed, troubles = 0, []
    for number, case in enumerate(cases, 1):
        trouble = _trouble(check, case)
        if trouble is None:
            passed += 1
        else:
            troubles.append(f"  case {number}: {json.dumps(case)}\n{trouble}")
    if stated != len(cases):
        troubles.append(f"  n is {stated}, but there are {len(cases)} cases")
    return Outcome(name, stated, passed, len(troubles), troubles[0] if troubles else None)


def _trouble(check: Check, case: Any) -> str | None:
    """Why a case fails; None when it passes."""
    try:
        expected, computed = check(case)
    except UnknownForm as why:
        return f"  unknown form: {why}"
    except Exception as why:  # an error of the rule fails its case and hides none of the others
        return f"  the rule fails with {type(why).__name__}: {why}"
    expected, computed = _written(expected), _written(computed)
    if expected == computed:
        return None
    return f"  expected: {json.dumps(expected)}\n  computed: {json.dumps(computed)}"


def _written(value: Any) -> Any:
    """A value as the vectors write it: integers as decimal strings."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list | tuple):
        return [_written(element) for element in value]
    if isinstance(value, dict):
        return {str(name): _written(element) for name, element in value.items()}
    return value
