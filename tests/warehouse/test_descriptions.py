"""Whoever opens the warehouse finds in it what each table and column is."""

import re

from orchestration.defs.warehouse.project import PROJECT_DIR
from orchestration.warehouse import Warehouse


def test_every_column_of_a_mart_or_intermediate_table_is_described(books):
    with Warehouse(books.home).reading() as reader:
        columns = reader.sql(
            "select schema_name, table_name, column_name, comment from duckdb_columns()"
            " where schema_name in ('main', 'intermediate') and not internal"
        ).fetchall()
        tables = reader.sql(
            "select table_name, comment from duckdb_tables()"
            " where schema_name in ('main', 'intermediate')"
        ).fetchall()
    assert not [column for column in columns if len(column[3] or "") < 5]
    assert not [table for table in tables if "One row" not in (table[1] or "")]
    assert {"fct_blocks", "int_days"} <= {table for table, _ in tables}


def test_a_check_says_what_it_checks():
    """The UI shows a check's name and not its condition."""
    unnamed = [
        (path.name, name)
        for path in PROJECT_DIR.glob("models/**/*.yml")
        for name in re.findall(r"name: (\w*__holds_\d+)", path.read_text())
        if path.parent.name != "positions" and path.name != "rec_ledger_by_day.yml"
    ]
    assert not unnamed
