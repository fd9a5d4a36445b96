"""The command line: refresh the books, ask them, see how fresh they are."""

import contextlib
import datetime as dt
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from orchestration import answers, catalog, coverage, examples, settings
from orchestration.answers import Form
from orchestration.errors import LakeError, SettingsError, TaobooksError, WarehouseError
from orchestration.lake import day_key
from orchestration.schemas import TABLES
from orchestration.statement import METHODS, printed, statement
from orchestration.warehouse import Warehouse

app = typer.Typer(
    help="The open books of Bittensor's subnets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(width=None if sys.stdout.isatty() else answers.ENDLESS)
err = Console(stderr=True)


# ---------------------------------------------------------------------- refresh


@app.command()
def refresh(
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="YYYY-MM-DD",
            help="First UTC day to take. Where not given: of a recording its first; of nodes the "
            "first that is landed, or their newest where none is.",
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="YYYY-MM-DD",
            help="Last UTC day to take; the source's newest where not given.",
        ),
    ] = None,
) -> None:
    """Take the days the lake lacks (or those asked for), then build and publish the warehouse."""
    chosen = _usable()
    begin, end = _day(first, "--from"), _day(last, "--to")
    from orchestration import refresh as work

    _take(chosen, work.plan(chosen, begin, end))


@app.command()
def backfill(
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First UTC day.")],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last UTC day.")],
    interval: Annotated[
        int | None,
        typer.Option(
            metavar="BLOCKS",
            help="Blocks between two snapshots; TAOBOOKS_SNAPSHOT_INTERVAL where not given. Set "
            "that to the same, or a refresh takes the days again at its own.",
        ),
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Days at once, each in a process.")] = 2,
) -> None:
    """Take many days at once, newest first, then build the warehouse; complete days are left.

    Run the same command again to go on after a stop.
    """
    if interval is not None:
        os.environ["TAOBOOKS_SNAPSHOT_INTERVAL"] = str(interval)  # the workers' too
    chosen = _usable()
    begin, end = _day(first, "--from"), _day(last, "--to")
    from orchestration import refresh as work

    _take(chosen, work.plan(chosen, begin, end, again=False), parallel)


def _usable() -> settings.Settings:
    """The settings of a work of hours: what is used at its end is looked at before it begins.

    Raises:
        SettingsError: a setting has an unusable value.
        PriceError: TAOBOOKS_PRICES_URL is no address that may be asked.
    """
    chosen = settings.load()
    chosen.prices()
    if chosen.prices_url is not None:
        from orchestration.market.sources import shown

        shown(chosen.prices_url.get_secret_value())
    return chosen


