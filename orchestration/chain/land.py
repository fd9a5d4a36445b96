"""What of the chain is landed, as bytes: headers and events of every block, state at snapshots.

A snapshot of block N is the state of the adjacent pair (N-1, N): a block pays from its parent's
state, so the pair is what a recomputation needs.

What an epoch reads and writes is landed only where one ran: ``raw_epoch_storage``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.chain.foreseen import Foreseen
from orchestration.chain.keys import PREFIX_BYTES, map_key, netuid_key, netuid_of
from orchestration.chain.layout import (
    ALPHA_DIVIDENDS,
    BONDS,
    BY_MECHANISM,
    CHILDKEY_TAKE,
    CHILDREN,
    DELEGATE_TAKE,
    EMISSION_SPLIT,
    GLOBAL_ITEMS,
    HOTKEY,
    LAST_STEP_BLOCK,
    LAST_UPDATE,
    LISTED_ITEMS,
    MECHANISM_COUNT,
    MECHANISM_STEP,
    NETWORKS_ADDED,
    NEURON_COUNT,
    OUTPUT_VECTORS,
    OWNER,
    PARAMETER_ITEMS,
    PARENTS,
    REGISTERED_AT,
    STAKE,
    SUBNET_ITEMS,
    TAO_DIVIDENDS,
    VALIDATOR_PERMIT,
    WEIGHTS,
    StorageItem,
    items_at,
)
from orchestration.chain.reader import ChainReader
from orchestration.errors import SourceError
from orchestration.schemas import RAW_CHAIN__BLOCKS, RAW_CHAIN__EVENTS, RAW_CHAIN__STORAGE

Say = Callable[[str], object]
"""Is told now and then, in words, how far the work has come."""

_ROWS_A_BATCH = 200_000
_TIMES_SAID = 20


def snapshot_blocks(blocks: range, interval: int, first_state_block: int) -> list[int]:
    """The blocks of a range that get a snapshot: its first, its last and multiples of the interval.

    Only a block whose parent has state gets one. The ends are what a day's books are held against;
    the others are aligned on block numbers, so that a day taken twice, or in parts, has the same.
    """
    with_state = range(max(blocks.start, first_state_block + 1), blocks.stop)
    ends = {*with_state[:1], *with_state[-1:]}
    return [n for n in with_state if n % interval == 0 or n in ends]


def raw_blocks(reader: ChainReader, blocks: range) -> pa.Table:
    """The headers of a range, linked parent to child.

    Raises:
        SourceError: a block is missing, or a block's parent is not the block before it.
    """
    headers = reader.headers(blocks)
    numbers = headers["block_number"].to_pylist()
    if numbers != list(blocks):
        raise SourceError(
            f"The source gave {len(numbers)} headers for blocks {blocks.start} to "
            f"{blocks.stop - 1} ({len(blocks)} expected); ask another source."
        )
    hashes = headers["block_hash"].to_pylist()
    parents = headers["parent_hash"].to_pylist()
    if blocks and blocks.start > reader.first_state_block():
        before = reader.headers(range(blocks.start - 1, blocks.start))["block_hash"][0].as_py()
        hashes.insert(0, before)
    else:
        parents = parents[1:]
    for position, (parent, expected) in enumerate(zip(parents, hashes, strict=False)):
        if parent != expected:
            block = numbers[-len(parents) + position]
            raise SourceError(
                f"Block {block} names 0x{parent.hex()} as its parent, but block {block - 1} has "
                f"hash 0x{expected.hex()}: the source mixes two chains or lost a block; "
                "take the day again from another source."
            )
    return headers.cast(RAW_CHAIN__BLOCKS)


def raw_events(reader: ChainReader, headers: pa.Table) -> pa.Table:
    """System.Events of every block that has it, as stored; the genesis block has none."""
    blocks = _range_of(headers)
    events = reader.events(blocks)
    specs = dict(
        zip(headers["block_number"].to_pylist(), headers["spec_version"].to_pylist(), strict=True)
    )
    numbers = events["block_number"].to_pylist()
    lacking = sorted(set(blocks) - set(numbers) - {0})
    if lacking:
        raise SourceError(
            f"The source has no events of block {lacking[0]} ({len(lacking)} such blocks of "
            f"{len(blocks)}); ask an archive endpoint or record them again."
        )
    return pa.table(
        [
            events["block_number"],
            pa.array([specs[n] for n in numbers], pa.int32()),
            events["events"],
        ],
        schema=RAW_CHAIN__EVENTS,
    )


def raw_storage(
    reader: ChainReader, headers: pa.Table, interval: int, say: Say = lambda line: None
) -> Iterator[pa.RecordBatch]:
    """State at each snapshot: every key at the first block read, then the keys that changed.

    Yields batches in block order, as ``RAW_CHAIN__STORAGE``; a null value is an absent key.
    """
    blocks = _range_of(headers)
    first_state = reader.first_state_block()
    snapshots = snapshot_blocks(blocks, interval, first_state)
    state_blocks = sorted({b for n in snapshots for b in (n - 1, n)})
    specs = dict(
        zip(headers["block_number"].to_pylist(), headers["spec_version"].to_pylist(), strict=True)
    )
    if state_blocks and state_blocks[0] < blocks.start:
        before = reader.headers(range(blocks.start - 1, blocks.start))
        specs[blocks.start - 1] = before["spec_version"][0].as_py()

    requests = _Requests(reader, state_blocks, specs)
    landed: dict[bytes, bytes | None] = {}
    pending = _Rows()
    for done, (block, values) in enumerate(
        zip(state_blocks, reader.storage(requests), strict=True)
    ):
        spec = specs[block]
        for key, value in zip(requests.keys.pop(block), values, strict=True):
            if key not in landed or landed[key] != value:
                landed[key] = value
                pending.add(block, spec, key, value)
        if len(pending) >= _ROWS_A_BATCH:
            yield pending.batch()
            pending = _Rows()
        if done % max(1, len(state_blocks) // _TIMES_SAID) == 0:
            say(f"state of block {block:,}, {done + 1:,} of {len(state_blocks):,}")
    yield pending.batch()


class _Requests:
    """The (block, keys) to read, made as they are asked for; keys are kept to pair with answers."""

    def __init__(self, reader: ChainReader, blocks: list[int], specs: dict[int, int]) -> None:
        self._reader = reader
        self._blocks = blocks
        self._specs = specs
        self.keys: dict[int, list[bytes]] = {}

    def __iter__(self) -> Iterator[tuple[int, list[bytes]]]:
        made: dict[tuple[int, frozenset[int]], list[bytes]] = {}
        subnets_before: frozenset[int] = frozenset()
        listed_before: set[bytes] = set()
        networks = self._reader.keys(NETWORKS_ADDED.prefix, self._blocks)
        for block, found, listed in zip(self._blocks, networks, self._listed(), strict=True):
            netuids = frozenset(netuid_of(key, NETWORKS_ADDED.key) for key in found)
            # What was removed in this block is read once more: that its keys are gone is news.
            form = (self._specs[block], netuids | subnets_before)
            if form not in made:
                made[form] = _keys_of(*form)
            self.keys[block] = [*made[form], *sorted(listed | listed_before)]
            subnets_before, listed_before = netuids, listed
            yield block, self.keys[block]

    def _listed(self) -> Iterator[set[bytes]]:
        """For each block, in order: the keys of the maps whose keys cannot be derived."""
        asked = {
            item: self._reader.keys(
                item.prefix, [b for b in self._blocks if item.is_in(self._specs[b])]
            )
            for item in LISTED_ITEMS
        }
        for block in self._blocks:
            yield {
                key
                for item, answers in asked.items()
                if item.is_in(self._specs[block])
                for key in next(answers)
            }


def _keys_of(spec_version: int, netuids: frozenset[int]) -> list[bytes]:
    """Every key we read of a spec's state, in a fixed order."""
    declared = set(items_at(spec_version))

    def of(items: tuple[StorageItem, ...]) -> list[StorageItem]:
        return [item for item in items if item in declared]

    return [item.prefix for item in of(GLOBAL_ITEMS)] + [
        netuid_key(item.prefix, item.key, netuid)
        for item in of((*SUBNET_ITEMS, *PARAMETER_ITEMS))
        for netuid in sorted(netuids)
    ]


