"""The published warehouse is always the last good one, and readers never wait."""

import errno
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import BusyError, WarehouseError
from orchestration.warehouse import Warehouse


def publish(home: Path, number: int) -> None:
    with Warehouse(home).building() as private, duckdb.connect(private) as writer:
        writer.execute(f"create table answer as select {number} as number")


def read(home: Path) -> int:
    with Warehouse(home).reading() as reader:
        return reader.sql("select number from answer").fetchone()[0]


def test_a_good_build_replaces_the_published_file(tmp_path):
    publish(tmp_path, 1)
    publish(tmp_path, 2)
    assert read(tmp_path) == 2
    assert not list((tmp_path / "build").iterdir())


def fail_to_publish(home: Path, error: Exception) -> None:
    with Warehouse(home).building() as private:
        with duckdb.connect(private) as writer:
            writer.execute("create table answer as select 2 as number")
        raise error


def test_a_failed_build_leaves_the_published_file_and_no_rubbish(tmp_path):
    publish(tmp_path, 1)
    with pytest.raises(RuntimeError, match="a test failed"):
        fail_to_publish(tmp_path, RuntimeError("a test failed"))
    assert read(tmp_path) == 1
    assert not list((tmp_path / "build").iterdir())


def test_a_reader_keeps_what_it_opened_while_another_build_is_published(tmp_path):
    publish(tmp_path, 1)
    with Warehouse(tmp_path).reading() as reader:
        publish(tmp_path, 2)
        assert reader.sql("select number from answer").fetchone() == (1,)
    assert read(tmp_path) == 2


def test_readers_read_during_a_build(tmp_path):
    publish(tmp_path, 1)
    with Warehouse(tmp_path).building() as private, duckdb.connect(private) as writer:
        writer.execute("create table answer as select 2 as number")
        assert read(tmp_path) == 1


def test_a_build_of_some_models_begins_with_what_is_published(tmp_path):
    publish(tmp_path, 1)
    with (
        Warehouse(tmp_path).building(from_published=True) as private,
        duckdb.connect(private) as writer,
    ):
        writer.execute("create table more as select number + 1 as number from answer")
    assert read(tmp_path) == 1
    with Warehouse(tmp_path).reading() as reader:
        assert reader.sql("select number from more").fetchone() == (2,)


def test_only_one_build_at_a_time(tmp_path):
    with Warehouse(tmp_path).building() as private:
        duckdb.connect(private).close()
        with (
            pytest.raises(BusyError, match="is building the warehouse"),
            Warehouse(tmp_path).building(),
        ):
            pass


def test_what_a_killed_build_left_is_swept_away(tmp_path):
    rubbish = tmp_path / "build" / "warehouse.duckdb"
    rubbish.parent.mkdir()
    rubbish.write_bytes(b"half a file")
    publish(tmp_path, 1)
    assert read(tmp_path) == 1


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        duckdb.IOException("IO Error: Could not write file: No space left on device"),
    ],
)
def test_a_full_disk_is_said_and_the_published_file_stays(tmp_path, error):
    publish(tmp_path, 1)
    with pytest.raises(WarehouseError, match=r"The disk is full: .* stays as it was"):
        fail_to_publish(tmp_path, error)
    assert read(tmp_path) == 1


def test_nothing_published_yet_is_said(tmp_path):
    with (
        pytest.raises(WarehouseError, match="run `taobooks refresh` first"),
        Warehouse(tmp_path).reading(),
    ):
        pass


def test_a_file_that_is_no_warehouse_is_said(tmp_path):
    (tmp_path / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
    with (
        pytest.raises(WarehouseError, match="cannot be opened"),
        Warehouse(tmp_path).reading(),
    ):
        pass


def test_the_published_file_cannot_be_written_through_a_reader(tmp_path):
    publish(tmp_path, 1)
    with Warehouse(tmp_path).reading() as reader, pytest.raises(duckdb.Error, match="read-only"):
        reader.execute("delete from answer")
