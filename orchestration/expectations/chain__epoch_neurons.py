"""What we expect of a day of ``chain__epoch_neurons``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.expectations.epochs import BOTH_OR_ROWLESS, PLACE, by_epoch, none_of, of_an_epoch

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__epoch_neurons", "chain__epochs")

__all__ = ["NEEDS", "PLACE", "measure", "suite"]

_SHARES = (
    "stake_weight_u16",
    "consensus_u16",
    "incentive_u16",
    "dividends_u16",
    "validator_trust_u16",
    "rank_u16",
    "trust_u16",
    "pruning_score_u16",
    "pre_childkey_take_u16",
    "pre_delegate_take_u16",
)
_RAO = ("pre_alpha_rao", "pre_root_rao", "emission_rao", "alpha_dividends_rao", "tao_dividends_rao")
_U16_MAX = 65_535


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per epoch, with counts of what is amiss among its neurons."""
    rows, epochs = tables["chain__epoch_neurons"], tables["chain__epochs"]
    is_outside = np.zeros(rows.num_rows, dtype=bool)
    for name in (*_SHARES, *_RAO):
        outside = pc.less(rows[name], 0)
        if name in _SHARES:
            outside = pc.or_(outside, pc.greater(rows[name], _U16_MAX))
        is_outside |= pc.fill_null(outside, False).to_numpy()
    frame = by_epoch(
        epochs,
        rows,
        {
            "outside_rows_count": is_outside,
            "unregistered_rows_count": _registered_later(rows),
            "first_mechanism_rows_count": pc.equal(rows["mecid"], 0).to_numpy(),
        },
        ["block_number", "netuid", "mecid", "uid"],
    )
    neurons = frame[["pre_neuron_count", "neuron_count"]].max(axis=1)
    frame["neurons_lacking_count"] = neurons - frame["first_mechanism_rows_count"].fillna(0)
    return frame


def _registered_later(rows: pa.Table) -> np.ndarray:
    """Neurons that the epoch saw and that registered only after the block before it."""
    late = pc.greater_equal(rows["pre_registered_at_block"], rows["block_number"])
    return pc.fill_null(late, False).to_numpy()


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx

    return gx.ExpectationSuite(
        name="chain__epoch_neurons",
        expectations=[
            of_an_epoch(BOTH_OR_ROWLESS, "every neuron is of an epoch"),
            none_of("neurons_lacking_count", "every neuron of an epoch has a row, and no other"),
            none_of("repeated_rows_count", "no neuron stands twice"),
            none_of("outside_rows_count", "shares are of 65,535, and no amount is negative"),
            none_of("unregistered_rows_count", "a neuron was registered before the epoch saw it"),
        ],
    )
