"""Cuts a run of blocks out of a capture: ``python -m tests.recordings.cut CAPTURE FIRST LAST OUT``.

The slice is a recording of its own: the whole state of the kept pallets at FIRST, then what changed
in each block up to LAST. Nothing is altered; what is left out is named in its manifest.
"""

import argparse
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.chain.keys import item_prefix, twox_128
from orchestration.chain.record import described

KEPT_PALLETS = ("SubtensorModule", "Swap", "Timestamp")
KEPT_ITEMS = (("System", "Events"), ("System", "Number"), ("System", "LastRuntimeUpgrade"))
ROW_GROUP_BLOCKS = 200


def cut(capture: Path, first: int, last: int, out: Path) -> None:
    """Writes blocks FIRST to LAST (both included) of a capture to a folder, as a recording."""
    manifest = json.loads((capture / "manifest.json").read_text())
    out.mkdir(parents=True)
    blocks = pq.read_table(capture / "blocks.parquet", filters=_within("block_number", first, last))
    pq.write_table(blocks, out / "blocks.parquet", compression="zstd", compression_level=19)

    events = pq.read_table(capture / "events.parquet", filters=_within("block_number", first, last))
    pq.write_table(events, out / "events.parquet", compression="zstd", compression_level=19)

    _cut_storage(capture, first, last, out)
    (out / "metadata").mkdir()
    for spec in sorted(set(blocks["spec_version"].to_pylist())):
        shutil.copy(capture / "metadata" / f"{spec}_v14.scale", out / "metadata")
    (out / "manifest.json").write_text(
        json.dumps(_manifest_of(manifest, blocks, out), indent=1, sort_keys=True) + "\n"
    )


def _cut_storage(capture: Path, first: int, last: int, out: Path) -> None:
    changes = pq.ParquetFile(capture / "storage_changes.parquet")
    state, later = {}, []
    for group in range(changes.num_row_groups):
        rows = changes.read_row_group(group)
        if rows["block_number"][0].as_py() > last:
            break
        rows = rows.filter(_is_kept(rows["key"].combine_chunks())).sort_by("block_number")
        numbers = rows["block_number"]
        base = rows.filter(pc.less_equal(numbers, first))
        state |= dict(zip(base["key"].to_pylist(), base["value"].to_pylist(), strict=True))
        later.append(rows.filter(pc.and_(pc.greater(numbers, first), pc.less_equal(numbers, last))))
    present = sorted((key, value) for key, value in state.items() if value is not None)
    whole = pa.table(
        [[first] * len(present), [k for k, _ in present], [v for _, v in present]],
        schema=changes.schema_arrow,
    )
    with pq.ParquetWriter(
        out / "storage_changes.parquet",
        changes.schema_arrow,
        compression="zstd",
        compression_level=19,
    ) as writer:
        writer.write_table(whole, row_group_size=len(present))
        rest = pa.concat_tables(later)
        for start in range(first + 1, last + 1, ROW_GROUP_BLOCKS):
            numbers = rest["block_number"]
            group = rest.filter(
                pc.and_(
                    pc.greater_equal(numbers, start), pc.less(numbers, start + ROW_GROUP_BLOCKS)
                )
            ).sort_by([("key", "ascending"), ("block_number", "ascending")])
            writer.write_table(group, row_group_size=max(1, group.num_rows))


def _is_kept(keys: pa.BinaryArray) -> pa.BooleanArray:
    heads = [twox_128(pallet.encode()) for pallet in KEPT_PALLETS]
    heads += [item_prefix(*item) for item in KEPT_ITEMS]
    encoded = keys.dictionary_encode()
    kept = [any(key.startswith(h) for h in heads) for key in encoded.dictionary.to_pylist()]
    return pa.array(kept).take(encoded.indices)


def _manifest_of(manifest: dict, blocks: pa.Table, out: Path) -> dict:
    kept = (
        "name",
        "format_version",
        "synthetic",
        "seed",
        "spec_name",
        "spec_version",
        "transaction_version",
        "runtime",
        "ss58_prefix",
        "token",
        "decimals",
        "genesis_hash",
        "block_time_ms",
        "genesis_timestamp_ms",
        "not_a_trie",
    )
    numbers = blocks["block_number"].to_pylist()
    return {name: manifest[name] for name in kept if name in manifest} | {
        "first_block": numbers[0],
        "last_block": numbers[-1],
        "last_block_hash": f"0x{blocks['block_hash'][-1].as_py().hex()}",
        "cut_from": f"{manifest['name']}, blocks {numbers[0]} to {numbers[-1]}",
        "kept": {
            "pallets": list(KEPT_PALLETS),
            "items": [".".join(item) for item in KEPT_ITEMS],
            "note": "every storage item of other pallets is left out; events.parquet is whole",
        },
        "files": described(out),
    }


def _within(column: str, first: int, last: int) -> list[tuple[str, str, int]]:
    return [(column, ">=", first), (column, "<=", last)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("capture", type=Path)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    cut(asked.capture, asked.first, asked.last, asked.out)


if __name__ == "__main__":
    main()
