"""The lake that a warehouse shows: the whole days as they were when it was built, hard-linked.

Every build has a folder of its own under ``shown/``, and the views of a warehouse read the folder
it was built from: a day that is taken again, and a build that fails, change nothing published.
Which folder that is stands in the views alone, so that one rename publishes both.
"""

import contextlib
import re
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
    """What the published warehouse was built from.

    Of one whose models were not all built at once it is the newest.

    Raises:
        WarehouseError: nothing is published.
    """
    read = _read_by_published(chosen)
    if not read:
        raise WarehouseError(
            f"There is no warehouse in {chosen.home} that shows a lake; run `taobooks refresh`."
        )
    return Lake(read[-1])


def begin(chosen: Settings) -> Path:
    """A folder with the whole days of the lake as they are now, for a build to read.

    A day that another run is at work on stays as it is published.

    Raises:
        WarehouseError: no day is whole.
    """
    # A damaged warehouse is built anew, of what there is.
    read: list[Path] = []
    with contextlib.suppress(WarehouseError):
        read = _read_by_published(chosen)
    _sweep(chosen, read)
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
    in_work: list[str] = []
    if read:
        published = Lake(read[-1])
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


def _read_by_published(chosen: Settings) -> list[Path]:
    """The folders that views of the published warehouse read, the newest last."""
    warehouse = Warehouse(chosen.home)
    if not warehouse.path.is_file():
        return []
    with warehouse.reading() as reader:
        views = reader.sql("select sql from duckdb_views() where not internal").fetchall()
    quoted = str(_folder(chosen)).replace("'", "''")
    inside = re.compile(re.escape(quoted) + "/([0-9]+)/")
    stamps = {int(stamp) for (sql,) in views for stamp in inside.findall(sql)}
    return [_folder(chosen) / str(stamp) for stamp in sorted(stamps)]


def _sweep(chosen: Settings, read: list[Path]) -> None:
    """Removes the folders that neither the published warehouse reads nor the one before it.

    That one stays for queries that are still running.
    """
    folders = sorted(_folder(chosen).glob("[0-9]*"), key=lambda path: int(path.name))
    before = [path for path in folders if read and int(path.name) < int(read[-1].name)][-1:]
    for path in folders:
        if path not in read and path not in before:
            shutil.rmtree(path)


def _folder(chosen: Settings) -> Path:
    return chosen.home / "shown"
