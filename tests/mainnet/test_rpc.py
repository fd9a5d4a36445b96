"""What nodes of mainnet answered to others who recorded it, read by what reads it here."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.chain import node, rpc
from orchestration.chain.endpoints import Final
from orchestration.chain.keys import PREFIX_BYTES, item_prefix, map_key, netuid_of, parameters_of
from orchestration.chain.layout import (
    ALL_ITEMS,
    HOTKEY_ALPHA,
    LAST_UPDATE,
    NEURON_UIDS,
    STAKE_ITEMS,
    StorageItem,
)
from orchestration.chain.metadata import ConfirmedLayout, confirm
from orchestration.chain.reader import ChainIdentity
from orchestration.chain.values import decode_parameters, decode_values, decode_vectors

GENESIS = "0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03"
NUMBER = f"0x{item_prefix('System', 'Number').hex()}"
ITEMS = {item.prefix: item for item in (*ALL_ITEMS, *STAKE_ITEMS)}

Asked = tuple[str, list]


class Told:
    """An endpoint that answers a call with what was recorded, and keeps what it was asked."""

    def __init__(self, result: Any) -> None:
        self.result = result
        self.asked: Asked | None = None

    async def ask(self, method: str, params: list, read: Callable[[Any], Any]) -> Any:
        self.asked = (method, params)
        return read(self.result)

    async def genesis(self) -> str:
        return GENESIS


def read(work: Callable[..., Any], result: Any, *given: Any) -> tuple[Any, Asked]:
    """What a piece of work makes of a result, and what it asked."""
    told = Told(result)
    return asyncio.run(work(told, *given)), told.asked


@pytest.fixture(scope="module")
def exchanges(shared: Path) -> list[dict]:
    lines = (shared / "mainnet/rpc/rpc_recordings.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def of(exchanges: list[dict], method: str) -> Iterator[tuple[list, Any]]:
    """Parameters and result of the calls of a method that brought one."""
    return (
        (exchange["params"], exchange["response"]["result"])
        for exchange in exchanges
        if exchange["method"] == method and "result" in exchange["response"]
    )


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


# ---------------------------------------------------------------------- blocks


@pytest.fixture(scope="module")
def headers(exchanges: list[dict]) -> dict[str, dict]:
    """Headers by block hash."""
    known = of(exchanges, "chain_getHeader")
    return {block_hash: header for (block_hash,), header in known if block_hash is not None}


def test_the_chain_names_itself(exchanges):
    for params, name in of(exchanges, "system_chain"):
        identity, asked = read(node._identity, name)
        assert identity == ChainIdentity("Bittensor", GENESIS)
        assert asked == ("system_chain", params)


def test_a_hash_is_of_the_block_whose_header_it_leads_to(exchanges, headers):
    """Four blocks. We ask for many at once: a list of numbers is answered with a list of hashes."""
    known = list(of(exchanges, "chain_getBlockHash"))
    assert len(known) == 4
    final = Final(*next((number, block_hash) for (number,), block_hash in known))
    for (number,), block_hash in known:
        found, asked = read(node._on_chain, [block_hash, final.hash], final, [number])
        assert found == [block_hash]
        assert asked == ("chain_getBlockHash", [[number, final.number]])
        assert node._number_of(headers[block_hash]) == number


def test_a_header_names_its_parent(headers):
    """57 headers; of 26 the parent's own was recorded too."""
    linked = 0
    for block_hash, header in headers.items():
        number = node._number_of(header)
        parent, asked = read(node._parent, header, number, block_hash)
        assert asked == ("chain_getHeader", [block_hash])
        before = headers.get(f"0x{parent.hex()}")
        if before is not None:
            assert node._number_of(before) == number - 1
            linked += 1
        with pytest.raises(rpc.BadAnswer, match="of another block"):
            read(node._parent, header, number + 1, block_hash)
    assert (len(headers), linked) == (57, 26)


def test_a_spec_never_goes_down(exchanges, headers):
    """A block is executed by the spec of its parent's state; bisection rests on the order."""
    children = {header["parentHash"]: node._number_of(header) for header in headers.values()}
    specs = []
    for params, version in of(exchanges, "state_getRuntimeVersion"):
        spec, asked = read(node._spec_version, version, *params)
        assert asked == ("state_getRuntimeVersion", params)
        specs.append((children[params[0]], spec))
    in_order = [spec for _, spec in sorted(specs)]
    assert in_order == sorted(in_order)
    assert set(in_order) == {208, 274, 315, 320, 343}


def test_discarded_state_is_told_from_other_errors(exchanges):
    errors = [e["response"] for e in exchanges if "error" in e["response"]]
    assert len(errors) == 1
    with pytest.raises(rpc.Discarded, match="State already discarded for 0x6c0da8a9"):
        rpc._result(errors[0])


# ---------------------------------------------------------------------- state


def test_keys_come_in_pages(exchanges):
    """17 pages. Ours are longer, and the first is asked for without a key to begin behind."""
    pages = list(of(exchanges, "state_getKeysPaged"))
    assert len(pages) == 17
    for (prefix, count, start, block_hash), result in pages:
        at = (block_hash, node._KEYS_A_PAGE)
        found, asked = read(node._keys_after, result, octets(prefix), octets(start), *at)
        assert found == [octets(key) for key in result]
        assert len(found) <= count
        start = None if start == prefix else start
        assert asked == ("state_getKeysPaged", [prefix, 1_000, start, block_hash])
        if found:
            with pytest.raises(rpc.BadAnswer, match="out of order"):
                read(node._keys_after, result[::-1] + result[:1], octets(prefix), b"", *at)