def _take(chosen: settings.Settings, planned, parallel: int | None = None) -> None:
    """Runs a plan before the user's eyes; what was taken is shown, what failed is raised."""
    from orchestration import refresh as work
    from orchestration.backfill import take

    err.print(_intention(planned), highlight=False, soft_wrap=True)
    at_once = partial(take, workers=parallel) if parallel else None
    with Progress(
        TextColumn("{task.description:<32}", style="bold", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
        speed_estimate_period=600,
    ) as progress:
        watcher = _Bar(progress, planned.blocks) if err.is_terminal else _Lines()
        try:
            work.run(chosen, planned, watcher, at_once)
        except work.NotAllTaken:
            if chosen.warehouse.is_file():
                _summary(chosen, planned)
            raise
    _summary(chosen, planned)


def _intention(planned) -> str:
    """Which days are missing and are taken now, before the first of them is."""
    parts = [f"Taking {_spans(planned.days)}" if planned.days else "No day is missing"]
    if planned.derived:
        parts.append(f"deriving {_spans(planned.derived)} again with newer code")
    if planned.complete:
        parts.append(f"{_spans(planned.complete)} left, being complete")
    return "; ".join(parts) + "."


def _spans(days: Sequence[str]) -> str:
    """Days as few spans: ``2026-06-01 to 2026-06-03, 2026-06-07 (4 days)``."""
    spans: list[list[str]] = []
    for day in days:
        if spans and dt.date.fromisoformat(day) - dt.date.fromisoformat(spans[-1][-1]) == _A_DAY:
            spans[-1].append(day)
        else:
            spans.append([day])
    said = [span[0] if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in spans]
    if len(said) > _SPANS_SHOWN:
        said = [*said[: _SPANS_SHOWN - 1], "...", said[-1]]
    return ", ".join(said) + (f" ({len(days)} days)" if len(days) > 1 else "")


_A_DAY = dt.timedelta(days=1)
_SPANS_SHOWN = 5


class _Bar:
    """A refresh's watcher: a bar over the blocks of its days, then one over the warehouse's steps.

    A day of a few blocks counts for so many; where it is not known how many a day has, each day
    counts alike and no rate is told.
    """

    def __init__(self, progress: Progress, blocks: Mapping[str, int]) -> None:
        self._progress = progress
        self._blocks = blocks
        self._steps: Mapping[str | None, int] = {}
        self._ended: set[tuple[str, str | None]] = set()
        self._done = 0.0
        self._is_of_days = True
        self._step = "loading"
        self._task = progress.add_task(self._step, total=None, rate="")

    def begins(self, steps: Mapping[str | None, int]) -> None:
        self._steps = steps
        days = [day for day in steps if day is not None]
        if not all(day in self._blocks for day in days):
            self._blocks = {}
        total = sum(self._blocks[day] for day in days) if self._blocks else len(days)
        # Loading took its time from no day.
        self._progress.reset(self._task, total=total or None)

    def starts(self, step: str, day: str | None) -> None:
        if day is None and self._is_of_days:
            self._is_of_days, self._done = False, 0.0
            self._progress.reset(self._task, total=self._steps[None], rate="")
        self._step = f"{day or ''} {step}".strip()
        self._show(self._step)

    def says(self, line: str) -> None:
        self._show(f"{self._step}: {line}")

    def _show(self, words: str) -> None:
        room = max(_LEAST_ROOM, self._progress.console.width - _ROOM_OF_THE_BAR)
        self._progress.update(self._task, description=words[:room])

    def ends(self, step: str, day: str | None) -> None:
        if (step, day) in self._ended:
            return  # the day is tried again
        self._ended.add((step, day))
        whole = 1 if day is None or not self._blocks else self._blocks[day]
        self._done += whole if day is None else whole / self._steps[day]
        self._progress.update(self._task, completed=self._done)
        elapsed = self._progress.tasks[self._task].elapsed
        if self._blocks and day is not None and elapsed:
            rate = self._done / elapsed
            self._progress.update(self._task, rate=f"{rate:,.0f} blocks/s")


_LEAST_ROOM = 32
_ROOM_OF_THE_BAR = 62
"""Columns that the bar, the counts, the rate and both times need: else these are cut."""


class _Lines:
    """A refresh's watcher where nobody sees a bar move, as in a log: a line for each step begun."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._steps = 0
        self._begun: set[tuple[str, str | None]] = set()

    def begins(self, steps: Mapping[str | None, int]) -> None:
        self._steps = sum(steps.values())

    def starts(self, step: str, day: str | None) -> None:
        # A step of a day that is tried again has been counted.
        self._begun.add((step, day))
        self._print(f"{len(self._begun)}/{self._steps} {day or ''} {step}".replace("  ", " "))

    def says(self, line: str) -> None:
        if time.monotonic() - self._last >= _SECONDS_OF_SILENCE:
            # Not with the step begun last: of several days at once it may be another's.
            self._print(f"{len(self._begun)}/{self._steps} {' '.join(line.split())}")

    def ends(self, step: str, day: str | None) -> None:
        """Its line stands; the next one tells that it has ended."""

    def _print(self, line: str) -> None:
        self._last = time.monotonic()
        elapsed = dt.timedelta(seconds=int(self._last - self._began))
        err.print(f"{elapsed} {line}", highlight=False, markup=False, soft_wrap=True)


_SECONDS_OF_SILENCE = 30
"""After which a step that goes on is heard again."""


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
    again = f" {len(planned.derived)} made again by newer code;" if planned.derived else ""
    _verdicts(chosen)
    out.print(
        f"Took {_spans(days) or 'no day'};{again} {len(planned.complete)} complete days left as "
        "they are."
    )
    out.print(rows)
    _gaps(_covered(chosen))
    out.print(f"Warehouse  {chosen.warehouse}", soft_wrap=True)
    out.print(f"Lake       {chosen.lake.root}", soft_wrap=True)
    out.print(f"Reports    {chosen.data_docs / 'index.html'}", soft_wrap=True)
    out.print("\nTry:")
    for example in examples.EXAMPLES[:3]:
        out.print(f"\n# {example.question}", style="dim", highlight=False)
        out.print(example.command(_own_name()), highlight=False, soft_wrap=True, markup=False)
    out.print("\n# What else is there?  Its columns?  The runs and checks behind it?", style="dim")
    for more in ("tables", "tables fct_pools_by_day", "dev"):
        out.print(f"{_own_name()} {more}", highlight=False, soft_wrap=True, markup=False)


def _verdicts(chosen: settings.Settings) -> None:
    """How many figures hold, all together and by quantity; what else is to be said is not lost
    with a warehouse that cannot be asked."""
    try:
        with _books(chosen) as books:
            found = books.sql(examples.VERDICTS).fetchall()
    except WarehouseError as error:
        out.print(f"Verdicts   not known: {error}", highlight=False, markup=False, soft_wrap=True)
        return
    names = ("exact", "trivial", "differs", "unexplained", "unobserved")
    sums = [
        sum(counts) for counts in zip([0] * len(names), *(row[1:] for row in found), strict=True)
    ]
    exact, trivial, *others = [f"{count:,} {name}" for name, count in zip(names, sums, strict=True)]
    out.print(f"Verdicts   {', '.join([f'{exact} ({trivial})', *others])}", highlight=False)
    table = _table("Verdicts by quantity", "quantity", *names)
    for quantity, *counts in found:
        table.add_row(quantity, *(f"{count:,}" for count in counts))
    out.print(table)
    out.print(examples.TRIVIAL, highlight=False, soft_wrap=True)


@contextlib.contextmanager
def _books(chosen: settings.Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse, for queries of our own, which fail for the warehouse's sake alone.

    Raises:
        WarehouseError: it is not there, or has not what this version asks for.
    """
    warehouse = Warehouse(chosen.home)
    with warehouse.reading() as books:
        try:
            yield books
        except (duckdb.BinderException, duckdb.CatalogException):
            raise WarehouseError(
                f"{warehouse.path} was built by another version of taobooks; "
                "run `taobooks refresh` to build it again."
            ) from None
        except duckdb.Error as error:
            raise WarehouseError(
                f"{warehouse.path} cannot be read ({str(error).splitlines()[0]}); "
                "run `taobooks refresh` to build it again."
            ) from None


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

_Format = Annotated[Form, typer.Option("--format", "-f", help="How to write it.")]
_Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write here instead of to the screen.")
]


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SQL query; the warehouse is read-only.")],
    form: _Format = Form.TABLE,
    file: _Out = None,
) -> None:
    """Ask the published warehouse; `taobooks tables` lists what is there."""
    chosen = settings.load()
    _refuse_unwritable(form, file)
    with Warehouse(chosen.home).reading() as books:
        try:
            statements = books.extract_statements(query)
            if len(statements) != 1 or statements[0].type not in _ANSWERED:
                raise SettingsError("That is not one query with an answer; ask a select.")
            _answered(books.sql(query), form, file)
        except duckdb.Error as error:
            why = catalog.explained(books, query, error)
            raise TaobooksError(f"The query failed: {why}") from None


