"""Books kept from a node: by ticks of the schedule and by a backfill they are the recording's."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from orchestration import backfill, cli, coverage, refresh, settings
from orchestration.defs import resources
from tests.conftest import Silent
from tests.orchestration.test_refresh import digests
from tests.recordings.cut import cut
from tests.recordings.stretch import stretch
from tests.replay_node import Faults, serving

START = dt.datetime(2025, 7, 8, 22, tzinfo=dt.UTC)
DAYS = ["2025-07-08", "2025-07-09", "2025-07-10", "2025-07-11"]


@pytest.fixture
def at(tmp_path, monkeypatch):
    """Settings of a home and a source by name, in force from now on."""

    def choose(home: str, source: str) -> settings.Settings:
        resources._reader.cache_clear()
        monkeypatch.setenv("TAOBOOKS_HOME", str(tmp_path / home))
        monkeypatch.setenv("TAOBOOKS_SOURCE", source)
        monkeypatch.setenv("TAOBOOKS_SNAPSHOT_INTERVAL", "5")
        return settings.load()

    yield choose
    resources._reader.cache_clear()


def land(chosen: settings.Settings, days: list[str]) -> None:
    """Takes all days there are in two processes, as a backfill does."""
    planned = refresh.plan(chosen, START.date(), None)
    assert planned.days == days
    with refresh.opened(chosen):
        assert backfill.take([("land_day", day) for day in days], Silent(), 2) == {}


def by_day(chosen: settings.Settings) -> dict[str, str]:
    """SHA-256 of every file of a day that is made from its blocks alone."""
    tables = (*coverage.RAW_TABLES, *coverage.DERIVED_TABLES)
    return {k: v for k, v in digests(chosen.lake.root).items() if k.startswith(tables)}


def stretched(recording: Path, step: dt.timedelta, out: Path) -> Path:
    stretch(recording, START, step // dt.timedelta(milliseconds=1), out)
    return out


def test_a_backfill_from_a_node_has_the_bytes_of_the_recording(small, at, tmp_path):
    recording = stretched(small, dt.timedelta(hours=2), tmp_path / "recording")
    chosen = at("recorded", f"recording:{recording}")
    land(chosen, DAYS)
    recorded = digests(chosen.lake.root)

    with serving(recording, Faults(drop=0.01, throttle=0.01)) as served:
        chosen = at("live", f"{served.ws_url}, {served.http_url}")
        land(chosen, DAYS)
        assert digests(chosen.lake.root) == recorded


def test_hours_of_ticks_leave_no_gap_and_no_orphan(small, at, tmp_path, monkeypatch, repository):
    monkeypatch.setattr("orchestration.chain.node._HEAD_SECONDS", 0)
    step = dt.timedelta(minutes=10)
    recording = stretched(small, step, tmp_path / "recording")
    tip, take_day = repository.get_schedule_def("tip_schedule"), repository.get_job("take_day")

    # From block 608 on the best chain is an orphan's, until the block is final.
    with serving(recording, Faults(finalized=606, ahead=4, fork_at=(608, 621))) as served:
        chosen = at("live", served.ws_url)

        def tick() -> list[str]:
            """The days a tick takes, once they are taken."""
            with refresh.opened(chosen) as instance:
                now = dt.datetime.now(dt.UTC)
                context = dg.build_schedule_context(
                    instance,
                    scheduled_execution_time=now,
                    repository_def=repository,
                    resources={"chain": resources.ChainResource()},
                )
                requests = tip.evaluate_tick(context).run_requests
                for request in requests:
                    done = take_day.execute_in_process(
                        partition_key=request.partition_key, instance=instance, tags=request.tags
                    )
                    assert done.success
                return [request.partition_key for request in requests]

        assert tick() == DAYS[:1]
        assert tick() == []
        served.finalize(12)
        assert tick() == DAYS[:2], "midnight has passed"
        served.finalize(6)
        assert tick() == DAYS[1:2]
        served.finalize(3)
        covered = coverage.read(chosen.lake, 5)
        assert covered.gaps == ()
        assert covered.intervals == (coverage.Interval(range(600, 625), 5, *DAYS[:2]),)
        said = CliRunner().invoke(cli.app, ["status"]).output
        assert "no gap" in said
        assert "the source is 3 blocks ahead, 30 minutes later" in said
        taken = by_day(chosen)

    cut(small, 600, 624, tmp_path / "cut")
    chosen = at("recorded", f"recording:{stretched(tmp_path / 'cut', step, tmp_path / 'fewer')}")
    land(chosen, DAYS[:2])
    assert by_day(chosen) == taken
