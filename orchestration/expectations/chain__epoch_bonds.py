"""What we expect of a day of ``chain__epoch_bonds``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from orchestration.expectations.epochs import (
    BOTH_OR_ROWLESS,
    PLACE,
    are_unlike,
    by_epoch,
    is_beyond,
    neuron_counts,
    none_of,
    of_an_epoch,
)

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__epoch_bonds", "chain__epochs")

__all__ = ["NEEDS", "PLACE", "measure", "suite"]


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per epoch, with counts of what is amiss among its rows of bonds."""
    rows, epochs = tables["chain__epoch_bonds"], tables["chain__epochs"]
    before, after = (
        neuron_counts(epochs, rows, name) for name in ("pre_neuron_count", "neuron_count")
    )
    most = np.maximum(before, after)
    return by_epoch(
        epochs,
        rows,
        {
            "unlike_rows_count": are_unlike(rows, "target_uids", "bonds_u16")
            | are_unlike(rows, "pre_target_uids", "pre_bonds_u16"),
            "strangers_count": rows["uid"].to_numpy() >= most,
            "beyond_rows_count": is_beyond(rows, "target_uids", most),
        },
        ["block_number", "netuid", "mecid", "uid"],
    )


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx

    return gx.ExpectationSuite(
        name="chain__epoch_bonds",
        expectations=[
            of_an_epoch(BOTH_OR_ROWLESS, "every row of bonds is of an epoch"),
            none_of("repeated_rows_count", "no neuron has two rows"),
            none_of("strangers_count", "only neurons have bonds"),
            none_of("unlike_rows_count", "there are as many bonds as uids they are in"),
            none_of("beyond_rows_count", "an epoch writes bonds in neurons only"),
        ],
    )
