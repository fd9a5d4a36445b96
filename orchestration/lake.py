"""Where a table's files lie; replaces or reads one partition whole.

A partition is one file, written beside its place and renamed onto it: a reader sees the old file or
the new one, never a part. The same rows give the same bytes. Every page has a checksum, verified
when it is read: a changed bit is an error, never another number.
"""

import contextlib
import datetime as dt
import errno
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.errors import LakeError
from orchestration.schemas import TABLES

_FILE = "part-0.parquet"
_ROW_GROUP_ROWS = 131_072
_DICTIONARY_MAX_BYTES = 1 << 20

# A process id means nothing in another container that shares the folder.
_HOST = platform.node().replace(".", "-") or "host"


class Lake:
    """The Parquet files under one folder: ``<table>/block_day=<day>/part-0.parquet``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # ------------------------------------------------------------------ partitions

    def path(self, table: str, day: str | None = None) -> Path:
        """Where a partition lies; a table that is not cut by day has one file."""
        folder = self.root / table
        return (folder / f"block_day={day}" if day else folder) / _FILE

    def days(self, table: str) -> list[str]:
        """The days a table has, ascending."""
        folders = (self.root / table).glob("block_day=*")
        return sorted(f.name.removeprefix("block_day=") for f in folders if (f / _FILE).is_file())

    def write(
        self,
        table: str,
        rows: pa.Table | Iterable[pa.RecordBatch],
        day: str | None = None,
        said: dict[str, str] | None = None,
    ) -> int:
        """Replaces a partition and returns its row count.

        Args:
            rows: a table, or batches written one by one, in the table's schema.
            said: facts about the partition kept in the file, read back by ``facts``.

        Raises:
            LakeError: the disk is full or the folder cannot be written; the old file stays.
        """
        schema = TABLES[table]
        if said:
            schema = schema.with_metadata({f"taobooks.{k}": v for k, v in said.items()})
        batches = rows.to_batches() if isinstance(rows, pa.Table) else rows
        path = self.path(table, day)
        count = 0
        with (
            _replacing(path) as part,
            pq.ParquetWriter(
                part,
                schema,
                compression="zstd",
                dictionary_pagesize_limit=_DICTIONARY_MAX_BYTES,
                write_statistics=True,
                write_page_checksum=True,
            ) as writer,
        ):
            for batch in _regrouped(batches, TABLES[table]):
                writer.write_table(batch.replace_schema_metadata(schema.metadata))
                count += batch.num_rows
        return count

    def drop(self, table: str, day: str) -> None:
        """Removes a partition, where there is one."""
        self.path(table, day).unlink(missing_ok=True)

    def read(self, table: str, day: str | None = None, columns: Sequence[str] | None = None):
        """A partition, or some columns of it, in the table's schema.

        Raises:
            LakeError: there is no such partition, or its file is damaged or foreign.
        """
        path = self.path(table, day)
        file = self._open(table, path)
        try:
            return file.read(columns=list(columns) if columns else None).replace_schema_metadata()
        except (pa.ArrowInvalid, OSError) as error:
            raise _damaged(path, str(error)) from None

    def facts(self, table: str, day: str | None = None) -> dict[str, str]:
        """What was said of a partition when it was written."""
        found = self._open(table, self.path(table, day)).schema_arrow.metadata or {}
        return {
            key.decode().removeprefix("taobooks."): value.decode()
            for key, value in found.items()
            if key.startswith(b"taobooks.")
        }

    def digest(self, table: str, day: str | None = None) -> str:
        """SHA-256 of a partition's file: the same rows have the same."""
        self._open(table, self.path(table, day))
        with self.path(table, day).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def row_count(self, table: str, day: str | None = None) -> int:
        """The rows of a partition, from its footer."""
        return self._open(table, self.path(table, day)).metadata.num_rows

    def preview(self, table: str, day: str | None = None, rows: int = 5) -> str:
        """The first rows of a partition as a Markdown table, one line a column."""
        batch = next(self._open(table, self.path(table, day)).iter_batches(batch_size=rows), None)
        return preview(pa.Table.from_batches([] if batch is None else [batch], TABLES[table]))

    def _open(self, table: str, path: Path) -> pq.ParquetFile:
        try:
            file = pq.ParquetFile(path, page_checksum_verification=True)
        except FileNotFoundError:
            raise LakeError(
                f"{path} is not in the lake; run `taobooks refresh` for that day."
            ) from None
        except (pa.ArrowInvalid, OSError) as error:
            raise _damaged(path, str(error)) from None
        if not file.schema_arrow.remove_metadata().equals(TABLES[table]):
            raise LakeError(
                f"{path} is foreign: its columns are not those of {table}; "
                "delete the file and run `taobooks refresh` for that day."
            )
        return file

    def link_into(
        self, root: Path, days: Mapping[str, Sequence[str]], *, named_alone: bool = False
    ) -> None:
        """Puts the same files into another lake, which stays as it is when days are replaced here.

        A file that is removed meanwhile is left out.

        Args:
            root: the folder of the other lake.
            days: the days of it, by table; a table that is not named is taken whole.
            named_alone: only tables that are named are taken.

        Raises:
            LakeError: the file system has no hard links, or ``root`` is on another one.
        """
        for folder in sorted(path for path in self.root.glob("*") if path.is_dir()):
            if named_alone and folder.name not in days:
                continue
            files = (
                (self.path(folder.name, day) for day in days[folder.name])
                if folder.name in days
                else sorted(folder.rglob(_FILE))
            )
            for file in files:
                link = root / file.relative_to(self.root)
                link.parent.mkdir(parents=True, exist_ok=True)
                try:
                    link.hardlink_to(file)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise LakeError(
                        f"{file} cannot be linked into {root} ({error.strerror}); set "
                        "TAOBOOKS_HOME to a folder on one file system that has hard links."
                    ) from None

    # ------------------------------------------------------------------ metadata of specs

    def keep_metadata(self, spec_version: int, raw: bytes) -> None:
        """Keeps the metadata of a spec for ever; what is kept is never changed."""
        path = self._metadata_path(spec_version)
        if path.is_file():
            if path.read_bytes() != raw:
                raise LakeError(
                    f"The source's metadata of spec {spec_version} is not the one kept in {path}: "
                    "two different runtimes claim one spec version; use another TAOBOOKS_HOME."
                )
            return
        with _replacing(path) as part:
            part.write_bytes(raw)

    def metadata(self, spec_version: int) -> bytes:
        path = self._metadata_path(spec_version)
        if not path.is_file():
            raise LakeError(
                f"The metadata of spec {spec_version} is not in the lake ({path}); "
                "land the day again."
            )
        return path.read_bytes()

    def has_metadata(self, spec_version: int) -> bool:
        return self._metadata_path(spec_version).is_file()

    def _metadata_path(self, spec_version: int) -> Path:
        return self.root / "metadata" / f"{spec_version}.scale"

    # ------------------------------------------------------------------ whose lake this is

    def claim(self, name: str, genesis_hash: str) -> None:
        """Says which chain this lake holds; a second chain is refused.

        Raises:
            LakeError: the lake holds another chain.
        """
        path = self.root / "chain.json"
        if path.is_file():
            held = json.loads(path.read_text())
            if held["genesis_hash"] != genesis_hash:
                raise LakeError(
                    f"The lake {self.root} holds the chain {held['name']} (genesis "
                    f"{held['genesis_hash'][:18]}...), and the source is {name} (genesis "
                    f"{genesis_hash[:18]}...); set TAOBOOKS_HOME to another folder for it."
                )
            return
        with _replacing(path) as part:
            part.write_text(json.dumps({"name": name, "genesis_hash": genesis_hash}, indent=1))


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A path to write to, renamed onto ``path`` when all went well and removed when not."""
    part = path.with_name(f".{path.name}.{_HOST}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise LakeError(
                f"The disk is full: {path} was not written and what was there stays; "
                "free some space and run the same command again."
            ) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise LakeError(
                f"{path} cannot be written ({error.strerror}); "
                "set TAOBOOKS_HOME to a folder you may write to."
            ) from None
        raise
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Removes what processes of this host that are no more left half written."""
    for left in path.parent.glob(f".{path.name}.{_HOST}.*.part"):
        process = left.name.split(".")[-2]
        if process.isdigit() and not Path(f"/proc/{process}").exists() and Path("/proc").is_dir():
            left.unlink(missing_ok=True)


