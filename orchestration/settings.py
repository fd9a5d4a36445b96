"""What a user can set, from the environment or a ``.env`` file in the working directory."""

import datetime as dt
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from orchestration.chain import urls
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


_OF_THE_PROCESS = {"TAOBOOKS_LAKE", "TAOBOOKS_WAREHOUSE_BUILD"}
"""What the warehouse hands dbt; nobody sets these."""


def _refuse_unknown(in_file: Mapping[str, str | None]) -> None:
    """A mistyped name would be ignored without a word."""
    known = {f"TAOBOOKS_{name.upper()}" for name in Settings.model_fields}
    for name in {*os.environ, *in_file} - known - _OF_THE_PROCESS:
        if name.startswith("TAOBOOKS_"):
            raise SettingsError(
                f"{name} is no setting; there are {', '.join(sorted(known))}: correct it in the "
                "environment or in .env."
            )


class Settings(BaseSettings):
    """Every ``TAOBOOKS_`` variable that a user can set."""

    model_config = SettingsConfigDict(
        env_prefix="TAOBOOKS_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    home: Path = Field(default=Path("data"), description="Where lake, warehouse and reports live.")
    source: str = Field(
        default=f"recording:{EMBEDDED_RECORDING}",
        repr=False,
        description="Where chain state comes from: recording:<folder>, or the URLs of a chain's "
        "nodes (wss://, ws://, https://, http://), with commas between them.",
    )
    requests_in_flight: int = Field(
        default=32,
        ge=1,
        le=1_024,
        description="Requests to nodes in flight at once, all processes together.",
    )
    snapshot_interval: int = Field(
        default=1, ge=1, le=7_200, description="Blocks between two snapshots of state."
    )

    prices_folder: Path | None = Field(
        default=None, description="Files of TAO/USD candles; <home>/prices where not set."
    )
    prices_url: SecretStr | None = Field(
        default=None, description="A CSV of TAO/USD candles; it may have a key in it."
    )

    @field_validator("home")
    @classmethod
    def _a_folder(cls, home: Path) -> Path:
        home = home.expanduser().absolute()
        if home.exists() and not home.is_dir():
            raise ValueError("it is a file, and must be a folder")
        return home

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

    @property
    def is_live(self) -> bool:
        """Whether the source is nodes, whose chain goes on."""
        return all(urls.is_of_node(url) for url in self._urls)

    @property
    def shown_source(self) -> str:
        """The source as it may be shown: without what may be a credential in a URL."""
        if self._recording is not None:
            return self.source
        return ", ".join(urls.redacted(url) for url in self._urls) if self.is_live else "..."

    @property
    def _recording(self) -> str | None:
        """The folder named as a recording; None where it is none, or a URL behind that word."""
        kind, _, place = self.source.partition(":")
        return place if kind == "recording" and place and not urls.is_like_one(place) else None

    @property
    def _urls(self) -> list[str]:
        return [url.strip() for url in self.source.split(",") if url.strip()]

    def prices(self) -> Path | None:
        """The folder of price files; None where none was named and the usual one is not there.

        Raises:
            SettingsError: the folder that was named is not there.
        """
        folder = (self.prices_folder or self.home / "prices").expanduser().absolute()
        if folder.is_dir():
            return folder
        if self.prices_folder is not None:
            raise SettingsError(
                f"TAOBOOKS_PRICES_FOLDER is {folder}, which is no folder; correct it or unset it."
            )
        return None

    def reader(self) -> ChainReader:
        """The source, opened.

        Raises:
            SettingsError: the source is not of a known kind.
            SourceError: it is, and cannot be used.
        """
        if self._recording is not None:
            return Recording(Path(self._recording).expanduser())
        if self.is_live:
            # Takes 0.2 s to import, which a query of the warehouse need not wait for.
            from orchestration.chain.node import Budget, Node

            budget = Budget(self.requests_in_flight, self.home / "requests_in_flight")
            return Node(self._urls, budget)
        # Not repeated: it may be a mistyped URL that has a key in it.
        raise SettingsError(
            "TAOBOOKS_SOURCE is not a source of chain state; set it to recording:<folder> "
            "or to URLs of nodes like wss://host:port, with commas between them."
        )


def load() -> Settings:
    """The settings in force, with every package told not to phone home.

    Raises:
        SettingsError: a setting has an unusable value.
    """
    for name, value in QUIET.items():
        os.environ[name] = value
    try:
        _refuse_unknown(dotenv_values(".env"))
        return Settings()
    except UnicodeDecodeError:
        raise SettingsError("The file .env is not UTF-8 text; write it again.") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = f"TAOBOOKS_{str(first['loc'][0]).upper()}"
        raise SettingsError(
            f"{name} is {first['input']!r}: {first['msg'].lower()}; correct it in the environment "
            "or in .env."
        ) from None
