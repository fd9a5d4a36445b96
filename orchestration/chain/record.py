"""Writes a recording of some blocks, in the capture format: all that the books read of them.

The blocks are landed from a reader that keeps what it answers. The same questions asked of the
recording have the same answers, so its books are the chain's; what the books never ask for is not
in it.
"""

import hashlib
import json
import shutil
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.chain import land, stakes
from orchestration.chain.keys import item_prefix
from orchestration.chain.land import Say
from orchestration.chain.metadata import confirm
from orchestration.chain.reader import ChainReader
from orchestration.chain.recording import FORMAT_VERSION
from orchestration.chain.stake_events import chain_stake_events
from orchestration.errors import SourceError

_ROW_GROUP_BLOCKS = 500
_EVENTS = item_prefix("System", "Events")
_OF_EVERY_BLOCK = (item_prefix("System", "Number"), item_prefix("Timestamp", "Now"))

_BLOCKS = pa.schema(
    [
        ("block_number", pa.uint32()),
        ("block_hash", pa.binary()),
        ("parent_hash", pa.binary()),
        ("timestamp_ms", pa.uint64()),
        ("spec_version", pa.uint32()),
        ("extrinsics", pa.list_(pa.binary())),
    ]
)
_CHANGES = pa.schema([("block_number", pa.uint32()), ("key", pa.binary()), ("value", pa.binary())])


def record(reader: ChainReader, blocks: range, folder: Path, say: Say = lambda line: None) -> None:
    """Writes a recording of a range of blocks to a folder, which appears when it is whole.

    Raises:
        SourceError: the folder is there already, or the source lacks a block or its state.
    """
    if folder.exists():
        raise SourceError(f"{folder} is there already; choose another --out or remove it.")
    first, last = reader.first_state_block(), reader.finalized_head()
    if not blocks or not first <= blocks[0] <= blocks[-1] <= last:
        raise SourceError(
            f"The source cannot give blocks {blocks.start} to {blocks.stop - 1} with their state: "
            f"it has {first} to {last}; choose blocks of these."
        )
    heard = _Heard(reader, blocks)
    say("headers and events")
    headers = land.raw_blocks(heard, blocks)
    events = land.raw_events(heard, headers)
    specs = pc.unique(headers["spec_version"]).to_pylist()
    metadata = {spec: reader.metadata(spec) for spec in specs}
    storage = pa.Table.from_batches(land.raw_storage(heard, headers, 1, say))
    for _ in land.raw_epoch_storage(heard, storage, say):
        pass
    layouts = {spec: confirm(spec, raw) for spec, raw in metadata.items()}
    moves = chain_stake_events(events, layouts)
    for _ in stakes.raw_stakes(heard, headers, moves, stakes.epochs_run(storage, blocks), say):
        pass
    for _ in heard.storage((block, _OF_EVERY_BLOCK) for block in blocks):
        pass
    for event in events.select(["block_number", "events"]).to_pylist():
        heard.note(event["block_number"], _EVENTS, event["events"])

    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "metadata").mkdir(parents=True)
    for spec, raw in metadata.items():
        (part / "metadata" / f"{spec}_v14.scale").write_bytes(raw)
    say("extrinsics")
    _write_blocks(headers, reader.extrinsics(blocks), part / "blocks.parquet")
    say("storage changes")
    _write_changes(heard, blocks, part / "storage_changes.parquet")
    identity = reader.identity()
    manifest = {
        "format_version": FORMAT_VERSION,
        "name": identity.name,
        "genesis_hash": identity.genesis_hash,
        "first_block": blocks[0],
        "last_block": blocks[-1],
        "last_block_hash": f"0x{headers['block_hash'][-1].as_py().hex()}",
        "spec_version": specs[-1],
        "kept": "what the books read: declared items of storage, events, extrinsics",
        "files": described(part),
    }
    (part / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    part.rename(folder)


class _Heard:
    """A reader of some blocks of another, as if it had no others, that keeps what it answers."""

    def __init__(self, reader: ChainReader, blocks: range) -> None:
        self._reader = reader
        self._blocks = blocks
        self.is_far = reader.is_far
        self.values: dict[bytes, dict[int, bytes | None]] = defaultdict(dict)
        self._last: dict[bytes, tuple[int, bytes | None]] = {}

    def first_state_block(self) -> int:
        return self._blocks[0]

    def finalized_head(self) -> int:
        return self._blocks[-1]

    def headers(self, blocks: range) -> pa.Table:
        return self._reader.headers(blocks)

    def events(self, blocks: range) -> pa.Table:
        return self._reader.events(blocks)

    def keys(self, prefix: bytes, blocks: Iterable[int]) -> Iterator[list[bytes]]:
        return self._reader.keys(prefix, blocks)

    def storage(
        self, requests: Iterable[tuple[int, Sequence[bytes]]]
    ) -> Iterator[list[bytes | None]]:
        asked: deque[tuple[int, Sequence[bytes]]] = deque()

        def noted() -> Iterator[tuple[int, Sequence[bytes]]]:
            for request in requests:
                asked.append(request)
                yield request

        for values in self._reader.storage(noted()):
            block, keys = asked.popleft()
            for key, value in zip(keys, values, strict=True):
                self.note(block, key, value)
            yield values

    def note(self, block: int, key: bytes, value: bytes | None) -> None:
        """Keeps a value, but where the same was read of the block before."""
        before = self._last.get(key)
        self._last[key] = (block, value)
        if before != (block - 1, value):
            self.values[key][block] = value


def _write_blocks(headers: pa.Table, extrinsics: Iterator[list[bytes]], path: Path) -> None:
    columns = [*headers.columns, pa.array(extrinsics, pa.list_(pa.binary()))]
    table = pa.table(columns, names=_BLOCKS.names)
    pq.write_table(table.cast(_BLOCKS), path, compression="zstd")


def _write_changes(heard: _Heard, blocks: range, path: Path) -> None:
    """The whole state at the first block, then what changed, in groups of blocks."""
    starts = [blocks[0], *range(blocks[0] + 1, blocks[-1] + 1, _ROW_GROUP_BLOCKS)]
    groups: list[list[tuple[int, bytes, bytes | None]]] = [[] for _ in starts]
    for key in sorted(heard.values):
        known = None
        for block, value in sorted(heard.values[key].items()):
            if value != known or key == _EVENTS:
                group = 0 if block == blocks[0] else 1 + (block - starts[1]) // _ROW_GROUP_BLOCKS
                groups[group].append((block, key, value))
                known = value
    with pq.ParquetWriter(path, _CHANGES, compression="zstd", write_statistics=True) as writer:
        for rows in groups:
            columns = list(zip(*rows, strict=True)) or [(), (), ()]
            arrays = [pa.array(c, f.type) for c, f in zip(columns, _CHANGES, strict=True)]
            if rows:
                writer.write_table(pa.table(arrays, schema=_CHANGES), row_group_size=len(rows))


def described(folder: Path) -> dict[str, dict[str, int | str]]:
    """Size and digest of every file of a recording but its manifest, as the manifest has them."""
    return {
        str(path.relative_to(folder)): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
