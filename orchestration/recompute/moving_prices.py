"""``recomputed__moving_prices``: the EMA price each block should have written."""

import pyarrow as pa
import pyarrow.compute as pc

from mechanics import amm, moving_price
from mechanics.eras import UnknownRule
from mechanics.fixed import I96F32
from orchestration.recompute.pools import POOL_COLUMNS, spot_price
from orchestration.recompute.rows import Columns, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__MOVING_PRICES

_COLUMNS = [
    "block_number",
    "netuid",
    "spec_version",
    "pre_network_registered_at_block",
    "pre_first_emission_block_number",
    "pre_ema_price_halving_blocks",
    "pre_moving_price_i96f32_bits",
    *POOL_COLUMNS,
]

PRICE_INSIDE_THE_BLOCK = (
    "an extrinsic moved the pool in this block, so the price at its end is not the price the "
    "moving price took in; that needs the pool rules"
)


def recompute(
    subnet_blocks: pa.Table, blocks: pa.Table, emissions: pa.Table, stake_events: pa.Table
) -> pa.Table:
    """One row per snapshot block and subnet.

    The price that counts is the one after injection and root sale, before extrinsics. Where no
    extrinsic touched the pool it is the price at the end of the block.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        blocks: the same day of ``chain__blocks``.
        emissions: the same day of ``recomputed__subnet_emissions``, row for row.
        stake_events: the same day of ``chain__stake_events``.
    """
    moving_alpha = {
        row["block_number"]: row["pre_subnet_moving_alpha_i96f32_bits"]
        for row in rows_of(blocks, ["block_number", "pre_subnet_moving_alpha_i96f32_bits"])
    }
    moved = _moved_pools(stake_events)
    out = Columns(RECOMPUTED__MOVING_PRICES)
    rows = rows_of(subnets_only(subnet_blocks), _COLUMNS)
    due = rows_of(emissions, ["is_candidate", "unexplained_reason"])
    for row, candidacy in zip(rows, due, strict=True):
        key = {"block_number": row["block_number"], "netuid": row["netuid"]}
        try:
            era = moving_price.ERAS.at(row["spec_version"])
            pool_era = amm.ERAS.at(row["spec_version"])
        except UnknownRule as unknown:
            out.add(**key, unexplained_reason=str(unknown))
            continue
        if candidacy["unexplained_reason"]:
            out.add(**key, unexplained_reason=candidacy["unexplained_reason"])
        elif not candidacy["is_candidate"]:
            out.add(
                **key,
                moving_price_era=era.name,
                moving_price_i96f32_bits=row["pre_moving_price_i96f32_bits"],
            )
        elif (row["block_number"], row["netuid"]) in moved:
            out.add(**key, moving_price_era=era.name, unexplained_reason=PRICE_INSIDE_THE_BLOCK)
        else:
            written = era.module.recompute(
                moving_price.MovingPriceState(
                    block_number=row["block_number"],
                    mechanism=row["pre_subnet_mechanism"],
                    moving_price=I96F32(row["pre_moving_price_i96f32_bits"]),
                    spot_price=spot_price(pool_era, row, ""),
                    subnet_moving_alpha=I96F32(moving_alpha[row["block_number"]]),
                    network_registered_at_block=row["pre_network_registered_at_block"],
                    first_emission_block_number=row["pre_first_emission_block_number"],
                    ema_price_halving_blocks=row["pre_ema_price_halving_blocks"],
                )
            )
            out.add(**key, moving_price_era=era.name, moving_price_i96f32_bits=written.bits)
    return out.table()


def _moved_pools(stake_events: pa.Table) -> set[tuple[int, int]]:
    """(block, netuid) of every pool an extrinsic touched."""
    touching = stake_events.filter(pc.field("is_pool_touching"))
    return set(
        zip(touching["block_number"].to_pylist(), touching["netuid"].to_pylist(), strict=True)
    )