def _refuse_unwritable(form: Form, file: Path | None) -> None:
    if form is Form.PARQUET and file is None:
        raise SettingsError("Parquet does not go to a screen; say where with --out FILE.")


def _answered(answer: duckdb.DuckDBPyRelation, form: Form, file: Path | None) -> None:
    try:
        answers.write(answer, form, out, file)
    except (OSError, duckdb.IOException) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise SettingsError(f"{file} cannot be written ({why}); choose another file.") from None


_ANSWERED = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
"""Kinds of statement that read and change nothing, on disk either: COPY is none of them."""


# ---------------------------------------------------------------------- tables


@app.command()
def tables(
    name: Annotated[str | None, typer.Argument(help="One of them, for its columns.")] = None,
    all_layers: Annotated[
        bool, typer.Option("--all", help="Also what the marts are made from.")
    ] = False,
    form: _Format = Form.TABLE,
    file: _Out = None,
) -> None:
    """What is in the published warehouse: its tables, or the columns of one, in words."""
    chosen = settings.load()
    _refuse_unwritable(form, file)
    with _books(chosen) as books:
        if name is None:
            _answered(catalog.tables(books, all_layers=all_layers), form, file)
            return
        said, columns = catalog.columns(books, name)
        if said and form is Form.TABLE and file is None:
            out.print(f"{name}: {said}", markup=False, highlight=False)
        _answered(columns, form, file)


# ---------------------------------------------------------------------- pnl


