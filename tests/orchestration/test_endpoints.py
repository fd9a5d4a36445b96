"""Which endpoint is asked, and how fast; and what is shown of the words of a node."""

import asyncio
import http.server
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from orchestration.chain import endpoints, rpc, urls
from orchestration.chain.budget import Budget
from orchestration.chain.endpoints import Endpoint, Endpoints

Answer = TypeVar("Answer")

KEY = "0123456789abcdef"
GENESIS = f"0x{bytes(32).hex()}"


class Link:
    """Answers a call after some seconds, with the moment at which it began; or fails."""

    def __init__(self, seconds: float = 0.0, trouble: rpc.Trouble | None = None) -> None:
        self.seconds = seconds
        self.trouble = trouble
        self.began: list[float] = []

    async def call(self, method: str, params: list) -> str:
        self.began.append(time.monotonic())
        await asyncio.sleep(self.seconds)
        if self.trouble is not None:
            raise self.trouble
        return GENESIS

    async def close(self) -> None: ...


def with_links(
    links: list[Link],
    work: Callable[[Endpoints], Awaitable[Answer]],
    in_flight: int = 32,
) -> Answer:
    """What some work returns that is handed a source with these links."""

    async def run() -> Answer:
        urls = [f"http://host{number}" for number in range(len(links))]
        source = Endpoints(urls, Budget(in_flight))
        for endpoint, link in zip(source.all, links, strict=True):
            endpoint._link, endpoint._genesis = link, GENESIS
        try:
            return await work(source)
        finally:
            await source.close()

    return asyncio.run(run())


def ask(endpoint: Endpoint) -> Awaitable[str]:
    return endpoint.ask("method", [], str)


