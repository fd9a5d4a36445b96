"""What assets are handed: the lake and the source of chain state, opened on first use."""

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import dagster as dg
import pyarrow as pa

from orchestration import code, coverage, settings
from orchestration.chain import metadata
from orchestration.chain.reader import ChainReader
from orchestration.columns import meaning
from orchestration.errors import SourceError
from orchestration.lake import Lake
from orchestration.lock import day_lock, held
from orchestration.schemas import TABLES


@cache
def _reader(source: str) -> ChainReader:
    """One reader a process, so that a recording is read forward once for all days of a run."""
    return settings.load().model_copy(update={"source": source}).reader()


@cache
def _metadata(root: Path, spec_version: int) -> metadata.Metadata:
    return metadata.Metadata(spec_version, Lake(root).metadata(spec_version))


@cache
def _layout(root: Path, spec_version: int) -> metadata.ConfirmedLayout:
    return metadata.confirm(spec_version, Lake(root).metadata(spec_version))


@cache
def _column_schema(table: str) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(
                field.name,
                str(field.type),
                meaning(table, field.name),
                constraints=dg.TableColumnConstraints(field.nullable),
            )
            for field in TABLES[table]
        ]
    )


class LakeResource(dg.ConfigurableResource):
    """Parquet files by table and block day; a run of one day has that day to itself."""

    @contextlib.contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LakeResource"]:
        """Keeps other runs from the day, whoever started them and however this one ends.

        Raises:
            BusyError: another run has it.
        """
        day = context.run.tags.get("dagster/partition") if context.run else None
        lock = nullcontext()
        if day is not None:
            lock = held(day_lock(settings.load().home, day), f"at work on {day}")
        with lock:
            yield self

    @property
    def _lake(self) -> Lake:
        return settings.load().lake

    def read(self, table: str, day: str | None, columns: Sequence[str] | None = None) -> pa.Table:
        return self._lake.read(table, day, columns)

    def found(self, table: str) -> pa.Table:
        """A table that is not cut by day, or no rows where it was never written."""
        there = self._lake.path(table).is_file()
        return self._lake.read(table) if there else TABLES[table].empty_table()

    def landed_day(self, day: str) -> coverage.LandedDay:
        """What is said of a day whose headers are landed."""
        return coverage.said_of(day, self._lake.facts("raw_chain__blocks", day))

    def publishable_days(self) -> list[str]:
        return coverage.publishable_days(self._lake)

    def digest(self, table: str, day: str) -> str:
        return self._lake.digest(table, day)

    def said(self, table: str, day: str, fact: str) -> str | None:
        """What was said of a partition when it was written; None without partition or word."""
        if not self._lake.path(table, day).is_file():
            return None
        return self._lake.facts(table, day).get(fact)

    def landed_at(self, table: str, day: str) -> tuple[str, int]:
        """Which file a partition is, and when it was put there."""
        path = self._lake.path(table, day)
        return str(path), path.stat().st_mtime_ns if path.is_file() else 0

    def write(self, table: str, rows, day: str | None, **said: str) -> dg.MaterializeResult:
        """Replaces a partition; returns what Dagster shows of it.

        What is not said of its take is that of the day's headers, which are landed first.
        """
        if not table.startswith("raw_"):
            said["code"] = code.digest()
        if day is not None and "take" not in said:
            said["take"] = self._lake.facts("raw_chain__blocks", day)["take"]
        count = self._lake.write(table, rows, day, said)
        preview = self._lake.preview(table, day)
        return dg.MaterializeResult(
            asset_key=table,
            metadata={
                "dagster/row_count": count,
                "dagster/column_schema": _column_schema(table),
                "bytes": self._lake.path(table, day).stat().st_size,
                "path": dg.MetadataValue.path(str(self._lake.path(table, day))),
                "preview": dg.MetadataValue.md(preview),
                **said,
            },
        )

    def write_headers(
        self,
        day: str,
        headers: pa.Table,
        snapshot_interval: int,
        *,
        is_over: bool,
        is_from_its_first: bool,
    ) -> dg.MaterializeResult:
        """Begins to take a day: its headers, once they hang together with the days beside it.

        Blocks landed earlier that these do not go on from were not final: nothing that was made of
        them stays, nor anything of which nobody knows what it was made of.

        Raises:
            SourceError: the day does not hang together with the one before or after it, or the
                source has less of it than is landed.
        """
        facts = coverage.facts_of(headers, snapshot_interval, is_over, is_from_its_first)
        taken, earlier = coverage.said_of(day, facts), coverage.landed_day(self._lake, day)
        coverage.refuse_unlinked(self._lake, taken)
        hashes = {value.hex() for value in headers["block_hash"].to_pylist()}
        if earlier is not None:
            landed = self._lake.read("raw_chain__blocks", day, ["block_hash"])
            known = {value.hex() for value in landed["block_hash"].to_pylist()}
            coverage.refuse_less(taken, earlier, is_same_chain=hashes <= known)
        if earlier is None or earlier.last_block_hash not in hashes:
            for table in coverage.DAY_TABLES:
                self._lake.drop(table, day)
        return self.write("raw_chain__blocks", headers, day, **facts)

    def claim(self, reader: ChainReader) -> None:
        identity = reader.identity()
        self._lake.claim(identity.name, identity.genesis_hash)

    def keep_metadata(self, reader: ChainReader, spec_versions: Iterable[int]) -> None:
        for spec in spec_versions:
            if not self._lake.has_metadata(spec):
                self._lake.keep_metadata(spec, reader.metadata(spec))

    def metadata_of(self, spec_versions: Sequence[int]) -> Mapping[int, metadata.Metadata]:
        """The metadata of each spec kept in the lake, confirmed or not."""
        return {spec: _metadata(self._lake.root, spec) for spec in spec_versions}

    def layouts(self, spec_versions: Sequence[int]) -> Mapping[int, metadata.ConfirmedLayout]:
        """The confirmed layout of each spec, from the metadata kept in the lake."""
        return {spec: _layout(self._lake.root, spec) for spec in spec_versions}


class ChainResource(dg.ConfigurableResource):
    """The source of chain state named in the settings."""

    @property
    def snapshot_interval(self) -> int:
        return settings.load().snapshot_interval

    def reader(self) -> ChainReader:
        return _reader(settings.load().source)

    def reader_of(self, day: str, lake: LakeResource) -> ChainReader:
        """The source, once it is known to have the day that was begun.

        Raises:
            SourceError: its blocks are others: a table of it would be of another take.
        """
        reader, landed = self.reader(), lake.landed_day(day)
        last = landed.blocks[-1]
        if reader.finalized_head() >= last:
            headers = reader.headers(range(last, last + 1))
            if headers["block_hash"][0].as_py().hex() == landed.last_block_hash:
                return reader
        raise SourceError(
            f"The source does not have block {last} of {day} that was landed "
            f"(0x{landed.last_block_hash}); take the whole day again."
        )

    def blocks_of_day(self, day: str) -> range:
        """The day's finalized blocks.

        Raises:
            dg.Failure: there are none.
        """
        reader = self.reader()
        blocks = reader.blocks_of_day(dt.date.fromisoformat(day))
        if not blocks:
            first, last = reader.days()
            raise dg.Failure(
                f"The source has no block of {day}: it holds {first} to {last}; "
                "choose a day of these.",
                allow_retries=False,
            )
        return blocks


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(
        resources={"lake": LakeResource(), "chain": ChainResource()},
        # In one process: 20 steps took 1.5-3.5 s, in a process each 65 s; and a day is locked once.
        executor=dg.in_process_executor,
    )
