"""A refresh: which days to take, in which order, and what stands at the end.

Runs the same Dagster jobs the schedule runs, in this process, and tells of each step.
"""

import contextlib
import datetime as dt
import io
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths

from orchestration import coverage, errors, shown
from orchestration.chain.reader import ChainReader
from orchestration.errors import GateError, SettingsError, TaobooksError, WarehouseError
from orchestration.lake import day_key
from orchestration.lock import held
from orchestration.settings import PROJECT_ROOT, Settings


class Watcher(Protocol):
    """Is told how the work goes on."""

    def begins(self, steps: int) -> None:
        """The number of steps in all, known once the code location is loaded."""

    def starts(self, step: str, day: str | None) -> None:
        """A step has begun."""

    def says(self, line: str) -> None:
        """What the step in hand tells of itself."""

    def ends(self, step: str) -> None:
        """A step has ended well."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The days a refresh takes from the source, those it leaves, being complete, and those it makes
    again from landed bytes because other code made them: of the days asked for, and of all that
    are published, which would else be published no more."""

    days: list[str]
    complete: list[str]
    derived: list[str] = field(default_factory=list)
    blocks: int = field(default=0, compare=False)
    """Blocks of the days that something is to be done for."""


def plan(
    chosen: Settings,
    first: dt.date | None,
    last: dt.date | None,
    *,
    again: bool = True,
    reader: ChainReader | None = None,
) -> Plan:
    """The days to take: those asked for, or all the lake lacks up to the finalized head.

    A day is complete when its last block is landed through to the last recomputed table at the
    snapshot interval in force. Without a first day a recording is taken from its first; a node
    from the first day landed, or its newest where none is.

    Args:
        again: whether complete days asked for by name are taken again.
        reader: the source, where it is open already.

    Raises:
        SettingsError: the days asked for are not in the source.
    """
    reader = reader or chosen.reader()
    begin, end = reader.days()
    if first and last and first > last:
        raise SettingsError(f"--from {first} is after --to {last}; swap them.")
    low, high = max(first or _usual_first(chosen, begin, end), begin), min(last or end, end)
    if low > high:
        raise SettingsError(
            f"The source has no block from {first or begin} to {last or end}: it holds {begin} to "
            f"{end}; choose days of these."
        )
    asked = again and (first is not None or last is not None)
    days, complete, derived, blocks_count = [], [], [], 0
    # Before the blocks of a day: a day that it is beyond does not grow.
    head = reader.finalized_head()
    for offset in range((high - low).days + 1):
        day = low + dt.timedelta(days=offset)
        blocks = _blocks_of(chosen, day, reader)
        if not blocks:
            continue
        if asked or _is_to_be_landed(chosen, day_key(day), blocks, head):
            days.append(day_key(day))
        elif coverage.is_derived(chosen.lake, day_key(day)):
            complete.append(day_key(day))
            continue
        else:
            derived.append(day_key(day))
        blocks_count += len(blocks)
    for day in _made_by_other_code(chosen, day_key(low), day_key(high)):
        derived.append(day)
        blocks_count += len(coverage.landed_day(chosen.lake, day).blocks)
    return Plan(days, complete, sorted(derived), blocks_count)


def _made_by_other_code(chosen: Settings, low: str, high: str) -> list[str]:
    """The published days before and after some days that are landed and not derived."""
    return [
        day
        for day in published_days(chosen)
        if not low <= day <= high
        and coverage.is_landed(chosen.lake, day)
        and not coverage.is_derived(chosen.lake, day)
    ]


def published_days(chosen: Settings) -> list[str]:
    """The days that the published warehouse shows."""
    try:
        return shown.lake(chosen).days("raw_chain__blocks")
    except WarehouseError:
        return []


def _usual_first(chosen: Settings, begin: dt.date, end: dt.date) -> dt.date:
    """Where a refresh begins that was told no day: nobody means years of a chain by that."""
    if not chosen.is_live:
        return begin
    landed = chosen.lake.days("raw_chain__blocks")
    return dt.date.fromisoformat(landed[0]) if landed else end


def _blocks_of(chosen: Settings, day: dt.date, reader: ChainReader) -> range:
    """The day's blocks; a node is not asked again for those of a day that was over.

    Of a day that was landed from its middle on, an archive endpoint may have more.
    """
    landed = coverage.landed_day(chosen.lake, day_key(day))
    if not chosen.is_live or landed is None or not landed.is_over:
        return reader.blocks_of_day(day)
    if not landed.begins_late:
        return landed.blocks
    found = reader.blocks_of_day(day)
    return found if found and found.start < landed.blocks.start else landed.blocks


