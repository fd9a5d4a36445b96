"""What the suites of the epochs' tables share: one row an epoch, so that a day stays small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import great_expectations.expectations as gxe
    import pandas as pd

EPOCH = ["block_number", "netuid"]
PLACE = EPOCH


def by_epoch(
    epochs: pa.Table, rows: pa.Table, amiss: Mapping[str, np.ndarray], unique: list[str]
) -> pd.DataFrame:
    """One row per epoch of either table: whether both have it, and how many rows are amiss.

    Args:
        epochs: a day of ``chain__epochs``.
        rows: the same day of a table with rows for each epoch.
        amiss: what may be wrong with a row, shape (rows,) each.
        unique: the columns that no two rows have alike.
    """
    frame = rows.select(EPOCH).to_pandas()
    frame["rows_count"] = 1
    keys = rows.select(unique).to_pandas()
    frame["repeated_rows_count"] = keys.duplicated().to_numpy()
    for name, flags in amiss.items():
        frame[name] = flags
    found = frame.groupby(EPOCH, as_index=False).sum()
    return (
        epochs.select([*EPOCH, "pre_neuron_count", "neuron_count"])
        .to_pandas()
        .merge(found, on=EPOCH, how="outer", indicator="_in")
        .assign(_in=lambda merged: merged["_in"].astype(str))
        .convert_dtypes()
    )


def neuron_counts(epochs: pa.Table, rows: pa.Table, column: str) -> np.ndarray:
    """A count of each row's epoch, 0 where there is no such epoch."""
    keys = epochs.select([*EPOCH, column])
    joined = rows.select(EPOCH).append_column("_at", pa.array(np.arange(rows.num_rows)))
    joined = joined.join(keys, EPOCH, join_type="left outer").sort_by("_at")
    return pc.fill_null(joined[column], 0).to_numpy()


def none_of(column: str, description: str) -> gxe.Expectation:
    """No row is amiss in that way."""
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[0], description=description)


def of_an_epoch(values: list[str], description: str) -> gxe.Expectation:
    """Where the epochs stand: in both tables, or in one of them."""
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToBeInSet(column="_in", value_set=values, description=description)


BOTH = ["both"]
BOTH_OR_ROWLESS = ["both", "left_only"]


def is_beyond(table: pa.Table, column: str, limits: np.ndarray) -> np.ndarray:
    """Rows of lists of which an element is not below the row's limit."""
    lists = table[column].combine_chunks()
    parents = pc.list_parent_indices(lists).to_numpy()
    beyond = lists.flatten().to_numpy() >= limits[parents]
    return np.bincount(parents[beyond], minlength=table.num_rows) > 0


def are_unlike(table: pa.Table, first: str, second: str) -> np.ndarray:
    """Rows of which two lists are not of one length, or one of them is missing."""
    lengths = [
        pc.fill_null(pc.list_value_length(table[name]), -1).to_numpy() for name in (first, second)
    ]
    return lengths[0] != lengths[1]
