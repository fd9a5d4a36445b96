"""``python -m benchmarks [NAME ...]``: every benchmark, or those named."""

import argparse
import importlib
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import Row

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
NAMES = sorted(p.stem for p in HERE.glob("*.py") if not p.stem.startswith("__"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    asked = parser.parse_args().names or NAMES
    unknown = set(asked) - set(NAMES)
    if unknown:
        sys.exit(
            f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}."
        )
    console = Console()
    for name in asked:
        with console.status(f"measuring {name}"):
            rows = list(importlib.import_module(f"benchmarks.{name}").rows())
        _keep(name, rows)
        console.print(_table(name, rows))


def _table(name: str, rows: list[Row]) -> Table:
    table = Table(title=name, title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("target", justify="right")
    table.add_column("note")
    for row in rows:
        table.add_row(row.what, f"{row.figure:.3g} {row.unit}", _target(row), row.note)
    return table


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    return f"at {'least' if row.is_floor else 'most'} {row.target:g} {row.unit}"


def _keep(name: str, rows: list[Row]) -> None:
    RESULTS.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    kept = {"machine": machine, "rows": [asdict(row) for row in rows]}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