def _is_to_be_landed(chosen: Settings, day: str, blocks: range, head: int) -> bool:
    """The day grows; or its bytes are not whole, at the snapshot interval in force, with all items
    of today."""
    landed = coverage.landed_day(chosen.lake, day)
    if landed is not None and landed.blocks.stop - 1 > head:
        return False  # the source is behind what it, or another, once said
    return blocks[-1] >= head or not (
        landed is not None
        and landed.blocks == blocks
        and landed.snapshot_interval == chosen.snapshot_interval
        and landed.is_as_asked_today
        and coverage.is_landed(chosen.lake, day)
    )


def repair(covered: coverage.Coverage) -> Plan:
    """The days that close the gaps: from the source, or where that is enough from landed bytes."""
    of_source = {day for gap in covered.gaps if gap.is_of_source for day in gap.days}
    in_gaps = {day for gap in covered.gaps for day in gap.days}
    complete = sorted(set(covered.days) - in_gaps)
    return Plan(sorted(of_source), complete, sorted(in_gaps - of_source))


class NotAllTaken(TaobooksError):
    """Days that could not be taken, or ``warehouse``, each with its own failure."""

    def __init__(self, failures: "Failures") -> None:
        super().__init__(" ".join(str(failure) for failure in failures.values()))
        self.sentences = [str(failure) for failure in failures.values()]


Work = list[tuple[str, str]]
"""Pairs of a job and a day."""

Failures = dict[str, TaobooksError]
"""What went wrong, by day, or by ``warehouse``."""


def run(
    chosen: Settings,
    planned: Plan,
    watcher: Watcher,
    take: Callable[[Work, Watcher], Failures] | None = None,
) -> None:
    """Lands and derives each day, then builds and publishes the warehouse of all whole days.

    Args:
        take: does the work of the days; where none is given it is done here, one after the other.

    Raises:
        NotAllTaken: days could not be taken, while the others were and are published; or the
            warehouse was not built, and what was published before stays.
    """
    with held(chosen.home / "refresh.lock", "refreshing"), opened(chosen) as instance:
        _end_killed_runs(instance)
        work = [("land_day", day) for day in planned.days]
        work += [("derive_day", day) for day in planned.derived]
        steps = {name: len(job.nodes) for name, job in _jobs().items()}
        watcher.begins(sum(steps[job] for job, _ in work) + steps["build_warehouse"])
        failures = take(work, watcher) if take else _one_by_one(work, instance, watcher)
        # Where no day is as it should be, what is published stays as it was.
        if planned.complete or len(failures) < len(work) or not work:
            try:
                execute("build_warehouse", instance, watcher, None)
            except TaobooksError as failure:
                failures["warehouse"] = failure
        if failures:
            raise NotAllTaken(failures)


def _one_by_one(work: Work, instance: dg.DagsterInstance, watcher: Watcher) -> Failures:
    failures: Failures = {}
    for job, day in work:
        try:
            execute(job, instance, watcher, day)
        except TaobooksError as failure:
            failures[day] = failure
    return failures


_OURS = {"taobooks/started_by": "taobooks refresh"}
_OF_REPOSITORY = ".dagster/repository"
"""The tag by which the UI filters runs; Dagster changes it with the origin and does not add it."""


def _end_killed_runs(instance: dg.DagsterInstance) -> None:
    """Ends the runs of a refresh that was killed, which hold the warehouse writer's slot for ever.

    We hold the refresh lock, so no run that a refresh started can be alive.
    """
    unended = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    for run in instance.get_runs(dg.RunsFilter(tags=_OURS, statuses=unended)):
        end_killed(instance, run)


