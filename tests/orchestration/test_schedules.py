"""Which days the tip schedule takes, and what the watch sees: on lakes made by hand."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pyarrow as pa
import pytest

from orchestration import code, coverage, refresh
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
    """The days of a tick, or why there are none."""
    requests = tick(instance, repository)
    return requests if isinstance(requests, str) else [each.partition_key for each in requests]


def tick(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition
) -> list[dg.RunRequest] | str:
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
    return answer.run_requests


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


def made(request: dg.RunRequest) -> set[str]:
    """Which parts of a day a run makes."""
    tables = {key.to_user_string() for key in request.asset_selection}
    gates = {check.asset_key.to_user_string() for check in request.asset_check_keys}
    assert {"chain__blocks", "chain__subnet_blocks"} <= gates, "no day goes past its gate"
    assert set(coverage.DERIVED_TABLES) <= tables
    parts = {"raw": coverage.RAW_TABLES, "warehouse": ("dim_days", *coverage.POSTED_TABLES)}
    for names in parts.values():
        assert tables.isdisjoint(names) or tables.issuperset(names)
    return {part for part, names in parts.items() if tables & {*names}}


def test_by_newer_code_all_published_days_are_made_again_before_any_is_published(
    chosen, node, repository, monkeypatch
):
    published = [day(number) for number in range(5)]
    monkeypatch.setattr(refresh, "published_days", lambda chosen: published)
    for number in range(5):
        take(chosen.lake, node, number)
    with dg.instance_for_test() as instance:
        node.head = 48
        (request,) = tick(instance, repository)
        assert (request.partition_key, made(request)) == (day(4), {"raw", "warehouse"})

        monkeypatch.setattr(code, "digest", lambda: "newer")
        requests = {request.partition_key: request for request in tick(instance, repository)}
        assert {each: made(request) for each, request in requests.items()} == {
            **{day(number): set() for number in range(4)},
            day(4): {"raw"},
        }
        priority = {each: int(r.tags.get("dagster/priority", 0)) for each, r in requests.items()}
        assert priority[day(4)] > priority[day(0)]

        # One cannot be made: after some tries it is left, and said.
        for number in (0, 1, 2):
            take(chosen.lake, node, number)
        take(chosen.lake, node, 4)
        for _ in range(3):
            (request,) = tick(instance, repository)
            assert (request.partition_key, made(request)) == (day(3), set())
            instance.create_run_for_job(
                dg.job(name="take_day")(lambda: None),
                tags={"dagster/partition": day(3), **request.tags},
                status=dg.DagsterRunStatus.FAILURE,
            )
        assert f"{day(3)} cannot be derived by the code in use" in tick(instance, repository)
        node.head = 49
        (request,) = tick(instance, repository)
        assert (request.partition_key, made(request)) == (day(4), {"raw", "warehouse"})

        monkeypatch.setattr(code, "digest", lambda: "newest")
        assert len(tick(instance, repository)) == 5, "other code may do better"


def test_a_day_that_is_landed_is_not_pulled_again_to_be_derived(chosen, node, repository):
    for number in range(5):
        take(chosen.lake, node, number)
    for number in (3, 4):
        chosen.lake.drop("chain__epochs", day(number))
    with dg.instance_for_test() as instance:
        requests = tick(instance, repository)
    # None of them was published: nothing is lost by a warehouse without the other.
    assert [(each.partition_key, made(each)) for each in requests] == [
        (day(3), {"warehouse"}),
        (day(4), {"warehouse"}),
    ]


def test_a_refresh_of_some_days_makes_all_published_ones_again(chosen, node, monkeypatch):
    monkeypatch.setattr(refresh, "published_days", lambda chosen: [day(0), day(1), day(2)])
    for number in range(3):
        take(chosen.lake, node, number)
    monkeypatch.setattr(code, "digest", lambda: "newer")
    take(chosen.lake, node, 1)
    third = FIRST + dt.timedelta(days=3)
    planned = plan(chosen, third, third)
    assert (planned.days, planned.derived) == ([day(3)], [day(0), day(2)])


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


def test_a_first_day_that_begins_in_its_middle_is_not_whole_until_it_is(chosen, node, monkeypatch):
    midnight = int(dt.datetime(2025, 7, 8, tzinfo=dt.UTC).timestamp() * 1000)

    def landed_from(first: int, seconds: int) -> None:
        blocks = headers(first, 10)
        times = pa.array([midnight + 1000 * seconds] * blocks.num_rows, pa.int64())
        column = blocks.schema.get_field_index("timestamp_ms")
        put(chosen.lake, day(0), blocks.set_column(column, blocks.schema.field(column), times))

    landed_from(4, seconds=3_600)
    verdict = no_day_is_missing()
    assert not verdict.passed
    assert verdict.description == (
        f"{day(0)} is landed from block 4 of 01:00:00 UTC on, which is not its first: to have it "
        "whole add an archive endpoint to TAOBOOKS_SOURCE."
    )
    assert plan(chosen, FIRST, FIRST, again=False).days == [day(0)], "the source has more of it"
    monkeypatch.setattr(Node, "blocks_of_day", lambda self, day: range(6, 11))
    assert plan(chosen, FIRST, FIRST, again=False).complete == [day(0)], "it has less"
    for first, seconds in ((1, 3_600), (4, 11)):
        landed_from(first, seconds)
        assert no_day_is_missing().passed, "a chain's first block, or a day's"
    landed_from(4, seconds=3_600)
    monkeypatch.setenv("TAOBOOKS_SOURCE", "recording:/somewhere")
    assert no_day_is_missing().passed, "a recording begins where it does"


def test_a_missing_day_fails_the_watch(chosen, node):
    take(chosen.lake, node, 2)
    take(chosen.lake, node, 4)
    verdict = no_day_is_missing()
    assert not verdict.passed
    assert verdict.description == f"{day(3)} is not landed: blocks 31 to 40."
    take(chosen.lake, node, 3)
    assert no_day_is_missing().passed
