"""What we expect of a day of ``chain__epoch_kin``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.expectations.epochs import (
    BOTH_OR_ROWLESS,
    PLACE,
    by_epoch,
    neuron_counts,
    none_of,
    of_an_epoch,
)

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__epoch_kin", "chain__epochs")

__all__ = ["NEEDS", "PLACE", "measure", "suite"]

_WHOLE = 2**64 - 1


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per epoch, with counts of what is amiss among parents and children."""
    rows, epochs = tables["chain__epoch_kin"], tables["chain__epochs"]
    stakes = (rows[name] for name in ("pre_alpha_rao", "pre_root_rao"))
    negative = [pc.fill_null(pc.less(stake, 0), False).to_numpy() for stake in stakes]
    is_parent = rows["is_parent"].to_numpy()
    has_stake = pc.is_valid(rows["pre_alpha_rao"]).to_numpy()
    uids = rows["uid"].to_numpy()
    return by_epoch(
        epochs,
        rows,
        {
            "negative_rows_count": negative[0] | negative[1],
            "stakeless_parents_count": is_parent & ~has_stake,
            "strangers_count": uids >= neuron_counts(epochs, rows, "pre_neuron_count"),
            "overgiven_rows_count": _overgiven(rows),
        },
        ["block_number", "netuid", "uid", "is_parent", "kin_index"],
    )


def _overgiven(rows: pa.Table) -> np.ndarray:
    """Children to whom, with those before them, more than all of a hotkey's stake is given."""
    frame = rows.select(["block_number", "netuid", "uid", "is_parent"]).to_pandas()
    # Exact in Python's integers: 64 bits do not hold the sum.
    frame["share"] = [int(share) for share in rows["share_u64"].to_pylist()]
    children = frame[~frame["is_parent"]]
    given = children.groupby(["block_number", "netuid", "uid"])["share"].agg(sum)
    keys = zip(frame["block_number"], frame["netuid"], frame["uid"], strict=True)
    too_much = set(given[given > _WHOLE].index)
    return np.array([key in too_much for key in keys], dtype=bool) & ~frame["is_parent"].to_numpy()


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx

    return gx.ExpectationSuite(
        name="chain__epoch_kin",
        expectations=[
            of_an_epoch(BOTH_OR_ROWLESS, "every parent or child is of an epoch"),
            none_of("repeated_rows_count", "no place in a list stands twice"),
            none_of("strangers_count", "only neurons that the epoch saw have kin"),
            none_of("stakeless_parents_count", "the stake of every parent is known"),
            none_of("negative_rows_count", "no stake is negative"),
            none_of("overgiven_rows_count", "no hotkey gives its children more than it has"),
        ],
    )
