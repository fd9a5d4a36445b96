"""Rows of the decoded tables made by hand: what is not said is null, or 0 where it may not be."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from orchestration.schemas import CHAIN__BLOCKS, CHAIN__STAKE_EVENTS, CHAIN__SUBNET_BLOCKS

Said = Mapping[str, Any]


def table(schema: pa.Schema, rows: Sequence[Said]) -> pa.Table:
    """A table of some rows; a column that the schema does not have is an error."""
    for row in rows:
        unknown = row.keys() - set(schema.names)
        assert not unknown, f"there is no column {sorted(unknown)}"
    return pa.table(
        [pa.array([_value(field, row) for row in rows], field.type) for field in schema],
        schema=schema,
    )


def _value(field: pa.Field, row: Said) -> Any:
    if field.name in row:
        value = row[field.name]
        is_bits = pa.types.is_decimal(field.type) and value is not None
        return Decimal(value) if is_bits else value
    if field.nullable:
        return None
    if pa.types.is_boolean(field.type):
        return False
    return "" if pa.types.is_string(field.type) else 0


OPEN = {
    "is_network_added": True,
    "pre_is_network_added": True,
    "pre_subnet_mechanism": 1,
    "pre_first_emission_block_number": 1,
    "pre_is_subtoken_enabled": True,
    "pre_is_registration_allowed": True,
    "pre_is_pow_registration_allowed": True,
    "pre_is_emission_enabled": True,
    "pre_miner_burned_u96f32_bits": 0,
    "pre_tao_flow_rao": 0,
    "pre_protocol_flow_rao": 0,
}
"""A subnet that takes part in every era."""


def subnet_blocks(spec: int, block: int, subnets: Mapping[int, Said]) -> pa.Table:
    """One block of ``chain__subnet_blocks``: root, then these subnets, by netuid."""
    root = {"netuid": 0, "is_network_added": True, "pre_is_network_added": True}
    rows = [root | subnets.get(0, {})]
    rows += [OPEN | said | {"netuid": n} for n, said in sorted(subnets.items()) if n]
    where = {"block_number": block, "spec_version": spec}
    return table(CHAIN__SUBNET_BLOCKS, [row | where for row in rows])


def blocks(spec: int, block: int, **said: Any) -> pa.Table:
    """The same block of ``chain__blocks``, with the parameters' defaults of later specs."""
    defaults = {
        "is_snapshot": True,
        "pre_total_issuance_rao": 0,
        "pre_tao_weight_u64": 971_718_665_099_567_868,
        "pre_subnet_moving_alpha_i96f32_bits": 12_885,
        "pre_subnet_owner_cut_u16": 11_796,
        "pre_flow_ema_smoothing_factor_u64": 29_597_889_189_277,
        "pre_tao_flow_cutoff_i64f64_bits": 0,
        "pre_flow_norm_exponent_u64f64_bits": 1 << 64,
        "pre_is_net_tao_flow": True,
        "pre_emission_gate_bar_u64f64_bits": 0,
        "pre_emission_bar_quantile_u64f64_bits": 61 * (1 << 64) // 100,
        "pre_emission_bar_rank": 32,
        "pre_emission_gate_exponent_u64f64_bits": 3 << 64,
    }
    where = {"block_number": block, "spec_version": spec}
    return table(CHAIN__BLOCKS, [defaults | said | where])


def stake_events(block: int, events: Sequence[Said]) -> pa.Table:
    """Events of the block, all of which touch a pool."""
    rows = [
        {"block_number": block, "event_index": at, "is_pool_touching": True} | event
        for at, event in enumerate(events)
    ]
    return table(CHAIN__STAKE_EVENTS, rows)
