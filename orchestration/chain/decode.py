"""Raw storage rows -> state before and after each snapshot block -> the decoded tables.

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
from orchestration.chain.layout import (
    GLOBAL_ITEMS,
    POSITIONS,
    SNAPSHOT_ITEMS,
    SUBNET_ITEMS,
    TICKS,
    StorageItem,
)
from orchestration.chain.metadata import ConfirmedLayout
from orchestration.chain.values import (
    SS58_PREFIX,
    column_types,
    compact,
    decode_parameters,
    decode_values,
)
from orchestration.errors import DecodeError, LayoutError
from orchestration.schemas import (
    CHAIN__BLOCKS,
    CHAIN__POOL_POSITIONS,
    CHAIN__POOL_TICKS,
    CHAIN__SUBNET_BLOCKS,
    UTC_MS,
)

ROOT = 0
SWAP_ACCOUNT = b"modlten/swap".ljust(32, b"\0")
"""The account of the swap pallet (PalletId ``ten/swap``), which owns the protocol's positions."""


# ---------------------------------------------------------------------- state over blocks


@dataclass(frozen=True, slots=True)
class _Changes:
    """The landed rows of one item: where in the day each stands, its key and its bytes.

    ``keys`` are the item's distinct keys; ``key_numbers`` say which of them a row has.
    """

    block_positions: np.ndarray
    netuids: np.ndarray
    keys: list[bytes]
    key_numbers: np.ndarray
    values: pa.BinaryArray


class StateFrames:
    """A day's landed state: any item at any snapshot, before or after the block.

    ``blocks`` are the blocks with state, ascending; ``snapshots`` those whose parent is there too;
    ``layouts`` the confirmed layout of every spec among them.
    """

    def __init__(self, raw: pa.Table, layouts: Mapping[int, ConfirmedLayout]) -> None:
        raw = raw.combine_chunks()
        numbers = raw["block_number"].to_numpy()
        self.blocks, first_rows, positions = np.unique(
            numbers, return_index=True, return_inverse=True
        )
        self._specs = raw["spec_version"].to_numpy()[first_rows]
        self.layouts = layouts
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
        items = {item.prefix: item for item in SNAPSHOT_ITEMS}
        order = list(items.values())
        codes = np.full(len(keys.dictionary), -1, dtype=np.int64)
        netuids = np.full(len(keys.dictionary), -1, dtype=np.int64)
        distinct = keys.dictionary.to_pylist()
        for row, key in enumerate(distinct):
            item = items.get(key[:PREFIX_BYTES])
            if item is None:
                continue
            codes[row] = order.index(item)
            if item.key:
                netuid = netuid_of(key, item.key)
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
            used, numbers = np.unique(indices[rows], return_inverse=True)
            by_item[item] = _Changes(
                positions[rows],
                netuids[indices[rows]],
                [distinct[row] for row in used],
                numbers,
                values.take(pa.array(rows)),
            )
        return by_item

    def specs_at(self, blocks: np.ndarray) -> np.ndarray:
        """The runtime that executed each of some blocks with state."""
        return self._specs[np.searchsorted(self.blocks, blocks)]

    def columns(self, item: StorageItem) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
        """An item before and after every snapshot: (pre, post), each by column.

        Shape (snapshots,) for a plain item, (snapshots x netuids,) in that order for a map; a
        snapshot whose spec has no such item is null.
        """
        changes = self._by_item[item]
        width = len(self.netuids) if item.key else 1
        slots = np.searchsorted(self.netuids, changes.netuids) if item.key else 0
        latest = self._latest(changes, slots, width)
        absent = changes.values.is_null().to_numpy(zero_copy_only=False)
        decoded, start = [], 0
        rows = np.full(latest.shape, -1, dtype=np.int64)
        for spec in np.unique(self._specs):
            here = self._specs == spec
            layout = self.layouts[int(spec)]
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

    def entries_before(self, item: StorageItem) -> dict[str, pa.Array]:
        """The entries a map has before every snapshot, one row each.

        ``block_number``, one column for each parameter of the key (``key_0``, ``key_1`` ...), and
        the item's own, in the order of block and key; a snapshot whose spec has no such item has
        no row.
        """
        changes = self._by_item[item]
        latest = self._latest(changes, changes.key_numbers, len(changes.keys))[self._before]
        absent = changes.values.is_null().to_numpy(zero_copy_only=False)
        present = latest >= 0
        present[present] = ~absent[latest[present]]
        is_known = [item.is_in(int(spec)) for spec in self._specs[self._before]]
        present &= np.array(is_known, bool).reshape(-1, 1)
        snapshots, key_numbers = np.nonzero(present)
        used, picks = np.unique(latest[snapshots, key_numbers], return_inverse=True)
        try:
            decoded = decode_values(item, changes.values.take(pa.array(used)))
        except ValueError as error:
            raise self._undecodable(item, changes, used, *error.args) from None
        parameters = decode_parameters(changes.keys, item.key)
        return (
            {"block_number": pa.array(self.snapshots[snapshots])}
            | {
                f"key_{n}": column.take(pa.array(key_numbers))
                for n, column in enumerate(parameters)
            }
            | {name: column.take(pa.array(picks)) for name, column in decoded.items()}
        )

    def _latest(self, changes: _Changes, slots: np.ndarray | int, width: int) -> np.ndarray:
        """Which change is the last at the end of each block, shape (blocks, width); -1 for none."""
        latest = np.full((len(self.blocks), width), -1, dtype=np.int64)
        latest[changes.block_positions, slots] = np.arange(len(changes.values))
        return np.maximum.accumulate(latest, axis=0, out=latest)

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
        if item.key:
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


def chain_pool_ticks(frames: StateFrames) -> pa.Table:
    """``chain__pool_ticks``: every price at which a pool's liquidity changed, before the block."""
    found = frames.entries_before(TICKS)
    found["netuid"], found["tick_index"] = found["key_0"], found["key_1"]
    return _before(found, CHAIN__POOL_TICKS)


def chain_pool_positions(frames: StateFrames) -> pa.Table:
    """``chain__pool_positions``: who lends what to a pool before the block."""
    found = frames.entries_before(POSITIONS)
    found["owner_ss58"] = found["key_1"]
    found["is_protocol"] = pc.equal(found["key_1"], ss58_encode(SWAP_ACCOUNT, SS58_PREFIX))
    return _before(found, CHAIN__POOL_POSITIONS)


def _before(found: dict[str, pa.Array], schema: pa.Schema) -> pa.Table:
    """Entries of a map as a table whose value columns begin with ``pre_``."""
    return _as(schema, {name: found[name.removeprefix("pre_")] for name in schema.names})


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