@app.command()
def pnl(
    coldkey: Annotated[str, typer.Option(metavar="SS58", help="Whose statement.")],
    method: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(METHODS)}; all where not given.")
    ] = None,
    lots: Annotated[bool, typer.Option("--lots", help="With every lot held, by fifo.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it here, entry by entry, not to the screen."),
    ] = None,
) -> None:
    """One account's statement: what it realised and what it holds, with totals."""
    chosen = settings.load()
    with _books(chosen) as books:
        said = statement(chosen, books, coldkey, method, with_lots=lots)
        if csv is not None:
            _answered(said.rows, Form.CSV, csv)
            return
        out.print(
            f"{said.coldkey} at the end of {said.as_of}, block {said.block_number:,}; the books "
            f"begin at block {said.books_begin_at_block:,}.",
            highlight=False,
            soft_wrap=True,
        )
        for table in printed(said):
            out.print(table)
        for reason in said.reasons:
            out.print(f"Not known: {reason}.", highlight=False, soft_wrap=True)


# ---------------------------------------------------------------------- status


@app.command()
def status() -> None:
    """What is in the books: days, how fresh they are, what the verdicts say."""
    chosen = settings.load()
    covered = _covered(chosen)
    out.print(f"Home       {chosen.home}", soft_wrap=True)
    out.print(f"Source     {chosen.shown_source}", soft_wrap=True)
    if not covered.days:
        out.print("Days       none yet; run `taobooks refresh`")
        return
    out.print(f"Days       {len(covered.days)}: {covered.days[0]} to {covered.days[-1]}")
    for each in covered.intervals:
        out.print(
            f"Blocks     {each.blocks.start:,} to {each.blocks.stop - 1:,}, "
            f"a snapshot every {each.snapshot_interval}"
        )
    _gaps(covered)
    _failed(chosen, covered)
    if covered.newest:
        _newest(chosen, covered.newest)
    if chosen.warehouse.is_file():
        built = dt.datetime.fromtimestamp(chosen.warehouse.stat().st_mtime, tz=dt.UTC)
        out.print(
            f"Warehouse  published {built:%Y-%m-%d %H:%M:%S} UTC  {chosen.warehouse}",
            soft_wrap=True,
        )
        _verdicts(chosen)
    else:
        out.print("Warehouse  none yet; run `taobooks refresh`")


def _covered(chosen: settings.Settings) -> coverage.Coverage:
    return coverage.read(chosen.lake, chosen.snapshot_interval, is_live=chosen.is_live)


def _gaps(covered: coverage.Coverage) -> None:
    for gap in covered.gaps[:_GAPS_SHOWN]:
        out.print(f"Gap        {gap.sentence}", soft_wrap=True)
    more = len(covered.gaps) - _GAPS_SHOWN
    if more > 0:
        out.print(f"Gaps       {more} more; `taobooks gaps` shows all")
    if not covered.gaps:
        out.print("Gaps       no gap")


_GAPS_SHOWN = 5


def _failed(chosen: settings.Settings, covered: coverage.Coverage) -> None:
    """Why the days that are not as they should be failed, where a run of theirs did."""
    if not covered.gaps or not chosen.dagster_home.is_dir():
        return
    from orchestration import refresh as work

    # Of a gap of years the newest days are enough.
    days = [day for gap in covered.gaps for day in gap.days][-_FAILURES_SOUGHT:]
    for sentence in work.failed_days(chosen, days).values():
        out.print(f"Failed     {sentence}", soft_wrap=True)


_FAILURES_SOUGHT = 50


def _newest(chosen: settings.Settings, newest: coverage.LandedDay) -> None:
    """The newest block landed, its age, and how far behind the finalized head it is."""
    at = newest.last_block_at
    block = newest.blocks[-1]
    missing: list[str] = []
    try:
        reader = chosen.reader()
        head = reader.finalized_head()
        head_at = reader.headers(range(head, head + 1))["timestamp_ms"][0].as_py()
        behind = f"the source is {head - block} blocks ahead"
        if head > block:
            behind += f", {_ago(coverage.moment(head_at) - at)} later"
        missing = _not_landed(chosen, *reader.days())
    except TaobooksError as error:
        behind = f"the source cannot be read: {error}"
    age = dt.datetime.now(dt.UTC) - at
    out.print(
        f"Newest     block {block} of {at:%Y-%m-%d %H:%M:%S} UTC, {_ago(age)} old; {behind}",
        soft_wrap=True,
    )
    if missing:
        out.print(
            f"Missing    {_spans(missing)} of the source; run `taobooks refresh`", soft_wrap=True
        )


