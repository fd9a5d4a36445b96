"""``recomputed__moving_prices``: the EMA price each block should have written."""

from collections.abc import Mapping

import pyarrow as pa

from mechanics import moving_price
from mechanics.eras import BadState, Era, UnknownRule
from mechanics.fixed import I96F32, U64F64
from orchestration.recompute.rows import Columns, Row, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__MOVING_PRICES

_COLUMNS = [
    "block_number",
    "netuid",
    "spec_version",
    "pre_network_registered_at_block",
    "pre_first_emission_block_number",
    "pre_ema_price_halving_blocks",
    "pre_moving_price_i96f32_bits",
    "pre_subnet_mechanism",
]


def recompute(
    subnet_blocks: pa.Table, blocks: pa.Table, emissions: pa.Table, pool_states: pa.Table
) -> pa.Table:
    """One row per snapshot block and subnet.

    The price that counts is the one after injection and root sale, before extrinsics.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        blocks: the same day of ``chain__blocks``.
        emissions: the same day of ``recomputed__subnet_emissions``, row for row.
        pool_states: the same day of ``recomputed__pool_states``, row for row.
    """
    moving_alpha = {
        row["block_number"]: row["pre_subnet_moving_alpha_i96f32_bits"]
        for row in rows_of(blocks, ["block_number", "pre_subnet_moving_alpha_i96f32_bits"])
    }
    out = Columns(RECOMPUTED__MOVING_PRICES)
    rows = rows_of(subnets_only(subnet_blocks), _COLUMNS)
    due = rows_of(emissions, ["is_candidate", "unexplained_reason"])
    pools = rows_of(pool_states, ["coinbase_spot_price_u64f64_bits", "unexplained_reason"])
    for row, candidacy, pool in zip(rows, due, pools, strict=True):
        key = {"block_number": row["block_number"], "netuid": row["netuid"]}
        try:
            era = moving_price.ERAS.at(row["spec_version"])
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
        elif pool["coinbase_spot_price_u64f64_bits"] is None:
            reason = pool["unexplained_reason"]
            out.add(**key, moving_price_era=era.name, unexplained_reason=reason)
        else:
            out.add(**key, moving_price_era=era.name, **_written(era, row, pool, moving_alpha))
    return out.table()


def _written(era: Era, row: Row, pool: Row, moving_alpha: Mapping[int, int]) -> dict:
    """The price the rule writes, or why it gives none."""
    try:
        written = era.module.recompute(
            moving_price.MovingPriceState(
                block_number=row["block_number"],
                mechanism=row["pre_subnet_mechanism"],
                moving_price=I96F32(row["pre_moving_price_i96f32_bits"]),
                spot_price=U64F64(pool["coinbase_spot_price_u64f64_bits"]),
                subnet_moving_alpha=I96F32(moving_alpha[row["block_number"]]),
                network_registered_at_block=row["pre_network_registered_at_block"],
                first_emission_block_number=row["pre_first_emission_block_number"],
                ema_price_halving_blocks=row["pre_ema_price_halving_blocks"],
            )
        )
    except BadState as bad:
        return {"unexplained_reason": str(bad)}
    return {"moving_price_i96f32_bits": written.bits}
