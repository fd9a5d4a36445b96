"""A partition is the old file or the new one, never a part; what is foreign is refused."""

import datetime as dt
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.errors import BusyError, LakeError
from orchestration.lake import _HOST, Lake, day_key
from orchestration.lock import held
from orchestration.schemas import RAW_CHAIN__EVENTS, TABLES

TABLE, DAY = "raw_chain__events", "2026-06-30"


def rows(*blocks: int) -> pa.Table:
    return pa.table(
        [list(blocks), [293] * len(blocks), [b"\x00" * 40] * len(blocks)], schema=RAW_CHAIN__EVENTS
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_what_is_written_is_read_back(lake):
    assert lake.write(TABLE, rows(1, 2, 3), DAY, {"snapshot_interval": "60"}) == 3
    assert lake.read(TABLE, DAY).equals(rows(1, 2, 3))
    assert lake.read(TABLE, DAY, ["block_number"]).column_names == ["block_number"]
    assert lake.row_count(TABLE, DAY) == 3
    assert lake.facts(TABLE, DAY)["snapshot_interval"] == "60"
    assert lake.days(TABLE) == [DAY]


def test_the_folder_names_table_and_day(lake):
    path = lake.path(TABLE, day_key(dt.date(2026, 6, 30)))
    assert path.relative_to(lake.root) == Path(TABLE, "block_day=2026-06-30", "part-0.parquet")


def test_the_same_rows_give_the_same_bytes_however_they_were_cut(lake):
    many = rows(*range(300_000))
    lake.write(TABLE, many, "2026-06-29")
    lake.write(TABLE, many.to_batches(max_chunksize=777), "2026-06-30")
    assert lake.path(TABLE, "2026-06-29").read_bytes() == lake.path(TABLE, DAY).read_bytes()


def test_an_interrupted_write_leaves_the_old_partition_and_no_rubbish(lake):
    lake.write(TABLE, rows(1), DAY)

    def breaking_off():
        yield from rows(*range(200_000)).to_batches()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lake.write(TABLE, breaking_off(), DAY)
    assert lake.read(TABLE, DAY).equals(rows(1))
    assert [p.name for p in lake.path(TABLE, DAY).parent.iterdir()] == ["part-0.parquet"]


def test_two_writers_of_one_partition_never_mix(lake, monkeypatch):
    """Each writes a file of its own; the last to end is what stands."""

    def interleaved():
        yield from rows(1, 2).to_batches()
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 1)  # as another process would
            lake.write(TABLE, rows(7), DAY)
        yield from rows(3).to_batches()

    lake.write(TABLE, interleaved(), DAY)
    assert lake.read(TABLE, DAY).equals(rows(1, 2, 3).combine_chunks())
    assert [p.name for p in lake.path(TABLE, DAY).parent.iterdir()] == ["part-0.parquet"]


def test_what_a_killed_writer_left_is_swept_away(lake):
    path = lake.path(TABLE, DAY)
    path.parent.mkdir(parents=True)
    dead = 4_194_305  # above the largest pid
    path.with_name(f".{path.name}.{_HOST}.{dead}.part").write_bytes(b"half")
    lake.write(TABLE, rows(1), DAY)
    assert [p.name for p in path.parent.iterdir()] == ["part-0.parquet"]


def test_a_full_disk_is_said_and_the_old_partition_stays(lake):
    """/dev/full takes nothing: every write to it fails as on a full disk."""
    lake.write(TABLE, rows(1), DAY)
    path = lake.path(TABLE, DAY)
    path.with_name(f".{path.name}.{_HOST}.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(LakeError) as caught:
        lake.write(TABLE, rows(*range(500_000)), DAY)
    assert "The disk is full" in str(caught.value)
    assert str(path) in str(caught.value)
    assert lake.read(TABLE, DAY).equals(rows(1))


def test_a_partition_that_is_not_there_is_named(lake):
    with pytest.raises(LakeError, match=r"is not in the lake; run `taobooks refresh`"):
        lake.read(TABLE, DAY)


def test_a_file_cut_short_is_named_as_damaged(lake):
    lake.write(TABLE, rows(*range(1000)), DAY)
    path = lake.path(TABLE, DAY)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LakeError, match="is damaged"):
        lake.read(TABLE, DAY)


@pytest.mark.parametrize("place", [150, 1_500, 15_000])
def test_one_changed_bit_is_an_error_and_never_another_number(lake, place):
    lake.write(TABLE, rows(*range(100_000)), DAY)
    path = lake.path(TABLE, DAY)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(LakeError, match="is damaged"):
        lake.read(TABLE, DAY)


def test_a_foreign_file_is_named(lake):
    path = lake.path(TABLE, DAY)
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"height": [1]}), path)
    with pytest.raises(LakeError, match=f"is foreign: its columns are not those of {TABLE}"):
        lake.read(TABLE, DAY)


def test_metadata_of_a_spec_is_kept_for_ever_and_never_changed(lake):
    lake.keep_metadata(293, b"meta one")
    lake.keep_metadata(293, b"meta one")
    assert lake.metadata(293) == b"meta one"
    with pytest.raises(LakeError, match="two different runtimes claim one spec version"):
        lake.keep_metadata(293, b"meta two")
    with pytest.raises(LakeError, match="metadata of spec 999 is not in the lake"):
        lake.metadata(999)


def test_two_chains_never_share_a_lake(lake):
    lake.claim("one", "0xaa")
    lake.claim("one", "0xaa")
    with pytest.raises(LakeError, match=r"holds the chain one .* source is two"):
        lake.claim("two", "0xbb")


def test_a_preview_shows_bytes_as_hex_and_cuts_what_is_long(lake):
    lake.write(TABLE, rows(7), DAY)
    preview = lake.preview(TABLE, DAY)
    assert "| block_number | 7 |" in preview
    assert "0x000000000000" in preview
    assert "…" in preview


def test_no_table_has_a_float():
    for name, schema in TABLES.items():
        for field in schema:
            assert not pa.types.is_floating(field.type), (name, field.name)


# ---------------------------------------------------------------------- one process at a time


def test_a_second_process_is_told_which_one_is_at_work(tmp_path):
    script = textwrap.dedent(
        f"""
        from pathlib import Path
        from orchestration.errors import BusyError
        from orchestration.lock import held
        try:
            with held(Path({str(tmp_path / "the.lock")!r}), "refreshing"):
                print("taken")
        except BusyError as busy:
            print(busy)
        """
    )

    def other() -> str:
        return subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout

    with held(tmp_path / "the.lock", "refreshing"):
        assert f"Another process (pid {os.getpid()}) is refreshing" in other()
    assert other().strip() == "taken"


def test_a_lock_is_free_again_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), held(tmp_path / "the.lock", "refreshing"):
        raise RuntimeError
    with held(tmp_path / "the.lock", "refreshing"):
        pass


def test_two_holders_in_one_process_are_told_apart(tmp_path):
    with held(tmp_path / "the.lock", "refreshing"), pytest.raises(BusyError):  # noqa: SIM117
        with held(tmp_path / "the.lock", "refreshing"):
            pass
