"""The node that replays a capture: it answers as the recording does, and misbehaves as told."""

import asyncio
import hashlib
import http.client
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from async_substrate_interface.sync_substrate import SubstrateInterface

from orchestration.chain.keys import item_prefix
from orchestration.chain.recording import Recording
from orchestration.errors import SourceError
from tests.conftest import PROJECT
from tests.replay_node import Capture, Faults, Served, mix, serving

FIRST, LAST = 600, 630
TAO_IN = f"0x{item_prefix('SubtensorModule', 'SubnetTaoInEmission').hex()}"
ALPHA = f"0x{item_prefix('SubtensorModule', 'TotalHotkeyAlpha').hex()}"
NOW = f"0x{item_prefix('Timestamp', 'Now').hex()}"
NOWHERE = f"0x{'ab' * 32}"


@pytest.fixture(scope="module")
def capture(small: Path) -> Capture:
    return Capture(small)


@pytest.fixture(scope="module")
def node(capture: Capture) -> Iterator[Served]:
    with serving(capture) as served:
        yield served


def call(method: str, *params: object, number: int = 1) -> dict:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def post(node: Served, said: object) -> object:
    """What an HTTP POST of a JSON value, or of raw bytes, is answered with."""
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    request = urllib.request.Request(node.http_url, raw, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def ask(node: Served, method: str, *params: object) -> object:
    return post(node, call(method, *params))["result"]


def fails(node: Served, method: str, *params: object) -> tuple[int, str]:
    error = post(node, call(method, *params))["error"]
    return error["code"], error["message"]


def over_websocket(node: Served, frames: list, answers: int) -> list:
    """Sends every frame at once, then reads a number of answers."""

    async def talk() -> list:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(node.ws_url) as socket,
        ):
            for frame in frames:
                await socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
            return [await socket.receive(timeout=5) for _ in range(answers)]

    return asyncio.run(talk())


def heard(node: Served, frames: list, answers: int) -> list:
    return [json.loads(message.data) for message in over_websocket(node, frames, answers)]


def every_key(folder: Path) -> list[bytes]:
    return sorted(set(pq.read_table(folder / "storage_changes.parquet")["key"].to_pylist()))


# ---------------------------------------------------------------------- what it answers


def test_state_at_any_block_in_any_order_is_the_recordings(node, small):
    keys = every_key(small)
    blocks = [600, 601, 617, 630]
    told = {}
    for block in reversed(blocks):
        at = ask(node, "chain_getBlockHash", block)
        (changes,) = ask(node, "state_queryStorageAt", [f"0x{key.hex()}" for key in keys], at)
        assert changes["block"] == at
        assert [key for key, _ in changes["changes"]] == [f"0x{key.hex()}" for key in keys]
        told[block] = [value for _, value in changes["changes"]]
    recorded = Recording(small).storage((block, keys) for block in blocks)
    for block, values in zip(blocks, recorded, strict=True):
        assert told[block] == [None if v is None else f"0x{v.hex()}" for v in values]
    assert told[600] != told[601]


def test_one_value_is_told_alone_and_a_key_without_one_is_null(node, small):
    at = ask(node, "chain_getBlockHash", 610)
    ((recorded,),) = Recording(small).storage([(610, [bytes.fromhex(NOW[2:])])])
    assert ask(node, "state_getStorage", NOW, at) == f"0x{recorded.hex()}"
    assert ask(node, "state_getStorageAt", NOW.upper().replace("X", "x"), at) is not None
    assert ask(node, "state_getStorage", "0x1234", at) is None


def test_a_key_asked_for_twice_is_told_once_and_no_key_tells_nothing(node):
    (changes,) = ask(node, "state_queryStorageAt", [NOW, "0x12", NOW])
    assert [key for key, _ in changes["changes"]] == [NOW, "0x12"]
    assert ask(node, "state_queryStorageAt", []) == []


@pytest.mark.parametrize("page", [7, 1000])
def test_pages_of_keys_are_the_keys_in_byte_order(node, small, page):
    at = ask(node, "chain_getBlockHash", 620)
    found, last = [], None
    while keys := ask(node, "state_getKeysPaged", ALPHA, page, last, at):
        found += keys
        last = keys[-1]
    (recorded,) = Recording(small).keys(bytes.fromhex(ALPHA[2:]), [620])
    assert found == [f"0x{key.hex()}" for key in recorded]
    assert len(found) > 7


