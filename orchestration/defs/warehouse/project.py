"""The dbt project as Dagster sees it: its manifest, its asset keys, its command."""

import os
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


if __name__ == "__main__":
    manifest()  # once at installation, so that the first refresh need not
