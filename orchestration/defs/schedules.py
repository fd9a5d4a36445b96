"""When days are taken and watched over; both schedules are off until they are started in the UI."""

import datetime as dt
import time
from collections.abc import Sequence

import dagster as dg

from orchestration import code, coverage, refresh, settings
from orchestration.chain.reader import ChainReader
from orchestration.defs.jobs import BY_DAY, DERIVED, WAREHOUSE, take_day, watch
from orchestration.defs.resources import ChainResource
from orchestration.lake import day_key
from orchestration.lock import day_lock, is_held

TIP_DAYS = 3
"""What is farther back than this is a backfill's business."""

_SURELY_AT_WORK_SECONDS = 60
"""After its start a run holds its day."""

_UNENDED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


_MOST_FAILURES = 3
"""Of deriving a day by the code in use; then it is not tried again by itself."""


@dg.schedule(
    job=take_day,
    cron_schedule="7 * * * *",
    description="Takes what is final since the last hour: the day going on, and the one just over.",
)
def tip_schedule(
    context: dg.ScheduleEvaluationContext, chain: ChainResource
) -> list[dg.RunRequest] | dg.SkipReason:
    chosen = settings.load()
    planned = _unfinished(chosen, chain.reader())
    given_up = [day for day in planned.derived if _has_often_failed(context.instance, day)]
    derived = [day for day in planned.derived if day not in given_up]
    wanted = sorted([*planned.days, *derived])
    busy = [day for day in wanted if _is_being_taken(context.instance, chosen, day)]
    due = [day for day in wanted if day not in busy]
    if not due:
        return dg.SkipReason(_why_none(busy, given_up))
    # A warehouse built before all published days are made again would lack those.
    is_published = not set(derived) & set(refresh.published_days(chosen))
    at = context.scheduled_execution_time.isoformat()
    return [_request(day, at, day in derived, is_published, context.repository_def) for day in due]


def _request(
    day: str, at: str, is_derived: bool, is_published: bool, repository: dg.RepositoryDefinition
) -> dg.RunRequest:
    """A run of a day: from its landed bytes where that is enough, and the warehouse where it is
    due."""
    graph = repository.asset_graph
    wanted = DERIVED if is_derived else BY_DAY
    if is_published:
        wanted |= WAREHOUSE
    return dg.RunRequest(
        # Dagster wants a key where there are two; a day is asked for again at every tick.
        run_key=f"{day} at {at}",
        partition_key=day,
        # New blocks before days to be made again, which may fill the queue for hours as those of
        # a backfill do.
        tags=_by_this_code() if is_derived else {"dagster/priority": "1"},
        asset_selection=sorted(wanted.resolve(graph)),
        asset_check_keys=sorted(wanted.resolve_checks(graph)),
    )


watch_schedule = dg.ScheduleDefinition(
    job=watch,
    cron_schedule="37 * * * *",
    name="watch_schedule",
    description="Asks each hour whether the newest block is fresh and no day is missing.",
)


def _unfinished(chosen: settings.Settings, reader: ChainReader) -> refresh.Plan:
    """The newest days that lack a block or a table, of an empty lake the newest day; and all days
    that newer code has still to make again."""
    landed = chosen.lake.days("raw_chain__blocks")
    newest, head = reader.days()[1], reader.finalized_head()
    first = newest - dt.timedelta(days=TIP_DAYS - 1)
    first = max(first, dt.date.fromisoformat(landed[0])) if landed else newest
    planned = refresh.plan(chosen, min(first, newest), newest, again=False, reader=reader)
    last = coverage.landed_day(chosen.lake, day_key(newest))
    is_at_head = last is not None and last.blocks.stop > head
    if is_at_head and last.day in planned.days and coverage.is_landed(chosen.lake, last.day):
        # It grows, but not yet.
        planned.days.remove(last.day)
        if not coverage.is_derived(chosen.lake, last.day):
            planned.derived.append(last.day)
    return planned


def _why_none(busy: Sequence[str], given_up: Sequence[str]) -> str:
    if busy:
        return f"{', '.join(busy)} is still being taken."
    if given_up:
        return (
            f"No block is new; {', '.join(given_up)} cannot be derived by the code in use: see why "
            "with `taobooks status`, and then `taobooks gaps --repair`."
        )
    return "No block is new."


def _has_often_failed(instance: dg.DagsterInstance, day: str) -> bool:
    """Whether deriving a day by the code in use was tried in vain as often as is reasonable."""
    failed = dg.RunsFilter(
        tags={"dagster/partition": day, **_by_this_code()},
        statuses=[dg.DagsterRunStatus.FAILURE],
    )
    return len(instance.get_run_records(failed, limit=_MOST_FAILURES)) == _MOST_FAILURES


def _by_this_code() -> dict[str, str]:
    """What a run that only derives is marked with."""
    return {"taobooks/derived_by": code.digest()}


def _is_being_taken(instance: dg.DagsterInstance, chosen: settings.Settings, day: str) -> bool:
    """Whether a run of the day is waiting or at work; one whose process is gone is ended.

    Dagster's launcher of processes does not notice that one was killed.
    """
    found = False
    of_day = dg.RunsFilter(tags={"dagster/partition": day}, statuses=_UNENDED)
    for record in instance.get_run_records(of_day):
        is_old = record.start_time and time.time() - record.start_time > _SURELY_AT_WORK_SECONDS
        if is_old and not is_held(day_lock(chosen.home, day)):
            refresh.end_killed(instance, record.dagster_run)
        else:
            found = True
    return found
