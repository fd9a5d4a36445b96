"""Shares in U64F64 against a chain that ran them: events that alone changed their pool."""

from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mechanics import share_pool
from mechanics.fixed import U64F64
from mechanics.share_pool import SharePool
from orchestration.chain.keys import item_prefix
from tests.mechanics.recorded_pools import SPEC_VERSION, fields

RULE = share_pool.ERAS.at(SPEC_VERSION).module
ITEMS = {
    item_prefix("SubtensorModule", item): item
    for item in ("Alpha", "TotalHotkeyShares", "TotalHotkeyAlpha")
}
_BASE_58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def account(ss58: str) -> bytes:
    """The 32 bytes between an address's prefix and its checksum."""
    number = 0
    for digit in ss58:
        number = number * 58 + _BASE_58.index(digit)
    return number.to_bytes(35, "big")[1:33]


class Stakes:
    """Every hotkey's pool on every subnet, as storage has it."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, bytes, int], int] = {}
        self.shares: dict[tuple[bytes, int], dict[bytes, U64F64]] = defaultdict(dict)

    def take(self, key: bytes, value: bytes | None) -> None:
        item, hotkey = ITEMS[key[:32]], key[48:80]
        number = int.from_bytes(value or b"", "little")
        netuid = int.from_bytes(key[-2:], "little")
        if item == "Alpha":
            self.shares[hotkey, netuid][key[96:128]] = U64F64(number)
        else:
            self.numbers[item, hotkey, netuid] = number

    def pool(self, hotkey: bytes, netuid: int) -> SharePool[U64F64]:
        held = {who: share for who, share in self.shares[hotkey, netuid].items() if share}
        return SharePool(
            self.numbers.get(("TotalHotkeyAlpha", hotkey, netuid), 0),
            U64F64(self.numbers.get(("TotalHotkeyShares", hotkey, netuid), 0)),
            held,
        )


def held_only(pool: SharePool[U64F64]) -> SharePool[U64F64]:
    held = {who: share for who, share in pool.shares.items() if share}
    return SharePool(pool.value_rao, pool.denominator, held)


def test_a_staking_event_leaves_the_shares_that_are_recorded(embedded: Path):
    changes = defaultdict(list)
    recorded = pq.ParquetFile(embedded / "storage_changes.parquet")
    for group in range(recorded.num_row_groups):
        rows = recorded.read_row_group(group)
        prefix = pc.binary_slice(rows["key"].combine_chunks(), 0, 32)
        rows = rows.filter(pc.is_in(prefix, value_set=pa.array(list(ITEMS), pa.binary())))
        for block, key, value in zip(*(column.to_pylist() for column in rows), strict=True):
            changes[block].append((key, value))
    events = defaultdict(lambda: defaultdict(list))
    for event in pq.read_table(embedded / "events.parquet").to_pylist():
        if event["variant"] in ("StakeAdded", "StakeRemoved"):
            coldkey, hotkey, _, alpha, netuid, _ = fields(event)
            change = alpha if event["variant"] == "StakeAdded" else -alpha
            pool = account(hotkey), netuid
            events[event["block_number"]][pool].append((account(coldkey), change))
    stakes, seen = Stakes(), Counter()
    first, *following = sorted(changes)
    for key, value in changes[first]:
        stakes.take(key, value)
    for block in following:
        before = {pool: stakes.pool(*pool) for pool in events[block]}
        for key, value in changes[block]:
            stakes.take(key, value)
        for pool, [(coldkey, change), *others] in events[block].items():
            computed, made = RULE.update_one(before[pool], coldkey, change)
            after = stakes.pool(*pool)
            if others or after.value_rao != before[pool].value_rao + made:
                seen["moved by more than the event"] += 1
                continue
            assert held_only(computed) == after, (block, pool)
            seen["added" if change > 0 else "removed"] += 1
    assert seen == {"added": 833, "removed": 578, "moved by more than the event": 114}
