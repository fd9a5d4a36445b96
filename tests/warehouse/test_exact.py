"""No exact figure is a double: in the lake, in the warehouse, or in Parquet written from it."""

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.defs.warehouse.project import PROJECT_DIR
from orchestration.schemas import TABLES
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse

INEXACT = "_f64"
"""A column that is a double says so in its name."""

EXACT = {
    "_rao": {"BIGINT", "DECIMAL(38,0)"},
    "_bits": {"DECIMAL(38,0)"},
    "_u64": {"BIGINT", "DECIMAL(38,0)"},
    "_i128": {"DECIMAL(38,0)"},
    "_u16": {"INTEGER", "BIGINT", "DECIMAL(38,0)", "USMALLINT[]"},
    "_ppm": {"BIGINT"},
    "_count": {"BIGINT"},
    "_blocks": {"BIGINT"},
    "_tao": {"DECIMAL(38,9)"},
    "_alpha": {"DECIMAL(38,9)"},
    "_usd": {"DECIMAL(38,9)"},
    "_usd_at_trade": {"DECIMAL(38,9)"},
    "_usd_at_end": {"DECIMAL(38,9)"},
    "_share": {"DECIMAL(38,12)"},
    "_index": {"DECIMAL(38,12)", "BIGINT", "INTEGER"},  # of concentration; or a place in a list
}
"""What a column's last word says of its type, as the house has it."""


@pytest.fixture(scope="module")
def columns(books: Settings) -> list[tuple[str, str, str, str]]:
    with Warehouse(books.home).reading() as reader:
        return reader.sql(
            "select table_schema, table_name, column_name, data_type"
            " from information_schema.columns order by all"
        ).fetchall()


def test_no_column_of_the_warehouse_is_a_double_or_wider_than_parquet_keeps(columns):
    """HUGEINT becomes a DOUBLE in Parquet."""
    wrong = [
        column
        for column in columns
        if re.search("DOUBLE|FLOAT|REAL|HUGEINT", column[3]) and not column[2].endswith(INEXACT)
    ]
    assert not wrong
    assert len(columns) > 1_000


def test_a_columns_last_word_is_its_type(columns):
    wrong = [
        (*column, suffix)
        for column in columns
        for suffix, types in EXACT.items()
        if column[2].endswith(suffix)
        and column[3] not in types
        and not re.match("(pre_|observed_|recomputed_)?(is|has)_", column[2])
    ]
    assert not wrong


def _kinds(kind: pa.DataType) -> Iterator[pa.DataType]:
    yield kind
    if pa.types.is_nested(kind):
        for inner in range(kind.num_fields):
            yield from _kinds(kind.field(inner).type)


def test_no_column_of_the_lake_is_a_double():
    wrong = [
        (table, field.name)
        for table, schema in TABLES.items()
        for field in schema
        for kind in _kinds(field.type)
        if pa.types.is_floating(kind)
    ]
    assert not wrong


def test_the_files_of_the_lake_have_the_types_of_the_schemas(books):
    for table, schema in TABLES.items():
        for path in (books.home / "lake" / table).rglob("*.parquet"):
            found = pq.read_schema(path).remove_metadata()
            assert found.equals(schema), path


def test_a_mart_written_to_parquet_is_still_exact(books, columns, tmp_path):
    with Warehouse(books.home).reading() as reader:
        for schema, table in sorted({column[:2] for column in columns}):
            path = tmp_path / f"{table}.parquet"
            reader.sql(f"select * from {schema}.{table} limit 1").write_parquet(str(path))
            for field in pq.read_schema(path):
                is_double = any(pa.types.is_floating(kind) for kind in _kinds(field.type))
                assert not is_double or field.name.endswith(INEXACT), (table, field)


def test_only_the_macros_of_exact_arithmetic_divide_or_round():
    """`/` makes a double of any two integers, and so do avg and round without a word."""
    inexact = re.compile(
        r"[^/]/[^/]|\b(?:avg|mean|round|sqrt|ln|exp|pow|power|double|float|real)\b"
    )
    for path in PROJECT_DIR.glob("m*/**/*.sql"):
        if path.name == "exact.sql":
            continue
        code = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        code = re.sub(r"--.*|'[^']*'", "", code)
        assert not inexact.search(code), (path.name, inexact.search(code))
