"""The recording reader answers as a node would, and says what is wrong with a bad recording."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.chain.keys import item_prefix, netuid_key
from orchestration.chain.recording import Recording
from orchestration.errors import SourceError

DAY = dt.date(2025, 7, 8)
NETUID = (("Identity", "u16"),)
TAO_IN = item_prefix("SubtensorModule", "SubnetTaoInEmission")


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small, tmp_path / "copy")


def plain_answer(folder: Path, key: bytes, block: int) -> bytes | None:
    """The rule of the capture format, word for word, over the whole file at once."""
    rows = pq.read_table(folder / "storage_changes.parquet").to_pylist()
    of_key = [row for row in rows if row["key"] == key and row["block_number"] <= block]
    return max(of_key, key=lambda row: row["block_number"])["value"] if of_key else None


def test_storage_is_the_last_change_up_to_the_block(small):
    key = netuid_key(TAO_IN, NETUID, 1)
    reader = Recording(small)
    blocks = [600, 601, 615, 630]
    answers = list(reader.storage((block, [key]) for block in blocks))
    assert answers == [[plain_answer(small, key, block)] for block in blocks]
    assert len({value for (value,) in answers}) > 1


def test_a_block_can_be_asked_for_after_a_later_one(small):
    key = netuid_key(TAO_IN, NETUID, 1)
    reader = Recording(small)
    forward = [value for (value,) in reader.storage((b, [key]) for b in range(600, 631))]
    backward = [value for (value,) in reader.storage((b, [key]) for b in range(630, 599, -1))]
    assert backward == forward[::-1]


def test_an_absent_key_has_no_value(small):
    (answer,) = Recording(small).storage([(605, [b"\0" * 34])])
    assert answer == [None]


def test_keys_of_a_map_come_in_byte_order_and_follow_deletions(altered):
    prefix = item_prefix("SubtensorModule", "NetworksAdded")
    gone = netuid_key(prefix, NETUID, 3)

    def remove(changes: pa.Table) -> pa.Table:
        row = pa.table([[610], [gone], pa.array([None], pa.binary())], schema=changes.schema)
        return pa.concat_tables([changes, row])

    reader = Recording(altered(storage_changes=remove))
    before, after = reader.keys(prefix, [609, 610])
    assert before == sorted(before)
    assert set(before) - set(after) == {gone}


def test_headers_and_days_are_those_of_the_blocks(small):
    reader = Recording(small)
    assert reader.days() == (DAY, DAY)
    assert reader.blocks_of_day(DAY) == range(600, 631)
    assert len(reader.blocks_of_day(DAY + dt.timedelta(days=1))) == 0
    headers = reader.headers(range(600, 631)).to_pylist()
    assert [row["parent_hash"] for row in headers[1:]] == [r["block_hash"] for r in headers[:-1]]


def test_events_are_one_row_a_block_as_stored(small):
    events = Recording(small).events(range(601, 611))
    assert events["block_number"].to_pylist() == list(range(601, 611))
    key = item_prefix("System", "Events")
    assert events["events"][3].as_py() == plain_answer(small, key, 604)


def test_no_more_than_one_row_group_of_changes_is_held_at_a_time(embedded, monkeypatch):
    """Row groups are 200 blocks here and 500 in a full capture: far below a day of 7,200."""
    reader = Recording(embedded)
    held: list[int] = []
    read = Recording.row_group_in_block_order

    def watched(self: Recording, group: int):
        held.append(group)
        return read(self, group)

    monkeypatch.setattr(Recording, "row_group_in_block_order", watched)
    list(reader.storage((block, [TAO_IN]) for block in (300, 450)))
    assert held == [0, 1]


# ---------------------------------------------------------------------- what can be wrong with it


def read_whole(folder: Path) -> None:
    reader = Recording(folder)
    list(reader.storage([(610, [TAO_IN])]))
    reader.headers(range(600, 631))


def refusal(folder: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read_whole(folder)
    return str(caught.value)


def test_a_folder_without_a_manifest_is_no_recording(tmp_path):
    assert "has no manifest.json" in refusal(tmp_path)


def test_a_folder_that_is_not_there_is_no_recording(tmp_path):
    assert "has no manifest.json" in refusal(tmp_path / "nowhere")


def test_an_unreadable_manifest_is_named(copy):
    (copy / "manifest.json").write_text("{")
    assert "manifest of the recording" in refusal(copy)


def test_a_manifest_without_its_facts_is_named(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["genesis_hash"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert "genesis_hash" in refusal(copy)


def test_an_unknown_format_version_is_refused(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"format_version": 99}))
    assert "format version 99" in refusal(copy)


def test_a_file_cut_short_is_named(copy):
    path = copy / "storage_changes.parquet"
    path.write_bytes(path.read_bytes()[:-1000])
    sentence = refusal(copy)
    assert "storage_changes.parquet" in sentence
    assert "cut short or changed" in sentence


def test_a_file_with_one_changed_byte_is_named(copy):
    path = copy / "blocks.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "blocks.parquet" in refusal(copy)


def test_a_missing_file_is_named(copy):
    (copy / "blocks.parquet").unlink()
    assert "lacks its file blocks.parquet" in refusal(copy)


def test_a_foreign_parquet_file_is_named_with_the_column_it_lacks(altered):
    folder = altered(storage_changes=lambda t: t.rename_columns(["height", "key", "value"]))
    sentence = refusal(folder)
    assert "foreign" in sentence
    assert "block_number" in sentence


def test_a_missing_block_is_named(altered):
    folder = altered(blocks=lambda t: pa.concat_tables([t.slice(0, 7), t.slice(8)]))
    assert "lacks block 607" in refusal(folder)


def test_a_block_that_stands_twice_is_named(altered):
    folder = altered(blocks=lambda t: pa.concat_tables([t.slice(0, 8), t.slice(7)]))
    assert "twice or out of order" in refusal(folder)


def test_state_outside_the_recorded_blocks_is_refused(small):
    reader = Recording(small)
    for block in (599, 631):
        with pytest.raises(SourceError, match=f"no state of block {block}"):
            list(reader.storage([(block, [TAO_IN])]))


def test_metadata_that_was_not_recorded_is_named(small):
    with pytest.raises(SourceError, match="no metadata of spec 999"):
        Recording(small).metadata(999)
