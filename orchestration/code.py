"""Which code made a table: a digest of what decodes and recomputes, kept with every derived day.

A day made by other code is made again from its landed bytes: a mended rule must not leave old
verdicts standing beside new ones.
"""

import hashlib
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent
NOT_OF_DERIVING = frozenset(
    _HERE / "chain" / f"{name}.py"
    for name in (
        "budget",
        "endpoints",
        "foreseen",
        "land",
        "node",
        "reader",
        "record",
        "recording",
        "rpc",
        "urls",
    )
)
"""How bytes come here says nothing of what is made of them: what was asked for is in the take."""
_MADE_BY = (
    _HERE.parent / "mechanics",
    *(_HERE / name for name in ("chain", "ledger", "recompute", "schemas.py")),
)


@cache
def digest() -> str:
    """Sixteen hex digits over the sources, some two hundred files: a few milliseconds."""
    files = sorted(
        file
        for place in _MADE_BY
        for file in (place.rglob("*.py") if place.is_dir() else (place,))
        if file not in NOT_OF_DERIVING
    )
    whole = hashlib.sha256()
    for file in files:
        whole.update(str(file.relative_to(_HERE.parent)).encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:16]
