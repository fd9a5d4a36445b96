"""What the published warehouse holds: its tables and columns in words, and names nearest to a
mistyped one."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

import duckdb

from orchestration.columns import meaning
from orchestration.errors import SettingsError, TaobooksError
from orchestration.schemas import TABLES

SCHEMAS = {"main": "marts", "intermediate": "intermediate", "staging": "the lake, read in place"}
"""Where dbt puts the layers, in the order in which a person wants them."""

_RELATIONS = """
    select database_name, schema_name, table_name, comment
    from duckdb_tables() where not internal
    union all
    select database_name, schema_name, view_name, comment
    from duckdb_views() where not internal
"""


def tables(books: duckdb.DuckDBPyConnection, *, all_layers: bool) -> duckdb.DuckDBPyRelation:
    """Every mart, or every table and view, with its first sentence and how many rows it has."""
    wanted = SCHEMAS if all_layers else ["main"]
    names = [
        (schema, table)
        for schema in wanted
        for (table,) in books.sql(
            f"select table_name from ({_RELATIONS}) where schema_name = '{schema}' order by 1"
        ).fetchall()
    ]
    if not names:
        raise TaobooksError("The warehouse holds no table; run `taobooks refresh`.")
    counted = " union all ".join(
        f"select {place} as place, '{schema}' as schema_name, '{table}' as table_name, "
        f"count(*) as row_count from {_called(schema, table)}"
        for place, (schema, table) in enumerate(names)
    )
    return books.sql(
        f"""
        with counted as ({counted}),
        named as ({_RELATIONS})
        select
            case when counted.schema_name = 'main' then '' else counted.schema_name || '.' end
                || counted.table_name as "table",
            counted.row_count as rows,
            coalesce(regexp_extract(named.comment, '^(.+?[.])(\\s|$)', 1), '') as "what it is"
        from counted
        inner join named using (schema_name, table_name)
        order by counted.place
        """
    )


def columns(books: duckdb.DuckDBPyConnection, name: str) -> tuple[str, duckdb.DuckDBPyRelation]:
    """What a table is, and its columns with type and description.

    Raises:
        SettingsError: there is no such table; the sentence names those nearest to it.
    """
    schema, _, table = name.rpartition(".")
    found = books.execute(
        f"select schema_name, table_name, comment from ({_RELATIONS}) "
        "where table_name = ? and (schema_name = ? or ? = '') limit 1",
        [table, schema, schema],
    ).fetchone()
    if found is None:
        raise SettingsError(
            f"There is no table {name!r} in the warehouse{_nearest(name, _tables(books))}; "
            "`taobooks tables` lists all."
        )
    described = books.sql(
        f"""
        select column_name as "column", lower(data_type) as "type",
            coalesce(comment, map_extract({_meanings(found[1])}, column_name)[1], '')
                as "what it is"
        from duckdb_columns()
        where schema_name = '{found[0]}' and table_name = '{found[1]}'
        order by column_index
        """
    )
    return found[2] or "", described


def _meanings(view: str) -> str:
    """What the columns of a table of the lake mean, as SQL; its view in staging says nothing."""
    table = view.removeprefix("stg_")
    of_lake = TABLES[table].names if table in TABLES else []
    said = {name: meaning(table, name).replace("'", "''") for name in of_lake}
    said["block_date"] = "UTC day of the file."
    pairs = ", ".join(f"'{name}': '{words}'" for name, words in said.items())
    return f"map {{{pairs}}}"


def _called(schema: str, table: str) -> str:
    return f'"{schema}"."{table}"'


# ---------------------------------------------------------------------- mistyped names

_NO_TABLE = re.compile(r"Table with name \"?([\w.]+)\"? does not exist")
_NO_COLUMN = re.compile(
    r"Referenced column \"([^\"]+)\" not found|does not have a column named \"([^\"]+)\""
)


def explained(books: duckdb.DuckDBPyConnection, query: str, error: duckdb.Error) -> str:
    """Why a query failed, in a sentence; of a mistyped name, with the names nearest to it."""
    said = str(error).strip()
    if missing := _NO_TABLE.search(said):
        name = missing[1]
        return (
            f"there is no table {name!r} in the warehouse{_nearest(name, _tables(books))}; "
            "`taobooks tables` lists all."
        )
    if missing := _NO_COLUMN.search(said):
        name = missing[1] or missing[2]
        asked, candidates = _columns_of(books, query)
        where = f" in {', '.join(asked)}" if asked else ""
        lists = f"; `taobooks tables {asked[0]}` lists all." if asked else "."
        return f"there is no column {name!r}{where}{_nearest(name, candidates)}{lists}"
    return said


def _tables(books: duckdb.DuckDBPyConnection) -> list[str]:
    rows = books.sql(f"select schema_name, table_name from ({_RELATIONS})").fetchall()
    return [table if schema == "main" else f"{schema}.{table}" for schema, table in rows]


def _columns_of(books: duckdb.DuckDBPyConnection, query: str) -> tuple[list[str], list[str]]:
    """The tables of ours that a query names, and their columns."""
    try:
        named = {name.rpartition(".")[2].strip('"') for name in books.get_table_names(query)}
    except duckdb.Error:
        return [], []
    rows = books.execute(
        "select distinct table_name, column_name from duckdb_columns() "
        "where not internal and list_contains(?, table_name)",
        [sorted(named)],
    ).fetchall()
    return sorted({table for table, _ in rows}), sorted({column for _, column in rows})


def _nearest(name: str, candidates: Iterable[str]) -> str:
    """Up to three candidates that are alike, in brackets; nothing where none is."""
    wanted = name.lower()

    def likeness(candidate: str) -> float:
        is_within = wanted in candidate or candidate in wanted
        return SequenceMatcher(None, wanted, candidate).ratio() + is_within

    alike = sorted(candidates, key=lambda each: (-likeness(each), each))
    near = [each for each in alike if likeness(each) > _ALIKE][:3]
    return f" (did you mean {', '.join(near)}?)" if near else ""


_ALIKE = 0.6
"""difflib's own cutoff."""
