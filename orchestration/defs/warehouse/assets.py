"""The warehouse: every dbt model and test, in one build, published when all of it ended well."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliInvocation, dbt_assets

from orchestration import settings, shown
from orchestration.defs.warehouse.project import OneName, dbt, manifest, project
from orchestration.lake import preview
from orchestration.warehouse import Warehouse


@dbt_assets(
    manifest=manifest(),
    project=project,
    dagster_dbt_translator=OneName(),
    name="warehouse",
    pool="warehouse",
)
def warehouse(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Builds the selected models in a private file; the published one is replaced by rename."""
    chosen = settings.load()
    # Of a run of some models the context's own definition has only those.
    whole = len(context.selected_asset_keys) == len(warehouse.keys)
    with Warehouse(chosen.home).building(from_published=not whole) as private:
        os.environ["TAOBOOKS_LAKE"] = str(shown.begin(chosen))
        os.environ["TAOBOOKS_WAREHOUSE_BUILD"] = str(private)
        target = chosen.home / "build" / "dbt"
        # Unit tests are of the models, not of the day's data: `make test` runs them.
        build = dbt().cli(
            ["build", "--exclude-resource-type", "unit_test"],
            context=context,
            target_path=target,
            raise_on_error=False,
        )
        events = list(build.stream())
        seen = _seen(private)
        for event in events:
            if isinstance(event, dg.Output) and event.output_name in seen:
                context.add_output_metadata(seen[event.output_name], event.output_name)
            yield event
        if not build.is_successful():
            raise dg.Failure(_what_failed(build, target), allow_retries=False)


def _seen(private: Path) -> Mapping[str, Mapping[str, Any]]:
    """What the UI shows of every table built: its row count and its first rows."""
    if not private.is_file():
        return {}
    with duckdb.connect(private) as connection:
        tables = connection.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables()"
        ).fetchall()
        return {
            name: {
                "dagster/row_count": count,
                "preview": dg.MetadataValue.md(
                    preview(connection.table(f"{schema}.{name}").limit(5).to_arrow_table())
                ),
            }
            for schema, name, count in tables
        }


def _what_failed(build: DbtCliInvocation, target: Path) -> str:
    try:
        results = build.get_artifact("run_results.json")["results"]
    except (FileNotFoundError, KeyError):
        results = []
    failed = [r for r in results if r["status"] in ("error", "fail", "runtime error")]
    if not failed:
        return (
            f"dbt ended without building the warehouse; see {target}/dbt.log. "
            "The published warehouse stays the last good one."
        )
    first = failed[0]
    name = first["unique_id"].split(".")[2]
    why = " ".join((first["message"] or "").split())[:300]
    return (
        f"{len(failed)} of {len(results)} models and tests failed, first {name}: {why} "
        "The published warehouse stays the last good one."
    )