def test_values_come_in_the_order_of_the_question(exchanges):
    """Nine answers, of 1 to 128 keys. None has the block's number, so our own question fails."""
    answers = list(of(exchanges, "state_queryStorageAt"))
    assert len(answers) == 9
    for (keys, _), result in answers:
        block_hash, changes = result[0]["block"], dict(result[0]["changes"])
        for order in (keys, keys[::-1]):
            expected = [octets(changes[key]) for key in order]
            assert node._stored(result, block_hash, order) == expected
        told = Told(result)
        with pytest.raises(rpc.BadAnswer, match="not a value for each key"):
            asyncio.run(node._values(told, 1, block_hash, [octets(key) for key in keys]))
        assert told.asked == ("state_queryStorageAt", [[NUMBER, *keys], block_hash])
        with pytest.raises(rpc.BadAnswer, match="is not that of block"):
            node._stored(result, GENESIS, keys)


def test_prices_are_those_that_were_seen_in_that_hour(exchanges, headers, shared):
    """128 subnets at block 6,521,727, by the square roots of their prices.

    Each lies between the lowest and the highest of the samples of its hour; one is 1.3e-6 below,
    in a block between two samples.
    """
    item = next(item for item in ALL_ITEMS if item.item == "AlphaSqrtPrice")
    ((keys, result),) = (
        (keys, result)
        for (keys, _), result in of(exchanges, "state_queryStorageAt")
        if octets(keys[0]).startswith(item.prefix)
    )
    block_hash = result[0]["block"]
    assert node._number_of(headers[block_hash]) == 6_521_727
    stored = pa.array(node._stored(result, block_hash, keys), pa.binary())
    (bits,) = decode_values(item, stored).values()
    hour = pq.read_table(
        shared / "mainnet/prices/alpha_price_hourly_ohlc.parquet",
        filters=[("block", ">", 6_521_727 - 300), ("block", "<=", 6_521_727)],
    )
    seen = {row["netuid"]: row for row in hour.to_pylist()}
    assert len(seen) == len(keys) == 128
    for key, sqrt_price in zip(keys, bits.to_pylist(), strict=True):
        samples = seen[netuid_of(octets(key), item.key)]
        price_rao = int(sqrt_price) ** 2 * 10**9 >> 128
        slack = price_rao // 500_000
        assert samples["low"] - slack <= price_rao <= samples["high"] + slack


VALUES = {
    "Burn": 1,
    "Delegates": 11_796,
    "ImmunityPeriod": 5_000,
    "MinAllowedWeights": 1,
    "NetworksAdded": True,
    "SubnetworkN": 1_024,
    "Tempo": 1_000,
}


def test_single_values_decode(exchanges):
    """By hand from the bytes; the two uids are those of the neurons that were asked for next."""
    found: dict[str, set] = {}
    for params, result in of(exchanges, "state_getStorageAt"):
        item = ITEMS.get(octets(params[0])[:PREFIX_BYTES])
        if result is not None and item is not None and item is not LAST_UPDATE:
            value = pa.array([rpc.bytes_of(result)], pa.binary())
            (column,) = decode_values(item, value).values()
            found.setdefault(item.item, set()).update(column.to_pylist())
    assert found.pop("Uids") == {5, 29}
    assert found == {name: {value} for name, value in VALUES.items()}


def test_last_updates_of_a_subnet_are_as_many_as_its_neurons(exchanges):
    """1,024 of netuid 1, none after the block that was asked for."""
    ((at, result),) = (
        (params[1], result)
        for params, result in of(exchanges, "state_getStorageAt")
        if octets(params[0]).startswith(LAST_UPDATE.prefix)
    )
    (number,) = (n for (n,), block_hash in of(exchanges, "chain_getBlockHash") if block_hash == at)
    updates = decode_vectors(LAST_UPDATE, pa.array([rpc.bytes_of(result)], pa.binary()))
    assert updates.lengths.tolist() == [VALUES["SubnetworkN"]]
    assert 0 < updates.flat.max() <= number


# ---------------------------------------------------------------------- 200 raw values


@pytest.fixture(scope="module")
def fixtures(shared: Path) -> dict:
    return json.loads((shared / "mainnet/rpc/async_substrate_decode_fixtures.json").read_text())


@pytest.fixture(scope="module")
def layout(fixtures: dict) -> ConfirmedLayout:
    return confirm(393, octets(fixtures["metadata_hex"]))


@pytest.mark.parametrize(
    ("scenario", "item"),
    [("Uids (u16, N=100)", NEURON_UIDS), ("TotalHotkeyAlpha (N=100)", HOTKEY_ALPHA)],
)
def test_raw_entries_decode_as_the_chains_own_types_say(
    fixtures: dict, layout: ConfirmedLayout, scenario: str, item: StorageItem
):
    """100 keys, then their 100 values, each with the type a public decoder was given for it."""
    kinds, raw = fixtures["scenarios"][scenario].values()
    raw = [octets(text) for text in raw]
    stated = layout.metadata.runtime.batch_decode(kinds, raw)
    keys = [item.prefix + rest for rest in raw[:100]]
    for key in keys:
        assert map_key(item.prefix, item.key, *parameters_of(key, item.key)) == key
    parameters = [column.to_pylist() for column in decode_parameters(keys, item.key)]
    # Of each parameter the fixture has the hash in front, then itself.
    assert list(zip(*parameters, strict=True)) == [key[1::2] for key in stated[:100]]
    (values,) = decode_values(item, pa.array(raw[100:], pa.binary())).values()
    assert values.to_pylist() == stated[100:]
