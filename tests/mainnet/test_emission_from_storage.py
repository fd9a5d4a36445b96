"""Storage of finney as its nodes answer it, decoded and shared by the rule of its spec.

The snapshot is of the end of one block, which stands here for its parent's as well: what is left is
what the block itself changed (see ``test_emission``, where the law is asked without tables).
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from orchestration.chain.decode import StateFrames, chain_blocks, chain_subnet_blocks
from orchestration.chain.keys import netuid_key
from orchestration.chain.layout import SNAPSHOT_ITEMS
from orchestration.chain.metadata import confirm
from orchestration.recompute import subnet_emissions
from orchestration.schemas import RAW_CHAIN__BLOCKS, RAW_CHAIN__EVENTS, RAW_CHAIN__STORAGE

SPEC = 440
ITEMS = {item.item: item for item in SNAPSHOT_ITEMS}
MAPS = {
    "moving_price": "SubnetMovingPrice",
    "miner_burned": "MinerBurned",
    "emission_enabled": "SubnetEmissionEnabled",
    "first_emission_block": "FirstEmissionBlockNumber",
    "subtoken_enabled": "SubtokenEnabled",
    "registration_allowed": "NetworkRegistrationAllowed",
    "tao_in_emission": "SubnetTaoInEmission",
    "excess_tao": "SubnetExcessTao",
}
VALUES = {
    "emission_gate_bar": "EmissionGateBar",
    "emission_bar_quantile": "EmissionBarQuantile",
    "emission_gate_exponent": "EmissionGateExponent",
    "total_issuance": "TotalIssuance",
}


@pytest.fixture(scope="module")
def snapshot(shared: Path) -> dict[str, Any]:
    path = shared / "mainnet/emission_gate/emission-pipeline_8740402.json"
    if not path.is_file():
        pytest.skip(f"needs {path}, which is not here")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def frames(snapshot: dict[str, Any], shared: Path) -> StateFrames:
    """The snapshot as it would be landed; metadata of 461 stands for 440's, which is not kept."""
    metadata = (shared / "mainnet/metadata/spec461_v14_localnode.scale").read_bytes()
    block = snapshot["block_number"]
    landed: list[tuple[int, int, bytes, bytes | None]] = []
    for number in (block - 1, block):
        where = (number, SPEC)
        landed.append((*where, ITEMS["Number"].prefix, number.to_bytes(4, "little")))
        for name, item in VALUES.items():
            landed.append((*where, ITEMS[item].prefix, unhexed(snapshot["values"][name])))
        for name, item in MAPS.items():
            for netuid, raw in snapshot["maps"][name].items():
                landed.append((*where, key_of(item, int(netuid)), unhexed(raw)))
        for netuid in snapshot["maps"]["registration_allowed"]:
            landed.append((*where, key_of("NetworksAdded", int(netuid)), b"\1"))
            landed.append((*where, key_of("SubnetMechanism", int(netuid)), b"\1\0"))
    columns = zip(*landed, strict=True)
    raw = pa.table(
        [pa.array(c, f.type) for c, f in zip(columns, RAW_CHAIN__STORAGE, strict=True)],
        schema=RAW_CHAIN__STORAGE,
    )
    return StateFrames(raw, {SPEC: confirm(SPEC, metadata)})


def unhexed(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text.removeprefix("0x"))


def key_of(item: str, netuid: int) -> bytes:
    return netuid_key(ITEMS[item].prefix, ITEMS[item].key, netuid)


@pytest.fixture(scope="module")
def due(frames: StateFrames, snapshot: dict[str, Any]) -> list[dict[str, Any]]:
    block = snapshot["block_number"]
    header = {
        "block_number": [block],
        "block_hash": [bytes(32)],
        "parent_hash": [bytes(32)],
        "timestamp_ms": [0],
        "spec_version": [SPEC],
    }
    events = {"block_number": [block], "spec_version": [SPEC], "events": [b"\0"]}
    blocks = chain_blocks(
        pa.table(header, schema=RAW_CHAIN__BLOCKS),
        pa.table(events, schema=RAW_CHAIN__EVENTS),
        frames,
    )
    return subnet_emissions.recompute(chain_subnet_blocks(frames), blocks).to_pylist()


def test_what_finney_paid_is_what_its_storage_gives_to_14_parts_in_100000(due, snapshot):
    maps = snapshot["maps"]
    paid = {
        int(netuid): sum(
            int.from_bytes(unhexed(maps[name][netuid]), "little")
            for name in ("tao_in_emission", "excess_tao")
        )
        for netuid in maps["excess_tao"]
    }
    assert {row["emission_era"] for row in due} == {"v440_gate"}
    assert {row["netuid"] for row in due if row["is_candidate"]} == paid.keys()
    (minted_rao,) = {row["block_emission_rao"] for row in due}
    assert minted_rao == 500_000_000
    errors = [
        abs(row["tao_emission_rao"] - paid[row["netuid"]]) for row in due if row["is_candidate"]
    ]
    assert max(errors) / minted_rao == pytest.approx(1.385e-4, abs=1e-7)
    assert sum(rao > 0 for rao in paid.values()) == sum(row["tao_emission_rao"] > 0 for row in due)


def test_the_bar_is_kept_between_multiples_of_360(due, snapshot):
    stored = int.from_bytes(unhexed(snapshot["values"]["emission_gate_bar"]), "little")
    assert {row["emission_gate_bar_u64f64_bits"] for row in due} == {stored}
