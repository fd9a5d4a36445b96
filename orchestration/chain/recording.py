"""A recorded chain, answered from its capture files as a node would answer.

The files are read forward, one row group at a time: the state held in memory is that of one block.
"""

import datetime as dt
import hashlib
import json
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.chain.keys import PREFIX_BYTES, item_prefix
from orchestration.chain.reader import ChainIdentity
from orchestration.errors import SourceError
from orchestration.schemas import RAW_CHAIN__BLOCKS

FORMAT_VERSION = 1
DAY_MS = 86_400_000

_BLOCKS = pa.schema(
    [
        ("block_number", pa.uint32()),
        ("block_hash", pa.binary()),
        ("parent_hash", pa.binary()),
        ("timestamp_ms", pa.uint64()),
        ("spec_version", pa.uint32()),
    ]
)
_CHANGES = pa.schema([("block_number", pa.uint32()), ("key", pa.binary()), ("value", pa.binary())])


class Recording:
    """A ``ChainReader`` over a folder in the capture format."""

    is_far = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = self._read_manifest()
        self._check_files()
        self._replay = _Replay(self)

    # ------------------------------------------------------------------ what the reader answers

    def identity(self) -> ChainIdentity:
        return ChainIdentity(self._manifest["name"], self._manifest["genesis_hash"])

    def first_state_block(self) -> int:
        return int(self._manifest["first_block"])

    def finalized_head(self) -> int:
        return int(self._manifest["last_block"])

    def days(self) -> tuple[dt.date, dt.date]:
        times = self._blocks["timestamp_ms"]
        return _utc_day(times[0].as_py()), _utc_day(times[-1].as_py())

    def blocks_of_day(self, day: dt.date) -> range:
        start = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp() * 1000)
        times = self._blocks["timestamp_ms"].to_numpy()
        numbers = self._blocks["block_number"].to_numpy()
        inside = numbers[(times >= start) & (times < start + DAY_MS)]
        return range(int(inside[0]), int(inside[-1]) + 1) if len(inside) else range(0)

    def headers(self, blocks: range) -> pa.Table:
        numbers = self._blocks["block_number"]
        inside = self._blocks.filter(
            pc.and_(
                pc.greater_equal(numbers, blocks.start),
                pc.less(numbers, blocks.stop),
            )
        )
        found = inside["block_number"].to_numpy()
        if len(found) != len(blocks) or (found != np.arange(blocks.start, blocks.stop)).any():
            missing = sorted(set(blocks) - set(found.tolist()))
            what = (
                f"lacks block {missing[0]}"
                if missing
                else f"holds a block of {blocks.start} to {blocks.stop - 1} twice or out of order"
            )
            raise SourceError(
                f"The recording {self._folder} {what}; copy it again from where it was made."
            )
        return inside.cast(RAW_CHAIN__BLOCKS)

    def keys(self, prefix: bytes, blocks: Iterable[int]) -> Iterator[list[bytes]]:
        for block in blocks:
            yield self._replay.at(block).keys(prefix)

    def storage(
        self, requests: Iterable[tuple[int, Sequence[bytes]]]
    ) -> Iterator[list[bytes | None]]:
        for block, keys in requests:
            values = self._replay.at(block).values
            yield [values.get(key) for key in keys]

    def events(self, blocks: range) -> pa.Table:
        key = item_prefix("System", "Events")
        parts = []
        for group in self._row_groups_of(blocks):
            rows = self._read_row_group(group)
            inside = pc.and_(
                pc.equal(rows["key"], key),
                pc.and_(
                    pc.greater_equal(rows["block_number"], blocks.start),
                    pc.less(rows["block_number"], blocks.stop),
                ),
            )
            parts.append(rows.filter(inside).select(["block_number", "value"]))
        schema = pa.schema([("block_number", pa.int64()), ("events", pa.binary())])
        if not parts:
            return schema.empty_table()
        return (
            pa.concat_tables(parts)
            .sort_by("block_number")
            .rename_columns(schema.names)
            .cast(schema)
        )

    def extrinsics(self, blocks: range) -> Iterator[list[bytes]]:
        column = self._open("blocks.parquet").read(columns=["block_number", "extrinsics"])
        known = dict(zip(*(c.to_pylist() for c in column.columns), strict=True))
        return (known[block] for block in blocks)

    def metadata(self, spec_version: int) -> bytes:
        path = self._folder / "metadata" / f"{spec_version}_v14.scale"
        if not path.is_file():
            raise SourceError(
                f"The recording {self._folder} has no metadata of spec {spec_version} "
                f"(metadata/{path.name}); add the file, or record the blocks again."
            )
        return path.read_bytes()

    # ------------------------------------------------------------------ the files

    def _read_manifest(self) -> dict:
        path = self._folder / "manifest.json"
        try:
            manifest = json.loads(path.read_text())
            version = manifest["format_version"]
            for name in ("name", "genesis_hash", "first_block", "last_block", "files"):
                manifest[name]
        except FileNotFoundError:
            raise SourceError(
                f"{self._folder} is not a recording: it has no manifest.json; "
                "point TAOBOOKS_SOURCE=recording:<folder> at a folder in the capture format."
            ) from None
        except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
            raise SourceError(
                f"The manifest of the recording {self._folder} cannot be read ({error}); "
                "copy the recording again from where it was made."
            ) from None
        if version != FORMAT_VERSION:
            raise SourceError(
                f"The recording {self._folder} has format version {version}; "
                f"this program reads version {FORMAT_VERSION}."
            )
        return manifest

    def _check_files(self) -> None:
        """Every file is the one the manifest names, to the byte."""
        for name, said in self._manifest["files"].items():
            path = self._folder / name
            if not path.is_file():
                raise SourceError(
                    f"The recording {self._folder} lacks its file {name}; "
                    "copy the recording again from where it was made."
                )
            if path.stat().st_size != said["bytes"] or _sha256(path) != said["sha256"]:
                raise SourceError(
                    f"The file {name} of the recording {self._folder} is not the one its manifest "
                    f"names ({path.stat().st_size} bytes, {said['bytes']} expected, or another "
                    "content); it was cut short or changed: copy the recording again."
                )
        for name, schema in (("blocks.parquet", _BLOCKS), ("storage_changes.parquet", _CHANGES)):
            found = self._open(name).schema_arrow
            for field in schema:
                if field.name not in found.names or found.field(field.name).type != field.type:
                    raise SourceError(
                        f"The file {name} of the recording {self._folder} is foreign: it has no "
                        f"column {field.name} of type {field.type}; copy the recording again."
                    )

    def _open(self, name: str) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self._folder / name)
        except (pa.ArrowInvalid, OSError) as error:
            raise SourceError(
                f"The file {name} of the recording {self._folder} is not readable Parquet "
                f"({str(error).splitlines()[0]}); copy the recording again."
            ) from None

    @cached_property
    def _blocks(self) -> pa.Table:
        """All headers, some 90 bytes a block: 0.6 MB a day."""
        return self._open("blocks.parquet").read(columns=_BLOCKS.names)

    @cached_property
    def _changes(self) -> pq.ParquetFile:
        return self._open("storage_changes.parquet")

    def _row_groups_of(self, blocks: range) -> list[int]:
        return [
            g
            for g, (low, high) in enumerate(self.row_group_blocks)
            if low < blocks.stop and high >= blocks.start
        ]

    @cached_property
    def row_group_blocks(self) -> list[tuple[int, int]]:
        """First and last block of each row group of the storage changes."""
        metadata = self._changes.metadata
        spans = []
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(0).statistics
            if statistics is None or not statistics.has_min_max:
                raise SourceError(
                    f"storage_changes.parquet of the recording {self._folder} is foreign: its row "
                    "groups do not say which blocks they hold; record the blocks again."
                )
            spans.append((statistics.min, statistics.max))
        if spans != sorted(spans):
            raise SourceError(
                f"storage_changes.parquet of the recording {self._folder} is foreign: "
                "its row groups are not in block order; record the blocks again."
            )
        return spans

    def _read_row_group(self, group: int) -> pa.Table:
        try:
            return self._changes.read_row_group(group, columns=_CHANGES.names)
        except (pa.ArrowInvalid, OSError) as error:
            raise SourceError(
                f"storage_changes.parquet of the recording {self._folder} is damaged "
                f"({str(error).splitlines()[0]}); copy the recording again."
            ) from None

    def row_group_in_block_order(self, group: int) -> tuple[np.ndarray, list, list]:
        """Block numbers, keys and values of a row group, sorted by block."""
        rows = self._read_row_group(group)
        numbers = rows["block_number"].to_numpy()
        order = np.argsort(numbers, kind="stable")
        rows = rows.select(["key", "value"]).take(pa.array(order))
        return numbers[order], rows["key"].to_pylist(), rows["value"].to_pylist()


