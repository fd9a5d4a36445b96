"""Decoding whole columns gives what the chain's own codec gives value by value."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.chain import decode, land, metadata, values
from orchestration.chain.keys import netuid_key
from orchestration.chain.layout import (
    GLOBAL_ITEMS,
    POSITIONS,
    SUBNET_ITEMS,
    TICKS,
    StorageItem,
)
from orchestration.chain.recording import Recording
from orchestration.errors import DecodeError, LayoutError
from orchestration.schemas import RAW_CHAIN__STORAGE


@pytest.fixture(scope="module")
def confirmed(embedded: Path) -> metadata.ConfirmedLayout:
    return metadata.confirm(293, Recording(embedded).metadata(293))


def landed(folder: Path, interval: int = 1) -> pa.Table:
    reader = Recording(folder)
    headers = reader.headers(reader.blocks_of_day(reader.days()[0]))
    return pa.Table.from_batches(land.raw_storage(reader, headers, interval))


@pytest.fixture(scope="module")
def frames(small: Path, confirmed) -> decode.StateFrames:
    return decode.StateFrames(landed(small), {293: confirmed})


# ---------------------------------------------------------------------- against another decoder


@pytest.mark.parametrize("block", [601, 617, 630])
def test_every_column_equals_the_codecs_own_reading(frames, small, confirmed, block):
    """bittensor-core decodes one value at a time by the metadata; we decode columns by layout."""
    reader = Recording(small)
    rows = decode.chain_subnet_blocks(frames).to_pylist()
    rows = {row["netuid"]: row for row in rows if row["block_number"] == block}
    assert len(rows) == 25
    for when, at in (("pre_", block - 1), ("", block)):
        for item in SUBNET_ITEMS:
            if item not in confirmed.defaults:
                continue
            keys = [netuid_key(item.prefix, item.key, netuid) for netuid in rows]
            (values,) = reader.storage([(at, keys)])
            for netuid, raw in zip(rows, values, strict=True):
                (name,) = item.columns
                column = f"{when}{name}"
                if column not in rows[netuid]:
                    continue
                expected = plain(confirmed, item, raw)
                found = rows[netuid][column]
                assert expected == (int(found) if isinstance(expected, int) else found), (
                    column,
                    netuid,
                )


def plain(confirmed: metadata.ConfirmedLayout, item: StorageItem, raw: bytes | None):
    """One value as the metadata's own decoder reads it."""
    if raw is None:
        if item.is_optional:
            return None
        raw = confirmed.defaults[item]
    kind = confirmed.metadata.entry(item.pallet, item.item).value_type
    (value,) = confirmed.metadata.runtime.batch_decode([kind], [raw])
    if isinstance(value, dict):
        (value,) = value.values()
    if item.value_type == "Vec<u8>":
        return bytes(value).decode() if not isinstance(value, str) else value
    return value


def test_state_between_two_snapshots_is_what_a_full_reading_has(embedded, confirmed):
    """At interval 60 only pairs are read; each pair equals that of interval 1."""
    every = decode.chain_subnet_blocks(decode.StateFrames(landed(embedded), {293: confirmed}))
    sampled = decode.chain_subnet_blocks(
        decode.StateFrames(landed(embedded, interval=60), {293: confirmed})
    )
    numbers = sorted(set(sampled["block_number"].to_pylist()))
    assert numbers == [301, *range(360, 901, 60)]
    kept = every.filter(pa.compute.is_in(every["block_number"], value_set=pa.array(numbers)))
    assert sampled.equals(kept)


def test_landed_rows_are_all_keys_once_and_then_only_changes(small):
    rows = landed(small).to_pylist()
    first = [row["key"] for row in rows if row["block_number"] == 600]
    assert len(first) == len(set(first)) > 25 * 20
    last: dict[bytes, bytes | None] = {}
    for row in rows:
        assert row["key"] not in last or last[row["key"]] != row["value"]
        last[row["key"]] = row["value"]


# ---------------------------------------------------------------------- widths and edges


