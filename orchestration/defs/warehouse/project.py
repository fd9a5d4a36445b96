"""The dbt project as Dagster sees it: its manifest, its asset keys, its command."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject

from orchestration.settings import PROJECT_ROOT

PROJECT_DIR = PROJECT_ROOT / "dbt_project"
_SOURCES_OF_THE_MANIFEST = ("*.yml", "models/**/*", "macros/**/*", "tests/**/*", "analyses/**/*")

# The profile names these two; parsing needs them present, only a build needs them right.
os.environ.setdefault("TAOBOOKS_LAKE", "lake")
os.environ.setdefault("TAOBOOKS_WAREHOUSE_BUILD", "warehouse.duckdb")

project = DbtProject(project_dir=PROJECT_DIR)


def dbt() -> DbtCliResource:
    """dbt from the environment this process runs in, whatever PATH says."""
    return DbtCliResource(
        project_dir=project, dbt_executable=str(Path(sys.executable).with_name("dbt"))
    )


def manifest() -> Path:
    """The manifest, parsed again when a model, macro or test is newer than it."""
    path = project.manifest_path
    newest = max(
        file.stat().st_mtime
        for pattern in _SOURCES_OF_THE_MANIFEST
        for file in PROJECT_DIR.glob(pattern)
    )
    if not path.is_file() or path.stat().st_mtime < newest:
        dbt().cli(["parse", "--quiet"], target_path=path.parent).wait()
    return path


class OneName(DagsterDbtTranslator):
    """A model's asset key is its name; a source's is the Parquet table's."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return dbt_resource_props["fqn"][1]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the model is, and under it how it is made."""
        said = " ".join((dbt_resource_props.get("description") or "").split())
        made = (dbt_resource_props.get("raw_code") or "").strip()
        return f"{said}\n\n```sql\n{made}\n```" if made else said

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None or spec.description:
            return spec
        return spec._replace(description=_in_words(manifest["nodes"][unique_id]))


def _in_words(test: Mapping[str, Any]) -> str:
    """What a dbt test holds a table to: its own description, or its rule and what it is given."""
    if test.get("description"):
        return " ".join(test["description"].split())
    rule = test.get("test_metadata")
    if rule is None:
        return f"{test['name']}.sql finds no row."
    given = {
        name: _REFERRED.sub(r"\1", ", ".join(value) if isinstance(value, list) else str(value))
        for name, value in rule["kwargs"].items()
        if name != "model" and value is not None
    }
    if rule["name"] == "holds":
        return f"In every row: {' '.join(given['condition'].split())}."
    if rule["name"] == "unique_together":
        return f"No two rows have the same {given['columns']}."
    what = ", ".join(f"{name} {value}" for name, value in given.items())
    return f"The table {rule['name'].replace('_', ' ')}{f' ({what})' if what else ''}."


_REFERRED = re.compile(r"ref\('(\w+)'\)")


if __name__ == "__main__":
    manifest()  # once at installation, so that the first refresh need not
