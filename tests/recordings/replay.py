"""A recording read back block by block: items of the chain's main pallet before and after each."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

from orchestration.chain.keys import PREFIX_BYTES, item_prefix
from orchestration.chain.metadata import Metadata

PALLET = "SubtensorModule"


class State:
    """What the chain holds of some items at the end of a block."""

    def __init__(self, defaults: dict[str, bytes], held: dict[str, dict[bytes, bytes]]) -> None:
        self.defaults = defaults
        self.held = held

    def has(self, item: str, netuid: int) -> bool:
        """A value is stored for the subnet."""
        return netuid.to_bytes(2, "little") in self.held[item]

    def number(self, item: str, netuid: int | None = None) -> int:
        """A whole item, or its entry for a subnet, as an unsigned integer; else its default."""
        parameter = b"" if netuid is None else netuid.to_bytes(2, "little")
        return int.from_bytes(self.held[item].get(parameter, self.defaults[item]), "little")

    def by_account(self, item: str, netuid: int | None = None) -> dict[bytes, int]:
        """An item's entries by account, of one subnet where the item has it for a first key."""
        parameter = b"" if netuid is None else netuid.to_bytes(2, "little")
        return {
            key[-32:]: int.from_bytes(value, "little")
            for key, value in self.held[item].items()
            if key.startswith(parameter)
        }

    def subnets(self) -> list[int]:
        """The subnets there are, without root."""
        netuids = (int.from_bytes(key, "little") for key in self.held["NetworksAdded"])
        return sorted(netuid for netuid in netuids if netuid)


def steps(recording: Path, *items: str) -> Iterator[tuple[int, State, State]]:
    """Every block but the first, with the state at the end of its parent and at its own end."""
    names = ("NetworksAdded", *items)
    defaults = _defaults(recording, names)
    changes = _changes(recording, names)
    numbers = sorted(changes)
    held: dict[str, dict[bytes, bytes]] = {name: {} for name in names}
    _apply(held, changes[numbers[0]])
    for block_number in numbers[1:]:
        before = {name: dict(values) for name, values in held.items()}
        _apply(held, changes[block_number])
        yield block_number, State(defaults, before), State(defaults, held)


Change = tuple[str, bytes, bytes | None]


def _changes(recording: Path, names: Iterable[str]) -> dict[int, list[Change]]:
    items = {item_prefix(PALLET, name): name for name in names}
    changes: dict[int, list[Change]] = {}
    file = pq.ParquetFile(recording / "storage_changes.parquet")
    for group in range(file.num_row_groups):
        columns = (
            file.read_row_group(group)[c].to_pylist() for c in ("block_number", "key", "value")
        )
        for block_number, key, value in zip(*columns, strict=True):
            name = items.get(key[:PREFIX_BYTES])
            of_block = changes.setdefault(block_number, [])
            if name is not None:
                of_block.append((name, key[PREFIX_BYTES:], value))
    return changes


def _apply(held: dict[str, dict[bytes, bytes]], changes: list[Change]) -> None:
    for name, parameter, value in changes:
        if value is None:
            held[name].pop(parameter, None)
        else:
            held[name][parameter] = value


def _defaults(recording: Path, names: Iterable[str]) -> dict[str, bytes]:
    (path,) = (recording / "metadata").glob("*_v14.scale")
    metadata = Metadata(int(path.name.partition("_")[0]), path.read_bytes())
    return {name: bytes(metadata.entry(PALLET, name).default_bytes) for name in names}
