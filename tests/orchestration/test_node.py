"""A chain read from its nodes is the chain that was recorded, however badly the nodes behave."""

import asyncio
import bisect
import datetime as dt
import json
import random
import time
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration import settings
from orchestration.chain import endpoints, land, metadata, rpc, stake_events, stakes
from orchestration.chain.budget import Budget
from orchestration.chain.node import Node, _first_at
from orchestration.chain.reader import ChainReader
from orchestration.chain.record import record
from orchestration.chain.recording import Recording
from orchestration.chain.urls import redacted
from orchestration.errors import SettingsError, SourceError
from tests.recordings.cut import cut
from tests.replay_node import Faults, SpecChange, mix, serving
from tests.replay_node.faults import SHARES

DAY = dt.date(2025, 7, 8)
IN_FLIGHT = 32


@pytest.fixture
def opened():
    """Makes nodes, and lets them go when the test is over."""
    nodes = []

    def open_(*urls: str) -> Node:
        nodes.append(Node(urls, Budget(IN_FLIGHT)))
        return nodes[-1]

    yield open_
    for node in nodes:
        node.close()


def landed(reader: ChainReader, interval: int = 1) -> dict[str, pa.Table]:
    """Every raw table of a reader's day."""
    blocks = reader.blocks_of_day(DAY)
    headers = land.raw_blocks(reader, blocks)
    events = land.raw_events(reader, headers)
    storage = pa.Table.from_batches(land.raw_storage(reader, headers, interval))
    layouts = {293: metadata.confirm(293, reader.metadata(293))}
    moves = stake_events.chain_stake_events(events, layouts)
    run = stakes.epochs_run(storage, blocks)
    return {
        "raw_chain__blocks": headers,
        "raw_chain__events": events,
        "raw_chain__storage": storage,
        "raw_chain__epoch_storage": pa.Table.from_batches(land.raw_epoch_storage(reader, storage)),
        "raw_chain__stakes": pa.Table.from_batches(stakes.raw_stakes(reader, headers, moves, run)),
    }