def test_keys_without_a_value_at_the_block_are_not_listed(altered):
    gone = item_prefix("Timestamp", "Now")

    def remove(changes):
        rows = changes.to_pylist()
        for row in rows:
            if row["key"] == gone and row["block_number"] == 610:
                row["value"] = None
        return changes.from_pylist(rows, changes.schema)

    with serving(altered(storage_changes=remove)) as node:
        hashes = ask(node, "chain_getBlockHash", [609, 610, 611])
        listed = [ask(node, "state_getKeysPaged", NOW, 10, None, at) for at in hashes]
    assert listed == [[NOW], [], [NOW]]


def test_hashes_and_headers_are_the_recordings(node, small):
    headers = Recording(small).headers(range(FIRST, LAST + 1)).to_pylist()
    hashes = ask(node, "chain_getBlockHash", list(range(FIRST, LAST + 1)))
    assert hashes == [f"0x{row['block_hash'].hex()}" for row in headers]
    for row, at in zip(headers, hashes, strict=True):
        header = ask(node, "chain_getHeader", at)
        assert header["parentHash"] == f"0x{row['parent_hash'].hex()}"
        assert int(header["number"], 16) == row["block_number"]
        assert len(header["stateRoot"]) == 66
        slot = bytes.fromhex(header["digest"]["logs"][0][2:])[-8:]
        assert int.from_bytes(slot, "little") == row["timestamp_ms"] // 1000


def test_a_hash_is_found_by_number_by_hex_and_as_the_head(node, small):
    manifest = json.loads((small / "manifest.json").read_text())
    head = manifest["last_block_hash"]
    assert ask(node, "chain_getBlockHash", [LAST, hex(LAST)]) == [head, head]
    assert ask(node, "chain_getBlockHash") == ask(node, "chain_getHead") == head
    assert ask(node, "chain_getFinalizedHead") == head
    assert ask(node, "chain_getHeader")["number"] == hex(LAST)
    assert ask(node, "chain_getBlockHash", 0) == manifest["genesis_hash"]
    assert ask(node, "chain_getBlockHash", [1, LAST + 1]) == [None, None]


def test_a_block_has_its_extrinsics_and_the_root_of_them(node, small):
    rows = pq.read_table(small / "blocks.parquet").to_pylist()
    row = max(rows, key=lambda row: len(row["extrinsics"]))
    at = f"0x{row['block_hash'].hex()}"
    block = ask(node, "chain_getBlock", at)["block"]
    assert block["extrinsics"] == [f"0x{one.hex()}" for one in row["extrinsics"]]
    assert block["header"] == ask(node, "chain_getHeader", at)
    listed = bytes([4 * len(row["extrinsics"])]) + b"".join(row["extrinsics"])
    root = hashlib.blake2b(listed, digest_size=32).hexdigest()
    assert block["header"]["extrinsicsRoot"] == f"0x{root}"


def test_the_runtime_and_its_metadata_are_those_of_the_capture(node, small):
    version = ask(node, "state_getRuntimeVersion", ask(node, "chain_getBlockHash", 605))
    assert (version["specName"], version["specVersion"]) == ("node-subtensor", 293)
    metadata = Recording(small).metadata(293).hex()
    assert ask(node, "state_getMetadata") == f"0x{metadata}"
    whole = ask(node, "state_call", "Metadata_metadata_at_version", "0x0e000000")
    assert whole.startswith("0x01")
    assert whole.endswith(metadata)
    assert ask(node, "state_call", "Metadata_metadata_at_version", "0x63000000") == "0x00"
    assert ask(node, "state_call", "Metadata_metadata_versions", "0x") == "0x040e000000"
    name = f"38{b'node-subtensor'.hex()}"
    assert ask(node, "state_call", "Core_version", "0x").startswith(
        f"0x{name}{name}0100000025010000"
    )


def test_it_says_which_chain_it_is(node):
    assert ask(node, "system_chain") == "localnet_a"
    assert ask(node, "system_properties")["tokenSymbol"] == "TAO"
    assert ask(node, "system_health")["isSyncing"] is False
    assert {"state_queryStorageAt", "chain_subscribeNewHeads"} <= set(
        ask(node, "rpc_methods")["methods"]
    )