def _not_landed(chosen: settings.Settings, begin: dt.date, end: dt.date) -> list[str]:
    """Days of the source that a refresh would take and of which nothing is landed, those between
    two landed days left out, which are gaps."""
    landed = chosen.lake.days("raw_chain__blocks")
    first, last = (dt.date.fromisoformat(landed[at]) for at in (0, -1))
    before = 0 if chosen.is_live else (first - begin).days
    return [day_key(first - _A_DAY * back) for back in range(before, 0, -1)] + [
        day_key(last + _A_DAY * ahead) for ahead in range(1, (end - last).days + 1)
    ]


def _ago(age: dt.timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


# ---------------------------------------------------------------------- gaps


@app.command()
def gaps(
    repair: Annotated[bool, typer.Option("--repair", help="Take what is missing.")] = False,
    parallel: Annotated[int, typer.Option(min=1, help="Days at once, each in a process.")] = 2,
) -> None:
    """What is missing between the first and the last landed day; exit code 1 when something is."""
    chosen = _usable() if repair else settings.load()
    covered = _covered(chosen)
    if not covered.days:
        raise LakeError(
            f"No day is landed in {chosen.lake.root} yet; run `taobooks refresh` first."
        )
    if repair and covered.gaps:
        from orchestration import refresh as work

        _take(chosen, work.repair(covered), parallel)
        covered = _covered(chosen)
    for gap in covered.gaps:
        out.print(gap.sentence, soft_wrap=True)
    if covered.gaps:
        raise typer.Exit(1)
    out.print("no gap")


# ---------------------------------------------------------------------- record


@app.command()
def record(
    first: Annotated[int, typer.Option("--from", metavar="BLOCK", help="First block.")],
    last: Annotated[int, typer.Option("--to", metavar="BLOCK", help="Last block.")],
    to: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to make.")],
) -> None:
    """Write a recording of some blocks: the books of it are those of the chain."""
    from orchestration.chain import record as work

    if first > last:
        raise SettingsError(f"--from {first} is after --to {last}; swap them.")
    reader = settings.load().reader()
    if err.is_terminal:
        with err.status("") as status:
            work.record(reader, range(first, last + 1), to, status.update)
    else:
        work.record(reader, range(first, last + 1), to, _now_and_then(err))
    out.print(f"Recorded blocks {first:,} to {last:,}. To make its books:")
    out.print(f"TAOBOOKS_SOURCE=recording:{to} {_own_name()} refresh", soft_wrap=True)


def _now_and_then(to: Console) -> Callable[[str], None]:
    """Prints the first of what it is told, and what it is told after a silence."""
    said_at = -float(_SECONDS_OF_SILENCE)

    def say(line: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _SECONDS_OF_SILENCE:
            said_at = time.monotonic()
            to.print(line, highlight=False, markup=False, soft_wrap=True)

    return say


# ---------------------------------------------------------------------- dev


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """Open the Dagster UI on this machine only."""
    from orchestration import refresh as work

    chosen = settings.load()
    _refuse_taken(port)
    work.prepare_dagster_home(chosen)
    os.environ["DAGSTER_HOME"] = str(chosen.dagster_home)
    os.environ["TAOBOOKS_HOME"] = str(chosen.home)
    # Dagster warns that a command of its own, not yet released as one, supersedes `dagster dev`.
    os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning")
    err.print(
        f"In half a minute the Dagster UI is at http://127.0.0.1:{port}; ctrl-C ends it.",
        soft_wrap=True,
    )
    dagster = str(Path(sys.executable).with_name("dagster"))
    workspace = str(settings.PROJECT_ROOT / "workspace.yaml")
    os.execv(dagster, [dagster, "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)])


def _refuse_taken(port: int) -> None:
    """Dagster would say so after half a minute, with a traceback."""
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            raise SettingsError(
                f"Port {port} of this machine cannot be listened on; choose another with --port."
            ) from None


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
    except (KeyboardInterrupt, SystemExit) as ended:
        # Typer makes a ctrl-C an exit with this code, and says nothing.
        if isinstance(ended, SystemExit) and ended.code != _INTERRUPTED:
            raise
        err.print(
            "taobooks: stopped; what was landed stays, run the same command to go on.",
            soft_wrap=True,
        )
        sys.exit(_INTERRUPTED)


_INTERRUPTED = 130


if __name__ == "__main__":
    main()
