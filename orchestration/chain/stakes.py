"""Who holds how much stake: the share pools of hotkeys, landed and decoded.

A coldkey's stake is not stored: it is its share of a hotkey's alpha on a subnet. What it comes to
is a rule, and not known here.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bittensor_core import ss58_decode

from orchestration.chain.foreseen import Foreseen
from orchestration.chain.keys import PREFIX_BYTES, map_key, netuid_of, parameters_of
from orchestration.chain.land import Say
from orchestration.chain.layout import (
    ALL_SHARES,
    ALL_SHARES_V2,
    EPOCH_ALPHA_DIVIDENDS,
    EPOCH_TAO_DIVIDENDS,
    HOTKEY_ALPHA,
    HOTKEY_OWNER,
    HOTKEY_TAKE,
    LAST_STEP_BLOCK,
    NEURON_UIDS,
    SHARES,
    SHARES_V2,
    STAKE_ITEMS,
    SUBNET_OWNER_HOTKEY,
    StorageItem,
)
from orchestration.chain.metadata import ConfirmedLayout
from orchestration.chain.reader import ChainReader
from orchestration.chain.values import decode_parameters, decode_values
from orchestration.errors import DecodeError, LayoutError
from orchestration.schemas import BITS, RAW_CHAIN__STAKES

ROOT = 0
_TIMES_SAID = 20
_ROWS_A_BATCH = 200_000

Pool = tuple[bytes, int]
"""A hotkey and the subnet its alpha is of."""
Move = tuple[bytes | None, bytes, int]
"""The coldkey, hotkey and netuid that an event names; no coldkey where only the pool is named."""


class Sweep(NamedTuple):
    """A swap of a hotkey, of a coldkey, or a subnet's end; None where it is of all."""

    event_name: str
    coldkey_ss58: bytes | None
    hotkey_ss58: bytes | None
    dest_coldkey_ss58: bytes | None
    dest_hotkey_ss58: bytes | None
    netuid: int | None


_SWEEPING = (
    "ColdkeySwapped",
    "HotkeySwapped",
    "HotkeySwappedOnSubnet",
    "NetworkDissolveCleanupCompleted",
    "NetworkRemoved",
)
_ACCOUNTS = ("coldkey_ss58", "hotkey_ss58", "dest_coldkey_ss58", "dest_hotkey_ss58")


# ---------------------------------------------------------------------- landing


def epochs_run(storage: pa.Table, blocks: range) -> dict[int, list[int]]:
    """The netuids whose epoch ran in each block of a range, by what LastMechansimStepBlock says.

    Every epoch is found where the snapshots are no further apart than the tempo.

    Args:
        storage: a day of ``raw_chain__storage``.
    """
    heads = pc.binary_slice(storage["key"], 0, PREFIX_BYTES)
    rows = storage.filter(pc.equal(heads, pa.scalar(LAST_STEP_BLOCK.prefix, heads.type)))
    run: dict[int, set[int]] = defaultdict(set)
    for key, value in zip(rows["key"].to_pylist(), rows["value"].to_pylist(), strict=True):
        block = int.from_bytes(value or b"", "little")
        if block in blocks:
            run[block].add(netuid_of(key, LAST_STEP_BLOCK.key))
    return {block: sorted(netuids) for block, netuids in run.items()}