@pytest.fixture(scope="module")
def few(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blocks 608 to 616: 500 calls of a node."""
    folder = tmp_path_factory.mktemp("recordings") / "few"
    cut(small, 608, 616, folder)
    return folder


@pytest.fixture(scope="module")
def few_recorded(few: Path) -> dict[str, pa.Table]:
    return landed(Recording(few))


@pytest.fixture(scope="module")
def recorded(small: Path) -> dict[str, pa.Table]:
    return landed(Recording(small))


# ---------------------------------------------------------------------- the same as the recording


@pytest.mark.parametrize("transport", ["ws_url", "http_url"])
def test_a_node_gives_every_row_the_recording_gives(small, recorded, opened, transport):
    with serving(small) as served:
        node, recording = opened(getattr(served, transport)), Recording(small)
        assert landed(node) == recorded
        assert node.identity() == recording.identity()
        assert node.first_state_block() == recording.first_state_block()
        assert node.finalized_head() == recording.finalized_head()
        assert node.days() == recording.days()
        assert not node.blocks_of_day(DAY + dt.timedelta(days=1))
        assert not node.blocks_of_day(DAY - dt.timedelta(days=1))


def test_a_sample_of_the_state_is_the_same(small, opened):
    with serving(small) as served:
        assert landed(opened(served.ws_url), 7) == landed(Recording(small), 7)


def test_requests_are_in_flight_together_and_no_more_than_the_budget(small, opened):
    with serving(small, Faults(latency_seconds=0.01)) as served:
        landed(opened(served.ws_url))
        assert IN_FLIGHT / 2 <= served.most_in_flight <= IN_FLIGHT


@pytest.mark.parametrize("range_", [5, 1_000])
def test_a_map_of_many_pages_comes_whole_and_in_order(small, opened, monkeypatch, range_):
    monkeypatch.setattr("orchestration.chain.node._KEYS_A_PAGE", 10)
    monkeypatch.setattr("orchestration.chain.node._KEYS_A_RANGE", range_)
    recording = Recording(small)
    with serving(small) as served:
        node = opened(served.ws_url)
        for item in stakes.STAKE_ITEMS:
            assert next(node.keys(item.prefix, [610])) == next(recording.keys(item.prefix, [610]))


@pytest.mark.parametrize("item", [stakes.SHARES.prefix, b"\x00" * 32])
def test_a_map_without_a_key_is_told_from_state_that_is_not_there(small, opened, item):
    blocks = range(601, 630)
    # Of two nodes behind the address one has no old state, and says that there is no key.
    with serving(small, Faults(pruned=0.2, pruned_answer="absent")) as served:
        told = list(opened(served.ws_url).keys(item, blocks))
    assert told == list(Recording(small).keys(item, blocks))
    assert served.faults_done["pruned"] > 0


def test_a_snapshot_of_more_keys_than_a_request_comes_whole(small, opened, monkeypatch):
    monkeypatch.setattr(endpoints, "_MOST_KEYS", 7)
    recording = Recording(small)
    keys = next(recording.keys(stakes.SHARES.prefix, [610]))
    with serving(small) as served:
        (values,) = opened(served.ws_url).storage([(610, keys)])
        assert values == next(recording.storage([(610, keys)]))


# ---------------------------------------------------------------------- bad nodes


@pytest.mark.parametrize("fault", [*SHARES, "latency"])
def test_a_fault_changes_no_row(few, few_recorded, opened, fault):
    faults = {
        "latency": Faults(latency_seconds=0.005, jitter_seconds=0.02),
        # Nine headers are asked for, and hashes a few times.
        "unlinked": Faults(unlinked=0.3),
        "forked": Faults(forked=0.6),
    }.get(fault) or Faults(**{fault: 0.05})
    with serving(few, faults) as served:
        # A websocket has no status of its own.
        node = opened(served.http_url if fault == "server_error" else served.ws_url)
        assert landed(node) == few_recorded
        assert fault not in SHARES or served.faults_done[fault] > 0


def test_all_faults_together_change_no_row(few, few_recorded, opened):
    with serving(few, mix(0.05, seed=1)) as served:
        assert landed(opened(served.ws_url)) == few_recorded


@pytest.mark.parametrize("transport", ["ws_url", "http_url"])
def test_a_rate_limit_is_learned(few, few_recorded, opened, transport):
    with serving(few, Faults(rate_limit=50)) as served:
        assert landed(opened(getattr(served, transport))) == few_recorded
        calls, refused = sum(served.requests.values()), served.faults_done["rate_limit"]
        assert 0 < refused < calls / 2


class Scripted:
    """A link that answers its calls with what it was told to, then with their method's name."""

    def __init__(self, **troubles: list[rpc.Trouble]) -> None:
        self.troubles = troubles

    async def call(self, method: str, params: list) -> str:
        if self.troubles.get(method):
            raise self.troubles[method].pop()
        return method

    async def close(self) -> None: ...


def scripted(work, **troubles: list[rpc.Trouble]):
    """What ``work`` returns when it is handed the endpoints of a source with one such link."""

    async def run():
        source = endpoints.Endpoints(["http://host"], Budget(IN_FLIGHT))
        source.all[0]._link = Scripted(**troubles)
        try:
            return await work(source)
        finally:
            await source.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("refusals", "seconds", "rests"), [(1, 0.2, False), (8, 0.2, True), (1, 3, True)]
)
def test_a_refusal_holds_the_call_and_many_or_a_long_one_the_endpoint(refusals, seconds, rests):
    async def work(source):
        endpoint = source.all[0]
        asked = [asyncio.create_task(endpoint.ask("odd", [], str)) for _ in range(refusals)]
        await asyncio.sleep(0.05)
        is_resting = endpoint.rests_for() > 0
        if not is_resting:
            assert await endpoint.ask("even", [], str) == "even"
            assert not any(task.done() for task in asked)
            await asyncio.gather(*asked)
        for task in asked:
            task.cancel()
        return is_resting

    assert scripted(work, odd=[rpc.Throttled("slower", seconds)] * refusals) == rests


