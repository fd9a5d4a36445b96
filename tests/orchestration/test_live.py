"""Books kept from a node: by ticks of the schedule and by a backfill they are the recording's."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from orchestration import backfill, cli, coverage, refresh, settings
from orchestration.defs import resources
from orchestration.defs.jobs import BY_DAY
from tests.conftest import Silent
from tests.orchestration.test_refresh import digests
from tests.recordings.cut import cut
from tests.recordings.stretch import stretch
from tests.replay_node import Faults, serving

MIDNIGHT = dt.datetime(2025, 7, 8, tzinfo=dt.UTC)
STEP = dt.timedelta(hours=3)
DAYS = ["2025-07-08", "2025-07-09"]
LAST = 613
"""The second day, which begins with block 608, is not over."""

Choose = Callable[[Path, str], settings.Settings]


@pytest.fixture(scope="module")
def at() -> Iterator[Choose]:
    """Settings of a home and a source, in force from now on."""
    with pytest.MonkeyPatch.context() as patch:

        def choose(home: Path, source: str) -> settings.Settings:
            resources._reader.cache_clear()
            patch.setenv("TAOBOOKS_HOME", str(home))
            patch.setenv("TAOBOOKS_SOURCE", source)
            patch.setenv("TAOBOOKS_SNAPSHOT_INTERVAL", "5")
            return settings.load()

        yield choose
    resources._reader.cache_clear()


@pytest.fixture(scope="module")
def chain(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Makes a recording of a block each three hours, from midnight up to a block."""

    def to(last: int) -> Path:
        folder = tmp_path_factory.mktemp("recordings")
        cut(small, 600, last, folder / "cut")
        stretch(folder / "cut", MIDNIGHT, STEP // dt.timedelta(milliseconds=1), folder / "chain")
        return folder / "chain"

    return to


@pytest.fixture(scope="module")
def recorded(at: Choose, chain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """SHA-256 of every file of the lake that is made from the recording."""
    chosen = at(tmp_path_factory.mktemp("recorded") / "home", f"recording:{chain(LAST)}")
    with refresh.opened(chosen) as instance:
        for day in DAYS:
            refresh.execute("land_day", instance, Silent(), day)
    return digests(chosen.lake.root)


def test_a_backfill_from_a_node_has_the_bytes_of_the_recording(recorded, at, chain, tmp_path):
    with serving(chain(LAST), Faults(drop=0.01, throttle=0.01)) as served:
        chosen = at(tmp_path / "home", f"{served.ws_url}, {served.http_url}")
        planned = refresh.plan(chosen, MIDNIGHT.date(), None)
        assert planned.days == DAYS
        with refresh.opened(chosen):
            assert backfill.take([("land_day", day) for day in DAYS], Silent(), 2) == {}
        assert digests(chosen.lake.root) == recorded


def test_hours_of_ticks_leave_no_gap_and_no_orphan(
    recorded, at, chain, tmp_path, monkeypatch, repository
):
    monkeypatch.setattr("orchestration.chain.node._HEAD_SECONDS", 0)
    tip, take_day = repository.get_schedule_def("tip_schedule"), repository.get_job("take_day")
    by_day = BY_DAY.resolve(repository.asset_graph)

    # From block 606 on the best chain is an orphan's, until the block is final.
    with serving(chain(LAST + 3), Faults(finalized=604, ahead=4, fork_at=(606, 612))) as served:
        chosen = at(tmp_path / "home", served.ws_url)

        def tick(*, with_warehouse: bool = False) -> list[str]:
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
                    wanted = set(request.asset_selection)
                    assert wanted > by_day
                    done = take_day.execute_in_process(
                        partition_key=request.partition_key,
                        instance=instance,
                        tags=request.tags,
                        asset_selection=list(wanted if with_warehouse else by_day),
                    )
                    assert done.success
                return [request.partition_key for request in requests]

        assert tick() == DAYS[:1]
        assert tick() == []
        served.finalize(6)
        assert tick() == DAYS, "midnight has passed"
        served.finalize(3)
        assert tick(with_warehouse=True) == DAYS[1:]
        served.finalize(2)
        covered = coverage.read(chosen.lake, 5, is_live=True)
        assert covered.gaps == ()
        assert covered.intervals == (coverage.Interval(range(600, LAST + 1), 5, *DAYS),)
        said = CliRunner().invoke(cli.app, ["status"]).output
        assert "no gap" in said
        assert "the source is 2 blocks ahead, 6 hours later" in said
        taken = digests(chosen.lake.root)

    tables = (*coverage.RAW_TABLES, *coverage.DERIVED_TABLES)
    assert {name: sha for name, sha in recorded.items() if name.startswith(tables)} == {
        name: sha for name, sha in taken.items() if name.startswith(tables)
    }
