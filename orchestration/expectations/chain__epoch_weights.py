"""What we expect of a day of ``chain__epoch_weights``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from orchestration.expectations.epochs import (
    BOTH_OR_ROWLESS,
    PLACE,
    are_unlike,
    by_epoch,
    neuron_counts,
    none_of,
    of_an_epoch,
)

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__epoch_weights", "chain__epochs")

__all__ = ["NEEDS", "PLACE", "measure", "suite"]


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per epoch, with counts of what is amiss among its rows of weights.

    A weight to a uid that there is not, or two to one uid, are for the epoch to judge.
    """
    rows, epochs = tables["chain__epoch_weights"], tables["chain__epochs"]
    uids = rows["uid"].to_numpy()
    return by_epoch(
        epochs,
        rows,
        {
            "unlike_rows_count": are_unlike(rows, "target_uids", "weights_u16"),
            "strangers_count": uids >= neuron_counts(epochs, rows, "pre_neuron_count"),
        },
        ["block_number", "netuid", "mecid", "uid"],
    )


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx

    return gx.ExpectationSuite(
        name="chain__epoch_weights",
        expectations=[
            of_an_epoch(BOTH_OR_ROWLESS, "every row of weights is of an epoch"),
            none_of("repeated_rows_count", "no neuron has two rows"),
            none_of("strangers_count", "only neurons that the epoch saw have weights"),
            none_of("unlike_rows_count", "there are as many weights as uids they are for"),
        ],
    )
