"""A refresh: which days to take, in which order, and what stands at the end.

Runs the same Dagster jobs the schedule runs, in this process, and tells of each step.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import dagster as dg

from orchestration.errors import GateError, SettingsError, TaobooksError
from orchestration.lake import day_key
from orchestration.lock import held
from orchestration.settings import Settings


class Watcher(Protocol):
    """Is told how the work goes on."""

    def begins(self, steps: int) -> None:
        """The number of steps in all, known once the code location is loaded."""

    def starts(self, step: str, day: str | None) -> None:
        """A step has begun."""

    def ends(self, step: str) -> None:
        """A step has ended well."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The days a refresh takes and those it leaves, being complete."""

    days: list[str]
    complete: list[str]


def plan(chosen: Settings, first: dt.date | None, last: dt.date | None) -> Plan:
    """The days to take: those asked for, or all the lake lacks up to the finalized head.

    A day is complete when its last block is landed through to the last recomputed table at the
    snapshot interval in force; a complete day is taken again only when asked for by name.

    Raises:
        SettingsError: the days asked for are not in the source.
    """
    reader = chosen.reader()
    begin, end = reader.days()
    asked = first is not None or last is not None
    low, high = first or begin, last or end
    if low > high:
        raise SettingsError(f"The first day {low} is after the last day {high}; swap them.")
    if high < begin or low > end:
        raise SettingsError(
            f"The source has no block from {low} to {high}: it holds {begin} to {end}; "
            "choose days of these."
        )
    low, high = max(low, begin), min(high, end)
    days, complete = [], []
    for offset in range((high - low).days + 1):
        day = low + dt.timedelta(days=offset)
        blocks = reader.blocks_of_day(day)
        if not blocks:
            continue
        is_over = blocks[-1] < reader.finalized_head()
        if is_over and not asked and _is_landed(chosen, day_key(day), blocks):
            complete.append(day_key(day))
        else:
            days.append(day_key(day))
    return Plan(days, complete)


def _is_landed(chosen: Settings, day: str, blocks: range) -> bool:
    lake = chosen.lake
    try:
        return (
            lake.row_count("chain__blocks", day) == len(blocks)
            and lake.facts("raw_chain__storage", day).get("snapshot_interval")
            == str(chosen.snapshot_interval)
            and all(lake.path(table, day).is_file() for table in _LAST_TABLES)
        )
    except TaobooksError:
        return False


_LAST_TABLES = (
    "chain__subnet_blocks",
    "chain__stake_events",
    "recomputed__subnet_emissions",
    "recomputed__subnet_injections",
    "recomputed__moving_prices",
    "recomputed__pool_prices",
)


def run(chosen: Settings, days: list[str], watcher: Watcher) -> None:
    """Lands each day, then builds and publishes the warehouse.

    Raises:
        TaobooksError: a step failed; what was landed and published before stays.
    """
    with held(chosen.home / "refresh.lock", "refreshing"), _instance(chosen) as instance:
        from orchestration.definitions import defs

        repository = defs().get_repository_def()
        land_day = repository.get_job("land_day")
        build_warehouse = repository.get_job("build_warehouse")
        watcher.begins(len(days) * len(land_day.nodes) + len(build_warehouse.nodes))
        for day in days:
            _execute(land_day, instance, watcher, day)
        _execute(build_warehouse, instance, watcher, None)


def _execute(
    job: dg.JobDefinition, instance: dg.DagsterInstance, watcher: Watcher, day: str | None
) -> None:
    run_id = str(uuid.uuid4())
    instance.add_event_listener(run_id, lambda entry: _tell(entry.dagster_event, day, watcher))
    result = job.execute_in_process(
        instance=instance,
        partition_key=day,
        run_id=run_id,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    if not result.success:
        raise _failure(result, day)


def _tell(event: dg.DagsterEvent | None, day: str | None, watcher: Watcher) -> None:
    if event is not None and event.step_key is not None:
        if event.is_step_start:
            watcher.starts(event.step_key, day)
        elif event.is_step_success:
            watcher.ends(event.step_key)


def _failure(result: dg.ExecuteInProcessResult, day: str | None) -> TaobooksError:
    """The one sentence behind a failed run."""
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error.cause is not None:
                error = error.cause
            sentence = error.message.strip()
            name = error.cls_name or ""
            if name and sentence.startswith((f"{name}:", "dagster.")):
                sentence = sentence.split(":", 1)[1].strip()
            elif ":" in sentence and sentence.split(":", 1)[0].endswith(name):
                sentence = sentence.split(":", 1)[1].strip()
            return TaobooksError(f"{sentence}" if day is None else f"{day}: {sentence}")
    return GateError(f"The run of {day or 'the warehouse'} did not succeed; see its log in the UI.")


@contextmanager
def _instance(chosen: Settings) -> Iterator[dg.DagsterInstance]:
    prepare_dagster_home(chosen)
    with dg.DagsterInstance.from_config(str(chosen.dagster_home)) as instance:
        yield instance


DAGSTER_YAML = """\
# Written by taobooks; runs and their logs are kept beside this file.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1  # one writer of the warehouse
"""


def prepare_dagster_home(chosen: Settings) -> None:
    """The folder Dagster keeps its runs in, with telemetry off before Dagster first reads it."""
    chosen.dagster_home.mkdir(parents=True, exist_ok=True)
    config = chosen.dagster_home / "dagster.yaml"
    if not config.is_file():
        config.write_text(DAGSTER_YAML)