def item(value_type: str, **more) -> StorageItem:
    return StorageItem(
        ("column",), "Pallet", "Item", (("Identity", "u16"),), value_type, ((233, ""),), **more
    )


@given(st.lists(st.integers(-(2**127), 2**127 - 1), min_size=1, max_size=20))
def test_wide_integers_are_exact_or_refused(numbers):
    stored = pa.array([n.to_bytes(16, "little", signed=True) for n in numbers], pa.binary())
    fits = all(abs(n) < 10**38 for n in numbers)
    if fits:
        (column,) = values.decode_values(item("i128/2^32"), stored).values()
        assert [int(n) for n in column.to_pylist()] == numbers
    else:
        with pytest.raises(ValueError, match="beyond 38 digits"):
            values.decode_values(item("i128/2^32"), stored)


@given(st.lists(st.integers(0, 2**128 - 1), min_size=1, max_size=20))
def test_unsigned_wide_integers_are_exact_or_refused(numbers):
    stored = pa.array([n.to_bytes(16, "little") for n in numbers], pa.binary())
    if max(numbers) < 10**38:
        (column,) = values.decode_values(item("u128/2^64"), stored).values()
        assert [int(n) for n in column.to_pylist()] == numbers
    else:
        with pytest.raises(ValueError, match="beyond 38 digits"):
            values.decode_values(item("u128/2^64"), stored)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_u64_above_2_63_is_refused_not_wrapped(numbers):
    stored = pa.array([n.to_bytes(8, "little") for n in numbers], pa.binary())
    if max(numbers) < 2**63:
        (column,) = values.decode_values(item("u64"), stored).values()
        assert column.to_pylist() == numbers
    else:
        with pytest.raises(ValueError, match="above 2\\^63 - 1"):
            values.decode_values(item("u64"), stored)


def test_optional_composites_keep_their_nulls():
    raw = (7).to_bytes(8, "little") + (-(2**64)).to_bytes(16, "little", signed=True)
    ema = next(i for i in SUBNET_ITEMS if i.item == "SubnetEmaTaoFlow")
    columns = values.decode_values(ema, pa.array([raw, None], pa.binary()))
    assert columns["ema_tao_flow_block_number"].to_pylist() == [7, None]
    bits = columns["ema_tao_flow_i64f64_bits"].to_pylist()
    assert [None if b is None else int(b) for b in bits] == [-(2**64), None]


def test_a_type_nobody_decodes_is_an_error_of_the_layout():
    with pytest.raises(LayoutError, match="is not decoded"):
        values.decode_values(item("u256"), pa.array([b"\0" * 32], pa.binary()))


@pytest.mark.parametrize("number", [0, 63, 64, 16_383, 16_384, 2**30 - 1, 2**30, 2**64])
def test_compact_integers_of_every_form(number):
    assert values.compact(encoded_compact(number))[0] == number


def encoded_compact(number: int) -> bytes:
    for mode, limit in ((0, 2**6), (1, 2**14), (2, 2**30)):
        if number < limit:
            return (number << 2 | mode).to_bytes(1 << mode, "little")
    width = (number.bit_length() + 7) // 8
    return bytes([(width - 4) << 2 | 3]) + number.to_bytes(width, "little")


# ---------------------------------------------------------------------- what cannot be decoded


def with_value(raw: pa.Table, name: str, netuid: int | None, value: bytes, block: int) -> pa.Table:
    found = next(i for i in (*GLOBAL_ITEMS, *SUBNET_ITEMS) if i.item == name)
    key = found.prefix if netuid is None else netuid_key(found.prefix, found.key, netuid)
    rows = [row for row in raw.to_pylist() if (row["block_number"], row["key"]) != (block, key)]
    rows.append({"block_number": block, "spec_version": 293, "key": key, "value": value})
    rows.sort(key=lambda row: row["block_number"])
    return pa.Table.from_pylist(rows, RAW_CHAIN__STORAGE)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SubnetTAO", b"\x01\x02\x03", "has 3 bytes instead of 8"),
        ("SubnetTAO", b"\xff" * 8, "above 2^63 - 1"),
        ("NetworkRegistrationAllowed", b"\x02", "is 0x02, which is no bool"),
        ("SubnetVolume", b"\xff" * 16, "beyond 38 digits"),
        ("TokenSymbol", b"\x10ab", "says 4 bytes and holds 2"),
    ],
)
def test_an_undecodable_value_is_named_with_item_block_subnet_and_bytes(
    small, confirmed, name, value, why
):
    raw = with_value(landed(small), name, 4, value, 613)
    with pytest.raises(DecodeError) as caught:
        decode.chain_subnet_blocks(decode.StateFrames(raw, {293: confirmed}))
    sentence = str(caught.value)
    for part in (name, "block 613", "netuid 4", value[:32].hex(), why):
        assert part in sentence