# ---------------------------------------------------------------------- epochs


@dataclass(frozen=True, slots=True)
class EpochRun:
    """A subnet whose epoch ran in a block that is a snapshot.

    Attributes:
        netuid: the subnet.
        neuron_count_before, neuron_count: SubnetworkN before and after the block.
        mechanism_count: MechanismCountCurrent before the block, 1 where the spec has no such item.
    """

    netuid: int
    neuron_count_before: int
    neuron_count: int
    mechanism_count: int

    def places(self, item: StorageItem) -> list[int]:
        """Where an item of the subnet stands: at the netuid, or once for each mechanism."""
        if item.item not in BY_MECHANISM:
            return [self.netuid]
        return [self.netuid + MECHANISM_STEP * mecid for mecid in range(self.mechanism_count)]


def epoch_runs(storage: pa.Table) -> dict[int, list[EpochRun]]:
    """The epochs that ran, by block, in the order of netuid, which is that of the chain.

    An epoch is seen in LastMechansimStepBlock having become the block it is read at, in a block
    whose parent was read too: every epoch at a snapshot interval of 1.
    """
    items = {item.prefix: item for item in (LAST_STEP_BLOCK, NEURON_COUNT, MECHANISM_COUNT)}
    heads = pc.binary_slice(storage["key"], 0, PREFIX_BYTES)
    wanted = storage.filter(pc.is_in(heads, value_set=pa.array(list(items), pa.binary())))
    read = set(pc.unique(storage["block_number"]).to_pylist())
    counts: dict[tuple[StorageItem, int], int] = {}
    runs: dict[int, list[EpochRun]] = {}
    columns = (wanted[name].to_pylist() for name in ("block_number", "key", "value"))
    for block, rows in groupby(zip(*columns, strict=True), key=lambda row: row[0]):
        before, due = dict(counts), []
        for _, key, value in rows:
            item = items[key[:PREFIX_BYTES]]
            netuid = netuid_of(key, item.key)
            number = int.from_bytes(value or b"", "little")
            if item is not LAST_STEP_BLOCK:
                counts[item, netuid] = number
            elif number == block and block - 1 in read:
                due.append(netuid)
        if due:
            runs[block] = [
                EpochRun(
                    netuid,
                    before.get((NEURON_COUNT, netuid), 0),
                    counts.get((NEURON_COUNT, netuid), 0),
                    before.get((MECHANISM_COUNT, netuid), 0) or 1,
                )
                for netuid in sorted(due)
            ]
    return runs


