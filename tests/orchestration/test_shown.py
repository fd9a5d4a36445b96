"""What a warehouse shows is what it was built from, until another is published in one rename."""

from pathlib import Path

import duckdb
import pytest

from orchestration import coverage, shown
from orchestration.errors import WarehouseError
from orchestration.lock import day_lock, held
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse
from tests.orchestration.test_coverage import DAYS, headers, put


@pytest.fixture
def chosen(at_home, embedded) -> Settings:
    """A home with two whole days in its lake."""
    chosen = at_home(embedded)
    put(chosen.lake, DAYS[0], headers(1, 10))
    put(chosen.lake, DAYS[1], headers(11, 20))
    return chosen


def build(chosen: Settings) -> Path:
    """Builds a warehouse of one view of the folder it is given."""
    with Warehouse(chosen.home).building() as private:
        made = shown.begin(chosen)
        with duckdb.connect(private) as writer:
            writer.execute(
                "create view days as select * from "
                f"read_parquet('{made}/chain__blocks/*/*.parquet', hive_partitioning = true)"
            )
    return made


def fail_to_build(chosen: Settings) -> None:
    with Warehouse(chosen.home).building():
        shown.begin(chosen)
        raise ZeroDivisionError


def folders(chosen: Settings) -> set[Path]:
    return set((chosen.home / "shown").iterdir())


def test_nothing_is_shown_before_a_warehouse_is_published(chosen):
    with pytest.raises(WarehouseError, match="run `taobooks refresh`"):
        shown.lake(chosen)
    with pytest.raises(ZeroDivisionError):
        fail_to_build(chosen)
    with pytest.raises(WarehouseError, match="run `taobooks refresh`"):
        shown.lake(chosen)


def test_what_is_shown_is_what_the_published_views_read_and_a_failed_build_changes_nothing(chosen):
    made = build(chosen)
    assert shown.lake(chosen).root == made
    put(chosen.lake, DAYS[2], headers(21, 25), is_over=False)
    with pytest.raises(ZeroDivisionError):
        fail_to_build(chosen)
    assert shown.lake(chosen).root == made
    assert coverage.posted_days(shown.lake(chosen)) == DAYS[:2]
    second = build(chosen)
    assert shown.lake(chosen).root == second
    assert coverage.posted_days(shown.lake(chosen)) == DAYS[:3]


def test_folders_no_warehouse_reads_are_removed_but_the_one_before(chosen):
    first, second = build(chosen), build(chosen)
    with pytest.raises(ZeroDivisionError):
        fail_to_build(chosen)
    (failed,) = folders(chosen) - {first, second}
    third = build(chosen)
    # When the third began, queries on the warehouse before could still be running.
    assert folders(chosen) == {first, second, third}
    assert not failed.exists()
    fourth = build(chosen)
    assert folders(chosen) == {second, third, fourth}


def test_a_day_in_another_process_hands_stays_as_it_is_published(chosen):
    build(chosen)
    table = next(iter(coverage.DERIVED_TABLES))
    chosen.lake.drop(table, DAYS[1])
    with held(day_lock(chosen.home, DAYS[1]), "taking a day"):
        build(chosen)
    assert coverage.posted_days(shown.lake(chosen)) == DAYS[:2]
    build(chosen)
    assert coverage.posted_days(shown.lake(chosen)) == DAYS[:1]


def test_a_damaged_warehouse_is_built_anew(chosen):
    build(chosen)
    chosen.warehouse.write_bytes(b"no warehouse")
    made = build(chosen)
    assert shown.lake(chosen).root == made
    assert folders(chosen) == {made}
