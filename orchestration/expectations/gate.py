"""The gate: a day's table meets its suite or goes no further; every judgement is kept for people.

Great Expectations is imported where it is used: it takes five to ten seconds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from orchestration.errors import GateError
from orchestration.expectations import (
    chain__blocks,
    chain__epoch_bonds,
    chain__epoch_kin,
    chain__epoch_neurons,
    chain__epoch_weights,
    chain__epochs,
    chain__hyperparameters,
    chain__stake_events,
    chain__stake_ledger,
    chain__subnet_blocks,
    data_docs,
    raw_market__tao_prices,
)
from orchestration.lock import waited_for

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

SUITES: dict[str, ModuleType] = {
    "chain__blocks": chain__blocks,
    "chain__subnet_blocks": chain__subnet_blocks,
    "chain__stake_events": chain__stake_events,
    "chain__hyperparameters": chain__hyperparameters,
    "chain__epochs": chain__epochs,
    "chain__epoch_neurons": chain__epoch_neurons,
    "chain__epoch_kin": chain__epoch_kin,
    "chain__epoch_weights": chain__epoch_weights,
    "chain__epoch_bonds": chain__epoch_bonds,
    "chain__stake_ledger": chain__stake_ledger,
    "raw_market__tao_prices": raw_market__tao_prices,
}

WHOLE = "whole"
"""What stands for the day of a table that is not cut by day."""

NOT_CUT_BY_DAY = ("raw_market__tao_prices",)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a day met its suite, with one sentence for each expectation it broke.

    Attributes:
        found: each expectation and what was found of it: ``met``, or how often it was not.
        page: of the Data Docs.
    """

    passed: bool
    broken: tuple[str, ...]
    found: tuple[tuple[str, str], ...]
    page: Path


def judge(table: str, day: str, tables: Mapping[str, pa.Table], docs: Path) -> Verdict:
    """Judges a day of a table and keeps the result as a page of the Data Docs.

    Args:
        table: the table.
        day: its UTC day, or ``WHOLE``.
        tables: the day of every table in the suite's ``NEEDS``.
        docs: the folder of the Data Docs; a day judged again replaces its page.

    Raises:
        GateError: an expectation could not be evaluated, which is no judgement of the data.
    """
    # One process at a time: the suites and the index are files that all days share.
    with waited_for(docs / ".lock"):
        result, page = _judged(table, day, tables, docs)
    for outcome in result.results:
        _refuse_exceptions(table, day, outcome)
    broken = tuple(
        _sentence(table, day, outcome) for outcome in result.results if not outcome.success
    )
    found = tuple(
        (o.expectation_config.description, "met" if o.success else "broken: " + _extent(table, o))
        for o in result.results
    )
    return Verdict(bool(result.success), broken, found, page)


def _judged(table: str, day: str, tables: Mapping[str, pa.Table], docs: Path) -> tuple[Any, Path]:
    import great_expectations as gx

    judged = SUITES[table]
    context = _context(docs)
    date = None if day == WHOLE else dt.date.fromisoformat(day)
    frame = judged.measure(tables, date)
    midnight = dt.datetime.combine(date or dt.date(1970, 1, 1), dt.time(), dt.UTC)
    result = _definition(docs, table).run(
        batch_parameters={"dataframe": frame},
        result_format={
            "result_format": "SUMMARY",
            "unexpected_index_column_names": judged.PLACE,
            "partial_unexpected_count": 5,
            "include_unexpected_rows": False,
        },
        # The run is named for the day, so that judging a day again replaces what was kept.
        run_id=gx.RunIdentifier(run_name=day, run_time=midnight),
    )
    of = f"{table}, the whole table" if day == WHOLE else f"{table} of {day}"
    return result, data_docs.publish(context, docs, result, of)


@cache
def _context(docs: Path) -> EphemeralDataContext:
    return data_docs.context(docs)


@cache
def _source(docs: Path):
    return _context(docs).data_sources.add_or_update_pandas("lake")


@cache
def _definition(docs: Path, table: str):
    import great_expectations as gx

    context = _context(docs)
    asset = _source(docs).add_dataframe_asset(table)
    batch = asset.add_batch_definition_whole_dataframe("day")
    suite = context.suites.add_or_update(SUITES[table].suite())
    return context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=table, data=batch, suite=suite)
    )


def _refuse_exceptions(table: str, day: str, outcome: Any) -> None:
    """A metric that raised comes back as success=False, and is not a failure of the data."""
    info = outcome.exception_info or {}
    parts = [info] if "raised_exception" in info else list(info.values())
    raised = [part for part in parts if part.get("raised_exception")]
    if raised:
        raise GateError(
            f"The expectation '{outcome.expectation_config.description}' of {table} could not be "
            f"evaluated for {day}: {raised[0].get('exception_message')}; this is a fault of the "
            "suite, not of the data."
        )


def _sentence(table: str, day: str, outcome: Any) -> str:
    """What was expected, how often it was not so, and where first."""
    return (
        f"{table} of {day} breaks its expectation that "
        f"{outcome.expectation_config.description}: {_extent(table, outcome)}."
    )


def _extent(table: str, outcome: Any) -> str:
    """How often a broken expectation was not so, and where first."""
    found = outcome.result
    first = (found.get("partial_unexpected_index_list") or [None])[0]
    places = SUITES[table].PLACE
    where = (
        ""
        if first is None
        else ", first at " + ", ".join(f"{name} {first[name]}" for name in places if name in first)
    )
    count = found.get("unexpected_count")
    rows = f"{count} of {found.get('element_count')} rows" if count is not None else "the day"
    return rows + where
