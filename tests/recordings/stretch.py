"""Gives blocks other times: ``python -m tests.recordings.stretch CAPTURE START STEP_MS OUT``.

The blocks come at even steps from a moment, so that a few hundred of them are days. Nothing else is
altered: ``Timestamp.Now`` of each block's state agrees, and the manifest names what was done.
"""

import argparse
import datetime as dt
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.chain.keys import item_prefix
from orchestration.chain.node import BLOCK_MS
from orchestration.chain.record import described

_NOW = item_prefix("Timestamp", "Now")


def stretch(recording: Path, start: dt.datetime, step_ms: int, out: Path) -> None:
    """Writes a recording whose first block is made at a moment, and each next one a step later.

    The genesis block, where it is the first, stands one block time before the one after it: it
    has no time of its own, and that is where a node is read to have it.
    """
    manifest = json.loads((recording / "manifest.json").read_text())
    first = manifest["first_block"]
    (out / "metadata").mkdir(parents=True)
    for path in (recording / "events.parquet", *recording.glob("metadata/*")):
        shutil.copyfile(path, out / path.relative_to(recording))

    def time_ms(block: int) -> int:
        if block == 0:
            return time_ms(1) - BLOCK_MS
        return int(start.timestamp() * 1000) + (block - first) * step_ms

    blocks = pq.read_table(recording / "blocks.parquet")
    times = [time_ms(block) for block in blocks["block_number"].to_pylist()]
    column = blocks.schema.get_field_index("timestamp_ms")
    blocks = blocks.set_column(column, "timestamp_ms", pa.array(times, pa.uint64()))
    pq.write_table(blocks, out / "blocks.parquet", compression="zstd")

    source = pq.ParquetFile(recording / "storage_changes.parquet")
    with pq.ParquetWriter(
        out / "storage_changes.parquet", source.schema_arrow, compression="zstd"
    ) as writer:
        for group in range(source.num_row_groups):
            rows = source.read_row_group(group).combine_chunks()
            of_time = pc.equal(rows["key"], _NOW)
            now = [
                time_ms(block).to_bytes(8, "little")
                for block in rows["block_number"].filter(of_time).to_pylist()
            ]
            stated = pa.array(now, rows.schema.field("value").type)
            values = pc.replace_with_mask(rows["value"].chunk(0), of_time.chunk(0), stated)
            column = rows.schema.get_field_index("value")
            rows = rows.set_column(column, rows.schema.field("value"), values)
            writer.write_table(rows, row_group_size=rows.num_rows)

    manifest["stretched"] = f"block {first} at {start.isoformat()}, then one each {step_ms} ms"
    manifest["files"] = described(out)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("capture", type=Path)
    parser.add_argument("start", type=dt.datetime.fromisoformat, help="2025-07-08T20:00+00:00")
    parser.add_argument("step_ms", type=int)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    stretch(asked.capture, asked.start, asked.step_ms, asked.out)


if __name__ == "__main__":
    main()