def test_the_public_client_library_reads_it(node, small):
    with SubstrateInterface(node.ws_url, ss58_format=42) as chain:
        at = chain.get_block_hash(615)
        listed = dict(chain.query_map("SubtensorModule", "SubnetTAO", block_hash=at))
        one = chain.query("SubtensorModule", "SubnetTAO", [1], block_hash=at)
    key = item_prefix("SubtensorModule", "SubnetTAO") + bytes((1, 0))
    ((recorded,),) = Recording(small).storage([(615, [key])])
    assert one == listed[1] == int.from_bytes(recorded, "little")


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("state_unheardOf", [], -32601, "Method not found"),
        ("state_getStorage", [], -32602, "Invalid params"),
        ("state_getStorage", ["1234"], -32602, "Invalid params"),
        ("state_getStorage", ["0x12z4"], -32602, "Invalid params"),
        ("state_queryStorageAt", [["0x123"]], -32602, "Invalid params"),
        ("chain_getHeader", ["0x12"], -32602, "Invalid params"),
        ("chain_getBlockHash", [-1], -32602, "Invalid params"),
        ("chain_getBlockHash", [1 << 32], 3001, "the max block number is u32"),
        ("state_getKeysPaged", ["0x", 1001], 4002, "count exceeds maximum value"),
        ("state_getStorage", [NOW, NOWHERE], 4003, "Client error: UnknownBlock: Header was not"),
        ("state_queryStorageAt", [[NOW], NOWHERE], 4001, "Cannot resolve a block range"),
        ("state_getRuntimeVersion", [NOWHERE], 4003, "Api called for an unknown Block"),
        ("state_call", ["Core_unheardOf", "0x"], 4003, "is not found"),
        ("chain_subscribeNewHeads", [], -32603, "Internal error"),
    ],
)
def test_errors_are_those_of_a_node(node, method, params, code, message):
    found, said = fails(node, method, *params)
    assert found == code
    assert message in said


def test_a_hash_that_is_nowhere_has_no_header_and_no_block(node):
    assert ask(node, "chain_getHeader", NOWHERE) is None
    assert ask(node, "chain_getBlock", NOWHERE) is None


def test_the_state_before_the_capture_is_discarded(node):
    before = ask(node, "chain_getHeader", ask(node, "chain_getBlockHash", FIRST))["parentHash"]
    for at in (before, ask(node, "chain_getBlockHash", 0)):
        assert ask(node, "chain_getHeader", at) is None
        said = f"Client error: UnknownBlock: State already discarded for {at}"
        assert fails(node, "state_getStorage", NOW, at) == (4003, said)
        assert fails(node, "state_queryStorageAt", [NOW], at) == (4003, said)


@pytest.mark.parametrize(
    ("raw", "code"), [(b"{", -32700), (b"[]", -32600), (b"[1]", -32600), (b'{"id":1}', -32600)]
)
def test_what_is_no_call_is_refused_over_both_transports(node, raw, code):
    by_post = post(node, raw)
    (by_socket,) = heard(node, [raw.decode()], 1)
    assert by_post == by_socket
    (error,) = by_post if isinstance(by_post, list) else [by_post]
    assert error["error"]["code"] == code


def test_an_answer_above_the_limit_of_a_node_is_refused(node, monkeypatch):
    monkeypatch.setattr("tests.replay_node.server.MOST_BYTES", 1000)
    assert fails(node, "state_getMetadata") == (-32008, "Response is too big")
    several = [call("chain_getHeader", number=n) for n in range(5)]
    assert post(node, several)["error"]["code"] == -32011
    (refused,) = heard(node, [call("state_getStorage", f"0x{'00' * 600}")], 1)
    assert refused["error"]["code"] == -32007


# ---------------------------------------------------------------------- batches, subscriptions


def test_a_batch_has_an_answer_for_each_call_over_both_transports(node):
    batch = [
        call("chain_getBlockHash", 601, number=7),
        {"jsonrpc": "2.0", "method": "system_chain"},
        call("nothing", number="x"),
        call("system_chain", number=9),
    ]
    by_post = post(node, batch)
    assert [answer["id"] for answer in by_post] == [7, "x", 9]
    assert by_post[1]["error"]["code"] == -32601
    assert heard(node, [batch], 1) == [by_post]


def test_many_calls_can_be_in_flight_and_are_counted(capture):
    with serving(capture, Faults(latency_seconds=0.05)) as node:
        answers = heard(node, [call("system_chain", number=n) for n in range(20)], 20)
        assert {answer["id"] for answer in answers} == set(range(20))
        assert node.most_in_flight == 20
        assert node.requests == {"system_chain": 20}


