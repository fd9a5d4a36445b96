"""What of the chain is landed, as bytes: headers and events of every block, state at snapshots.

A snapshot of block N is the state of the adjacent pair (N-1, N): a block pays from its parent's
state, so the pair is what a recomputation needs.
"""

from collections.abc import Callable, Iterator

import pyarrow as pa

from orchestration.chain.keys import netuid_key, netuid_of
from orchestration.chain.layout import (
    GLOBAL_ITEMS,
    LISTED_ITEMS,
    NETWORKS_ADDED,
    SUBNET_ITEMS,
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
    """The blocks of a range that get a snapshot: multiples of the interval whose parent has state.

    Snapshots are aligned on block numbers, so that a day taken twice, or in parts, has the same.
    """
    return [n for n in blocks if n % interval == 0 and n > first_state_block]


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
        for item in of(SUBNET_ITEMS)
        for netuid in sorted(netuids)
    ]


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
