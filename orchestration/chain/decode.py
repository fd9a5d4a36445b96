"""Raw storage rows -> typed columns, a whole column at a time.

A block's state is decoded with the layout of the runtime that EXECUTED the block: a runtime set in
block N runs its migrations in N+1, so the state at the end of N still has the old layout.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bittensor_core import ss58_encode

from orchestration.chain.keys import PREFIX_BYTES, netuid_of
from orchestration.chain.layout import GLOBAL_ITEMS, SUBNET_ITEMS, StorageItem
from orchestration.chain.metadata import ConfirmedLayout
from orchestration.errors import DecodeError, LayoutError
from orchestration.schemas import (
    BITS,
    CHAIN__BLOCKS,
    CHAIN__SUBNET_BLOCKS,
    UTC_MS,
)

SS58_PREFIX = 42
ROOT = 0

_INTEGERS = {"u16": "<u2", "u32": "<u4", "i32": "<i4", "u64": "<u8", "i64": "<i8"}
_LARGEST_BITS = 10**38 - 1


# ---------------------------------------------------------------------- values of one item


def decode_values(item: StorageItem, values: pa.BinaryArray) -> dict[str, pa.Array]:
    """The column or columns of an item, one row per value.

    Args:
        values: the bytes as stored, shape (n,); null only where the item is optional.

    Raises:
        ValueError: (position, what) of the first value that is not of the item's type.
    """
    kind = item.value_type
    if kind in _INTEGERS:
        return {item.column: _integers(kind, values)}
    if kind == "bool":
        return {item.column: _booleans(values)}
    if kind.startswith(("u128", "i128")):
        return {item.column: _wide(_fixed_width(values, 16), kind[0] == "i", values)}
    if kind == "[u8; 32]":
        return {item.column: _addresses(values)}
    if kind == "Vec<u8>":
        return {item.column: _texts(values)}
    if kind == "(u64, i128/2^64)":
        rows = _fixed_width(values, 24)
        blocks = rows[:, :8].copy().view("<u8").ravel()
        return {
            f"{item.column}_block_number": _masked(_signed(blocks), values),
            f"{item.column}_i64f64_bits": _wide(rows[:, 8:], True, values),
        }
    raise LayoutError(
        f"{item.name} is declared with value type {kind}, which this program does not decode; "
        "declare one of the types in orchestration/chain/decode.py."
    )


def column_types(item: StorageItem) -> dict[str, pa.DataType]:
    """The columns an item decodes to, and their types."""
    empty = pa.array([], pa.binary())
    return {name: column.type for name, column in decode_values(item, empty).items()}


def _fixed_width(values: pa.BinaryArray, width: int) -> np.ndarray:
    """Bytes of equally long values, shape (n, width); zeros where null."""
    lengths = pc.fill_null(pc.binary_length(values), width).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != width)
    if len(wrong):
        raise ValueError(int(wrong[0]), f"has {lengths[wrong[0]]} bytes instead of {width}")
    if values.null_count:
        values = pc.fill_null(values, bytes(width))
    data = np.frombuffer(values.buffers()[2] or b"", dtype=np.uint8)
    offsets = np.frombuffer(values.buffers()[1] or b"\0\0\0\0", dtype=np.int32)
    start = int(offsets[values.offset]) if len(values) else 0
    return data[start : start + len(values) * width].reshape(len(values), width)


def _masked(numbers: np.ndarray, values: pa.BinaryArray, kind: pa.DataType | None = None):
    mask = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    return pa.array(numbers, type=kind, mask=mask)


def _signed(numbers: np.ndarray) -> np.ndarray:
    wrong = np.flatnonzero(numbers > np.uint64(2**63 - 1))
    if len(wrong):
        raise ValueError(int(wrong[0]), f"is {numbers[wrong[0]]}, above 2^63 - 1")
    return numbers.astype(np.int64)


def _integers(kind: str, values: pa.BinaryArray) -> pa.Array:
    dtype = np.dtype(_INTEGERS[kind])
    numbers = _fixed_width(values, dtype.itemsize).copy().view(dtype).ravel()
    if kind == "u64":
        return _masked(_signed(numbers), values)
    wider = np.int64 if kind in ("i64", "u32") else np.int32
    return _masked(numbers.astype(wider), values)


def _booleans(values: pa.BinaryArray) -> pa.Array:
    octets = _fixed_width(values, 1).ravel()
    wrong = np.flatnonzero(octets > 1)
    if len(wrong):
        raise ValueError(int(wrong[0]), f"is 0x{octets[wrong[0]]:02x}, which is no bool")
    return _masked(octets.astype(bool), values)


def _wide(rows: np.ndarray, is_signed: bool, values: pa.BinaryArray) -> pa.Array:
    """128-bit integers, shape (n, 16), as exact decimals: their bytes are Arrow's own form."""
    # 10^38 - 1 has the upper half 0x4B3B4CA85A86C47A; only values beyond it need a closer look. An
    # unsigned value with its top bit set shows a negative upper half and is always beyond.
    high = rows[:, 8:].copy().view("<i8").ravel()
    edge = _LARGEST_BITS >> 64
    suspects = np.flatnonzero((high >= edge) | (high <= (-edge - 1 if is_signed else -1)))
    for row in suspects:
        number = int.from_bytes(rows[row].tobytes(), "little", signed=is_signed)
        if abs(number) > _LARGEST_BITS:
            raise ValueError(int(row), f"is {number}, beyond 38 digits")
    mask = None
    if values.null_count:
        mask = pc.invert(values.is_null()).cast(pa.bool_())
        mask = mask.buffers()[1]
    return pa.Array.from_buffers(
        BITS, len(rows), [mask, pa.py_buffer(np.ascontiguousarray(rows).tobytes())]
    )


