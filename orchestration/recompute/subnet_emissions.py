"""``recomputed__subnet_emissions``: TAO due to every subnet by the rules then in force."""

from collections.abc import Mapping

import pyarrow as pa

from mechanics import amm, emission, issuance
from mechanics.alpha_split import root_proportion
from mechanics.emission import (
    FlowEma,
    FlowState,
    GateState,
    v348_zero_start,
    v421_price_root_burn,
)
from mechanics.engine import emission as engine
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32
from orchestration.recompute.pools import (
    ISSUANCE_COLUMNS,
    POOL_COLUMNS,
    alpha_issuance_before,
    spot_price,
)
from orchestration.recompute.rows import Columns, Row, blocks_of, rows_of
from orchestration.schemas import RECOMPUTED__SUBNET_EMISSIONS

ROOT = 0

_COLUMNS = list(
    dict.fromkeys(
        [
            "block_number",
            "netuid",
            "spec_version",
            "pre_is_network_added",
            "pre_subnet_mechanism",
            "pre_first_emission_block_number",
            "pre_is_subtoken_enabled",
            "pre_is_registration_allowed",
            "pre_is_pow_registration_allowed",
            "pre_moving_price_i96f32_bits",
            "pre_tao_flow_rao",
            "pre_ema_tao_flow_block_number",
            "pre_ema_tao_flow_i64f64_bits",
            "pre_protocol_flow_rao",
            "pre_ema_protocol_flow_block_number",
            "pre_ema_protocol_flow_i64f64_bits",
            "pre_is_emission_enabled",
            "pre_miner_burned_u96f32_bits",
            *ISSUANCE_COLUMNS,
            *POOL_COLUMNS,
        ]
    )
)
_NETWORK = [
    "block_number",
    "pre_total_issuance_rao",
    "pre_tao_weight_u64",
    "pre_flow_ema_smoothing_factor_u64",
    "pre_tao_flow_cutoff_i64f64_bits",
    "pre_flow_norm_exponent_u64f64_bits",
    "pre_is_net_tao_flow",
    "pre_emission_gate_bar_u64f64_bits",
    "pre_emission_bar_quantile_u64f64_bits",
    "pre_emission_bar_rank",
    "pre_emission_gate_exponent_u64f64_bits",
]


def recompute(subnet_blocks: pa.Table, blocks: pa.Table) -> pa.Table:
    """One row per snapshot block and subnet.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        blocks: the same day of ``chain__blocks``.
    """
    network = {row["block_number"]: row for row in rows_of(blocks, _NETWORK)}
    out = Columns(RECOMPUTED__SUBNET_EMISSIONS)
    for block, of_block in blocks_of(subnet_blocks, _COLUMNS):
        rows = [row for row in of_block if row["netuid"] != ROOT]
        if not rows:
            continue
        spec = rows[0]["spec_version"]
        try:
            era = emission.ERAS.at(spec)
            minted = issuance.block_emission(spec, network[block]["pre_total_issuance_rao"])
            pre = _state(minted, of_block, network[block])
            paid = engine.recompute(spec, pre)
        except (UnknownRule, BadState) as unknown:  # BadState: what the rule reads is not decoded
            for row in rows:
                out.add(block_number=block, netuid=row["netuid"], unexplained_reason=str(unknown))
            continue
        for row in rows:
            netuid = row["netuid"]
            tao, proportion = paid.tao.get(netuid), pre.root_proportion.get(netuid)
            out.add(
                block_number=block,
                netuid=netuid,
                emission_era=era.name,
                block_emission_rao=minted,
                is_candidate=tao is not None,
                tao_emission_u96f32_bits=0 if tao is None else tao.bits,
                tao_emission_rao=0 if tao is None else tao.to_u64_sat(),
                root_proportion_u96f32_bits=None if proportion is None else proportion.bits,
                is_tao_flow_consumed=netuid in paid.consumed_tao_flow,
                is_protocol_flow_consumed=netuid in paid.consumed_protocol_flow,
                emission_gate_bar_u64f64_bits=_bits(paid.emission_gate_bar),
                **_ema("tao", row, paid.ema_tao_flow),
                **_ema("protocol", row, paid.ema_protocol_flow),
            )
    return out.table()


def _ema(whose: str, row: Row, after: Mapping[int, FlowEma]) -> dict[str, int | None]:
    """An EMA after the block: that of a subnet the rule does not step stays as it was."""
    ema = after.get(row["netuid"]) or _stored(whose, row)
    return {
        f"ema_{whose}_flow_block_number": ema and ema.block_number,
        f"ema_{whose}_flow_i64f64_bits": ema and ema.rao.bits,
    }


