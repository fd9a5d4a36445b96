"""What we expect of a day of ``chain__subnet_blocks``.

A day has up to a million rows: what is asked of every row is counted here a column at a time, and
the suite judges one row per block.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__subnet_blocks", "chain__blocks")
PLACE = ["block_number"]

ROOT = 0
_NEVER_NEGATIVE = (
    "tao_reserve_rao",
    "alpha_reserve_rao",
    "alpha_out_rao",
    "moving_price_i96f32_bits",
    "subnet_volume_rao",
    "tao_in_emission_rao",
    "alpha_in_emission_rao",
    "alpha_out_emission_rao",
)


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per snapshot block of either table, with counts of what is amiss in it."""
    import pandas as pd

    rows, blocks = tables["chain__subnet_blocks"], tables["chain__blocks"]
    numbers, netuids = rows["block_number"].to_numpy(), rows["netuid"].to_numpy()
    found = pd.DataFrame(
        {
            "block_number": numbers,
            "is_root": netuids == ROOT,
            "is_subnet_before": rows["pre_is_network_added"].to_numpy() & (netuids != ROOT),
            "is_repeated": pd.DataFrame({"b": numbers, "n": netuids}).duplicated().to_numpy(),
            "is_negative": _negative(rows),
            "is_broken_off": _broken_off(rows),
            "tao_reserve_rao": rows["tao_reserve_rao"].to_numpy(),
        }
    )
    frame = (
        found.groupby("block_number")
        .agg(
            root_rows_count=("is_root", "sum"),
            subnets_before_count=("is_subnet_before", "sum"),
            repeated_rows_count=("is_repeated", "sum"),
            negative_rows_count=("is_negative", "sum"),
            broken_off_rows_count=("is_broken_off", "sum"),
            tao_in_pools_rao=("tao_reserve_rao", "sum"),
        )
        .reset_index()
    )
    snapshots = blocks.filter(pc.field("is_snapshot")).select(
        ["block_number", "pre_subnet_count", "total_issuance_rao"]
    )
    # Nullable integers: an outer join of plain ones would pass rao through floats.
    frame = frame.convert_dtypes().merge(
        snapshots.to_pandas().convert_dtypes(), on="block_number", how="outer", indicator="_in"
    )
    frame["is_in_both_tables"] = frame.pop("_in") == "both"
    frame["subnets_lacking_count"] = (
        frame.pop("pre_subnet_count") - frame["subnets_before_count"]
    ).fillna(0)
    frame["tao_outside_pools_rao"] = (
        frame.pop("total_issuance_rao") - frame["tao_in_pools_rao"]
    ).fillna(0)
    return frame


def _negative(rows: pa.Table) -> np.ndarray:
    negative = np.zeros(rows.num_rows, dtype=bool)
    for name in _NEVER_NEGATIVE:
        # A decimal's sign is its own; comparing decimals with an integer literal is exact.
        negative |= pc.fill_null(pc.less(rows[name], 0), False).to_numpy()
    return negative


def _broken_off(rows: pa.Table) -> np.ndarray:
    """Rows whose state before the block is not the state after the block before.

    Only neighbouring blocks are compared: between two distant snapshots anything may happen.
    """
    numbers = rows["block_number"].to_numpy()
    netuids = rows["netuid"].to_numpy()
    order = np.lexsort((numbers, netuids))
    follows = np.flatnonzero((np.diff(netuids[order]) == 0) & (np.diff(numbers[order]) == 1))
    earlier, later = order[follows], order[follows + 1]
    broken = np.zeros(rows.num_rows, dtype=bool)
    for name in rows.schema.names:
        if name.startswith("pre_") and name.removeprefix("pre_") in rows.schema.names:
            before = rows[name].take(pa.array(later))
            after = rows[name.removeprefix("pre_")].take(pa.array(earlier))
            same = pc.or_(
                pc.fill_null(pc.equal(before, after), False),
                pc.and_(pc.is_null(before), pc.is_null(after)),
            )
            broken[later] |= ~same.to_numpy()
    return broken


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    def none_of(column: str, description: str) -> gxe.Expectation:
        return gxe.ExpectColumnValuesToBeInSet(
            column=column, value_set=[0], description=description
        )

    return gx.ExpectationSuite(
        name="chain__subnet_blocks",
        expectations=[
            gxe.ExpectColumnValuesToBeInSet(
                column="is_in_both_tables",
                value_set=[True],
                description="every snapshot of chain__blocks has its subnets, and no other block",
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="root_rows_count", value_set=[1], description="root stands once in a block"
            ),
            none_of(
                "subnets_lacking_count", "every subnet that existed before the block has a row"
            ),
            none_of("repeated_rows_count", "no subnet stands twice in a block"),
            none_of("negative_rows_count", "no reserve, price, volume or emission is negative"),
            none_of(
                "broken_off_rows_count",
                "the state before a block is the state after the block before",
            ),
            gxe.ExpectColumnValuesToBeBetween(
                column="tao_outside_pools_rao",
                min_value=0,
                description="the TAO in all pools together is no more than was issued",
            ),
        ],
    )