def end_killed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Says of a run that it has failed, whose process is gone, and takes back what it held."""
    instance.report_run_failed(run, "The process was killed.")
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


@cache
def _jobs() -> dict[str, dg.JobDefinition]:
    from orchestration.definitions import defs

    repository = defs().get_repository_def()
    return {
        name: repository.get_job(name) for name in ("land_day", "derive_day", "build_warehouse")
    }


def execute(job: str, instance: dg.DagsterInstance, watcher: Watcher, day: str | None) -> None:
    """Runs a job in this process.

    Raises:
        TaobooksError: it failed; the sentence says why.
    """
    run_id = str(uuid.uuid4())
    origin = _origin(job)
    instance.add_event_listener(run_id, lambda entry: _put_under_its_job(entry, instance, origin))
    instance.add_event_listener(run_id, lambda entry: _tell(entry, day, watcher))
    # dbt's own lines go to the log kept with the run, not to the screen.
    with contextlib.redirect_stdout(io.StringIO()):
        result = _jobs()[job].execute_in_process(
            instance=instance,
            partition_key=day,
            run_id=run_id,
            tags={**_OURS, _OF_REPOSITORY: origin.repository_origin.get_label()},
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    if not result.success:
        raise _failure(result.all_events, run_id, day)


@cache
def _origin(job: str) -> RemoteJobOrigin:
    """Where the UI finds the job: in the code location of ``workspace.yaml``."""
    (location,) = location_origins_from_yaml_paths([str(PROJECT_ROOT / "workspace.yaml")])
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job)


def _put_under_its_job(
    entry: dg.EventLogEntry, instance: dg.DagsterInstance, origin: RemoteJobOrigin
) -> None:
    """A run executed in process has no origin, and the UI shows it under no job."""
    event = entry.dagster_event
    # A run whose lake is held by another fails before it starts.
    if event is not None and event.event_type in _FIRST_OF_A_RUN:
        run = instance.get_run_by_id(entry.run_id)
        if run is not None and run.remote_job_origin is None:
            instance.run_storage.replace_job_origin(run, origin)


_FIRST_OF_A_RUN = {dg.DagsterEventType.RUN_START, dg.DagsterEventType.RUN_FAILURE}


def _tell(entry: dg.EventLogEntry, day: str | None, watcher: Watcher) -> None:
    event = entry.dagster_event
    if event is None:
        watcher.says(entry.user_message)
    elif event.step_key is not None:
        if event.is_step_start:
            watcher.starts(event.step_key, day)
        elif event.is_step_success:
            watcher.ends(event.step_key)


def failed_days(chosen: Settings, days: Iterable[str]) -> dict[str, str]:
    """Why the last run of each of these days failed, whoever started it; of those that did."""
    why = {}
    with opened(chosen) as instance:
        for day in days:
            of_day = dg.RunsFilter(tags={"dagster/partition": day})
            last = next(iter(instance.get_runs(of_day, limit=1)), None)
            if last is not None and last.status == dg.DagsterRunStatus.FAILURE:
                logs = instance.all_logs(last.run_id, of_type=_TELLING)
                events = [entry.dagster_event for entry in logs]
                why[day] = str(_failure(events, last.run_id, day))
    return why


_TELLING = {
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
}


def _failure(events: Sequence[dg.DagsterEvent], run_id: str, day: str | None) -> TaobooksError:
    """The one sentence behind a failed run."""
    where = f"{day}: " if day else ""
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            # dbt's tests are checks too, and have no sentence of their own.
            if not check.passed and check.blocking and check.description:
                return GateError(check.description)
    for event in events:
        error = None
        if event.is_step_failure:
            error, what = event.step_failure_data.error, event.step_key
        elif event.event_type == dg.DagsterEventType.RUN_FAILURE:  # before any step
            error, what = event.job_failure_data.error, "the run"
        if error is not None:
            while error.cause is not None:
                error = error.cause
            if error.cls_name == "DagsterExecutionInterruptedError":
                raise KeyboardInterrupt
            sentence = _EXCEPTION_NAME.sub("", error.message.strip())
            if error.cls_name in _TOLD_TO_PEOPLE:
                return _TOLD_TO_PEOPLE[error.cls_name](where + sentence)
            return TaobooksError(
                f"{where}{what} failed unexpectedly ({error.cls_name}: {sentence}); "
                f"`taobooks dev` shows the traceback in the log of run {run_id[:8]}."
            )
    return TaobooksError(f"{where}the run {run_id[:8]} did not succeed; see `taobooks dev`.")


_EXCEPTION_NAME = re.compile(r"^[\w.]+: ")
_TOLD_TO_PEOPLE: dict[str, type[TaobooksError]] = {
    **{name: kind for name, kind in vars(errors).items() if isinstance(kind, type)},
    "Failure": TaobooksError,
}


@contextlib.contextmanager
def opened(chosen: Settings) -> Iterator[dg.DagsterInstance]:
    """Dagster's record of runs, of this home."""
    prepare_dagster_home(chosen)
    with dg.DagsterInstance.from_config(str(chosen.dagster_home)) as instance:
        yield instance


_WRITTEN = "# Written by taobooks; runs and their logs are kept beside this file."
DAGSTER_YAML = f"""\
{_WRITTEN}
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 4
    tag_concurrency_limits:
      - key: dagster/partition  # no day twice at once
        value: {{applyLimitPerUniqueValue: true}}
        limit: 1
  pools:
    default_limit: 1  # one writer of the warehouse
compute_logs:  # nothing here prints; the process that would catch it outlives a ctrl-C
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 60  # of a run that was killed
"""


def prepare_dagster_home(chosen: Settings) -> None:
    """The folder Dagster keeps its runs in, with telemetry off before Dagster first reads it.

    A configuration that is not ours is left as it is.
    """
    chosen.dagster_home.mkdir(parents=True, exist_ok=True)
    config = chosen.dagster_home / "dagster.yaml"
    there = config.read_text() if config.is_file() else _WRITTEN
    if there.startswith(_WRITTEN) and there != DAGSTER_YAML:
        config.write_text(DAGSTER_YAML)