def raw_stakes(
    reader: ChainReader,
    headers: pa.Table,
    events: pa.Table,
    epochs: Mapping[int, Sequence[int]],
    say: Say = lambda line: None,
) -> Iterator[pa.RecordBatch]:
    """Share pools at the day's ends, and in between where an event or an epoch moves stake.

    All keys at the end of the block before the day and of the day's last; in a block in between,
    those of the pools that it moves. A key is landed when its value is new.

    Args:
        events: the day of ``chain__stake_events``.
        epochs: the day's ``epochs_run``.

    Yields:
        Batches in block order, as ``RAW_CHAIN__STAKES``; a null value is an absent key.
    """
    numbers = headers["block_number"].to_pylist()
    if not numbers:
        yield _batch([])
        return
    specs = dict(zip(numbers, headers["spec_version"].to_pylist(), strict=True))
    first = max(numbers[0] - 1, reader.first_state_block())
    if first not in specs:
        specs[first] = reader.headers(range(first, first + 1))["spec_version"][0].as_py()
    moved, swept = _moved_pools(events), _sweeps(events)
    between = sorted((moved.keys() | swept.keys() | epochs.keys()) - {first, numbers[-1]})
    stakes = _Stakes(reader)
    stakes.read_all(first, specs[first])
    moves = [
        (b, specs[b], moved.get(b, set()), swept.get(b, ()), epochs.get(b, ())) for b in between
    ]
    state = Foreseen(reader, ((block, stakes.expected(*of)) for block, *of in moves))
    for done, (block, *of) in enumerate(moves):
        state.move_to(block)
        stakes.read(block, state, *of)
        if len(stakes.rows) >= _ROWS_A_BATCH:
            yield _batch(stakes.rows)
            stakes.rows = []
        if done % max(1, len(between) // _TIMES_SAID) == 0:
            say(f"stakes of block {block:,}, {done + 1:,} of {len(between):,}")
    if numbers[-1] != first:
        stakes.read_all(numbers[-1], specs[numbers[-1]])
    yield _batch(stakes.rows)


def _moved_pools(events: pa.Table) -> dict[int, set[Move]]:
    """What the events of each block move."""
    columns = ("coldkey_ss58", "hotkey_ss58", "netuid")
    ends = (columns, tuple(f"dest_{name}" for name in columns))
    moved: dict[int, set[Move]] = defaultdict(set)
    blocks = events["block_number"].to_pylist()
    for names in ends:
        accounts = (events[name].to_pylist() for name in names)
        for block, coldkey, hotkey, netuid in zip(blocks, *accounts, strict=True):
            if hotkey is not None and netuid is not None:
                owner = None if coldkey is None else _account(coldkey)
                moved[block].add((owner, _account(hotkey), netuid))
    return moved


def _sweeps(events: pa.Table) -> dict[int, list[Sweep]]:
    """The events of each block that move all that a key or a subnet has, naming no stake."""
    rows = events.filter(pc.is_in(events["event_name"], value_set=pa.array(_SWEEPING)))
    swept: dict[int, list[Sweep]] = defaultdict(list)
    for row in rows.select(["block_number", *Sweep._fields]).to_pylist():
        block = row.pop("block_number")
        accounts = {k: row[k] if row[k] is None else _account(row[k]) for k in _ACCOUNTS}
        swept[block].append(Sweep(**row | accounts))
    return swept


class _Stakes:
    """What is known of the share pools while a day is read forward; ``rows`` are those to land."""

    def __init__(self, reader: ChainReader) -> None:
        self._reader = reader
        self._landed: dict[bytes, bytes] = {}
        self._stakers: dict[Pool, set[bytes]] = defaultdict(set)
        self._hotkeys: dict[int, set[bytes]] = defaultdict(set)
        # Keys made once for each state of the sets above, which only grow.
        self._made: dict[tuple, list[bytes]] = {}
        self.rows: list[tuple[int, int, bytes, bytes | None]] = []

    def read_all(self, block: int, spec: int) -> None:
        """Every key there is, and those known to have been."""
        found = {
            key
            for item in STAKE_ITEMS
            if item.is_in(spec)
            for key in next(iter(self._reader.keys(item.prefix, [block])))
        }
        for key in found:
            self._learn(key)
        keys = sorted(found | self._landed.keys())
        (values,) = self._reader.storage([(block, keys)])
        self._land(block, spec, keys, values)

    def _swept(self, sweeps: Sequence[Sweep]) -> set[Move]:
        """Every stake that is known to be moved by such an event, at both of its ends."""
        moved: set[Move] = set()
        for sweep in sweeps:
            for (hotkey, netuid), stakers in self._stakers.items():
                if sweep.netuid not in (None, netuid):
                    continue
                if sweep.event_name == "ColdkeySwapped":
                    if sweep.coldkey_ss58 in stakers:
                        ends = (sweep.coldkey_ss58, sweep.dest_coldkey_ss58)
                        moved |= {(who, hotkey, netuid) for who in ends}
                elif sweep.hotkey_ss58 is None:
                    moved |= {(who, hotkey, netuid) for who in stakers}
                elif hotkey == sweep.hotkey_ss58:
                    ends = (hotkey, sweep.dest_hotkey_ss58)
                    moved |= {(who, end, netuid) for who in stakers for end in ends}
        return moved

    def expected(
        self, spec: int, moved: set[Move], sweeps: Sequence[Sweep], netuids: Sequence[int]
    ) -> list[bytes]:
        """What ``read`` will ask of a block, by what is known now."""
        moved = moved | self._swept(sweeps)
        pools = {(hotkey, netuid) for _, hotkey, netuid in moved}
        pools |= {
            (hotkey, of) for at in netuids for of in (at, ROOT) for hotkey in self._hotkeys[of]
        }
        keys = [_key(SUBNET_OWNER_HOTKEY, netuid) for netuid in netuids]
        keys += [_key(HOTKEY_OWNER, hotkey) for hotkey in {hotkey for hotkey, _ in pools}]
        keys += [key for netuid in netuids for key in self._dividend_keys(spec, netuid)]
        keys += [key for pool in pools for key in self._pool_keys(spec, pool)]
        return keys + [
            _key(item, hotkey, coldkey, netuid)
            for item in (SHARES, SHARES_V2)
            if item.is_in(spec)
            for coldkey, hotkey, netuid in moved
            if coldkey is not None
        ]

    def read(
        self,
        block: int,
        state: Foreseen,
        spec: int,
        moved: set[Move],
        sweeps: Sequence[Sweep],
        netuids: Sequence[int],
    ) -> None:
        """The keys of the pools that a block's events and epochs move."""
        moved = moved | self._swept(sweeps)

        def land(keys: list[bytes]) -> None:
            self._land(block, spec, keys, state.read(keys))

        pools: set[Pool] = set()
        for coldkey, hotkey, netuid in moved:
            pools.add((hotkey, netuid))
            self._hotkeys[netuid].add(hotkey)
            if coldkey is not None:
                self._stakers[hotkey, netuid].add(coldkey)
        # Who owns a hotkey, and which is the subnet owner's, says whose shares an epoch adds to.
        asked = [_key(SUBNET_OWNER_HOTKEY, netuid) for netuid in netuids]
        land(asked)
        for key in asked:
            if key in self._landed:
                self._hotkeys[netuid_of(key, SUBNET_OWNER_HOTKEY.key)].add(self._landed[key])
        keys = []
        for netuid in netuids:
            pools |= {(hotkey, of) for of in (netuid, ROOT) for hotkey in self._hotkeys[of]}
            keys += self._dividend_keys(spec, netuid)
        land([_key(HOTKEY_OWNER, hotkey) for hotkey in sorted({hotkey for hotkey, _ in pools})])
        for pool in pools:
            owner = self._landed.get(_key(HOTKEY_OWNER, pool[0]))
            if owner is not None:
                self._stakers[pool].add(owner)
            keys += self._pool_keys(spec, pool)
        land(sorted(keys))

    def _dividend_keys(self, spec: int, netuid: int) -> list[bytes]:
        """Where an epoch of a subnet says what it shared out, and by which takes."""
        hotkeys = self._hotkeys[netuid] | self._hotkeys[ROOT]
        form = spec, netuid, len(hotkeys)
        if form not in self._made:
            items = (EPOCH_ALPHA_DIVIDENDS, EPOCH_TAO_DIVIDENDS)
            self._made[form] = [
                _key(item, netuid, hotkey)
                for item in items
                if item.is_in(spec)
                for hotkey in hotkeys
            ] + [_key(HOTKEY_TAKE, hotkey) for hotkey in hotkeys]
        return self._made[form]

    def _pool_keys(self, spec: int, pool: Pool) -> list[bytes]:
        """Where a pool stands, and the share of everyone who has or may have one."""
        hotkey, netuid = pool
        form = spec, pool, len(self._stakers[pool])
        if form not in self._made:
            wholes = (HOTKEY_ALPHA, ALL_SHARES, ALL_SHARES_V2)
            self._made[form] = [
                _key(item, hotkey, netuid) for item in wholes if item.is_in(spec)
            ] + [
                _key(item, hotkey, who, netuid)
                for item in (SHARES, SHARES_V2)
                if item.is_in(spec)
                for who in self._stakers[pool]
            ]
        return self._made[form]

    def _land(self, block: int, spec: int, keys: list[bytes], values: list[bytes | None]) -> None:
        for key, value in zip(keys, values, strict=True):
            if value == self._landed.get(key):
                continue
            self.rows.append((block, spec, key, value))
            self._learn(key)
            if value is None:
                del self._landed[key]
            else:
                self._landed[key] = value

    def _learn(self, key: bytes) -> None:
        """Which pools there are, and who has a share in each."""
        head = key[:PREFIX_BYTES]
        if head in (SHARES.prefix, SHARES_V2.prefix):
            hotkey, coldkey, netuid = parameters_of(key, SHARES.key)
            self._stakers[hotkey, int.from_bytes(netuid, "little")].add(coldkey)
        elif head == HOTKEY_ALPHA.prefix:
            hotkey, netuid = parameters_of(key, HOTKEY_ALPHA.key)
            self._hotkeys[int.from_bytes(netuid, "little")].add(hotkey)
        elif head == NEURON_UIDS.prefix:
            netuid, hotkey = parameters_of(key, NEURON_UIDS.key)
            self._hotkeys[int.from_bytes(netuid, "little")].add(hotkey)


def _key(item: StorageItem, *parameters: bytes | int) -> bytes:
    return _key_of(item.prefix, item.key, *parameters)


@lru_cache(1 << 16)
def _key_of(prefix: bytes, parts, *parameters: bytes | int) -> bytes:
    plain = (p.to_bytes(2, "little") if isinstance(p, int) else p for p in parameters)
    return map_key(prefix, parts, *plain)


_account = lru_cache(1 << 16)(ss58_decode)


def _batch(rows: list[tuple[int, int, bytes, bytes | None]]) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.record_batch(
        [
            pa.array(column, field.type)
            for column, field in zip(columns, RAW_CHAIN__STAKES, strict=True)
        ],
        schema=RAW_CHAIN__STAKES,
    )


# ---------------------------------------------------------------------- decoding

STAKE_CHANGES = pa.schema(
    [
        ("block_number", pa.int64()),
        ("spec_version", pa.int32()),
        ("item", pa.string()),
        ("hotkey_ss58", pa.string()),  # null: the item is keyed by the subnet alone
        ("coldkey_ss58", pa.string()),  # whose share; or the hotkey's owner, as Owner says it
        ("netuid", pa.int32()),
        ("number", BITS),  # the value, the bits of a share, a mantissa; null: absent
        ("exponent", pa.int64()),  # of a SafeFloat
    ]
)
"""Every change of a stake item, decoded: what is landed, in its order."""


def stake_changes(raw: pa.Table, layouts: Mapping[int, ConfirmedLayout]) -> pa.Table:
    """A day of ``raw_chain__stakes`` in typed columns, as ``STAKE_CHANGES``.

    Raises:
        LayoutError: a spec's layout was not confirmed.
        DecodeError: a key or a value is not of its item's type.
    """
    raw = raw.combine_chunks()
    for spec in pc.unique(raw["spec_version"]).to_pylist():
        if spec not in layouts:
            raise LayoutError(
                f"The layout of spec {spec} was not confirmed, so its stakes are not decoded; "
                "land that spec's metadata first."
            )
    encoded = _whole(raw["key"]).dictionary_encode()
    indices = encoded.indices.to_numpy()
    keys = encoded.dictionary.to_pylist()
    items = {item.prefix: at for at, item in enumerate(STAKE_ITEMS)}
    codes = np.array([items.get(key[:PREFIX_BYTES], -1) for key in keys], np.int64)
    if (codes < 0).any():
        stray = keys[int(np.flatnonzero(codes < 0)[0])]
        raise DecodeError(f"The landed key 0x{stray.hex()} is of no stake item; land it again.")
    parts, places = [], []
    for code, item in enumerate(STAKE_ITEMS):
        rows = np.flatnonzero(codes[indices] == code)
        if len(rows):
            used, which = np.unique(indices[rows], return_inverse=True)
            parts.append(_decoded(item, raw.take(pa.array(rows)), [keys[k] for k in used], which))
            places.append(rows)
    if not parts:
        return STAKE_CHANGES.empty_table()
    order = np.argsort(np.concatenate(places), kind="stable")
    return pa.concat_tables(parts).take(pa.array(order)).combine_chunks()


def _decoded(item: StorageItem, rows: pa.Table, keys: list[bytes], which: np.ndarray) -> pa.Table:
    """The changes of one item; ``which`` says which of the keys each row has."""
    for key in keys:
        if parameters_of(key, item.key) is None:
            raise DecodeError(f"The landed key 0x{key.hex()} is not a key of {item.name}.")
    parameters = [column.take(pa.array(which)) for column in decode_parameters(keys, item.key)]
    values = _whole(rows["value"])
    present = pc.is_valid(values)
    try:
        found = decode_values(item, values.filter(present))
    except ValueError as error:
        position, what = error.args
        block = rows["block_number"].filter(present)[position]
        raise DecodeError(f"{item.name} at block {block} cannot be read: {what}.") from None
    at = pc.if_else(present, pc.subtract(pc.cumulative_sum(present.cast(pa.int64())), 1), None)
    value, *exponent = (column.take(at) for column in found.values())
    columns = {
        "block_number": rows["block_number"],
        "spec_version": rows["spec_version"],
        "item": pa.array([item.item]).take(pa.array(np.zeros(len(rows), np.int64))),
    }
    names = {
        SHARES: ("hotkey_ss58", "coldkey_ss58", "netuid"),
        SHARES_V2: ("hotkey_ss58", "coldkey_ss58", "netuid"),
        EPOCH_ALPHA_DIVIDENDS: ("netuid", "hotkey_ss58"),
        EPOCH_TAO_DIVIDENDS: ("netuid", "hotkey_ss58"),
        NEURON_UIDS: ("netuid", "hotkey_ss58"),
        HOTKEY_OWNER: ("hotkey_ss58",),
        HOTKEY_TAKE: ("hotkey_ss58",),
        SUBNET_OWNER_HOTKEY: ("netuid",),
    }.get(item, ("hotkey_ss58", "netuid"))
    columns |= dict(zip(names, parameters, strict=True))
    if item is HOTKEY_OWNER:
        columns["coldkey_ss58"] = value
    elif item is SUBNET_OWNER_HOTKEY:
        columns["hotkey_ss58"] = value
    else:
        columns["number"] = value
        if exponent:
            columns["exponent"] = exponent[0]
    count = len(rows)
    return pa.table(
        [
            columns[field.name].cast(field.type)
            if field.name in columns
            else pa.nulls(count, field.type)
            for field in STAKE_CHANGES
        ],
        schema=STAKE_CHANGES,
    )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    column = column.combine_chunks()
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
