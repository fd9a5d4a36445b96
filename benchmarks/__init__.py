"""How long things take on this machine; nothing here is asserted.

A module of this package has ``rows()``, which yields ``Row``s; ``python -m benchmarks`` runs all
of them, prints a table and keeps it as JSON.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was done, how long it took, and what was aimed at.

    ``target`` is the largest figure aimed at, or the smallest where ``is_floor``.
    """

    what: str
    figure: float
    unit: str
    target: float | None = None
    note: str = ""
    is_floor: bool = False


def median_seconds(work: Callable[[], object], times: int = 5) -> float:
    """The median of several runs, after one that is not counted."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
