"""Pools as a recording has them, block by block, straight from its storage changes.

Independent of the lake: keys are built, and values taken apart, here.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mechanics.amm import PoolState, Position, Tick
from mechanics.fixed import I64F64, U64F64, U96F32
from orchestration.chain.keys import item_prefix
from orchestration.chain.metadata import Metadata

SPEC_VERSION = 293
FEE_RATE_DEFAULT = 196

_OF_SUBNET = (
    *(
        ("SubtensorModule", item)
        for item in (
            "SubnetTAO",
            "SubnetAlphaIn",
            "SubnetAlphaOut",
            "SubnetTaoProvided",
            "SubnetAlphaInProvided",
            "SubnetMechanism",
            "SubnetTaoInEmission",
            "SubnetAlphaInEmission",
            "SubnetAlphaOutEmission",
            "FirstEmissionBlockNumber",
            "Burn",
        )
    ),
    *(
        ("Swap", item)
        for item in (
            "AlphaSqrtPrice",
            "CurrentLiquidity",
            "CurrentTick",
            "FeeGlobalTao",
            "FeeGlobalAlpha",
            "SwapV3Initialized",
            "FeeRate",
            "EnabledUserLiquidity",
        )
    ),
)
_ITEMS = {
    item_prefix(pallet, item): item
    for pallet, item in (
        *_OF_SUBNET,
        ("Swap", "Ticks"),
        ("Swap", "Positions"),
        ("SubtensorModule", "TaoWeight"),
    )
}
_PROTOCOL_ACCOUNT = b"modl"
"""An account derived from a pallet's id begins so."""


