"""What a user can set, from the environment or a ``.env`` file in the working directory."""

import datetime as dt
import os
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from orchestration.chain.reader import ChainReader
from orchestration.chain.recording import Recording
from orchestration.errors import SettingsError
from orchestration.lake import Lake

PROJECT_ROOT = Path(__file__).resolve().parent.parent
EMBEDDED_RECORDING = PROJECT_ROOT / "tests" / "recordings" / "localnet_a_300_900"
DTAO_LAUNCH = dt.date(2025, 2, 13)

QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
}
"""Switches that keep our packages from phoning home."""


class Settings(BaseSettings):
    """``TAOBOOKS_HOME``, ``TAOBOOKS_SOURCE`` and ``TAOBOOKS_SNAPSHOT_INTERVAL``."""

    model_config = SettingsConfigDict(env_prefix="TAOBOOKS_", env_file=".env", extra="ignore")

    home: Path = Field(default=Path("data"), description="Where lake, warehouse and reports live.")
    source: str = Field(
        default=f"recording:{EMBEDDED_RECORDING}",
        description="Where chain state comes from: recording:<folder>.",
    )
    snapshot_interval: int = Field(
        default=1, ge=1, le=7_200, description="Blocks between two snapshots of state."
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.home / "lake")

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def data_docs(self) -> Path:
        return self.home / "data_docs"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    def reader(self) -> ChainReader:
        """The source, opened.

        Raises:
            SettingsError: the source is not of a known kind.
            SourceError: it is, and cannot be used.
        """
        kind, _, place = self.source.partition(":")
        if kind == "recording" and place:
            return Recording(Path(place).expanduser())
        raise SettingsError(
            f"TAOBOOKS_SOURCE is {self.source!r}, which is not a source of chain state; "
            "set it to recording:<folder>."
        )


def load() -> Settings:
    """The settings in force, with every package told not to phone home.

    Raises:
        SettingsError: a setting has an unusable value.
    """
    for name, value in QUIET.items():
        os.environ[name] = value
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"TAOBOOKS_{str(first['loc'][0]).upper()}"
        raise SettingsError(
            f"{name} is {first['input']!r}: {first['msg'].lower()}; correct it in the environment "
            "or in .env."
        ) from None