def _addresses(values: pa.BinaryArray) -> pa.Array:
    _fixed_width(values, 32)
    encoded = values.dictionary_encode()
    names = pa.array(
        [ss58_encode(key, SS58_PREFIX) for key in encoded.dictionary.to_pylist()], pa.string()
    )
    return names.take(encoded.indices)


def _texts(values: pa.BinaryArray) -> pa.Array:
    encoded = values.dictionary_encode()
    texts = []
    for raw in encoded.dictionary.to_pylist():
        length, start = compact(raw)
        if start + length != len(raw):
            first = pc.index(values, raw).as_py()
            raise ValueError(first, f"says {length} bytes and holds {len(raw) - start}")
        texts.append(raw[start:].decode("utf-8", errors="replace"))
    return pa.array(texts, pa.string()).take(encoded.indices)


def compact(raw: bytes) -> tuple[int, int]:
    """A SCALE compact integer and the number of bytes it takes."""
    if not raw:
        return 0, 0
    mode = raw[0] & 3
    if mode < 3:
        width = 1 << mode
        return int.from_bytes(raw[:width], "little") >> 2, width
    width = (raw[0] >> 2) + 4
    return int.from_bytes(raw[1 : 1 + width], "little"), 1 + width


# ---------------------------------------------------------------------- state over blocks


@dataclass(frozen=True, slots=True)
class _Changes:
    """The landed rows of one item: where in the day each stands, and its bytes."""

    block_positions: np.ndarray
    netuids: np.ndarray
    values: pa.BinaryArray


