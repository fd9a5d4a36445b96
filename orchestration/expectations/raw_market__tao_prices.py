"""What we expect of ``raw_market__tao_prices``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("raw_market__tao_prices",)
PLACE = ["source_name", "line_number"]

_PRICES = ("open_usd", "high_usd", "low_usd", "close_usd")


def measure(tables: Mapping[str, pa.Table], day: dt.date | None) -> pd.DataFrame:
    """One row per candle, with what must be true of it; exact decimals are compared here."""
    prices = tables["raw_market__tao_prices"]
    frame = prices.select([*PLACE, "open_at", "close_at"]).to_pandas()
    low, high = prices["low_usd"], prices["high_usd"]
    frame["is_positive"] = pc.greater(low, pa.scalar(0, pa.decimal128(38, 9))).to_numpy()
    frame["is_within"] = True
    for name in _PRICES:
        above = pc.greater_equal(prices[name], low).to_numpy()
        frame["is_within"] &= above & pc.less_equal(prices[name], high).to_numpy()
    frame["lasts"] = frame["close_at"] > frame["open_at"]
    before = frame.groupby("source_name", sort=False)["open_at"].shift()
    frame["is_after_the_one_before"] = before.isna() | (frame["open_at"] > before)
    return frame[[*PLACE, "is_positive", "is_within", "lasts", "is_after_the_one_before"]]


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    said = {
        "is_positive": "every price is above nought",
        "is_within": "a candle opens and closes between its low and its high",
        "lasts": "a candle closes after it opened",
        "is_after_the_one_before": "no source has two candles of one time",
    }
    return gx.ExpectationSuite(
        name="raw_market__tao_prices",
        expectations=[
            gxe.ExpectColumnValuesToBeInSet(
                column=column, value_set=[True], description=description
            )
            for column, description in said.items()
        ],
    )
