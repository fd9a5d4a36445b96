"""What we expect of a day of ``chain__epochs``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__epochs", "chain__subnet_blocks")
PLACE = ["block_number", "netuid"]

_MOST_NEURONS = 4_096


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per epoch of either table."""
    epochs, subnets = tables["chain__epochs"], tables["chain__subnet_blocks"]
    stepped = pc.equal(subnets["last_mechanism_step_block"], subnets["block_number"])
    due = subnets.filter(stepped).select(PLACE).to_pandas()
    columns = [*PLACE, "place_in_block", "pre_neuron_count", "neuron_count", "pre_tempo_blocks"]
    frame = epochs.select(columns).to_pandas()
    frame["is_repeated"] = frame.duplicated(PLACE)
    frame["is_after_the_one_before"] = pc.less(
        epochs["pre_last_mechanism_step_block"], epochs["block_number"]
    ).to_numpy()
    frame["is_in_order"] = frame["place_in_block"] == frame.groupby("block_number").cumcount() + 1
    frame = frame.merge(due, on=PLACE, how="outer", indicator="_in")
    return frame.assign(_in=frame["_in"].astype(str)).convert_dtypes()


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    def true(column: str, description: str) -> gxe.Expectation:
        return gxe.ExpectColumnValuesToBeInSet(
            column=column, value_set=[True], description=description
        )

    return gx.ExpectationSuite(
        name="chain__epochs",
        expectations=[
            gxe.ExpectColumnValuesToBeInSet(
                column="_in",
                value_set=["both"],
                description="every epoch that the snapshots saw is there, and no other",
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="is_repeated", value_set=[False], description="no epoch stands twice"
            ),
            true("is_after_the_one_before", "an epoch comes after the one before"),
            true("is_in_order", "epochs of a block stand in the order of netuid"),
            gxe.ExpectColumnValuesToBeBetween(
                column="pre_neuron_count",
                min_value=0,
                max_value=_MOST_NEURONS,
                description="a subnet has no more neurons than its storage has room for",
            ),
        ],
    )
