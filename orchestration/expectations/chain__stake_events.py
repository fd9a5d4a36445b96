"""What we expect of a day of ``chain__stake_events``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__stake_events", "chain__blocks")
PLACE = ["block_number", "event_index"]

KNOWN_EVENTS = [
    "AddStakeBurn",
    "AlphaBurned",
    "AlphaRecycled",
    "ColdkeySwapped",
    "Deposit",
    "HotkeySwapped",
    "HotkeySwappedOnSubnet",
    "LiquidityAdded",
    "LiquidityModified",
    "LiquidityRemoved",
    "NetworkAdded",
    "NetworkDissolveCleanupCompleted",
    "NetworkRemoved",
    "NeuronRegistered",
    "StakeAdded",
    "StakeMoved",
    "StakeRemoved",
    "StakeSwapped",
    "StakeTransferred",
]
OF_ALL_SUBNETS = ("ColdkeySwapped", "HotkeySwapped")
_AMOUNTS = ("tao_rao", "alpha_rao", "fee_rao", "pool_tao_in_rao", "pool_tao_out_rao")


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per event, with what it must agree with beside it."""
    events, blocks = tables["chain__stake_events"], tables["chain__blocks"]
    frame = events.select(["block_number", "event_index", "event_name", "netuid"]).to_pandas()
    frame["is_of_a_landed_block"] = pc.is_in(
        events["block_number"], value_set=blocks["block_number"].combine_chunks()
    ).to_numpy()
    is_of_all = pc.is_in(events["event_name"], value_set=pa.array(OF_ALL_SUBNETS))
    frame["names_its_subnet"] = pc.equal(pc.is_null(events["netuid"]), is_of_all).to_numpy()
    # A modified position pays in or out: its amounts are signed.
    is_signed = pc.equal(events["event_name"], "LiquidityModified").to_numpy()
    frame["has_no_negative_amount"] = True
    for name in _AMOUNTS:
        positive = pc.fill_null(pc.greater_equal(events[name], 0), True).to_numpy()
        frame["has_no_negative_amount"] &= positive | is_signed
    paid_from = pc.if_else(
        pc.fill_null(events["is_fee_in_alpha"], False), events["alpha_rao"], events["tao_rao"]
    )
    frame["has_fee_within_amount"] = pc.fill_null(
        pc.less_equal(events["fee_rao"], paid_from), True
    ).to_numpy()
    return frame


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    return gx.ExpectationSuite(
        name="chain__stake_events",
        expectations=[
            gxe.ExpectCompoundColumnsToBeUnique(
                column_list=["block_number", "event_index"], description="no event stands twice"
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="is_of_a_landed_block",
                value_set=[True],
                description="every event is of a landed block",
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="event_name", value_set=KNOWN_EVENTS, description="the event is a known one"
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="names_its_subnet",
                value_set=[True],
                description="the event names its subnet, unless it is of all",
            ),
            gxe.ExpectColumnValuesToBeBetween(
                column="netuid", min_value=0, max_value=65_535, description="a netuid is a u16"
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="has_no_negative_amount",
                value_set=[True],
                description="no amount is negative",
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column="has_fee_within_amount",
                value_set=[True],
                description="the fee is no more than the amount it is taken from",
            ),
        ],
    )
