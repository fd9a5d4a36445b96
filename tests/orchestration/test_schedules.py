"""Which days the tip schedule takes, and what the watch sees: on lakes made by hand."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pyarrow as pa
import pytest

from orchestration import coverage
from orchestration.chain.reader import ChainIdentity
from orchestration.defs import resources
from orchestration.defs.raw.checks import Freshness, newest_block_is_fresh, no_day_is_missing
from orchestration.defs.resources import ChainResource
from orchestration.lake import Lake
from orchestration.refresh import plan
from orchestration.settings import Settings
from tests.orchestration.test_coverage import headers, put

FIRST = dt.date(2025, 7, 8)


class Node:
    """A chain of ten blocks a day, block 1 on the first, up to a head that can be moved."""

    def __init__(self, head: int) -> None:
        self.head = head

    def identity(self) -> ChainIdentity:
        return ChainIdentity("test", "0x00")

    def finalized_head(self) -> int:
        return self.head

    def days(self) -> tuple[dt.date, dt.date]:
        return FIRST, FIRST + dt.timedelta(days=(self.head - 1) // 10)

    def blocks_of_day(self, day: dt.date) -> range:
        first = 1 + 10 * (day - FIRST).days
        return range(first, min(first + 10, self.head + 1))

    def headers(self, blocks: range) -> pa.Table:
        return headers(blocks.start, blocks.stop - 1)


@pytest.fixture
def node(monkeypatch) -> Iterator[Node]:
    """In the middle of the fifth day."""
    node = Node(45)
    monkeypatch.setattr(Settings, "reader", lambda self: node)
    resources._reader.cache_clear()
    yield node
    resources._reader.cache_clear()


@pytest.fixture
def chosen(tmp_path, monkeypatch, node) -> Settings:
    monkeypatch.setenv("TAOBOOKS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TAOBOOKS_SOURCE", "ws://127.0.0.1:1")
    return Settings()


def day(number: int) -> str:
    return (FIRST + dt.timedelta(days=number)).isoformat()


def take(lake: Lake, node: Node, number: int) -> None:
    """The day as far as the chain has come."""
    blocks = node.blocks_of_day(FIRST + dt.timedelta(days=number))
    put(lake, day(number), node.headers(blocks), is_over=blocks[-1] < node.head)


def asked(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> list[str] | str:
    context = dg.build_schedule_context(
        instance,
        scheduled_execution_time=dt.datetime.now(dt.UTC),
        repository_def=repository,
        resources={"chain": ChainResource()},
    )
    # As the daemon does it: that refuses what it could not launch.
    answer = repository.get_schedule_def("tip_schedule").evaluate_tick(context)
    if answer.skip_message is not None:
        return answer.skip_message
    return [request.partition_key for request in answer.run_requests]


def test_the_tip_is_the_day_going_on_and_one_just_over_and_no_day_twice_at_once(
    chosen, node, repository
):
    with dg.instance_for_test() as instance:
        assert asked(instance, repository) == [day(4)], "of an empty lake the newest day alone"
        take(chosen.lake, node, 4)
        assert asked(instance, repository) == "No block is new."
        node.head = 48
        assert asked(instance, repository) == [day(4)]
        take(chosen.lake, node, 4)
        node.head = 52
        assert asked(instance, repository) == [day(4), day(5)]
        run = instance.create_run_for_job(
            dg.job(name="take_day")(lambda: None),
            tags={"dagster/partition": day(4)},
            status=dg.DagsterRunStatus.STARTED,
        )
        assert asked(instance, repository) == [day(5)]
        take(chosen.lake, node, 5)
        assert asked(instance, repository) == f"{day(4)} is still being taken."
        instance.report_run_failed(run)
        assert asked(instance, repository) == [day(4)]
        # A gap farther back is a backfill's business.
        node.head = 99
        assert asked(instance, repository) == [day(7), day(8), day(9)]


def test_a_refresh_from_a_node_begins_with_the_first_landed_day(chosen, node):
    assert plan(chosen, None, None).days == [day(4)]
    take(chosen.lake, node, 2)
    planned = plan(chosen, None, None)
    assert (planned.days, planned.complete, planned.blocks) == ([day(3), day(4)], [day(2)], 15)
    assert plan(chosen, FIRST, None, again=False).days == [day(0), day(1), day(3), day(4)]
    assert plan(chosen, FIRST, None).days == [day(number) for number in range(5)]


def test_the_newest_block_is_fresh_for_some_hours(chosen, node, monkeypatch):
    assert not newest_block_is_fresh(Freshness()).passed
    now = dt.datetime.now(dt.UTC)
    monkeypatch.setattr(coverage, "moment", lambda ms: now - dt.timedelta(hours=2))
    take(chosen.lake, node, 4)
    assert newest_block_is_fresh(Freshness()).passed
    late = newest_block_is_fresh(Freshness(hours=1))
    assert not late.passed
    assert late.description == "Block 45 is 2.0 hours old; at most 1 are allowed."
    monkeypatch.setenv("TAOBOOKS_SOURCE", "recording:/somewhere")
    assert newest_block_is_fresh(Freshness(hours=1)).passed


def test_a_missing_day_fails_the_watch(chosen, node):
    take(chosen.lake, node, 2)
    take(chosen.lake, node, 4)
    verdict = no_day_is_missing()
    assert not verdict.passed
    assert verdict.description == f"{day(3)} is not landed: blocks 31 to 40."
    take(chosen.lake, node, 3)
    assert no_day_is_missing().passed