def test_finalized_heads_are_told_as_they_come(capture):
    async def listen(node: Served) -> list:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(node.ws_url) as socket,
        ):
            heard = []
            await socket.send_json(call("chain_subscribeFinalizedHeads"))
            name = (await socket.receive_json())["result"]
            heard.append(await socket.receive_json())
            await asyncio.to_thread(node.finalize, 2)
            heard += [await socket.receive_json(), await socket.receive_json()]
            await socket.send_json(call("chain_unsubscribeFinalizedHeads", name))
            assert (await socket.receive_json())["result"] is True
            await asyncio.to_thread(node.finalize)
            await socket.send_json(call("system_chain"))
            assert "result" in await socket.receive_json()
            assert {note["params"]["subscription"] for note in heard} == {name}
            return heard

    with serving(capture, Faults(finalized=610)) as node:
        notes = asyncio.run(listen(node))
    assert [note["method"] for note in notes] == ["chain_finalizedHead"] * 3
    assert [int(note["params"]["result"]["number"], 16) for note in notes] == [610, 611, 612]


# ---------------------------------------------------------------------- the head moves


def test_blocks_beyond_the_best_head_are_not_there_yet(capture):
    with serving(capture, Faults(finalized=610, ahead=3, finalize_every_calls=4)) as node:
        assert ask(node, "chain_getHeader")["number"] == hex(613)
        beyond = capture.block(614).hash
        assert ask(node, "chain_getBlockHash", 614) is None
        assert ask(node, "chain_getHeader", beyond) is None
        assert ask(node, "chain_getFinalizedHead") == capture.block(611).hash
        assert ask(node, "chain_getBlockHash", 614) == beyond


def test_the_head_moves_with_time(capture):
    async def wait(node: Served) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(node.ws_url) as socket,
        ):
            await socket.send_json(call("chain_subscribeFinalizedHeads"))
            while hex(613) not in json.dumps(await socket.receive_json(timeout=5)):
                pass

    with serving(capture, Faults(finalized=610, finalize_every_seconds=0.01)) as node:
        asyncio.run(wait(node))


def test_an_orphan_branch_is_shown_until_the_fork_is_finalized(capture):
    with serving(capture, Faults(finalized=611, ahead=5, fork_at=(613,))) as node:
        hashes = ask(node, "chain_getBlockHash", list(range(612, 617)))
        true = [capture.block(number).hash for number in range(612, 617)]
        assert hashes[0] == true[0]
        assert not set(hashes[1:]) & set(true)
        headers = [ask(node, "chain_getHeader", at) for at in hashes]
        assert [header["parentHash"] for header in headers[1:]] == hashes[:-1]
        values = [ask(node, "state_getStorage", NOW, at) for at in hashes]
        assert len(set(values)) == 1
        assert ask(node, "chain_getBlock", hashes[2])["block"]["extrinsics"] == []

        node.finalize()
        assert ask(node, "chain_getBlockHash", 614) == hashes[2]
        node.finalize()
        assert ask(node, "chain_getBlockHash", list(range(612, 617))) == true
        assert ask(node, "chain_getHeader", hashes[2]) == headers[2]
        code, said = fails(node, "state_getStorage", NOW, hashes[2])
        assert (code, "State already discarded" in said) == (4003, True)
        assert ask(node, "state_getStorage", NOW, true[2]) != values[2]


@pytest.mark.parametrize("faults", [Faults(finalized=599), Faults(fork_at=(631,))])
def test_a_fault_outside_the_capture_is_refused(capture, faults):
    with pytest.raises(SourceError, match=r"600|630"), serving(capture, faults):
        pass


def test_a_spec_change_is_in_the_state_before_its_first_block(small, tmp_path):
    metadata = tmp_path / "other.scale"
    metadata.write_bytes(b"meta, another")
    upgrade = f"0x{item_prefix('System', 'LastRuntimeUpgrade').hex()}"
    with serving(small, Faults(spec_change=(615, 294, metadata))) as node:
        hashes = ask(node, "chain_getBlockHash", [613, 614, 615])
        versions = [ask(node, "state_getRuntimeVersion", at)["specVersion"] for at in hashes]
        files = [ask(node, "state_getMetadata", at) for at in hashes]
        upgrades = [ask(node, "state_getStorage", upgrade, at) for at in hashes]
    assert versions == [293, 294, 294]
    assert [file == f"0x{metadata.read_bytes().hex()}" for file in files] == [False, True, True]
    assert upgrades[0] == upgrades[1] != upgrades[2]
    assert upgrades[2] == f"0x990438{b'node-subtensor'.hex()}"