@dataclass
class Chain:
    """The items above as they stand at the end of a block."""

    block_number: int = 0
    tao_weight: int = 0
    values: dict[tuple[str, int], bytes] = field(default_factory=dict)
    ticks: dict[int, dict[int, Tick]] = field(default_factory=lambda: defaultdict(dict))
    positions: dict[int, dict[tuple[bytes, int], Position]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def netuids(self) -> list[int]:
        return sorted(n for item, n in self.values if item == "SubnetTAO" and n != 0)

    def number(self, item: str, netuid: int, default: int = 0) -> int:
        value = self.values.get((item, netuid))
        return default if value is None else int.from_bytes(value, "little")

    def optional(self, item: str, netuid: int, *, signed: bool = False) -> int | None:
        value = self.values.get((item, netuid))
        return None if value is None else int.from_bytes(value, "little", signed=signed)

    def pool(self, netuid: int) -> PoolState:
        price = self.optional("AlphaSqrtPrice", netuid)
        positions = self.positions[netuid]
        ours = [p for (owner, _), p in positions.items() if owner.startswith(_PROTOCOL_ACCOUNT)]
        users = {
            key: position
            for (owner, key), position in positions.items()
            if not owner.startswith(_PROTOCOL_ACCOUNT)
        }
        return PoolState(
            mechanism=self.number("SubnetMechanism", netuid),
            tao_reserve_rao=self.number("SubnetTAO", netuid),
            alpha_reserve_rao=self.number("SubnetAlphaIn", netuid),
            is_v3_initialized=bool(self.number("SwapV3Initialized", netuid)),
            alpha_sqrt_price=None if price is None else U64F64(price),
            fee_rate_u16=self.number("FeeRate", netuid, FEE_RATE_DEFAULT),
            tao_provided_rao=self.number("SubnetTaoProvided", netuid),
            alpha_provided_rao=self.number("SubnetAlphaInProvided", netuid),
            current_liquidity=self.optional("CurrentLiquidity", netuid),
            current_tick=self.optional("CurrentTick", netuid, signed=True),
            fee_global_tao=U64F64(self.number("FeeGlobalTao", netuid)),
            fee_global_alpha=U64F64(self.number("FeeGlobalAlpha", netuid)),
            ticks=self.ticks[netuid],
            protocol_position=ours[0] if ours else None,
            positions=users,
            is_user_liquidity_enabled=bool(self.number("EnabledUserLiquidity", netuid)),
        )

    def alpha_issuance(self, netuid: int) -> int:
        return self.number("SubnetAlphaIn", netuid) + self.number("SubnetAlphaOut", netuid)

    def take(self, key: bytes, value: bytes | None) -> None:
        item = _ITEMS[key[:32]]
        if item == "Ticks":
            netuid, index = _unsigned(key[40:42]), _signed(key[50:54])
            self.ticks[netuid] = _with(self.ticks[netuid], index, value and _tick(value))
        elif item == "Positions":
            netuid, owner, number = _unsigned(key[40:42]), key[50:82], _unsigned(key[90:106])
            entry = value and _position(value)
            self.positions[netuid] = _with(self.positions[netuid], (owner, number), entry)
        elif item == "TaoWeight":
            self.tao_weight = _unsigned(value)
        elif value is None:
            self.values.pop((item, _unsigned(key[-2:])), None)
        else:
            self.values[item, _unsigned(key[-2:])] = value


def _unsigned(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _tick(raw: bytes) -> Tick:
    fees = I64F64(_signed(raw[24:40])), I64F64(_signed(raw[40:56]))
    return Tick(_signed(raw[:16]), _unsigned(raw[16:24]), *fees)


def _position(raw: bytes) -> Position:
    # id u128, netuid u16, tick_low i32, tick_high i32, liquidity u64, fees_tao, fees_alpha
    fees = I64F64(_signed(raw[34:50])), I64F64(_signed(raw[50:66]))
    return Position(_signed(raw[18:22]), _signed(raw[22:26]), _unsigned(raw[26:34]), *fees)


def _with(entries: dict, key: object, entry: object | None) -> dict:
    changed = {k: v for k, v in entries.items() if k != key}
    return changed if entry is None else changed | {key: entry}


class RecordedPools:
    """A recording's pools: ``blocks()`` yields the state before and after each block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._changes = defaultdict(list)
        recorded = pq.ParquetFile(folder / "storage_changes.parquet")
        wanted = pa.array(list(_ITEMS), pa.binary())
        for group in range(recorded.num_row_groups):
            rows = recorded.read_row_group(group)
            prefix = pc.binary_slice(rows["key"].combine_chunks(), 0, 32)
            rows = rows.filter(pc.is_in(prefix, value_set=wanted))
            for block, key, value in zip(*(column.to_pylist() for column in rows), strict=True):
                self._changes[block].append((key, value))
        self.events = defaultdict(list)
        for event in pq.read_table(folder / "events.parquet").to_pylist():
            self.events[event["block_number"]].append(event)

    def blocks(self, last: int | None = None) -> Iterator[tuple[dict[int, PoolState], dict, Chain]]:
        """Pools before, what the block's root sale depends on, and the chain after."""
        chain = Chain()
        first, *following = sorted(self._changes)
        for key, value in self._changes[first]:
            chain.take(key, value)
        for number in following:
            if last is not None and number > last:
                return
            before = {netuid: chain.pool(netuid) for netuid in chain.netuids()}
            root = chain.tao_weight, chain.number("SubnetTAO", 0)
            issuance = {netuid: chain.alpha_issuance(netuid) for netuid in before}
            for key, value in self._changes[number]:
                chain.take(key, value)
            chain.block_number = number
            sold = {n: root_alpha(chain, n, *root, issuance[n]) for n in before}
            yield before, sold, chain

    @cached_property
    def _extrinsics(self) -> dict[int, list[bytes]]:
        columns = ["block_number", "extrinsics"]
        table = pq.read_table(self.folder / "blocks.parquet", columns=columns)
        return dict(zip(*(column.to_pylist() for column in table), strict=True))

    @cached_property
    def _metadata(self) -> Metadata:
        path = self.folder / "metadata" / f"{SPEC_VERSION}_v14.scale"
        return Metadata(SPEC_VERSION, path.read_bytes())

    def call(self, event: dict) -> tuple[str, dict]:
        """The call whose event it is: its name and arguments."""
        raw = self._extrinsics[event["block_number"]][event["extrinsic_index"]]
        call = self._metadata.runtime.decode_extrinsic(raw)["call"]
        return call["call_function"], {a["name"]: a["value"] for a in call["call_args"]}


def fields(event: dict) -> dict | list:
    """An event's attributes, numbers as integers."""
    attributes = json.loads(event["attributes"])
    if isinstance(attributes, dict):
        return {name: _number(value) for name, value in attributes.items()}
    return [_number(value) for value in attributes]


def _number(value: object) -> object:
    is_number = isinstance(value, str) and value.removeprefix("-").isdigit()
    return int(value) if is_number else value


def is_started(chain: Chain, netuid: int) -> bool:
    first = chain.optional("FirstEmissionBlockNumber", netuid)
    return first is not None and first <= chain.block_number


def root_alpha(chain: Chain, netuid: int, tao_weight: int, root_tao: int, issuance: int) -> int:
    """Alpha sold for root, whole rao: captures/README.md section 5, with a cut of 11,796."""
    minted = chain.number("SubnetAlphaOutEmission", netuid)
    issued = issuance + chain.number("SubnetAlphaInEmission", netuid) + minted
    weight = U96F32.of(tao_weight).safe_div(U96F32.of(2**64 - 1))
    root = U96F32.of(root_tao) * weight
    proportion = root.safe_div(root + U96F32.of(issued))
    cut = U96F32.of(minted) * (U96F32.of(11_796) / U96F32.of(2**16 - 1))
    return (proportion * (U96F32.of(minted) - cut) * U96F32(2**31)).to_u64_sat()