class StateFrames:
    """A day's landed state: any item at any snapshot, before or after the block.

    ``blocks`` are the blocks with state, ascending; ``snapshots`` those whose parent is there too.
    """

    def __init__(self, raw: pa.Table, layouts: Mapping[int, ConfirmedLayout]) -> None:
        raw = raw.combine_chunks()
        numbers = raw["block_number"].to_numpy()
        self.blocks, first_rows, positions = np.unique(
            numbers, return_index=True, return_inverse=True
        )
        self._specs = raw["spec_version"].to_numpy()[first_rows]
        self._layouts = layouts
        for spec in np.unique(self._specs):
            if int(spec) not in layouts:
                raise LayoutError(
                    f"The layout of spec {spec} was not confirmed, so block "
                    f"{self.blocks[self._specs == spec][0]} is not decoded; "
                    "land the metadata of that spec first."
                )
        after = np.flatnonzero(np.diff(self.blocks) == 1) + 1
        self._after, self._before = after, after - 1
        self.snapshots = self.blocks[after]
        self.snapshot_specs = self._specs[after]
        self._by_item = self._split(raw, positions)
        self.netuids = np.unique(
            np.concatenate(
                [c.netuids for c in self._by_item.values()] or [np.empty(0, dtype=np.int64)]
            )
        )
        self.netuids = self.netuids[self.netuids >= 0]

    def _split(self, raw: pa.Table, positions: np.ndarray) -> dict[StorageItem, _Changes]:
        """The rows of each item, found by the few thousand distinct keys, not row by row."""
        keys = raw["key"].combine_chunks().dictionary_encode()
        if isinstance(keys, pa.ChunkedArray):
            keys = keys.combine_chunks()
        items = {item.prefix: item for item in (*GLOBAL_ITEMS, *SUBNET_ITEMS)}
        order = list(items.values())
        codes = np.full(len(keys.dictionary), -1, dtype=np.int64)
        netuids = np.full(len(keys.dictionary), -1, dtype=np.int64)
        for row, key in enumerate(keys.dictionary.to_pylist()):
            item = items.get(key[:PREFIX_BYTES])
            if item is None:
                continue
            codes[row] = order.index(item)
            if item.hasher:
                netuid = netuid_of(key, item.hasher)
                if netuid is None:
                    raise DecodeError(
                        f"The landed key 0x{key.hex()} of {item.name} names no subnet; "
                        "land the day again."
                    )
                netuids[row] = netuid
        indices = keys.indices.to_numpy()
        row_codes = codes[indices]
        values = raw["value"].combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        by_item = {}
        for code, item in enumerate(order):
            rows = np.flatnonzero(row_codes == code)
            by_item[item] = _Changes(
                positions[rows], netuids[indices[rows]], values.take(pa.array(rows))
            )
        return by_item

    def columns(self, item: StorageItem) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
        """An item before and after every snapshot: (pre, post), each by column.

        Shape (snapshots,) for a plain item, (snapshots x netuids,) in that order for a map; a
        snapshot whose spec has no such item is null.
        """
        changes = self._by_item[item]
        width = len(self.netuids) if item.hasher else 1
        slots = np.searchsorted(self.netuids, changes.netuids) if item.hasher else 0
        latest = np.full((len(self.blocks), width), -1, dtype=np.int64)
        latest[changes.block_positions, slots] = np.arange(len(changes.values))
        np.maximum.accumulate(latest, axis=0, out=latest)

        absent = changes.values.is_null().to_numpy(zero_copy_only=False)
        decoded, start = [], 0
        rows = np.full(latest.shape, -1, dtype=np.int64)
        for spec in np.unique(self._specs):
            here = self._specs == spec
            layout = self._layouts[int(spec)]
            if item not in layout.defaults:
                continue
            used = np.unique(latest[here])
            used = used[used >= 0]
            used = used[~absent[used]]
            found = changes.values.take(pa.array(used))
            default = None if item.is_optional else layout.defaults[item]
            column = pa.concat_arrays([found, pa.array([default], pa.binary())])
            try:
                decoded.append(decode_values(item, column))
            except ValueError as error:
                raise self._undecodable(item, changes, used, *error.args) from None
            lookup = np.full(len(changes.values) + 1, start + len(used), dtype=np.int64)
            lookup[used] = start + np.arange(len(used))
            rows[here] = lookup[latest[here]]
            start += len(used) + 1
        if not decoded:
            nulls = {
                name: pa.nulls(len(self.snapshots) * width, kind)
                for name, kind in column_types(item).items()
            }
            return nulls, nulls
        whole = {name: pa.concat_arrays([part[name] for part in decoded]) for name in decoded[0]}
        return self._at(whole, rows[self._before]), self._at(whole, rows[self._after])

    @staticmethod
    def _at(columns: dict[str, pa.Array], rows: np.ndarray) -> dict[str, pa.Array]:
        flat = rows.ravel()
        picks = pa.array(flat, mask=flat < 0) if (flat < 0).any() else pa.array(flat)
        return {name: column.take(picks) for name, column in columns.items()}

    def _undecodable(
        self, item: StorageItem, changes: _Changes, used: np.ndarray, position: int, what: str
    ) -> DecodeError:
        if position >= len(used):
            return DecodeError(f"The default of {item.name} {what}; its metadata is damaged.")
        row = used[position]
        where = f"block {self.blocks[changes.block_positions[row]]}"
        if item.hasher:
            where += f", netuid {changes.netuids[row]}"
        raw = changes.values[int(row)].as_py()
        return DecodeError(
            f"{item.name} at {where} cannot be read as {item.value_type}: 0x{raw[:32].hex()} "
            f"{what}; land the day again from another source, or correct the declared type."
        )


