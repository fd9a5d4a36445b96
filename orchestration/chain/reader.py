"""The one way chain state comes in: what every source of it can be asked.

Everything is asked of finalized blocks only. The plural forms take many requests and answer in
order, so that a source behind a network can keep several in flight.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """Which chain this is; two chains never share a lake."""

    name: str
    genesis_hash: str


class ChainReader(Protocol):
    """A source of finalized chain state.

    Blocks are half-open ranges of block numbers. Storage is the state at the END of a block.
    Every method raises ``SourceError`` when the source cannot answer.
    """

    is_far: bool
    """Whether an answer takes long to come, so that it is worth asking for it early."""

    def identity(self) -> ChainIdentity:
        """The chain's name and genesis hash."""

    def first_state_block(self) -> int:
        """The lowest block whose state can be read; its parent's cannot."""

    def finalized_head(self) -> int:
        """The newest finalized block."""

    def days(self) -> tuple[dt.date, dt.date]:
        """The UTC days of the first and of the newest finalized block."""

    def blocks_of_day(self, day: dt.date) -> range:
        """The finalized blocks whose timestamp lies in that UTC day; empty when there are none."""

    def headers(self, blocks: range) -> pa.Table:
        """One row a block, in order, as ``RAW_CHAIN__BLOCKS``; missing blocks are an error."""

    def keys(self, prefix: bytes, blocks: Iterable[int]) -> Iterator[list[bytes]]:
        """For each block, in order: the storage keys under a prefix, in byte order."""

    def storage(
        self, requests: Iterable[tuple[int, Sequence[bytes]]]
    ) -> Iterator[list[bytes | None]]:
        """For each (block, keys), in order: the value at each key, None where there is none."""

    def events(self, blocks: range) -> pa.Table:
        """``block_number, events``: System.Events of each block as stored, in block order."""

    def extrinsics(self, blocks: range) -> Iterator[list[bytes]]:
        """For each block, in order: its extrinsics, each with its length in front."""

    def metadata(self, spec_version: int) -> bytes:
        """The runtime metadata of a spec, beginning with the bytes ``meta``."""
