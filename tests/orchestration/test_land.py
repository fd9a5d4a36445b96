"""What is landed is linked, whole, and the same however the work was cut."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.chain import land
from orchestration.chain.recording import Recording
from orchestration.errors import SourceError


def test_snapshots_are_the_ends_and_blocks_aligned_on_numbers_not_on_where_the_day_begins():
    assert land.snapshot_blocks(range(301, 421), 60, 0) == [301, 360, 420]
    assert land.snapshot_blocks(range(355, 365), 60, 0) == [355, 360, 364]
    assert land.snapshot_blocks(range(360, 421), 60, 0) == [360, 420]
    assert land.snapshot_blocks(range(301, 302), 60, 0) == [301]
    assert land.snapshot_blocks(range(5), 1, 0) == [1, 2, 3, 4]


def test_a_block_whose_parent_has_no_state_gets_no_snapshot():
    assert land.snapshot_blocks(range(300, 304), 1, 300) == [301, 302, 303]
    assert land.snapshot_blocks(range(300, 304), 60, 300) == [301, 303]
    assert land.snapshot_blocks(range(300, 301), 60, 300) == []


def test_state_is_read_at_adjacent_pairs_whatever_the_interval(embedded):
    reader = Recording(embedded)
    headers = land.raw_blocks(reader, range(310, 891))
    rows = pa.Table.from_batches(land.raw_storage(reader, headers, 100))
    read = sorted(set(rows["block_number"].to_pylist()))
    pairs = [block for n in (310, *range(400, 801, 100), 890) for block in (n - 1, n)]
    assert set(read) <= set(pairs)
    # Block emission changes something in every block, so every block of a pair has rows.
    assert read == pairs


def test_progress_is_told_in_words(small):
    reader = Recording(small)
    headers = land.raw_blocks(reader, range(600, 631))
    said: list[str] = []
    list(land.raw_storage(reader, headers, 1, said.append))
    assert said[0] == "state of block 600, 1 of 31"
    assert len(said) == 31


def swapped(column: str, row: int, value: object) -> Callable[[pa.Table], pa.Table]:
    def change(blocks: pa.Table) -> pa.Table:
        values = blocks[column].to_pylist()
        values[row] = value
        at = blocks.schema.get_field_index(column)
        return blocks.set_column(at, blocks.field(at), pa.array(values, blocks.field(at).type))

    return change


def test_a_broken_parent_link_is_named_with_both_hashes(altered):
    folder = altered(blocks=swapped("parent_hash", 9, b"\x11" * 32))
    reader = Recording(folder)
    with pytest.raises(SourceError) as caught:
        land.raw_blocks(reader, range(600, 631))
    sentence = str(caught.value)
    assert f"Block 609 names 0x{'11' * 32} as its parent" in sentence
    assert "block 608 has hash 0x" in sentence


def test_the_first_block_of_a_range_must_link_to_the_block_before_it(altered):
    reader = Recording(altered(blocks=swapped("parent_hash", 9, b"\x11" * 32)))
    with pytest.raises(SourceError, match="Block 609 names"):
        land.raw_blocks(reader, range(609, 620))


def test_a_block_without_events_is_named(small, monkeypatch):
    reader = Recording(small)
    headers = land.raw_blocks(reader, range(600, 631))
    whole = Recording.events
    monkeypatch.setattr(Recording, "events", lambda self, blocks: whole(self, blocks).slice(0, 20))
    with pytest.raises(SourceError, match="no events of block 620"):
        land.raw_events(reader, headers)


def test_a_subnet_removed_in_a_block_is_read_once_more(altered):
    """That its keys are gone is news, and the row says so with a null."""
    from orchestration.chain.keys import netuid_key
    from orchestration.chain.layout import NETWORKS_ADDED

    gone = netuid_key(NETWORKS_ADDED.prefix, NETWORKS_ADDED.key, 3)

    def remove(changes: pa.Table) -> pa.Table:
        row = pa.table([[610], [gone], pa.array([None], pa.binary())], schema=changes.schema)
        return pa.concat_tables([changes, row])

    reader = Recording(altered(storage_changes=remove))
    headers = land.raw_blocks(reader, range(600, 631))
    rows = pa.Table.from_batches(land.raw_storage(reader, headers, 1)).to_pylist()
    news = [row for row in rows if row["key"] == gone and row["value"] is None]
    assert [row["block_number"] for row in news] == [610]
    of_subnet = [r for r in rows if r["key"][32:] == b"\x03\x00" and r["block_number"] > 610]
    assert of_subnet == []


def test_the_layers_know_nothing_of_a_block_range_cut_in_two(small: Path):
    """Taking a day in two parts gives the state of the whole at every block."""
    reader = Recording(small)
    whole = land.raw_storage(reader, land.raw_blocks(reader, range(600, 631)), 1)
    late = land.raw_storage(Recording(small), land.raw_blocks(reader, range(615, 631)), 1)

    def state(batches) -> dict[bytes, bytes | None]:
        table = pa.Table.from_batches(batches)
        return dict(zip(table["key"].to_pylist(), table["value"].to_pylist(), strict=True))

    assert state(late) == state(whole)
