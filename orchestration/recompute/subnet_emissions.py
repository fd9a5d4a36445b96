"""``recomputed__subnet_emissions``: TAO due to every subnet by the rules then in force."""

import pyarrow as pa

from mechanics import emission, issuance
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I96F32
from orchestration.recompute.rows import Columns, blocks_of, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__SUBNET_EMISSIONS

_COLUMNS = [
    "block_number",
    "netuid",
    "spec_version",
    "pre_is_network_added",
    "pre_subnet_mechanism",
    "pre_first_emission_block_number",
    "pre_moving_price_i96f32_bits",
]


def recompute(subnet_blocks: pa.Table, blocks: pa.Table) -> pa.Table:
    """One row per snapshot block and subnet.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        blocks: the same day of ``chain__blocks``.
    """
    issuance_rao = {
        row["block_number"]: row["pre_total_issuance_rao"]
        for row in rows_of(blocks, ["block_number", "pre_total_issuance_rao"])
    }
    out = Columns(RECOMPUTED__SUBNET_EMISSIONS)
    for block, rows in blocks_of(subnets_only(subnet_blocks), _COLUMNS):
        spec = rows[0]["spec_version"]
        try:
            era = emission.ERAS.at(spec)
            minted = issuance.block_emission(spec, issuance_rao[block])
            due = era.module.recompute(_state(minted, rows)).tao
        except (UnknownRule, BadState) as unknown:  # BadState: what the rule reads is not decoded
            for row in rows:
                out.add(block_number=block, netuid=row["netuid"], unexplained_reason=str(unknown))
            continue
        for row in rows:
            tao = due.get(row["netuid"])
            out.add(
                block_number=block,
                netuid=row["netuid"],
                emission_era=era.name,
                block_emission_rao=minted,
                is_candidate=tao is not None,
                tao_emission_u96f32_bits=0 if tao is None else tao.bits,
                tao_emission_rao=0 if tao is None else tao.to_u64_sat(),
            )
    return out.table()


def _state(block_emission_rao: int, rows: list[dict]) -> emission.EmissionState:
    """The subnets that existed before the block; one added by the block itself has no share."""
    existing = [row for row in rows if row["pre_is_network_added"]]
    return emission.EmissionState(
        block_emission_rao=block_emission_rao,
        moving_price={r["netuid"]: I96F32(r["pre_moving_price_i96f32_bits"]) for r in existing},
        mechanism={r["netuid"]: r["pre_subnet_mechanism"] for r in existing},
        first_emission_block_number={
            r["netuid"]: r["pre_first_emission_block_number"] for r in existing
        },
    )