def test_patience_begins_with_the_question_and_not_with_the_last_answer(monkeypatch):
    monkeypatch.setattr(endpoints, "_TRIES_HERE", 1)

    async def work(source):
        source._genesis = source.all[0]._genesis = "0x00"
        source._heard_at = time.monotonic() - 2 * endpoints.PATIENCE_SECONDS
        return await source.ask(lambda endpoint: endpoint.ask("late", [], str))

    assert scripted(work, late=[rpc.Lost("the connection broke")]) == "late"


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [("7", 7, 7), ("", None, None), ("soon", None, None), ("{:%a, %d %b %Y %T} GMT", 50, 60)],
)
def test_a_wait_is_told_in_seconds_or_by_a_moment(said, low, high):
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    wait = rpc._wait_of(said.format(moment))
    assert wait is low is None or low <= wait <= high


@pytest.mark.parametrize("answer", ["error", "null", "absent"])
def test_old_state_is_asked_of_the_endpoint_that_has_it(small, recorded, opened, answer):
    pruned = Faults(pruned_below=615, pruned_answer=answer)
    with serving(small, pruned) as full, serving(small) as archive:
        assert landed(opened(full.ws_url, archive.ws_url)) == recorded
        # Of what it has it is asked on: the endpoints share the work as they answer.
        assert full.requests["state_queryStorageAt"] > 10


