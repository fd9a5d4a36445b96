"""The command line: refresh the books, ask them, see how fresh they are."""

import datetime as dt
import math
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from orchestration import examples, settings
from orchestration.errors import SettingsError, TaobooksError
from orchestration.schemas import TABLES
from orchestration.statement import METHODS, statement
from orchestration.warehouse import Warehouse

app = typer.Typer(
    help="The open books of Bittensor's subnets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# Nobody's terminal is as wide as a file or a pipe: there, no line is broken.
_ENDLESS = 100_000

out = Console(width=None if sys.stdout.isatty() else _ENDLESS)
err = Console(stderr=True)

Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")]


class Form(StrEnum):
    """How the answer of a query is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


# ---------------------------------------------------------------------- refresh


@app.command()
def refresh(
    first: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="First UTC day to take.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last UTC day to take.")
    ] = None,
) -> None:
    """Take the days the lake lacks (or those asked for), then build and publish the warehouse."""
    chosen = settings.load()
    begin, end = _day(first, "--from"), _day(last, "--to")
    from orchestration import refresh as work

    planned = work.plan(chosen, begin, end)
    with Progress(
        TextColumn("[bold]{task.description:<32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    ) as progress:
        work.run(chosen, planned, _Bar(progress))
    _summary(chosen, planned)


class _Bar:
    """A refresh's watcher: one progress bar over all its steps."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._step = "loading"
        self._task = progress.add_task(self._step, total=None)

    def begins(self, steps: int) -> None:
        self._progress.update(self._task, total=steps)

    def starts(self, step: str, day: str | None) -> None:
        self._step = f"{day or ''} {step}".strip()
        self._progress.update(self._task, description=self._step)

    def says(self, line: str) -> None:
        self._progress.update(self._task, description=f"{self._step}: {line[:48]}")

    def ends(self, step: str) -> None:
        self._progress.advance(self._task)


def _summary(chosen: settings.Settings, planned) -> None:
    rows = _table("Landed", "table", "rows")
    for name in TABLES:
        parts = [
            d for d in (*planned.days, *planned.derived) if chosen.lake.path(name, d).is_file()
        ]
        if chosen.lake.path(name).is_file():
            parts = [None]
        rows.add_row(name, f"{sum(chosen.lake.row_count(name, part) for part in parts):,}")
    days = planned.days
    span = "no day" if not days else days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    again = f" {len(planned.derived)} made again by newer code;" if planned.derived else ""
    out.print(f"Took {span};{again} {len(planned.complete)} complete days left as they are.")
    out.print(rows)
    _verdicts(chosen)
    out.print(f"Warehouse  {chosen.warehouse}", soft_wrap=True)
    out.print(f"Lake       {chosen.lake.root}", soft_wrap=True)
    out.print(f"Reports    {chosen.data_docs / 'index.html'}", soft_wrap=True)
    out.print("\nTry:")
    for example in examples.EXAMPLES[:3]:
        out.print(f"\n# {example.question}", style="dim", highlight=False)
        out.print(example.command(_own_name()), highlight=False, soft_wrap=True, markup=False)


def _verdicts(chosen: settings.Settings) -> None:
    with Warehouse(chosen.home).reading() as books:
        found = books.sql(examples.VERDICTS).fetchall()
    table = _table("Verdicts", "quantity", "exact", "differs", "unexplained", "unobserved")
    for quantity, *counts in found:
        table.add_row(quantity, *(f"{count:,}" for count in counts))
    out.print(table)


def _table(title: str, first: str, *numbers: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _own_name() -> str:
    """This command as the user typed it, so that what we print can be pasted."""
    typed = sys.argv[0]
    return os.path.relpath(typed) if os.sep in typed else typed


# ---------------------------------------------------------------------- sql


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SQL query; the warehouse is read-only.")],
    form: Annotated[Form, typer.Option("--format", "-f", help="How to write it.")] = Form.TABLE,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write here instead of to the screen.")
    ] = None,
) -> None:
    """Ask the published warehouse; `show all tables` lists what is there."""
    chosen = settings.load()
    if form is Form.PARQUET and file is None:
        raise SettingsError("Parquet does not go to a screen; say where with --out FILE.")
    with Warehouse(chosen.home).reading() as books:
        try:
            statements = books.extract_statements(query)
            if len(statements) != 1 or statements[0].type not in _ANSWERED:
                raise SettingsError("That is not one query with an answer; ask a select.")
            _write(books.sql(query), form, file)
        except duckdb.Error as error:
            raise TaobooksError(f"The query failed: {str(error).strip()}") from None
        except OSError as error:
            raise SettingsError(
                f"{file} cannot be written ({error.strerror}); choose another --out."
            ) from None


_ANSWERED = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
"""Kinds of statement that read and change nothing, on disk either: COPY is none of them."""


def _write(answer: duckdb.DuckDBPyRelation, form: Form, file: Path | None) -> None:
    if form is Form.PARQUET:
        answer.write_parquet(str(file))
    elif form is Form.CSV and file is not None:
        answer.write_csv(str(file), header=True)
    elif file is None:
        _to_text(form)(answer, out)
    else:
        with file.open("w") as opened:
            _to_text(form)(answer, Console(file=opened, width=_ENDLESS))


