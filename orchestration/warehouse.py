"""The published DuckDB file: built in private, put in place by rename, opened read-only.

What stands in it is dbt's business; nothing here knows a table.
"""

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.errors import WarehouseError
from orchestration.lock import held


class Warehouse:
    """``warehouse.duckdb`` of one home folder."""

    def __init__(self, home: Path) -> None:
        self.path = home / "warehouse.duckdb"
        self._private = home / "build" / "warehouse.duckdb"
        self._lock = home / "warehouse.lock"

    @contextlib.contextmanager
    def building(self, *, from_published: bool = False) -> Iterator[Path]:
        """A private file to build in, published when the body ends well.

        Readers of the published file keep what they opened; a failed or killed build leaves it as
        it was. ``from_published`` begins with a copy of it, for a build of some models only.

        Raises:
            BusyError: another process is building.
            WarehouseError: the disk is full.
        """
        with held(self._lock, "building the warehouse"):
            self._sweep()
            self._private.parent.mkdir(parents=True, exist_ok=True)
            try:
                if from_published and self.path.is_file():
                    shutil.copyfile(self.path, self._private)
                yield self._private
                self._settle()
                self._private.replace(self.path)
            except (OSError, duckdb.IOException) as error:
                if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
                    raise WarehouseError(
                        f"The disk is full: {self.path} stays as it was; "
                        "free some space and run `taobooks refresh` again."
                    ) from None
                raise
            finally:
                self._sweep()

    def _settle(self) -> None:
        """Everything is in the one file, and the file opens."""
        with duckdb.connect(self._private) as connection:
            connection.execute("checkpoint")

    def _sweep(self) -> None:
        for path in (self._private, self._private.with_name(f"{self._private.name}.wal")):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published file, read-only.

        Raises:
            WarehouseError: nothing is published yet, or the file is not a warehouse.
        """
        if not self.path.is_file():
            raise WarehouseError(f"There is no {self.path} yet; run `taobooks refresh` first.")
        try:
            connection = duckdb.connect(self.path, read_only=True)
        except duckdb.Error as error:
            raise WarehouseError(
                f"{self.path} cannot be opened ({str(error).splitlines()[0]}); "
                "run `taobooks refresh` to build it again."
            ) from None
        with connection:
            yield connection
