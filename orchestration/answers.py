"""How the answer of a query is written: as a table or as records for people, or for programs.

What was asked is not known here, nor where the answer comes from.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import duckdb
from rich.console import Console
from rich.measure import Measurement
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

ENDLESS = 100_000
"""Nobody's terminal is as wide as a file or a pipe: there, no line is broken."""


class Form(StrEnum):
    """How the answer of a query is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def write(answer: duckdb.DuckDBPyRelation, form: Form, screen: Console, file: Path | None) -> None:
    """Writes an answer to the file, or to the screen where there is none.

    Raises:
        OSError, duckdb.IOException: the file cannot be written.
    """
    if form is Form.PARQUET:
        answer.write_parquet(str(file))
    elif form is Form.CSV and file is not None:
        answer.write_csv(str(file), header=True)
    elif file is None:
        _to_text(form)(answer, screen)
    else:
        with file.open("w") as opened:
            _to_text(form)(answer, Console(file=opened, width=ENDLESS))


def _to_text(form: Form) -> Callable[[duckdb.DuckDBPyRelation, Console], None]:
    return {Form.TABLE: _for_people, Form.CSV: _as_csv, Form.JSON: _as_json}[form]


# ---------------------------------------------------------------------- for people


def _for_people(answer: duckdb.DuckDBPyRelation, to: Console) -> None:
    """A table; records where it would be so wide that a number or a name had to be broken."""
    rows = [[_shown(cell) for cell in row] for row in answer.fetchall()]
    for names in (answer.columns, _broken(answer.columns, rows)):
        table = Table()
        for at, (name, kind) in enumerate(zip(names, answer.types, strict=True)):
            table.add_column(
                Text(name),
                justify="right" if _is_number(kind) else "left",
                overflow="fold",
                no_wrap=not any(" " in row[at] for row in rows),
            )
        for row in rows:
            table.add_row(*map(Text, row))
        # Between words a cell may be broken; its least width is that of its longest word.
        least = Measurement.get(to, to.options.update(width=ENDLESS), table).minimum
        if least <= to.width:
            to.print(table)
            return
    _as_records(answer.columns, rows, to)


def _broken(names: list[str], rows: list[list[str]]) -> list[str]:
    """Names of columns broken after underscores, no wider than what stands below them."""
    broken = []
    for at, name in enumerate(names):
        parts = re.findall(r"[^_]*_+|[^_]+$", name) or [name]
        widest = max(len(cell) for cell in [*(row[at] for row in rows), *parts])
        lines = [""]
        for part in parts:
            if len(lines[-1]) + len(part) > widest:
                lines.append("")
            lines[-1] += part
        broken.append("\n".join(lines))
    return broken


def _shown(cell: object) -> str:
    """A cell as text; a decimal in digits alone, which Python would write 0E-9 where it is 0."""
    if cell is None:
        return ""
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def _as_records(names: list[str], rows: list[list[str]], to: Console) -> None:
    """One column a line, as `psql` does with \\x."""
    name_width = max(len(name) for name in names)
    for number, row in enumerate(rows, start=1):
        of_all = Text(f"{number} of {len(rows)}")
        to.print(Rule(of_all, align="left", style="dim"))
        record = Table.grid(padding=(0, 2, 0, 0))
        record.add_column(width=name_width, style="bold", overflow="fold")
        record.add_column(overflow="fold")
        for name, cell in zip(names, row, strict=True):
            record.add_row(Text(name), Text(cell))
        to.print(record)
    if not rows:
        to.print(f"no row of {', '.join(names)}", markup=False, highlight=False)


def _is_number(kind: object) -> bool:
    return any(word in str(kind).upper() for word in ("INT", "DECIMAL", "DOUBLE", "FLOAT"))


# ---------------------------------------------------------------------- for programs


def _as_csv(answer: duckdb.DuckDBPyRelation, to: Console) -> None:
    writer = csv.writer(to.file, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(
        [_shown(cell) if isinstance(cell, Decimal) else cell for cell in row]
        for row in answer.fetchall()
    )


def _as_json(answer: duckdb.DuckDBPyRelation, to: Console) -> None:
    """An array of objects; what a reader would round is a string: decimals and 64-bit integers."""
    exact = [str(kind) in _WIDE_INTEGERS for kind in answer.types]
    names = _told_apart(answer.columns)
    rows = [
        {
            name: _plain(_shown(cell) if is_exact and cell is not None else cell)
            for name, cell, is_exact in zip(names, row, exact, strict=True)
        }
        for row in answer.fetchall()
    ]
    to.file.write(json.dumps(rows, default=_shown, indent=1, ensure_ascii=False) + "\n")


def _told_apart(names: Sequence[str]) -> list[str]:
    """Names of which none stands twice: the second ``netuid`` of a join is ``netuid_2``."""
    found: list[str] = []
    for name in names:
        number, apart = 1, name
        while apart in found or (apart != name and apart in names):
            number += 1
            apart = f"{name}_{number}"
        found.append(apart)
    return found


_WIDE_INTEGERS = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT")
"""Wider than the 53 bits that a reader of JSON keeps."""


def _plain(cell: object) -> object:
    if isinstance(cell, bytes):
        return f"0x{cell.hex()}"
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