def raw_epoch_storage(
    reader: ChainReader, storage: pa.Table, say: Say = lambda line: None
) -> Iterator[pa.RecordBatch]:
    """What each epoch read and wrote: state before and after its block, of its subnet alone.

    The first time a key is read its value is landed, then only another one. Stakes are asked for by
    the hotkeys that the first answer names, and those of parents by the second.

    Args:
        storage: a day of ``raw_chain__storage``, which says where an epoch ran.

    Yields:
        Batches in block order, as ``RAW_CHAIN__STORAGE``; a null value is an absent key.
    """
    of_blocks = storage.group_by("block_number").aggregate([("spec_version", "max")])
    specs = dict(zip(*(column.to_pylist() for column in of_blocks.columns), strict=True))
    runs = epoch_runs(storage)
    landed: dict[bytes, bytes | None] = {}
    pending = _Rows()
    state = Foreseen(reader, _epoch_guesses(runs, specs, landed))

    def read(block: int, keys: Sequence[bytes]) -> None:
        for key, value in zip(keys, state.read(keys), strict=True):
            if key not in landed or landed[key] != value:
                landed[key] = value
                pending.add(block, specs[block], key, value)

    for done, (block, due) in enumerate(runs.items()):
        declared = frozenset(items_at(specs[block - 1]))
        state.move_to(block - 1)
        read(block - 1, [key for run in due for key in _keys_before(run, declared)])
        hotkeys = {run.netuid: _hotkeys(run, landed) for run in due}
        read(block - 1, _keys_of_hotkeys(hotkeys))
        read(block - 1, _keys_of_parents(hotkeys, landed))
        declared = frozenset(items_at(specs[block]))
        state.move_to(block)
        read(
            block,
            [key for run in due for key in _keys_after(run, hotkeys[run.netuid], declared)],
        )
        if len(pending) >= _ROWS_A_BATCH:
            yield pending.batch()
            pending = _Rows()
        if done % max(1, len(runs) // _TIMES_SAID) == 0:
            say(f"epochs of block {block:,}, {done + 1:,} of {len(runs):,} blocks with epochs")
    yield pending.batch()


def _epoch_guesses(
    runs: dict[int, list[EpochRun]], specs: dict[int, int], landed: dict[bytes, bytes | None]
) -> Iterator[tuple[int, list[bytes]]]:
    """What will be read around each epoch, if the subnet's neurons are those of its last one."""
    for block, due in runs.items():
        hotkeys = {run.netuid: _hotkeys(run, landed) for run in due}
        declared = frozenset(items_at(specs[block - 1]))
        before = [key for run in due for key in _keys_before(run, declared)]
        before += _keys_of_hotkeys(hotkeys) + _keys_of_parents(hotkeys, landed)
        yield block - 1, before
        declared = frozenset(items_at(specs[block]))
        yield (
            block,
            [key for run in due for key in _keys_after(run, hotkeys[run.netuid], declared)],
        )


def _keys_before(run: EpochRun, declared: frozenset[StorageItem]) -> list[bytes]:
    """What an epoch read that is found by netuid and uid."""
    keys = [
        netuid_key(item.prefix, item.key, place)
        for item in (LAST_UPDATE, VALIDATOR_PERMIT, EMISSION_SPLIT)
        if item in declared
        for place in run.places(item)
    ]
    for item in (HOTKEY, REGISTERED_AT, WEIGHTS, BONDS):
        for place in run.places(item):
            keys += _neuron_keys(item, place, run.neuron_count_before)
    return keys


def _keys_after(
    run: EpochRun, hotkeys: Sequence[bytes], declared: frozenset[StorageItem]
) -> list[bytes]:
    """What an epoch wrote and paid."""
    keys = [
        netuid_key(item.prefix, item.key, place)
        for item in OUTPUT_VECTORS
        if item in declared
        for place in run.places(item)
    ]
    for item in (REGISTERED_AT, BONDS):
        for place in run.places(item):
            keys += _neuron_keys(item, place, run.neuron_count)
    paid = [item for item in (ALPHA_DIVIDENDS, TAO_DIVIDENDS) if item in declared]
    return keys + [_account_key(item, account, run.netuid) for account in hotkeys for item in paid]


def _hotkeys(run: EpochRun, landed: dict[bytes, bytes | None]) -> list[bytes]:
    """The accounts at the uids, without those that have none."""
    keys = _neuron_keys(HOTKEY, run.netuid, run.neuron_count_before)
    return [account for account in map(landed.get, keys) if account is not None]


def _keys_of_hotkeys(hotkeys: dict[int, list[bytes]]) -> list[bytes]:
    """Stake, parents, children, takes and owner of every hotkey."""
    keys = [
        _account_key(item, account, netuid)
        for netuid, accounts in hotkeys.items()
        for account in accounts
        for item in (STAKE, PARENTS, CHILDREN, CHILDKEY_TAKE)
    ]
    return keys + _keys_anywhere(account for accounts in hotkeys.values() for account in accounts)


def _keys_of_parents(
    hotkeys: dict[int, list[bytes]], landed: dict[bytes, bytes | None]
) -> list[bytes]:
    """The same of parents, but that only their own stake counts."""
    parents: dict[int, set[bytes]] = defaultdict(set)
    for netuid, accounts in hotkeys.items():
        for account in accounts:
            parents[netuid] |= _accounts_in(landed.get(_account_key(PARENTS, account, netuid)))
    keys = [
        _account_key(STAKE, account, netuid)
        for netuid, accounts in parents.items()
        for account in sorted(accounts)
    ]
    return keys + _keys_anywhere(account for of in parents.values() for account in sorted(of))


def _keys_anywhere(accounts: Iterator[bytes]) -> list[bytes]:
    """What a hotkey has on root or at no subnet."""
    return [
        _account_key(item, account, netuid)
        for account in dict.fromkeys(accounts)
        for item, netuid in ((STAKE, 0), (DELEGATE_TAKE, None), (OWNER, None))
    ]


_ACCOUNT_BYTES = 32
_KIN_BYTES = 8 + _ACCOUNT_BYTES
"""A share and an account."""


def _accounts_in(kin: bytes | None) -> set[bytes]:
    """The accounts of a vector of kin, whose length stands in front; decoding judges it later."""
    if kin is None:
        return set()
    start = len(kin) % _KIN_BYTES
    return {kin[at + 8 : at + _KIN_BYTES] for at in range(start, len(kin), _KIN_BYTES)}


@cache
def _neuron_keys(item: StorageItem, place: int, count: int) -> list[bytes]:
    """The keys of the uids below a number."""
    return [
        map_key(item.prefix, item.key, place.to_bytes(2, "little"), uid.to_bytes(2, "little"))
        for uid in range(count)
    ]


@cache
def _account_key(item: StorageItem, account: bytes, netuid: int | None) -> bytes:
    """The key of an item by account, with a netuid on that side where the item has it."""
    parts = {"u16": None if netuid is None else netuid.to_bytes(2, "little"), "[u8; 32]": account}
    return map_key(item.prefix, item.key, *(parts[kind] for _, kind in item.key))


class _Rows:
    """Columns of raw storage under construction."""

    def __init__(self) -> None:
        self.blocks: list[int] = []
        self.specs: list[int] = []
        self.keys: list[bytes] = []
        self.values: list[bytes | None] = []

    def __len__(self) -> int:
        return len(self.blocks)

    def add(self, block: int, spec: int, key: bytes, value: bytes | None) -> None:
        self.blocks.append(block)
        self.specs.append(spec)
        self.keys.append(key)
        self.values.append(value)

    def batch(self) -> pa.RecordBatch:
        return pa.record_batch(
            [
                pa.array(self.blocks, pa.int64()),
                pa.array(self.specs, pa.int32()),
                pa.array(self.keys, pa.binary()),
                pa.array(self.values, pa.binary()),
            ],
            schema=RAW_CHAIN__STORAGE,
        )


def _range_of(headers: pa.Table) -> range:
    numbers = headers["block_number"]
    if not len(numbers):
        return range(0)
    return range(numbers[0].as_py(), numbers[-1].as_py() + 1)
