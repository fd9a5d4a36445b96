"""When days are taken and watched over; both schedules are off until they are started in the UI."""

import datetime as dt
import time

import dagster as dg

from orchestration import coverage, refresh, settings
from orchestration.chain.reader import ChainReader
from orchestration.defs.jobs import take_day, watch
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


@dg.schedule(
    job=take_day,
    cron_schedule="7 * * * *",
    description="Takes what is final since the last hour: the day going on, and the one just over.",
)
def tip_schedule(
    context: dg.ScheduleEvaluationContext, chain: ChainResource
) -> list[dg.RunRequest] | dg.SkipReason:
    chosen = settings.load()
    days = _unfinished(chosen, chain.reader())
    busy = [day for day in days if _is_being_taken(context.instance, chosen, day)]
    due = [day for day in days if day not in busy]
    if not due:
        return dg.SkipReason(
            f"{', '.join(busy)} is still being taken." if busy else "No block is new."
        )
    return [
        dg.RunRequest(
            # Dagster wants a key where there are two; a day is asked for again at every tick.
            run_key=f"{day} at {context.scheduled_execution_time.isoformat()}",
            partition_key=day,
            # Before the runs of a backfill, which may fill the queue for hours.
            tags={"dagster/priority": "1"},
        )
        for day in due
    ]


watch_schedule = dg.ScheduleDefinition(
    job=watch,
    cron_schedule="37 * * * *",
    name="watch_schedule",
    description="Asks each hour whether the newest block is fresh and no day is missing.",
)


def _unfinished(chosen: settings.Settings, reader: ChainReader) -> list[str]:
    """The newest days that lack a block or a table, ascending; of an empty lake the newest day."""
    landed = chosen.lake.days("raw_chain__blocks")
    newest, head = reader.days()[1], reader.finalized_head()
    first = newest - dt.timedelta(days=TIP_DAYS - 1)
    first = max(first, dt.date.fromisoformat(landed[0])) if landed else newest
    planned = refresh.plan(chosen, min(first, newest), newest, again=False, reader=reader)
    last = coverage.landed_day(chosen.lake, day_key(newest))
    is_at_head = last is not None and last.blocks.stop > head
    return sorted(
        day
        for day in (*planned.days, *planned.derived)
        if not (is_at_head and day == last.day and coverage.is_derived(chosen.lake, day))
    )


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