@pytest.mark.parametrize("is_regular", [True, False])
def test_the_first_block_of_a_day_is_found_by_few_questions(is_regular):
    """Ten weeks of a chain that misses one slot in a hundred, and stood still for a day; or makes a
    block whenever it likes."""
    chance, moment, times = random.Random(1), 1_700_000_000_000, []
    while len(times) < (500_000 if is_regular else 50_000):
        times.append(moment)
        missed = chance.random() < 0.01 if is_regular else chance.random() * 100
        moment += int(12_000 * (1 + missed)) + (86_400_000 if len(times) == 200_000 else 0)
    blocks, asked, calls = range(7, 7 + len(times)), {}, []

    def time_of(block: int) -> int:
        if block not in asked:
            calls[-1] += 1
            asked[block] = times[block - 7]
        return asked[block]

    for day in range(times[0] // 86_400_000, times[-1] // 86_400_000 + 2):
        calls.append(0)
        found = _first_at(blocks, day * 86_400_000, time_of, asked)
        assert found == 7 + bisect.bisect_left(times, day * 86_400_000)
    if is_regular:
        assert sum(calls) / len(calls) < 8, "and by bisection 19"
        assert max(calls) < 30
    else:
        assert max(calls) < 50


def test_a_pruned_node_is_asked_of_few_blocks_and_again_as_it_goes_on(embedded, opened):
    with serving(embedded, Faults(pruned_below=880)) as full:
        source = opened(full.ws_url)
        assert source.first_state_block() == 880
        assert full.requests["state_queryStorageAt"] < 40
        full.server._methods._pruned_below = 890
        assert source.first_state_block() == 880, "as it was when days were asked for"
        source._first_state_at -= endpoints.FORGET_SECONDS + 1
        source.days()
        assert source.first_state_block() == 890


def test_a_block_whose_header_is_not_there_asks_for_an_archive(small, opened):
    with (
        serving(small) as served,
        pytest.raises(SourceError, match=r"block 598 any more; add an archive endpoint"),
    ):
        opened(served.ws_url).headers(range(598, 602))


def test_a_pruned_node_says_from_which_block_it_has_state(small, opened):
    with serving(small, Faults(pruned_below=615)) as full:
        node = opened(full.ws_url)
        assert node.first_state_block() == 615
        with pytest.raises(SourceError, match=r"state of block 610 .* archive endpoint"):
            next(node.storage([(610, [])]))


def test_an_endpoint_of_another_chain_is_not_asked(small, altered, recorded, opened):
    other = altered()
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["genesis_hash"] = "0x" + "11" * 32
    (other / "manifest.json").write_text(json.dumps(manifest))
    with serving(small) as ours, serving(other) as foreign:
        node = opened(ours.ws_url, foreign.ws_url)
        assert node.identity() == Recording(small).identity()
        assert landed(node) == recorded
        assert "state_queryStorageAt" not in foreign.requests


def test_a_block_whose_parent_is_another_is_refused(small, opened):
    with serving(small, Faults(unlinked_at=620)) as served:
        node = opened(served.ws_url)
        with pytest.raises(SourceError, match=r"Block 620 names .* as its parent"):
            land.raw_blocks(node, node.blocks_of_day(DAY))


def test_an_endpoint_that_is_not_there_is_one_sentence_without_its_key(opened, monkeypatch):
    monkeypatch.setattr(endpoints, "FIRST_PATIENCE_SECONDS", 0.2)
    node = opened("ws://127.0.0.1:9/secret-key?token=secret")
    with pytest.raises(SourceError, match="can be reached") as caught:
        node.finalized_head()
    assert "secret" not in str(caught.value)
    assert "ws://127.0.0.1:9/..." in str(caught.value)


def test_an_endpoint_that_does_not_offer_a_method_is_named(opened):
    with serving_nothing() as url:
        node = opened(url)
        with pytest.raises(SourceError, match=r"No endpoint .* can be used .*-32601"):
            node.finalized_head()


# ---------------------------------------------------------------------- a chain that goes on


def test_only_finalized_blocks_are_read_while_the_head_moves_and_forks(small, recorded, opened):
    faults = Faults(finalized=610, ahead=5, fork_at=(612, 618, 625))
    with serving(small, faults) as served:
        node = opened(served.ws_url)
        first = land.raw_blocks(node, node.blocks_of_day(DAY))
        assert first["block_number"].to_pylist()[-1] == 610
        served.finalize(20)
        node._head_at = 0.0
        assert landed(node) == recorded
        assert first.equals(recorded["raw_chain__blocks"].slice(0, first.num_rows))


def test_an_endpoint_that_is_behind_is_not_asked_for_what_is_not_final_to_it(
    small, recorded, opened
):
    behind = Faults(finalized=610, ahead=20, fork_at=(612,))
    with serving(small) as whole, serving(small, behind) as forked:
        node = opened(whole.ws_url, forked.ws_url)
        assert node.finalized_head() == 630
        assert landed(node) == recorded
        assert forked.requests["state_queryStorageAt"] > 0


@pytest.mark.parametrize("is_behind", [False, True])
def test_two_endpoints_with_two_final_chains_stop_with_a_sentence(
    small, altered, opened, is_behind
):
    def fork(blocks: pa.Table) -> pa.Table:
        rows = blocks.to_pylist()
        for row in rows:
            if row["block_number"] >= 610:
                row["block_hash"] = row["block_hash"][::-1]
            if row["block_number"] > 610:
                row["parent_hash"] = row["parent_hash"][::-1]
        return pa.Table.from_pylist(rows, blocks.schema)

    behind = Faults(finalized=620) if is_behind else None
    with serving(small) as one, serving(altered(blocks=fork), behind) as other:
        node = opened(one.ws_url, other.ws_url)

        def ask_again() -> None:
            for _ in range(4):
                node._head_at = 0.0
                node.finalized_head()

        with pytest.raises(SourceError, match=r"disagree on block 6[23]0, which is final to both"):
            ask_again()


def test_the_finalized_head_never_moves_back(small, opened):
    with serving(small) as ahead, serving(small, Faults(finalized=605)) as behind:
        node = opened(ahead.ws_url, behind.ws_url)
        seen = []
        for _ in range(6):
            node._head_at = 0.0
            seen.append(node.finalized_head())
        assert seen == sorted(seen)
        assert seen[-1] == 630


def test_a_runtime_upgrade_is_found_by_bisection(small, localnet_a, opened):
    other = localnet_a.parent.parent / "mainnet" / "metadata" / "spec343_v14.scale"
    upgraded = SpecChange(617, 343, other)
    with serving(small, Faults(spec_change=upgraded)) as served:
        node = opened(served.ws_url)
        specs = node.headers(node.blocks_of_day(DAY))["spec_version"].to_pylist()
        assert specs == [293] * 17 + [343] * 14
        assert served.requests["state_getRuntimeVersion"] < 10
        assert node.metadata(343) == other.read_bytes()
        assert node.metadata(293) == Recording(small).metadata(293)
        with pytest.raises(SourceError, match="No block was executed by spec 300"):
            node.metadata(300)


# ---------------------------------------------------------------------- recording


def test_a_recording_of_the_chain_has_its_books(small, opened, tmp_path):
    with serving(small) as served:
        record(opened(served.ws_url), range(605, 626), tmp_path / "recorded")
    made, source = Recording(tmp_path / "recorded"), tmp_path / "source"
    record(Recording(small), range(605, 626), source)
    for name in ("blocks.parquet", "storage_changes.parquet", "metadata/293_v14.scale"):
        assert (tmp_path / "recorded" / name).read_bytes() == (source / name).read_bytes()
    tables = landed(made)
    whole = Recording(small)
    assert tables["raw_chain__blocks"].equals(whole.headers(range(605, 626)))
    assert tables["raw_chain__events"]["events"].equals(whole.events(range(605, 626))["events"])
    assert next(made.keys(stakes.HOTKEY_ALPHA.prefix, [625])) == next(
        whole.keys(stakes.HOTKEY_ALPHA.prefix, [625])
    )
    state = set(tables["raw_chain__storage"]["key"].to_pylist())
    assert next(made.storage([(620, sorted(state))])) == next(whole.storage([(620, sorted(state))]))
    with serving(tmp_path / "recorded") as again:
        assert landed(opened(again.ws_url)) == tables


def test_a_recording_is_not_written_over_another(small, tmp_path):
    with pytest.raises(SourceError, match="is there already"):
        record(Recording(small), range(605, 607), tmp_path)
    with pytest.raises(SourceError, match="it has 600 to 630"):
        record(Recording(small), range(590, 607), tmp_path / "new")


# ---------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://user:secret@host:443/secret?key=secret", "wss://host:443/..."),
        ("https://host/v2/secret", "https://host/..."),
        ("ws://[::1]:9944", "ws://[::1]:9944"),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_key(url, shown):
    assert redacted(url) == shown


def test_several_urls_are_one_source(monkeypatch):
    monkeypatch.setenv("TAOBOOKS_SOURCE", "wss://one/secret, https://two")
    chosen = settings.load()
    assert chosen.is_live
    assert chosen.shown_source == "wss://one/..., https://two"


@pytest.mark.parametrize(
    "source",
    [
        "wss://:9944/secret",
        "ftp://secret",
        "wss://one,secret",
        "wss://secret:port",
        "wss:/one/secret",
        "one/secret",
        "recording:wss://one/secret",
        "recording:https:/one/secret",
        "recording:user:secret@one",
    ],
)
def test_what_is_no_url_of_a_node_is_refused_and_not_repeated(monkeypatch, source):
    monkeypatch.setenv("TAOBOOKS_SOURCE", source)
    chosen = settings.load()
    with pytest.raises(SettingsError, match="not a source of chain state") as caught:
        chosen.reader()
    for shown in (str(caught.value), chosen.shown_source, repr(chosen)):
        assert "secret" not in shown


def test_an_error_is_sorted_by_what_helps():
    def sorted_as(**error: object) -> type[rpc.Trouble]:
        with pytest.raises(rpc.Trouble) as caught:
            rpc._result({"error": error})
        return type(caught.value)

    assert sorted_as(code=-32005, message="Too many") is rpc.Throttled
    assert sorted_as(code=1, message="Rate limit exceeded") is rpc.Throttled
    assert sorted_as(code=-32601, message="Method not found") is rpc.NotOffered
    assert sorted_as(code=-32008, message="Response is too big") is rpc.TooLarge
    assert (
        sorted_as(code=4003, message="Client error", data="UnknownBlock: State already discarded")
        is rpc.Discarded
    )
    assert sorted_as(code=-32603, message="Internal error") is rpc.BadAnswer


class serving_nothing:
    """An endpoint that speaks JSON-RPC and has no method, run in a thread."""

    def __enter__(self) -> str:
        import http.server
        import threading

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                error = {"code": -32601, "message": "Method not found"}
                body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
