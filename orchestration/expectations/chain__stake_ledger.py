"""What we expect of a day of ``chain__stake_ledger``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ledger.kinds import DISSOLUTION, EFFECTS, Effect

if TYPE_CHECKING:
    import great_expectations as gx
    import pandas as pd

NEEDS = ("chain__stake_ledger", "chain__stakes_by_day", "chain__blocks", "chain__subnet_blocks")
PLACE = ["coldkey_ss58", "hotkey_ss58", "netuid", "subnet_registered_at_block"]

_ALPHA_SIGN = {
    Effect.OPEN: 1,
    Effect.BUY: 1,
    Effect.EARN: 1,
    Effect.IN: 1,
    Effect.SELL: -1,
    Effect.LOSE: -1,
    Effect.OUT: -1,
    Effect.ADJUST: 0,
}
_TAO_SIGN = {Effect.BUY: -1, Effect.SELL: 1}


def measure(tables: Mapping[str, pa.Table], day: dt.date) -> pd.DataFrame:
    """One row per stake, with what its entries must be beside it."""
    ledger, stakes = tables["chain__stake_ledger"], tables["chain__stakes_by_day"]
    entries = ledger.select([*PLACE, "alpha_rao"]).to_pandas()
    kinds = ledger["kind"].to_pylist()
    effects = [EFFECTS.get(kind) for kind in kinds]
    alpha_signs = np.array([_ALPHA_SIGN.get(effect, 0) for effect in effects], np.int64)
    tao_signs = np.array([_TAO_SIGN.get(effect, 0) for effect in effects], np.int64)
    alpha = ledger["alpha_rao"].to_numpy()
    tao = pc.fill_null(ledger["tao_rao"], 0).to_numpy()
    blocks, indexes = (ledger[name].to_numpy() for name in ("block_number", "entry_index"))
    # Stakes that an ended subnet left are there without it.
    known = pa.concat_arrays(
        [table["netuid"].unique() for table in (tables["chain__subnet_blocks"], stakes)]
    )
    landed = tables["chain__blocks"]["block_number"].combine_chunks()
    ascends = (np.diff(blocks) > 0) | ((np.diff(blocks) == 0) & (np.diff(indexes) > 0))
    entries["has_known_kinds"] = [effect is not None for effect in effects]
    entries["has_right_signs"] = (alpha * alpha_signs >= 0) & np.where(
        tao_signs == 0, tao == 0, tao * tao_signs >= 0
    )
    # Only the end of a subnet pays what it does not say.
    is_unpaid = pc.is_null(ledger["tao_rao"]).to_numpy()
    entries["has_tao_or_a_reason"] = ~is_unpaid | (
        pc.is_valid(ledger["unpriced_reason"]).to_numpy()
        & np.array([kind == DISSOLUTION for kind in kinds], bool)
    )
    entries["is_of_landed_blocks"] = pc.is_in(ledger["block_number"], value_set=landed).to_numpy()
    entries["is_of_known_subnets"] = pc.is_in(ledger["netuid"], value_set=known).to_numpy()
    entries["is_in_order"] = np.append(True, ascends)[: len(blocks)]
    flags = [name for name in entries.columns if name.startswith(("has_", "is_"))]
    by_stake = entries.groupby(PLACE, sort=False)
    summed = by_stake[flags].min().assign(change_rao=by_stake["alpha_rao"].sum()).reset_index()
    frame = stakes.select([*PLACE, "pre_alpha_rao", "alpha_rao"]).to_pandas()
    frame = frame.merge(summed, on=PLACE, how="outer")
    for name in flags:
        frame[name] = frame[name].fillna(True).astype(bool)
    # A stake that is nought at both ends has entries and no row; one no rule is known for has none.
    before, change, after = (
        frame[name].fillna(0).astype("int64")
        for name in ("pre_alpha_rao", "change_rao", "alpha_rao")
    )
    frame["closes"] = before + change == after
    return frame[[*PLACE, *flags, "closes"]]


def suite() -> gx.ExpectationSuite:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    said = {
        "closes": "what a stake was and its entries make what it is, to the rao",
        "has_known_kinds": "every entry is of a known kind",
        "has_right_signs": "alpha and TAO go the way their kind says",
        "has_tao_or_a_reason": "TAO that is not known has a reason",
        "is_of_landed_blocks": "every entry is of a landed block",
        "is_of_known_subnets": "every entry is of a subnet that was read, or that left its stakes",
        "is_in_order": "entries are in order and none stands twice",
    }
    return gx.ExpectationSuite(
        name="chain__stake_ledger",
        expectations=[
            gxe.ExpectCompoundColumnsToBeUnique(
                column_list=PLACE, description="no stake stands twice"
            ),
            *(
                gxe.ExpectColumnValuesToBeInSet(
                    column=column, value_set=[True], description=description
                )
                for column, description in said.items()
            ),
        ],
    )