def test_a_capture_of_two_specs_answers_each_with_its_metadata(altered):
    def upgrade(blocks: pa.Table) -> pa.Table:
        rows = blocks.to_pylist()
        for row in rows:
            row["spec_version"] += row["block_number"] >= 615
        return pa.Table.from_pylist(rows, blocks.schema)

    folder = altered(blocks=upgrade)
    (folder / "metadata" / "294_v14.scale").write_bytes(b"meta of 294")
    with serving(folder) as node:
        hashes = ask(node, "chain_getBlockHash", [613, 614, LAST])
        versions = [ask(node, "state_getRuntimeVersion", at)["specVersion"] for at in hashes]
        files = [ask(node, "state_getMetadata", at) for at in hashes]
    assert versions == [293, 294, 294]
    assert [file == f"0x{b'meta of 294'.hex()}" for file in files] == [False, True, True]


# ---------------------------------------------------------------------- faults


def test_throttling_over_http_names_the_wait(capture):
    with serving(capture, Faults(throttle=1, retry_after_seconds=3)) as node:
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(node, "system_chain")
        with caught.value as refusal:
            assert (refusal.code, refusal.headers["Retry-After"]) == (429, "3")


def test_throttling_over_a_websocket_is_an_error_of_each_call(capture):
    with serving(capture, Faults(throttle=1, throttle_codes=(-32029,))) as node:
        (answers,) = heard(node, [[call("system_chain", number=n) for n in (1, 2)]], 1)
        assert [answer["error"]["code"] for answer in answers] == [-32029, -32029]
        assert node.faults_done == {"throttle": 2}


def test_calls_beyond_the_rate_are_throttled(capture):
    with serving(capture, Faults(rate_limit=5)) as node:
        (answers,) = heard(node, [[call("system_chain", number=n) for n in range(20)]], 1)
        assert 5 <= sum("result" in answer for answer in answers) < 20
        assert node.faults_done["rate_limit"] == sum("error" in answer for answer in answers)


@pytest.mark.parametrize("seed", range(3))
def test_a_dropped_connection_has_sent_a_part_of_the_answer_at_most(capture, seed):
    batch = [call("chain_getHeader", number=n) for n in range(20)]
    with serving(capture, Faults(drop=1, seed=seed)) as node:
        (message,) = over_websocket(node, [batch], 1)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            post(node, batch)
        assert node.faults_done == {"drop": 2}


def test_a_truncated_answer_is_the_beginning_of_one(capture):
    with serving(capture) as node:
        whole = json.dumps(post(node, call("chain_getHeader")), separators=(",", ":"))
    with serving(capture, Faults(truncate=1)) as node:
        (message,) = over_websocket(node, [call("chain_getHeader")], 1)
        assert whole.startswith(message.data)
        assert message.data != whole
        with pytest.raises(json.JSONDecodeError):
            ask(node, "chain_getHeader")


def test_a_server_error_is_no_json(capture):
    with serving(capture, Faults(server_error=1)) as node:
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(node, "system_chain")
        with caught.value as refusal:
            assert 500 <= refusal.code <= 504
        assert heard(node, [call("system_chain")], 1)[0]["result"] == "localnet_a"


def test_a_wrong_id_is_one_that_was_not_asked(capture):
    with serving(capture, Faults(wrong_id=1)) as node:
        assert post(node, call("system_chain", number=5))["id"] != 5


def test_an_answer_comes_twice(capture):
    with serving(capture, Faults(duplicate=1)) as node:
        first, second = heard(node, [call("system_chain")], 2)
        assert first == second
        assert [a["id"] for a in post(node, [call("system_chain")])] == [1, 1]


@pytest.mark.parametrize("seed", range(4))
def test_malformed_hex_is_in_a_value_and_nowhere_else(capture, node, seed):
    asked = ("state_queryStorageAt", [NOW, TAO_IN])
    with serving(capture, Faults(malformed_hex=1, seed=seed)) as spoiling:
        (spoilt,) = ask(spoiling, *asked)
    (sound,) = ask(node, *asked)
    (key, bad), (_, good) = spoilt["changes"][0], sound["changes"][0]
    assert (spoilt["block"], key) == (sound["block"], NOW)
    assert bad != good
    with pytest.raises(ValueError, match="fromhex"):
        bytes.fromhex(bad[2:])


