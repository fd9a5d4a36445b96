"""A backfill from end to end, and what it makes of processes that end in the middle."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from orchestration import backfill, cli, coverage, refresh
from orchestration.defs import resources
from orchestration.errors import BusyError, GateError, TaobooksError, UnreachableError
from tests.conftest import Silent
from tests.orchestration.test_refresh import ask, digests, run_as_a_user

DAYS = ["2025-07-08", "2025-07-09", "2025-07-10"]
BACKFILL = ("backfill", "--from", DAYS[0], "--to", DAYS[2], "--interval", "5", "--parallel", "2")


def ten_blocks_a_day(blocks: pa.Table) -> pa.Table:
    rows = blocks.to_pylist()
    for row in rows:
        row["timestamp_ms"] += 86_400_000 * min((row["block_number"] - 600) // 10, 2)
    return pa.Table.from_pylist(rows, blocks.schema)


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_backfill_whose_parent_was_killed_goes_on_to_days_without_a_gap(altered, at_home):
    source = altered(blocks=ten_blocks_a_day)
    chosen = at_home(source, snapshot_interval="5")
    lake = chosen.lake
    parent = run_as_a_user(chosen.home, source, *BACKFILL)
    # Both workers are at work, however the two of them are scheduled, and one goes on to decode.
    until(lambda: parent.poll() is not None or lake.days("raw_chain__blocks") == DAYS[1:])
    until(lambda: parent.poll() is not None or lake.days("chain__blocks"))
    assert parent.poll() is None, parent.communicate()
    workers = children_of(parent.pid)
    assert len(workers) >= 2
    parent.kill()
    parent.communicate()
    until(lambda: not any(is_running(pid) for pid in workers))
    # Newest first.
    assert lake.days("raw_chain__blocks") == DAYS[1:]
    assert not chosen.warehouse.exists()

    result = CliRunner().invoke(cli.app, BACKFILL)
    assert result.exit_code == 0, result.exception
    covered = coverage.read(lake, 5)
    assert covered.gaps == ()
    assert covered.intervals == (coverage.Interval(range(600, 631), 5, DAYS[0], DAYS[2]),)
    assert ask(chosen.home, "select count(*), sum(blocks_count) from dim_days") == [(3, 31)]
    assert "no gap" in CliRunner().invoke(cli.app, ["status"]).output

    # Taken alone a day has the same bytes, and a complete day is left as it is.
    before = digests(lake.root)
    with refresh.opened(chosen) as instance:
        refresh.execute("land_day", instance, Silent(), DAYS[0])
    assert digests(lake.root) == before
    assert refresh.plan(chosen, None, None, again=False).complete == DAYS[:2]

    # What is missing is named, and taken when asked for.
    for table in (*coverage.RAW_TABLES, *coverage.DERIVED_TABLES):
        lake.drop(table, DAYS[1])
    result = CliRunner().invoke(cli.app, ["gaps"])
    assert result.exit_code == 1
    assert result.output == f"{DAYS[1]} is not landed: blocks 610 to 619.\n"
    assert refresh.repair(coverage.read(lake, 5)) == refresh.Plan([DAYS[1]], [DAYS[0], DAYS[2]])


def dying(pipe: Connection) -> None:
    """A worker that is killed on the second day, and fails on the third."""
    for _, day in backfill._given(pipe):
        if day == DAYS[1]:
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send(("starts", "step"))
        failure = GateError("A column is empty.")
        pipe.send(("failed", failure) if day == DAYS[2] else ("done", day))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_killed_worker_or_a_failed_day_stops_no_other(monkeypatch, workers):
    monkeypatch.setattr(backfill, "_work", dying)
    monkeypatch.setattr(backfill, "PAUSE_SECONDS", 0.0)
    failures = backfill.take([("land_day", day) for day in DAYS], Silent(), workers)
    assert failures.keys() == {DAYS[1], DAYS[2]}
    assert all(isinstance(failure, TaobooksError) for failure in failures.values())
    assert str(failures[DAYS[2]]) == f"{DAYS[2]}: A column is empty."
    assert f"{DAYS[1]}: its worker" in str(failures[DAYS[1]])
    assert "ended in the middle of it; run the same command again" in str(failures[DAYS[1]])


_LASTING = UnreachableError("No endpoint can be reached.")


def ailing(pipe: Connection) -> None:
    """A worker for which one day goes well at the second try, one never and one for another's."""
    tries: Counter[str] = Counter()
    for _, day in backfill._given(pipe):
        pipe.send(("starts", "step"))
        tries[day] += 1
        passing = {DAYS[2]: BusyError("Another has it."), DAYS[1]: _LASTING}.get(day)
        is_failing = passing is _LASTING or (passing is not None and tries[day] == 1)
        pipe.send(("failed", passing) if is_failing else ("done", day))


def test_a_day_whose_failure_may_pass_is_tried_again_after_the_others(monkeypatch):
    monkeypatch.setattr(backfill, "_work", ailing)
    monkeypatch.setattr(backfill, "PAUSE_SECONDS", 0.01)
    watcher = Silent()
    started = []
    monkeypatch.setattr(watcher, "starts", lambda step, day: started.append(day))
    failures = backfill.take([("land_day", day) for day in DAYS], watcher, 1)
    assert started == [DAYS[2], DAYS[1], DAYS[0], DAYS[2], DAYS[1], DAYS[1]]
    assert {day: str(why) for day, why in failures.items()} == {
        DAYS[1]: f"{DAYS[1]}: No endpoint can be reached."
    }
    assert watcher.lines[0] == f"{DAYS[2]} is tried again later: Another has it."


def test_a_node_that_is_away_is_a_failure_that_may_pass(at_home, monkeypatch):
    """Told by a run, of which Dagster keeps the name of the error."""
    monkeypatch.setattr("orchestration.chain.endpoints.FIRST_PATIENCE_SECONDS", 0.1)
    resources._reader.cache_clear()
    chosen = at_home(Path("nowhere"))
    monkeypatch.setenv("TAOBOOKS_SOURCE", "ws://127.0.0.1:9")
    with (
        refresh.opened(chosen) as instance,
        pytest.raises(UnreachableError, match=rf"{DAYS[0]}: No endpoint can be reached"),
    ):
        refresh.execute("land_day", instance, Silent(), DAYS[0])
    resources._reader.cache_clear()
