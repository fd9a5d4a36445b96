"""The Dagster code location: loads ``defs/`` and nothing else."""

from pathlib import Path

import dagster as dg

from orchestration import settings

settings.load()


@dg.definitions
def defs() -> dg.Definitions:
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
