"""Columns in and out of plain Python integers, a block at a time.

Rules are stated for one block's state; tables come as columns. No rule stands here.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Row = Mapping[str, Any]


def integers(column: pa.ChunkedArray) -> list[int | None]:
    """Exact integers of an integer or decimal(38, 0) column."""
    if not pa.types.is_decimal(column.type):
        return column.to_pylist()
    # int(Decimal) for a wide column takes 5 times as long as parsing the digits once.
    return [None if text is None else int(text) for text in column.cast(pa.string()).to_pylist()]


def rows_of(table: pa.Table, columns: list[str]) -> Iterator[dict[str, Any]]:
    """The rows of some columns, as dicts."""
    values = [
        integers(table[name]) if pa.types.is_decimal(table[name].type) else table[name].to_pylist()
        for name in columns
    ]
    for row in zip(*values, strict=True):
        yield dict(zip(columns, row, strict=True))


def blocks_of(table: pa.Table, columns: list[str]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """(block, its rows) in block order; the table is sorted by block, as the lake keeps it."""
    for number, rows in groupby(rows_of(table, columns), key=lambda row: row["block_number"]):
        yield number, list(rows)


def subnets_only(subnet_blocks: pa.Table) -> pa.Table:
    """The rows of subnets, root left out."""
    return subnet_blocks.filter(pc.not_equal(subnet_blocks["netuid"], 0))


class Columns:
    """Columns of an output table under construction; exact integers become decimals where due."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._values: dict[str, list] = {name: [] for name in schema.names}

    def add(self, **row: Any) -> None:
        """One row; a column not named is null."""
        for name, values in self._values.items():
            values.append(row.get(name))

    def table(self) -> pa.Table:
        arrays = []
        for field in self._schema:
            values = self._values[field.name]
            if pa.types.is_decimal(field.type):
                texts = [None if value is None else str(value) for value in values]
                arrays.append(pa.array(texts, pa.string()).cast(field.type))
            else:
                arrays.append(pa.array(values, field.type))
        return pa.table(arrays, schema=self._schema)