class _State:
    """Every value at the end of one block, with the keys of each item in byte order."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self._by_item: dict[bytes, list[bytes]] = defaultdict(list)

    def apply(self, key: bytes, value: bytes | None) -> None:
        if value is not None:
            if key not in self.values:
                insort(self._by_item[key[:PREFIX_BYTES]], key)
            self.values[key] = value
        elif self.values.pop(key, None) is not None:
            keys = self._by_item[key[:PREFIX_BYTES]]
            del keys[bisect_left(keys, key)]

    def keys(self, prefix: bytes) -> list[bytes]:
        return [k for k in self._by_item[prefix[:PREFIX_BYTES]] if k.startswith(prefix)]


class _Replay:
    """The state at a block, moved forward from the last one asked for."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._restart()

    def _restart(self) -> None:
        self._state = _State()
        self._block = -1
        self._group = -1
        self._numbers = np.empty(0, dtype=np.int64)
        self._keys: list[bytes] = []
        self._values: list[bytes | None] = []
        self._row = 0

    def at(self, block: int) -> _State:
        first = self._recording.first_state_block()
        head = self._recording.finalized_head()
        if not first <= block <= head:
            raise SourceError(
                f"The recording has no state of block {block}: it holds blocks {first} to {head}."
            )
        if block < self._block:
            self._restart()
        while self._block < block:
            end = int(np.searchsorted(self._numbers, block, side="right"))
            apply = self._state.apply
            for row in range(self._row, end):
                apply(self._keys[row], self._values[row])
            self._row = end
            spans = self._recording.row_group_blocks
            following = self._group + 1
            if (
                end == len(self._numbers)
                and following < len(spans)
                and (spans[following][0] <= block)
            ):
                self._group = following
                self._numbers, self._keys, self._values = self._recording.row_group_in_block_order(
                    following
                )
                self._row = 0
            else:
                self._block = block
        return self._state


def _utc_day(timestamp_ms: int) -> dt.date:
    return dt.datetime.fromtimestamp(timestamp_ms / 1000, tz=dt.UTC).date()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
