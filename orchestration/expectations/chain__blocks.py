"""What we expect of a day of ``chain__blocks``."""

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

NEEDS = ("chain__blocks",)
PLACE = ["block_number"]

FIRST_SPEC_OF_DTAO = 233
_STATE = ("pre_total_issuance_rao", "total_issuance_rao", "pre_total_stake_rao", "total_stake_rao")


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per block, with what it must agree with beside it."""
    import pandas as pd

    blocks = tables["chain__blocks"]
    frame = blocks.select(["block_number", "block_hash", "block_at", "spec_version"]).to_pandas()
    hashes, parents = blocks["block_hash"].to_pylist(), blocks["parent_hash"].to_pylist()
    frame["blocks_since_row_before"] = frame["block_number"].diff().fillna(1).astype("int64")
    frame["parent_is_block_before"] = [
        row == 0 or parent == hashes[row - 1] for row, parent in enumerate(parents)
    ]
    frame["day"] = pd.to_datetime(frame["block_at"]).dt.date.astype(str)
    frame["is_in_day"] = frame["day"] == day.isoformat()
    numbers = frame["block_number"]
    frame["blocks_lacking_in_day"] = (
        numbers.max() - numbers.min() + 1 - len(frame) if len(frame) else 0
    )
    frame["has_state_if_snapshot"] = _has_state(blocks)
    return frame


def _has_state(blocks: pa.Table) -> np.ndarray:
    """State is there and not negative at snapshots, and absent elsewhere."""
    is_snapshot = blocks["is_snapshot"].to_numpy()
    complete = np.ones(blocks.num_rows, dtype=bool)
    for name in _STATE:
        present = pc.fill_null(pc.greater_equal(blocks[name], 0), False)
        complete &= present.to_numpy() == is_snapshot
    return complete


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    return gx.ExpectationSuite(
        name="chain__blocks",
        expectations=[
            gxe.ExpectColumnValuesToBeUnique(
                column="block_number", description="no block stands twice"
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="blocks_since_row_before",
                value_set=[1],
                description="each block follows the one before, without a hole",
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="blocks_lacking_in_day",
                value_set=[0],
                description="the rows are as many as the blocks from the first to the last",
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="parent_is_block_before",
                value_set=[True],
                description="the parent hash is the hash of the block before",
            ),
            gxe.ExpectColumnValuesToMatchRegex(
                column="block_hash",
                regex="^0x[0-9a-f]{64}$",
                description="a block hash is 32 bytes",
            ),
            gxe.ExpectColumnValuesToBeUnique(
                column="block_hash", description="no block hash stands twice"
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="is_in_day", value_set=[True], description="the block lies in its UTC day"
            ),
            gxe.ExpectColumnValuesToBeIncreasing(
                column="block_at", strictly=True, description="time goes on from block to block"
            ),
            gxe.ExpectColumnValuesToBeBetween(
                column="spec_version",
                min_value=FIRST_SPEC_OF_DTAO,
                description="the runtime is not older than dTAO",
            ),
            gxe.ExpectColumnValuesToBeIncreasing(
                column="spec_version", description="the runtime is never replaced by an older one"
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="has_state_if_snapshot",
                value_set=[True],
                description="a snapshot has the chain-wide state, none of it negative",
            ),
        ],
    )
