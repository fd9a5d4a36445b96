"""What we expect of a day of ``chain__hyperparameters``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__hyperparameters", "chain__subnet_blocks")
PLACE = ["block_number", "netuid"]

_MILLION = 1_000_000
_SHARES = ("kappa_u16", "bonds_penalty_u16", "alpha_low_u16", "alpha_high_u16")


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per state of a subnet, and one per subnet that has none."""
    rows, subnets = tables["chain__hyperparameters"], tables["chain__subnet_blocks"]
    frame = rows.to_pandas()[[*PLACE, "is_first_of_day", "bonds_moving_average_ppm", *_SHARES]]
    frame["is_repeated"] = frame.duplicated(PLACE)
    is_subnet = pc.and_(subnets["pre_is_network_added"], pc.greater(subnets["netuid"], 0))
    known = subnets.filter(is_subnet).select(["netuid"]).to_pandas().drop_duplicates()
    known["is_known_subnet"] = True
    return frame.merge(known, on="netuid", how="outer").convert_dtypes()


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    return gx.ExpectationSuite(
        name="chain__hyperparameters",
        expectations=[
            gxe.ExpectColumnValuesToNotBeNull(
                column="block_number", description="what every subnet is set to is known"
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="is_repeated",
                value_set=[False],
                description="a subnet has one state at a block",
            ),
            gxe.ExpectColumnValuesToBeBetween(
                column="bonds_moving_average_ppm",
                min_value=0,
                max_value=_MILLION,
                description="the moving average of bonds is of a million parts",
            ),
            *(
                gxe.ExpectColumnValuesToBeBetween(
                    column=column,
                    min_value=0,
                    max_value=65_535,
                    description=f"{column} is a share of 65,535",
                )
                for column in _SHARES
            ),
        ],
    )