def _stored(whose: str, row: Row) -> FlowEma | None:
    """SubnetEmaTaoFlow or SubnetEmaProtocolFlow before the block."""
    block_number = row[f"pre_ema_{whose}_flow_block_number"]
    if block_number is None:
        return None
    return FlowEma(block_number, I64F64(row[f"pre_ema_{whose}_flow_i64f64_bits"]))


def _bits(value: U64F64 | None) -> int | None:
    return None if value is None else value.bits


# ---------------------------------------------------------------------- the state before the block


def _state(block_emission_rao: int, rows: list[Row], network: Row) -> emission.EmissionState:
    """The subnets that existed before the block; one added by the block itself has no share.

    What the block's spec has no item for is left out, and a rule that reads it says so.
    """
    existing = [row for row in rows if row["pre_is_network_added"] and row["netuid"] != ROOT]

    def by_subnet(column: str) -> dict:
        return {r["netuid"]: r[column] for r in existing if r[column] is not None}

    return emission.EmissionState(
        block_emission_rao=block_emission_rao,
        moving_price={r["netuid"]: I96F32(r["pre_moving_price_i96f32_bits"]) for r in existing},
        mechanism={r["netuid"]: r["pre_subnet_mechanism"] for r in existing},
        first_emission_block_number={
            r["netuid"]: r["pre_first_emission_block_number"] for r in existing
        },
        block_number=existing[0]["block_number"] if existing else None,
        flow=_flow(existing, network),
        is_subtoken_enabled=by_subnet("pre_is_subtoken_enabled"),
        is_registration_allowed=by_subnet("pre_is_registration_allowed"),
        is_pow_registration_allowed=by_subnet("pre_is_pow_registration_allowed"),
        is_emission_enabled=by_subnet("pre_is_emission_enabled"),
        root_proportion=_root_proportions(rows, existing, network),
        miner_burned={
            n: U96F32(bits) for n, bits in by_subnet("pre_miner_burned_u96f32_bits").items()
        },
        gate=_gate(network),
    )


def _flow(existing: list[Row], network: Row) -> FlowState | None:
    """None where the spec keeps no flows, or shares by something else again."""
    if network["pre_flow_ema_smoothing_factor_u64"] is None or not existing:
        return None
    spec = existing[0]["spec_version"]
    if spec >= v421_price_root_burn.FIRST_SPEC_VERSION:
        return None
    begins_at_a_price = spec < v348_zero_start.FIRST_SPEC_VERSION
    stored = {row["netuid"]: _stored("tao", row) for row in existing}
    has_protocol_flow = network["pre_is_net_tao_flow"] is not None
    return FlowState(
        smoothing_factor=network["pre_flow_ema_smoothing_factor_u64"],
        cutoff=I64F64(network["pre_tao_flow_cutoff_i64f64_bits"]),
        norm_exponent=U64F64(network["pre_flow_norm_exponent_u64f64_bits"]),
        tao_flow_rao={row["netuid"]: row["pre_tao_flow_rao"] for row in existing},
        ema_tao_flow=stored,
        spot_price={
            row["netuid"]: U96F32.saturating_from(spot_price(amm.ERAS.at(spec), row, "pre_"))
            for row in existing
            if begins_at_a_price and stored[row["netuid"]] is None
        },
        **(
            {
                "is_net": network["pre_is_net_tao_flow"],
                "protocol_flow_rao": {r["netuid"]: r["pre_protocol_flow_rao"] for r in existing},
                "ema_protocol_flow": {r["netuid"]: _stored("protocol", r) for r in existing},
            }
            if has_protocol_flow
            else {}
        ),
    )


def _root_proportions(rows: list[Row], existing: list[Row], network: Row) -> dict[int, U96F32]:
    """Of every subnet, where a rule reads it: none before spec 421 does."""
    if rows[0]["spec_version"] < v421_price_root_burn.FIRST_SPEC_VERSION:
        return {}
    root_rao = next(row["pre_tao_reserve_rao"] for row in rows if row["netuid"] == ROOT)
    return {
        row["netuid"]: root_proportion(
            network["pre_tao_weight_u64"], root_rao, alpha_issuance_before(row)
        )
        for row in existing
    }


def _gate(network: Row) -> GateState | None:
    """None where the spec has no gate."""
    if network["pre_emission_gate_bar_u64f64_bits"] is None:
        return None
    return GateState(
        bar=U64F64(network["pre_emission_gate_bar_u64f64_bits"]),
        bar_quantile=U64F64(network["pre_emission_bar_quantile_u64f64_bits"]),
        bar_rank=network["pre_emission_bar_rank"] or 0,
        exponent=U64F64(network["pre_emission_gate_exponent_u64f64_bits"]),
    )
