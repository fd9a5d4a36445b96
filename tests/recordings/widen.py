"""Widens a recording to the shape of mainnet: as many subnets and blocks as are asked for.

Every netuid that the recording lacks gets the snapshot items of one that it has, and each block as
many times the events. The blocks are the recorded ones over and over, with hashes, numbers and
times of their own. State is told apart only where a snapshot at the interval reads it.
"""

import json
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.chain import land
from orchestration.chain.keys import PREFIX_BYTES, item_prefix, map_key, parameters_of
from orchestration.chain.layout import EVENTS_PREFIX, NETWORKS_ADDED, SNAPSHOT_ITEMS
from orchestration.chain.record import described
from orchestration.chain.recording import FORMAT_VERSION, Recording
from orchestration.chain.values import compact as compact_of
from tests.replay_node.capture import compact

NUMBER = item_prefix("System", "Number")
NOW = item_prefix("Timestamp", "Now")
BLOCK_MS = 12_000

_KEYS = {item.prefix: item.key for item in SNAPSHOT_ITEMS}
CHANGES = pa.schema([("block_number", pa.uint32()), ("key", pa.binary()), ("value", pa.binary())])
BLOCKS = pa.schema(
    [
        ("block_number", pa.uint32()),
        ("block_hash", pa.binary()),
        ("parent_hash", pa.binary()),
        ("timestamp_ms", pa.uint64()),
        ("spec_version", pa.uint32()),
        ("extrinsics", pa.list_(pa.binary())),
    ]
)


def widen(recording: Path, turns: int, subnets: int, interval: int, out: Path) -> int:
    """Writes a recording of blocks 0 to the one returned, with netuids 0 to ``subnets - 1``.

    Args:
        recording: of one spec, beginning at a block with a snapshot.
        turns: how often its blocks are gone through.
    """
    source = Recording(recording)
    first = source.first_state_block()
    span = (source.finalized_head() - first) // interval * interval
    headers = source.headers(range(first, first + span + 1))
    known = source.keys(NETWORKS_ADDED.prefix, [first])
    changes = _wide_changes(source, headers, interval, len(next(known)), subnets)
    spec, start_ms = headers["spec_version"][0].as_py(), headers["timestamp_ms"][0].as_py()

    (out / "metadata").mkdir(parents=True)
    (out / "metadata" / f"{spec}_v14.scale").write_bytes(source.metadata(spec))
    last = turns * span
    blocks = _blocks(source.identity().genesis_hash, last, spec, start_ms)
    pq.write_table(blocks, out / "blocks.parquet", compression="zstd")
    with pq.ParquetWriter(out / "storage_changes.parquet", CHANGES, compression="zstd") as writer:
        for turn in range(turns):
            before = turn * span
            rows = [(before + block, key, value) for block, key, value in _of_turn(turn, changes)]
            for block in range(before + 1, before + span + 1):
                time_ms = start_ms + block * BLOCK_MS
                rows.append((block, NUMBER, block.to_bytes(4, "little")))
                rows.append((block, NOW, time_ms.to_bytes(8, "little")))
            rows.sort(key=lambda row: row[:2])
            writer.write_table(table_of(rows, CHANGES), row_group_size=len(rows))
    manifest = {
        "format_version": FORMAT_VERSION,
        "name": f"{source.identity().name}, widened",
        "synthetic": True,
        "genesis_hash": source.identity().genesis_hash,
        "first_block": 0,
        "last_block": last,
        "files": described(out),
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return last


def _wide_changes(
    source: Recording, headers: pa.Table, interval: int, known: int, subnets: int
) -> list[tuple[int, bytes, bytes | None]]:
    """Block, counted from the first recorded, key and value of what changes in one turn."""
    first = headers["block_number"][0].as_py()
    wide: list[tuple[int, bytes, bytes | None]] = []
    for batch in land.raw_storage(source, headers, interval):
        columns = (batch[name].to_pylist() for name in ("block_number", "key", "value"))
        for block, key, value in zip(*columns, strict=True):
            if key != NUMBER:
                wide += [(block - first, k, value) for k in _wide_keys(key, known, subnets)]
    events = source.events(range(first + 1, first + len(headers)))
    for block, stored in zip(*(column.to_pylist() for column in events.columns), strict=True):
        count, header = compact_of(stored)
        times = subnets // known
        wide.append(
            (block - first, EVENTS_PREFIX, compact(count * times) + stored[header:] * times)
        )
    return wide


def _of_turn(
    turn: int, changes: list[tuple[int, bytes, bytes | None]]
) -> list[tuple[int, bytes, bytes | None]]:
    """What changes in a turn: a later one begins in its first block, for the block before it is the
    last of the turn before."""
    if turn == 0:
        return changes
    told = {key for block, key, _ in changes if block == 1}
    return [
        (max(block, 1), key, value) for block, key, value in changes if block or key not in told
    ]


def _wide_keys(key: bytes, known: int, subnets: int) -> list[bytes]:
    """The key of each netuid that is made from the key's own; netuids below ``known`` are."""
    parts = _KEYS[key[:PREFIX_BYTES]]
    if not parts:
        return [key]
    prefix = key[:PREFIX_BYTES]
    netuid, *others = parameters_of(key, parts)
    own = int.from_bytes(netuid, "little")
    netuids = range(own, subnets, known) if own < known else ()
    return [map_key(prefix, parts, n.to_bytes(2, "little"), *others) for n in netuids]


def _blocks(genesis_hash: str, last: int, spec: int, start_ms: int) -> pa.Table:
    rows, parent, block_hash = [], bytes(32), bytes.fromhex(genesis_hash[2:])
    for block in range(last + 1):
        rows.append((block, block_hash, parent, start_ms + block * BLOCK_MS, spec, []))
        parent = block_hash
        block_hash = blake2b(parent, digest_size=32).digest()
    return table_of(rows, BLOCKS)


def table_of(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
