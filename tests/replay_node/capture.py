"""A capture held whole in memory: every block, and every value each storage key ever had.

Values are held as the JSON text they are answered with, so that the state at any block, asked for
in any order, costs one search per key.
"""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.chain.keys import item_prefix
from orchestration.chain.recording import Recording
from orchestration.errors import SourceError

LAST_UPGRADE = item_prefix("System", "LastRuntimeUpgrade")


@dataclass(frozen=True, slots=True)
class Block:
    """A block as a node knows it."""

    number: int
    hash: str
    header: dict
    timestamp_ms: int
    extrinsics: tuple[bytes, ...]
    state_of: int
    """The recorded block whose state this one ends with: itself, or an orphan's last ancestor."""


class SpecChange(NamedTuple):
    """A runtime upgrade that the capture does not have: ``first_block`` is the first it runs."""

    first_block: int
    spec_version: int
    metadata: Path


class Capture:
    """A recording, with a runtime upgrade put into it where one is asked for.

    Raises:
        SourceError: the folder is no sound recording; the sentence says what is wrong.
    """

    def __init__(self, folder: Path, spec_change: SpecChange | None = None) -> None:
        recording = Recording(folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        self.name = manifest["name"]
        self.genesis_hash = manifest["genesis_hash"]
        self.spec_name = manifest.get("spec_name", "node-subtensor")
        self.transaction_version = int(manifest.get("transaction_version", 1))
        self.properties = {
            "isEthereum": False,
            "ss58Format": manifest.get("ss58_prefix", 42),
            "tokenDecimals": manifest.get("decimals", 9),
            "tokenSymbol": manifest.get("token", "TAO"),
        }
        self.first = recording.first_state_block()
        self.last = recording.finalized_head()
        recording.headers(range(self.first, self.last + 1))  # refuses a hole in the blocks
        rows = pq.read_table(folder / "blocks.parquet").to_pylist()
        self.blocks = [_block(row) for row in rows]
        self.by_hash = {block.hash: block for block in self.blocks}
        self.parent_of_first = self.blocks[0].header["parentHash"]
        self._specs = [row["spec_version"] for row in rows]
        for spec in set(self._specs):
            recording.metadata(spec)  # refuses a spec without its metadata
        self.metadata = _metadata_files(folder / "metadata")
        changes = pq.read_table(folder / "storage_changes.parquet")
        if spec_change is not None:
            changes = self._upgrade(SpecChange(*spec_change), changes)
        self.history = History(changes)

    def block(self, number: int) -> Block | None:
        return self.blocks[number - self.first] if self.first <= number <= self.last else None

    def spec_after(self, number: int) -> int:
        """The runtime in the state after a block: the one that runs the next.

        After the last block it is the one that ran that block; the capture tells no more.
        """
        return self._specs[min(number + 1, self.last) - self.first]

    def _upgrade(self, change: SpecChange, changes: pa.Table) -> pa.Table:
        if not self.first < change.first_block <= self.last:
            raise SourceError(
                f"A spec change at block {change.first_block} is outside the capture; "
                f"choose one of {self.first + 1} to {self.last}."
            )
        if not change.metadata.is_file():
            raise SourceError(f"The metadata file {change.metadata} is not there; give another.")
        start = change.first_block - self.first
        self._specs[start:] = [change.spec_version] * (len(self._specs) - start)
        self.metadata[change.spec_version] = {14: change.metadata.read_bytes()}
        stored = compact(change.spec_version) + text(self.spec_name)
        is_later_upgrade = pc.and_(
            pc.equal(changes["key"], LAST_UPGRADE),
            pc.greater_equal(changes["block_number"], change.first_block),
        )
        upgrade = pa.table([[change.first_block], [LAST_UPGRADE], [stored]], schema=changes.schema)
        return pa.concat_tables([changes.filter(pc.invert(is_later_upgrade)), upgrade])


def _metadata_files(folder: Path) -> dict[int, dict[int, bytes]]:
    """The metadata of every spec by its own version: 14 always, 15 where it was recorded."""
    found: dict[int, dict[int, bytes]] = {}
    for path in sorted(folder.glob("*_v*.scale")):
        spec, version = path.stem.split("_v")
        found.setdefault(int(spec), {})[int(version)] = path.read_bytes()
    return found


def _block(row: dict) -> Block:
    number, timestamp_ms = row["block_number"], row["timestamp_ms"]
    extrinsics = tuple(row["extrinsics"])
    header = make_header(number, f"0x{row['parent_hash'].hex()}", timestamp_ms, extrinsics)
    block_hash = f"0x{row['block_hash'].hex()}"
    return Block(number, block_hash, header, timestamp_ms, extrinsics, state_of=number)


def make_header(
    number: int, parent_hash: str, timestamp_ms: int, extrinsics: tuple[bytes, ...]
) -> dict:
    """A header as ``chain_getHeader`` answers it.

    The extrinsics root and the slot are those the chain recorded. A capture has no state root, so
    that field is a digest of the number and the parent: right in form, not the chain's.
    """
    root = compact(len(extrinsics)) + b"".join(extrinsics)
    slot = (timestamp_ms // 1000).to_bytes(8, "little")
    return {
        "parentHash": parent_hash,
        "number": hex(number),
        "stateRoot": digest(b"no state root is recorded", parent_hash.encode(), b"%d" % number),
        "extrinsicsRoot": digest(root),
        # Block 0 has no author. 0x06 is a pre-runtime item: engine, then a compact length.
        "digest": {"logs": [f"0x06{b'aura'.hex()}20{slot.hex()}"] if number else []},
    }


class History:
    """Every value of every key: the state at the end of any block.

    Keys are hex, ``0x`` and lower case; ``hex_text`` makes them so.
    """

    def __init__(self, changes: pa.Table) -> None:
        changes = changes.sort_by([("key", "ascending"), ("block_number", "ascending")])
        numbers = changes["block_number"]
        # One int object a block, so that a search stays in the processor's cache.
        known = {number: number for number in pc.unique(numbers).to_pylist()}
        self._blocks = [known[number] for number in numbers.to_pylist()]
        # With the bracket that closes the pair of key and value: 7,000 keys in 3 ms instead of 6.
        self._values = [
            b"null]" if value is None else b'"0x%b"]' % value.hex().encode()
            for value in changes["value"].to_pylist()
        ]
        runs = pc.run_end_encode(changes["key"].combine_chunks())
        ends = runs.run_ends.to_pylist()
        # Hex in lower case sorts as the bytes do.
        self._keys = [f"0x{key.hex()}" for key in runs.values.to_pylist()]
        starts = [0, *ends[:-1]]
        self._spans = {
            key: (start, end, b',["%b",' % key.encode())
            for key, start, end in zip(self._keys, starts, ends, strict=True)
        }

    def value(self, key: str, block: int) -> bytes:
        """The JSON text of a key's value: a hex string, or null."""
        if key not in self._spans:
            return b"null"
        start, end, _ = self._spans[key]
        row = bisect_right(self._blocks, block, start, end) - 1
        return self._values[row][:-1] if row >= start else b"null"

    def pairs(self, keys: Iterable[str], block: int) -> bytes:
        """The JSON text of a list of [key, value], in the order of the keys.

        Raises:
            ValueError: a key is not hex.
        """
        spans, blocks, values = self._spans, self._blocks, self._values
        parts: list[bytes] = []
        add = parts.append
        for key in keys:
            span = spans.get(key)
            if span is None:
                known = hex_text(key)
                add(b',["%b",%b]' % (known.encode(), self.value(known, block)))
                continue
            start, end, opening = span
            row = bisect_right(blocks, block, start, end) - 1
            add(opening)
            add(values[row] if row >= start else b"null]")
        return b"[%b]" % b"".join(parts)[1:]

    def keys(self, prefix: str, after: str | None, block: int) -> Iterator[str]:
        """The keys under a prefix that have a value, in byte order, from the one behind another."""
        start = bisect_left(self._keys, prefix)
        if after is not None:
            start = max(start, bisect_right(self._keys, after))
        for row in range(start, len(self._keys)):
            key = self._keys[row]
            if not key.startswith(prefix):
                return
            if self.value(key, block) != b"null":
                yield key


def hex_text(said: object) -> str:
    """A hex string as it is looked up: 0x, then whole bytes in lower case.

    Raises:
        ValueError: it is anything else; the words are a node's.
    """
    if not isinstance(said, str) or not said.startswith("0x"):
        raise ValueError("0x prefix is missing, expected a 0x-prefixed hex string")
    try:
        return f"0x{bytes.fromhex(said[2:]).hex()}"
    except ValueError:
        raise ValueError("invalid hex character, expected whole bytes of [0-9a-f]") from None


def digest(*parts: bytes) -> str:
    """The blake2-256 of some bytes, as hex."""
    return f"0x{hashlib.blake2b(b''.join(parts), digest_size=32).hexdigest()}"


def compact(number: int) -> bytes:
    """SCALE's compact form of a whole number below 2^30."""
    if number < 1 << 6:
        return (number << 2).to_bytes(1, "little")
    if number < 1 << 14:
        return (number << 2 | 1).to_bytes(2, "little")
    return (number << 2 | 2).to_bytes(4, "little")


def text(value: str) -> bytes:
    """SCALE's form of a text: its length, then its bytes."""
    return compact(len(value.encode())) + value.encode()
