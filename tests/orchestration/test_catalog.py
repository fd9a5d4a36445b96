"""The warehouse in words, and what is said of a mistyped name."""

import duckdb
import pytest

from orchestration import catalog
from orchestration.errors import SettingsError


@pytest.fixture(scope="module")
def books():
    connection = duckdb.connect()
    connection.execute(
        """
        create table fct_pools_by_day (netuid integer, close_price_tao decimal(38, 9));
        comment on table fct_pools_by_day is 'Price 1.5 of a pool. One row per day and netuid.';
        comment on column fct_pools_by_day.netuid is 'The subnet.';
        insert into fct_pools_by_day values (1, 0.5), (2, null);
        create table dim_days (block_date date);
        create schema staging;
        create view staging.stg_chain__blocks as select 7 as block_number, 8 as made_up;
        """
    )
    with connection:
        yield connection


def test_tables_are_listed_with_their_rows_and_a_whole_sentence(books):
    assert catalog.tables(books, all_layers=False).fetchall() == [
        ("dim_days", 0, ""),
        ("fct_pools_by_day", 2, "Price 1.5 of a pool."),
    ]


def test_what_the_marts_are_made_from_is_listed_when_asked_for(books):
    (*_, last) = catalog.tables(books, all_layers=True).fetchall()
    assert last == ("staging.stg_chain__blocks", 1, "")


def test_the_columns_of_a_table_have_type_and_description(books):
    said, columns = catalog.columns(books, "fct_pools_by_day")
    assert said == "Price 1.5 of a pool. One row per day and netuid."
    assert columns.fetchall() == [
        ("netuid", "integer", "The subnet."),
        ("close_price_tao", "decimal(38,9)", ""),
    ]


@pytest.mark.parametrize("name", ["stg_chain__blocks", "staging.stg_chain__blocks"])
def test_a_view_is_found_with_and_without_its_schema(books, name):
    assert catalog.columns(books, name)[1].fetchall() == [
        ("block_number", "integer", "The block."),
        ("made_up", "integer", ""),
    ]


@pytest.mark.parametrize("name", ["main.stg_chain__blocks", "fct_pools_by_dya", "'; drop"])
def test_a_table_that_is_not_there_is_said(books, name):
    with pytest.raises(SettingsError, match="`taobooks tables` lists all"):
        catalog.columns(books, name)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "select * from fct_pool_by_day",
            "there is no table 'fct_pool_by_day' in the warehouse (did you mean "
            "fct_pools_by_day?); `taobooks tables` lists all.",
        ),
        (
            "select * from stg_chain__blocks",
            "there is no table 'stg_chain__blocks' in the warehouse (did you mean "
            "staging.stg_chain__blocks?); `taobooks tables` lists all.",
        ),
        (
            "select close_price from fct_pools_by_day",
            "there is no column 'close_price' in fct_pools_by_day (did you mean "
            "close_price_tao?); `taobooks tables fct_pools_by_day` lists all.",
        ),
        (
            "select pools.netuids from fct_pools_by_day as pools",
            "there is no column 'netuids' in fct_pools_by_day (did you mean netuid?); "
            "`taobooks tables fct_pools_by_day` lists all.",
        ),
        ("select zzz from range(3)", "there is no column 'zzz'."),
    ],
)
def test_a_mistyped_name_is_said_with_those_nearest_to_it(books, query, said):
    with pytest.raises(duckdb.Error) as failed:
        books.sql(query)
    assert catalog.explained(books, query, failed.value) == said


def test_what_is_no_mistyped_name_is_said_as_it_is(books):
    with pytest.raises(duckdb.Error) as failed:
        books.sql("selct 1")
    assert "syntax error" in catalog.explained(books, "selct 1", failed.value)
