"""``recomputed__pool_prices``: the spot price of every pool before and after each block."""

import pyarrow as pa

from mechanics import amm
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import U64F64
from orchestration.recompute.pools import POOL_COLUMNS, spot_price
from orchestration.recompute.rows import Columns, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__POOL_PRICES

_COLUMNS = ["block_number", "netuid", "spec_version", *POOL_COLUMNS]


def recompute(subnet_blocks: pa.Table) -> pa.Table:
    """One row per snapshot block and subnet; prices widened to U64F64, which loses nothing."""
    out = Columns(RECOMPUTED__POOL_PRICES)
    for row in rows_of(subnets_only(subnet_blocks), _COLUMNS):
        key = {"block_number": row["block_number"], "netuid": row["netuid"]}
        try:
            era = amm.ERAS.at(row["spec_version"])
            before, after = (
                U64F64.saturating_from(spot_price(era, row, when)).bits for when in ("pre_", "")
            )
        except (UnknownRule, BadState) as unknown:
            out.add(**key, unexplained_reason=str(unknown))
            continue
        out.add(
            **key,
            amm_era=era.name,
            pre_spot_price_u64f64_bits=before,
            spot_price_u64f64_bits=after,
        )
    return out.table()