# ---------------------------------------------------------------------- the decoded tables


def chain_subnet_blocks(frames: StateFrames) -> pa.Table:
    """``chain__subnet_blocks``: every subnet that exists before or after each snapshot block."""
    before: dict[str, pa.Array] = {}
    after: dict[str, pa.Array] = {}
    for item in SUBNET_ITEMS:
        pre, post = frames.columns(item)
        before |= pre
        after |= post
    exists = pc.or_(before["is_network_added"], after["is_network_added"])
    shape = (len(frames.snapshots), len(frames.netuids))
    columns = {
        "block_number": pa.array(np.repeat(frames.snapshots, shape[1]), pa.int64()),
        "netuid": pa.array(np.tile(frames.netuids, shape[0]), pa.int32()),
        "spec_version": pa.array(np.repeat(frames.snapshot_specs, shape[1]), pa.int32()),
    }
    columns |= after | {f"pre_{name}": column for name, column in before.items()}
    return _as(CHAIN__SUBNET_BLOCKS, columns).filter(exists)


def chain_blocks(headers: pa.Table, events: pa.Table, frames: StateFrames) -> pa.Table:
    """``chain__blocks``: every block of the day, with the chain-wide state at its snapshots."""
    numbers = headers["block_number"].to_numpy()
    at = np.searchsorted(frames.snapshots, numbers)
    known = at < len(frames.snapshots)
    known[known] = frames.snapshots[at[known]] == numbers[known]
    picks = pa.array(at, mask=~known)
    columns = {
        "block_number": headers["block_number"],
        "block_hash": _hex(headers["block_hash"]),
        "parent_hash": _hex(headers["parent_hash"]),
        "block_at": headers["timestamp_ms"].cast(UTC_MS),
        "spec_version": headers["spec_version"],
        "event_count": _event_counts(numbers, events),
        "is_snapshot": pa.array(known),
    }
    for item in GLOBAL_ITEMS:
        before, after = frames.columns(item)
        if item.item == "Number":
            _check_numbers(frames.snapshots, after["block_number"].to_numpy())
            continue
        columns |= {f"pre_{name}": column.take(picks) for name, column in before.items()}
        columns |= {name: column.take(picks) for name, column in after.items()}
    columns["pre_subnet_count"] = _subnet_counts(frames).take(picks)
    return _as(CHAIN__BLOCKS, columns)


def _check_numbers(snapshots: np.ndarray, said: np.ndarray) -> None:
    """The state read at each block says it is of that block."""
    wrong = np.flatnonzero(snapshots != said)
    if len(wrong):
        raise DecodeError(
            f"The state landed for block {snapshots[wrong[0]]} is of block {said[wrong[0]]} by its "
            "own System.Number; land the day again from another source."
        )


def _subnet_counts(frames: StateFrames) -> pa.Array:
    before, _ = frames.columns(SUBNET_ITEMS[0])
    exists = before["is_network_added"].to_numpy(zero_copy_only=False)
    exists = exists.reshape(len(frames.snapshots), len(frames.netuids))
    return pa.array(exists[:, frames.netuids != ROOT].sum(axis=1).astype(np.int64))


def _event_counts(numbers: np.ndarray, events: pa.Table) -> pa.Array:
    """The length every System.Events vector says at its front; 0 for the genesis block."""
    counts = np.zeros(len(numbers), dtype=np.int64)
    heads = pc.binary_slice(events["events"], 0, 5).to_pylist()
    at = np.searchsorted(numbers, events["block_number"].to_numpy())
    counts[at] = [compact(head)[0] for head in heads]
    return pa.array(counts)


def _hex(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([f"0x{raw.hex()}" for raw in column.to_pylist()], pa.string())


def _as(schema: pa.Schema, columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    """The columns of a schema, in its order and types; what it does not name is left out."""
    return pa.table([columns[f.name].cast(f.type) for f in schema], schema=schema)
