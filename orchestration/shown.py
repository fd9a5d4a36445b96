"""The lake that a warehouse shows: the whole days as they were when it was built, hard-linked.

Every build has a folder of its own under ``shown/``, and the views of a warehouse read the folder
it was built from: a day that is taken again, and a build that fails, change nothing published.
"""

import shutil
import time
from pathlib import Path

from orchestration import coverage
from orchestration.errors import WarehouseError
from orchestration.lake import Lake
from orchestration.lock import day_lock, is_held
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse


def lake(chosen: Settings) -> Lake:
    """What the published warehouse was built from."""
    return Lake(_folder(chosen) / "lake")


def begin(chosen: Settings) -> Path:
    """A folder with the whole days of the lake as they are now, for a build to read.

    A day that another run is at work on stays as it is published.

    Raises:
        WarehouseError: no day is whole.
    """
    _sweep(chosen)
    made = _folder(chosen) / str(time.time_ns())
    found = Lake(made)
    chosen.lake.link_into(
        made, dict.fromkeys(coverage.DAY_TABLES, coverage.posted_days(chosen.lake))
    )
    # A run may have replaced a table of a day between the look and the link.
    whole = coverage.posted_days(found)
    for table in coverage.DAY_TABLES:
        for day in set(found.days(table)) - set(whole):
            found.drop(table, day)
    published = lake(chosen)
    in_work = [
        day
        for day in coverage.posted_days(published)
        if day not in whole and is_held(day_lock(chosen.home, day))
    ]
    published.link_into(made, dict.fromkeys(coverage.DAY_TABLES, in_work), named_alone=True)
    if not whole and not in_work:
        raise WarehouseError(
            "No day of the lake is whole, so there is nothing to build the warehouse from; "
            "run `taobooks gaps` to see what is missing."
        )
    return made


def publish(chosen: Settings, made: Path) -> None:
    """Says that the published warehouse is the one built from that folder."""
    link = _folder(chosen) / ".lake"
    link.unlink(missing_ok=True)
    link.symlink_to(made.name)
    link.replace(_folder(chosen) / "lake")


def _sweep(chosen: Settings) -> None:
    """Removes the folders that neither the published warehouse reads nor the one before it.

    That one stays for queries that are still running.
    """
    warehouse = Warehouse(chosen.home)
    read = ""
    if warehouse.path.is_file():
        with warehouse.reading() as reader:
            read = " ".join(sql for (sql,) in reader.sql(_VIEWS).fetchall())
    published = lake(chosen).root.resolve().name
    folders = sorted(_folder(chosen).glob("[0-9]*"), key=lambda path: int(path.name))
    used = [path for path in folders if path.name in read or path.name == published]
    before = [path for path in folders if used and path < used[-1]][-1:]
    for path in folders:
        if path not in used and path not in before:
            shutil.rmtree(path)


_VIEWS = "select sql from duckdb_views() where not internal"


def _folder(chosen: Settings) -> Path:
    return chosen.home / "shown"