def _to_text(form: Form) -> Callable[[duckdb.DuckDBPyRelation, Console], None]:
    return {Form.TABLE: _as_table, Form.CSV: _as_csv, Form.JSON: _as_json}[form]


def _as_table(answer: duckdb.DuckDBPyRelation, to: Console) -> None:
    table = Table()
    numeric = ("INT", "DECIMAL", "DOUBLE", "FLOAT")
    for name, kind in zip(answer.columns, answer.types, strict=True):
        justify = "right" if any(word in str(kind).upper() for word in numeric) else "left"
        table.add_column(Text(name), justify=justify, overflow="fold")
    for row in answer.fetchall():
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    to.print(table)


def _as_csv(answer: duckdb.DuckDBPyRelation, to: Console) -> None:
    import csv

    writer = csv.writer(to.file, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.fetchall())


def _as_json(answer: duckdb.DuckDBPyRelation, to: Console) -> None:
    """An array of objects; what a reader would round is a string: decimals and 64-bit integers."""
    import json

    exact = [str(kind) in _WIDE_INTEGERS for kind in answer.types]
    rows = [
        {
            name: _plain(str(cell) if is_exact and cell is not None else cell)
            for name, cell, is_exact in zip(answer.columns, row, exact, strict=True)
        }
        for row in answer.fetchall()
    ]
    to.file.write(json.dumps(rows, default=str, indent=1, ensure_ascii=False) + "\n")


_WIDE_INTEGERS = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT")
"""Wider than the 53 bits that a reader of JSON keeps."""


def _plain(cell: object) -> object:
    if isinstance(cell, bytes):
        return f"0x{cell.hex()}"
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


# ---------------------------------------------------------------------- pnl


@app.command()
def pnl(
    coldkey: Annotated[str, typer.Option(metavar="SS58", help="Whose statement.")],
    method: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(METHODS)}; all where not given.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it here instead of to the screen.")
    ] = None,
) -> None:
    """One account's statement: what it realised, what it holds, and its lots."""
    chosen = settings.load()
    with Warehouse(chosen.home).reading() as books:
        answer = statement(chosen, books, coldkey, method)
        _write(answer, Form.CSV if csv else Form.TABLE, csv)


# ---------------------------------------------------------------------- status


@app.command()
def status() -> None:
    """What is in the books: days, how fresh they are, what the verdicts say."""
    chosen = settings.load()
    days = chosen.lake.days("chain__blocks")
    out.print(f"Home       {chosen.home}", soft_wrap=True)
    out.print(f"Source     {chosen.source}", soft_wrap=True)
    if not days:
        out.print("Days       none yet; run `taobooks refresh`")
        return
    blocks = chosen.lake.read("chain__blocks", days[-1], ["block_number", "block_at"])
    newest = blocks.slice(blocks.num_rows - 1).to_pylist()[0]
    age = dt.datetime.now(dt.UTC).replace(tzinfo=None) - newest["block_at"]
    out.print(f"Days       {len(days)}: {days[0]} to {days[-1]}")
    out.print(
        f"Newest     block {newest['block_number']} of {newest['block_at']:%Y-%m-%d %H:%M:%S} UTC, "
        f"{_ago(age)} old; {_ahead(chosen, newest['block_number'])}"
    )
    if chosen.warehouse.is_file():
        built = dt.datetime.fromtimestamp(chosen.warehouse.stat().st_mtime, tz=dt.UTC)
        out.print(
            f"Warehouse  published {built:%Y-%m-%d %H:%M:%S} UTC  {chosen.warehouse}",
            soft_wrap=True,
        )
        _verdicts(chosen)
    else:
        out.print("Warehouse  none yet; run `taobooks refresh`")


def _ahead(chosen: settings.Settings, block: int) -> str:
    try:
        return f"the source is {chosen.reader().finalized_head() - block} blocks ahead"
    except TaobooksError as error:
        return f"the source cannot be read: {error}"


def _ago(age: dt.timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"


# ---------------------------------------------------------------------- dev


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """Open the Dagster UI on this machine only."""
    from orchestration import refresh as work

    chosen = settings.load()
    work.prepare_dagster_home(chosen)
    os.environ["DAGSTER_HOME"] = str(chosen.dagster_home)
    os.environ["TAOBOOKS_HOME"] = str(chosen.home)
    dagster = str(Path(sys.executable).with_name("dagster"))
    workspace = str(settings.PROJECT_ROOT / "workspace.yaml")
    os.execv(dagster, [dagster, "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)])


# ---------------------------------------------------------------------- entry


def _day(text: str | None, option: str) -> dt.date | None:
    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"{option} is {text!r}, which is no day; write it YYYY-MM-DD."
        ) from None
    if day < settings.DTAO_LAUNCH:
        raise SettingsError(
            f"{option} is {day}, before dTAO began ({settings.DTAO_LAUNCH}); choose a later day."
        )
    return day


def main() -> None:
    """Runs a command; what a user can mend is one sentence on stderr and exit code 1."""
    try:
        app()
    except TaobooksError as error:
        for sentence in getattr(error, "sentences", [str(error)]):
            said = f"taobooks: {sentence}"
            err.print(said, style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("taobooks: stopped; what was landed stays, run the same command to go on.")
        sys.exit(130)


if __name__ == "__main__":
    main()