def test_a_spec_that_was_not_confirmed_is_not_decoded(small):
    with pytest.raises(LayoutError, match="layout of spec 293 was not confirmed, so block 600"):
        decode.StateFrames(landed(small), {})


def test_state_of_another_block_than_it_says_is_refused(small, confirmed):
    raw = with_value(landed(small), "Number", None, (7).to_bytes(4, "little"), 613)
    reader = Recording(small)
    headers = land.raw_blocks(reader, range(600, 631))
    events = land.raw_events(reader, headers)
    with pytest.raises(DecodeError, match="landed for block 613 is of block 7"):
        decode.chain_blocks(headers, events, decode.StateFrames(raw, {293: confirmed}))


def test_an_absent_key_is_the_default_of_the_blocks_own_metadata(small, confirmed):
    fee = next(i for i in SUBNET_ITEMS if i.item == "FeeRate")
    raw = with_value(landed(small), "FeeRate", 4, None, 613)
    table = decode.chain_subnet_blocks(decode.StateFrames(raw, {293: confirmed})).to_pylist()
    (row,) = (r for r in table if r["block_number"] == 614 and r["netuid"] == 4)
    assert row["pre_fee_rate_u16"] == int.from_bytes(confirmed.defaults[fee], "little") == 196


@pytest.mark.parametrize("block", [601, 630])
def test_pool_ticks_and_positions_are_the_codecs_own_reading(frames, small, confirmed, block):
    reader = Recording(small)
    for item, table, names in (
        (TICKS, decode.chain_pool_ticks(frames), ("netuid", "tick_index")),
        (POSITIONS, decode.chain_pool_positions(frames), ("netuid", "owner_ss58", "position_id")),
    ):
        (keys,) = reader.keys(item.prefix, [block - 1])
        (stored,) = reader.storage([(block - 1, keys)])
        kind = confirmed.metadata.entry(item.pallet, item.item).value_type
        theirs = confirmed.metadata.runtime.batch_decode([kind] * len(stored), stored)
        rows = [row for row in table.to_pylist() if row["block_number"] == block]
        assert len(rows) == len(keys) > 24
        ours = sorted(
            tuple(int(row[f"pre_{c}"]) for c in item.columns if f"pre_{c}" in row) for row in rows
        )
        assert ours == sorted(
            tuple(_plain(value) for name, value in their.items() if name not in ("id", "netuid"))
            for their in theirs
        )
        assert len({tuple(row[n] for n in names) for row in rows}) == len(rows)


def _plain(value) -> int:
    return int(next(iter(value.values()))) if isinstance(value, dict) else int(value)


def test_root_and_every_subnet_stand_in_every_snapshot(frames):
    table = decode.chain_subnet_blocks(frames)
    numbers, counts = np.unique(table["block_number"].to_numpy(), return_counts=True)
    assert numbers.tolist() == list(range(601, 631))
    assert set(counts.tolist()) == {25}
    assert table.schema.equals(decode.CHAIN__SUBNET_BLOCKS)


def test_items_of_other_specs_are_null_columns(frames):
    table = decode.chain_subnet_blocks(frames)
    for name in ("tao_flow_rao", "balancer_quote_weight_perquintill", "ema_tao_flow_i64f64_bits"):
        assert table[name].null_count == table.num_rows