def test_a_block_that_does_not_link_names_another_parent(capture):
    with serving(capture, Faults(unlinked_at=612)) as node:
        hashes = ask(node, "chain_getBlockHash", [610, 611, 612, 613])
        parents = [ask(node, "chain_getHeader", at)["parentHash"] for at in hashes[1:]]
        assert [p == h for p, h in zip(parents, hashes[:-1], strict=True)] == [True, False, True]
        assert ask(node, "chain_getBlock", hashes[2])["block"]["header"]["parentHash"] == parents[1]
    with serving(capture, Faults(unlinked=1)) as node:
        assert ask(node, "chain_getHeader", hashes[1])["parentHash"] != hashes[0]


@pytest.mark.parametrize("faults", [{"pruned_below": 612}, {"pruned": 1}])
def test_pruned_state_is_an_error_or_null_or_absent(capture, faults):
    old = capture.block(611).hash
    with serving(capture, Faults(**faults)) as node:
        for method, *params in (
            ("state_queryStorageAt", [NOW], old),
            ("state_getKeysPaged", NOW, 10, None, old),
            ("state_getMetadata", old),
        ):
            code, said = fails(node, method, *params)
            assert (code, f"State already discarded for {old}" in said) == (4003, True)
        assert ask(node, "chain_getHeader", old) is not None
        assert ask(node, "state_getStorage", NOW) is not None
    with serving(capture, Faults(pruned_answer="null", **faults)) as node:
        assert ask(node, "state_queryStorageAt", [NOW], old) is None
    with serving(capture, Faults(pruned_answer="absent", **faults)) as node:
        assert ask(node, "state_queryStorageAt", [NOW], old)[0]["changes"] == [[NOW, None]]
        assert ask(node, "state_getKeysPaged", NOW, 10, None, old) == []


def test_luck_is_of_the_seed_and_the_call_and_not_of_the_order(capture):
    def outcomes(seed: int, order: list[int]) -> dict[int, bool]:
        with serving(capture, Faults(throttle=0.5, seed=seed)) as node:
            frames = [call("chain_getBlockHash", number, number=number) for number in order]
            answers = heard(node, frames, len(order))
        return {answer["id"]: "error" in answer for answer in answers}

    blocks = list(range(FIRST, LAST))
    first = outcomes(1, blocks)
    assert outcomes(1, blocks[::-1]) == first
    assert outcomes(2, blocks) != first
    assert 5 < sum(first.values()) < 25


def test_a_mix_has_every_fault_and_a_patient_client_gets_its_answer(capture, node):
    blocks = range(FIRST, LAST + 1)
    true = {block: ask(node, "chain_getBlockHash", block) for block in blocks}
    with serving(capture, mix(0.1, seed=3)) as bad:
        got: dict[int, str] = {}
        for _ in range(100):
            missing = [block for block in blocks if got.get(block) != true[block]]
            if not missing:
                break
            try:
                answers = post(
                    bad, [call("chain_getBlockHash", block, number=block) for block in missing]
                )
            except Exception:  # a status, a broken body or no JSON: asked again
                continue
            got |= {a["id"]: a["result"] for a in answers if "result" in a and a["id"] in true}
        assert got == true
        assert bad.faults_done["throttle"] > 0
        assert bad.faults_done["wrong_id"] > 0


# ---------------------------------------------------------------------- the command line


def test_the_command_says_where_it_listens_and_stops_when_told(small):
    command = [sys.executable, "-m", "tests.replay_node", str(small), "--port", "0", "--mix", "0"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        url = line.split()[-1]
        with urllib.request.urlopen(
            urllib.request.Request(url, json.dumps(call("system_chain")).encode())
        ) as answer:
            assert json.loads(answer.read())["result"] == "localnet_a"
        process.send_signal(signal.SIGTERM)
    assert line.startswith("Listening on ws://127.0.0.1:")
    assert process.returncode == 0


def test_a_folder_that_is_no_capture_is_told_in_a_sentence(tmp_path):
    command = [sys.executable, "-m", "tests.replay_node", str(tmp_path)]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert told.returncode == 1
    assert "has no manifest.json" in told.stderr
    assert "Traceback" not in told.stderr