def _regrouped(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in row groups of one size, so that how they came does not change the bytes."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        while rows >= _ROW_GROUP_ROWS:
            table = pa.Table.from_batches(held, schema=schema)
            yield table.slice(0, _ROW_GROUP_ROWS)
            rest = table.slice(_ROW_GROUP_ROWS)
            held, rows = rest.to_batches(), rest.num_rows
    yield pa.Table.from_batches(held, schema=schema)


def preview(rows: pa.Table) -> str:
    """A few rows as a Markdown table, one line a column."""
    if not rows.num_rows:
        return "no rows"
    head = f"| column |{' |' * rows.num_rows}\n|---|{'---|' * rows.num_rows}\n"
    return head + "\n".join(
        f"| {name} | {' | '.join(_shown(cell) for cell in cells)} |"
        for name, cells in rows.to_pydict().items()
    )


def _shown(cell: object, width: int = 24) -> str:
    text = f"0x{cell.hex()}" if isinstance(cell, bytes) else str(cell)
    return (text if len(text) <= width else f"{text[:width]}…").replace("|", "\\|")


def _damaged(path: Path, why: str) -> LakeError:
    return LakeError(
        f"{path} is damaged ({why.splitlines()[0]}); "
        "delete the file and run `taobooks refresh` for that day."
    )


def day_key(day: dt.date) -> str:
    """A day as the lake's folders and Dagster's partitions name it."""
    return day.isoformat()