async def asked_of(source: Endpoints, times: int, at_once: int = 4) -> Counter[str]:
    """How many of some pieces of work each endpoint did."""
    done: Counter[str] = Counter()

    async def work(endpoint: Endpoint) -> None:
        await ask(endpoint)
        done[endpoint.name[-1]] += 1

    for _ in range(times // at_once):
        await asyncio.gather(*(source.ask(work) for _ in range(at_once)))
    return done


# ---------------------------------------------------------------------- how fast


def test_a_rate_is_kept_where_calls_start_also_when_they_waited_for_their_turn():
    slow, paced = Link(seconds=0.6), Link()

    async def work(source: Endpoints) -> list[float]:
        holding, limited = source.all
        limited._rate, limited._slowed_at = 50.0, time.monotonic()
        # All turns are taken for a while: calls that waited must not start together.
        held = [asyncio.create_task(ask(holding)) for _ in range(4)]
        await asyncio.sleep(0.01)
        await asyncio.gather(*held, *(ask(limited) for _ in range(40)))
        return paced.began

    began = with_links([slow, paced], work, in_flight=4)
    most = max(sum(at <= other < at + 0.2 for other in began) for at in began)
    assert most <= 0.2 * 50 + 4, "ten in a fifth of a second, and what a late timer lets catch up"
    assert began[-1] - began[0] < 2 * 40 / 50


def test_a_rate_that_was_long_not_refused_is_forgotten():
    async def work(source: Endpoints) -> tuple[float | None, float | None]:
        (endpoint,) = source.all
        endpoint._rate, endpoint._slowed_at = 50.0, time.monotonic()
        await ask(endpoint)
        before = endpoint._rate
        endpoint._slowed_at -= endpoints.FORGET_SECONDS + 1
        await ask(endpoint)
        return before, endpoint._rate

    before, after = with_links([Link()], work)
    assert (before, after) == (pytest.approx(50.0, rel=0.01), None)


def test_no_endpoint_is_left_alone_longer_than_a_quarter_of_an_hour():
    async def work(source: Endpoints) -> float:
        (endpoint,) = source.all
        endpoint._hurt(rpc.Throttled("come back", 1e9))
        return endpoint.rests_for()

    assert with_links([Link()], work) <= 900


# ---------------------------------------------------------------------- which


def test_the_quick_endpoint_is_asked_and_one_as_quick_shares_its_work():
    links = [Link(0.001), Link(0.05), Link(0.001)]
    done = with_links(links, lambda source: asked_of(source, 120))
    assert done["1"] <= 8, "only to measure it"
    assert min(done["0"], done["2"]) > 20


def test_an_endpoint_that_fails_is_asked_less_and_again_when_that_is_long_ago(monkeypatch):
    monkeypatch.setattr(endpoints, "_TRIES_HERE", 1)
    good, bad = Link(0.001), Link(0.001, rpc.BadAnswer("no"))

    async def work(source: Endpoints) -> tuple[int, int]:
        await asked_of(source, 60)
        failed = len(bad.began)
        bad.trouble = None
        source.all[1]._measured_at -= 3_600
        await asked_of(source, 60)
        return failed, len(bad.began) - failed

    failed, again = with_links([good, bad], work)
    assert failed < 15
    assert again > 15


def test_an_endpoint_that_refused_us_is_asked_again_after_a_while():
    links = [Link(), Link(trouble=rpc.NotOffered("it answers HTTP 403"))]

    async def work(source: Endpoints) -> tuple[int, str | None, str | None, Counter[str]]:
        await asked_of(source, 20)
        refused, why = len(links[1].began), source.all[1].useless
        links[1].trouble = None
        source.all[1]._useless = (why, time.monotonic() - endpoints.FORGET_SECONDS - 1)
        done = await asked_of(source, 20)
        return refused, why, source.all[1].useless, done

    refused, why, later, done = with_links(links, work)
    assert refused <= 4
    assert (why, later) == ("it answers HTTP 403", None)
    assert done["1"] > 0


def test_what_an_endpoint_said_it_has_not_is_asked_of_it_again_after_a_while():
    async def work(source: Endpoints) -> tuple[bool, bool, bool]:
        (endpoint,) = source.all
        endpoint.lacks_state(10)
        now = endpoint.has_state(10), endpoint.has_state(11)
        endpoint._lacked_at -= endpoints.FORGET_SECONDS + 1
        return *now, endpoint.has_state(10)

    assert with_links([Link()], work) == (False, True, True)


def test_processes_share_the_budget(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.chain.budget._SECONDS_BETWEEN_COUNTS", 0)
    first = Budget(32, tmp_path)
    assert first.share() == 32
    second, third = Budget(32, tmp_path), Budget(32, tmp_path)
    assert [b.share() for b in (first, second, third)] == [10, 10, 10]
    second.close()
    assert first.share() == 16
    third._held.close()  # as when its process was killed
    assert first.share() == 32


def test_an_idle_process_leaves_its_part_until_it_asks_again(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.chain.budget._SECONDS_BETWEEN_COUNTS", 0)
    first, second = Budget(32, tmp_path), Budget(32, tmp_path)
    assert (first.share(), second.share()) == (16, 16)
    an_hour_ago = time.time() - 3_600
    os.utime(second._held.name, (an_hour_ago, an_hour_ago))
    assert first.share() == 32
    assert (second.share(), first.share()) == (16, 16)


# ---------------------------------------------------------------------- keys in URLs


@contextmanager
def answering(
    status: int, headers: dict[str, str], body: bytes = b""
) -> Iterator[tuple[str, list]]:
    """The host and port of a server that answers everything alike, and what it was asked."""
    asked: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def _answer(self) -> None:
            asked.append(self.path)
            said = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            whole = body.replace(b"ID", str(said.get("id")).encode())
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(whole))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(whole)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def called(url: str) -> object:
    async def run() -> object:
        async with rpc.new_session() as session:
            link = rpc.link(url, session)
            try:
                return await link.call("system_chain", [])
            finally:
                await link.close()

    return asyncio.run(run())


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(scheme, status):
    with answering(200, {}, b'{"jsonrpc":"2.0","id":ID,"result":"x"}') as (elsewhere, asked):
        to = {"Location": f"http://{elsewhere}/{KEY}"}
        with answering(status, to) as (host, first):
            with pytest.raises(rpc.NotOffered) as caught:
                called(f"{scheme}://{host}/{KEY}")
            assert first == [f"/{KEY}"]
    assert asked == []
    assert str(caught.value) == (
        f"it redirects to another address (HTTP {status}), which is not followed"
    )


@pytest.mark.parametrize("path", [f"/v2/{KEY}", f"/?key={KEY}", "/a%20long%20key", f"/{KEY}?x=1"])
def test_what_a_node_says_is_shown_short_and_without_the_key_it_repeats(path):
    words = f"no: https://other:8443/{KEY} {path} {KEY} a long key\n" + "and so on " * 100
    error = {"code": -32000, "message": words, "data": f"wss:/{path}"}
    body = json.dumps({"jsonrpc": "2.0", "id": "ID", "error": error}).replace('"ID"', "ID")
    with answering(200, {}, body.encode()) as (host, _), pytest.raises(rpc.BadAnswer) as caught:
        called(f"http://{host}{path}")
    said = str(caught.value)
    assert said.startswith("error -32000: no: a URL ")
    assert len(said) < 200
    for secret in (KEY if KEY in path else "a long key", "a%20long%20key", "other:8443", "\n"):
        assert secret not in said


def test_an_error_whose_code_is_no_number_is_an_error():
    with pytest.raises(rpc.BadAnswer, match="error 0: odd"):
        rpc._result({"error": {"code": ["x"], "message": "odd"}})


def test_words_without_a_secret_are_shown_as_they_are():
    said = "Client error: UnknownBlock: State already discarded for 0x1234"
    assert urls.told(said, f"wss://user:{KEY}@host/rpc") == said
