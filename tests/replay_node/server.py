"""The node's door: JSON-RPC over websocket and HTTP POST on one port, single calls and batches."""

import asyncio
import contextlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from aiohttp import WSMsgType, web

from orchestration.errors import SourceError
from tests.replay_node.capture import Capture
from tests.replay_node.faults import (
    SERVER_ERRORS,
    TOO_MANY,
    Dice,
    Faults,
    Luck,
    RateLimit,
    spoil_hex,
    unlink,
)
from tests.replay_node.heads import Heads
from tests.replay_node.methods import SUBSCRIPTIONS, UNSUBSCRIPTIONS, Methods, RpcError

# A node's --rpc-max-request-size and --rpc-max-response-size, by default 15 MB each.
MOST_BYTES = 15 * 1024 * 1024
TOO_BIG = f"Exceeded max limit of {MOST_BYTES}"


@dataclass(slots=True)
class Traffic:
    """What a node has been asked so far."""

    requests: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0

    def begins(self, calls: list) -> None:
        self.in_flight += len(calls)
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.requests.update(str(call.get("method")) for call in calls if isinstance(call, dict))

    def ends(self, calls: list) -> None:
        self.in_flight -= len(calls)


@dataclass(frozen=True, slots=True)
class Message:
    """One websocket frame or HTTP body, with who sent it."""

    calls: list
    is_batch: bool
    luck: Luck
    address: str
    listener: "Listener | None"


class Listener:
    """One websocket: its subscriptions, and the way to tell it something."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.address = request.remote
        self.subscriptions: dict[str, str] = {}
        self.socket = socket
        self._transport = request.transport

    async def send(self, payload: bytes) -> None:
        # The client may be gone, or the connection broken off by another answer.
        with contextlib.suppress(ConnectionError):
            if not self.socket.closed:
                await self.socket.send_frame(payload, WSMsgType.TEXT)

    def break_off(self, payload: bytes, luck: Luck) -> None:
        """Sends a part of a frame and is gone."""
        if not self._transport.is_closing():
            self._transport.write(luck.cut(_frame_head(len(payload)) + payload))
            self._transport.abort()


class Server:
    """Answers what comes in over either transport, and does what the faults say.

    Raises:
        SourceError: the faults do not fit the capture.
    """

    def __init__(self, capture: Capture, faults: Faults) -> None:
        self.traffic = Traffic()
        self.faults = faults
        self.dice = Dice(faults)
        self._limit = RateLimit(faults.rate_limit)
        start = capture.last if faults.finalized is None else faults.finalized
        if not capture.first <= start <= capture.last:
            raise SourceError(
                f"The finalized head cannot start at block {start}; "
                f"the capture holds blocks {capture.first} to {capture.last}."
            )
        for fork in faults.fork_at:
            if not capture.first < fork <= capture.last:
                raise SourceError(
                    f"A fork at block {fork} is outside the capture; "
                    f"choose one of {capture.first + 1} to {capture.last}."
                )
        self.heads = Heads(capture, start, faults.ahead, faults.fork_at)
        self.heads.watchers.append(self._tell_heads)
        self._methods = Methods(capture, self.heads, faults.pruned_below, faults.pruned_answer)
        # Another node behind the same address, that keeps the newest state alone.
        self._full_node = Methods(capture, self.heads, capture.last, faults.pruned_answer)
        # And one that follows an orphan branch from the second block on.
        fork = min(capture.first + 1, capture.last)
        self._forked_node = Methods(capture, Heads(capture, fork - 1, len(capture.blocks), (fork,)))
        self._listeners: set[Listener] = set()
        self._names = (f"{n:016x}" for n in itertools.count(1))
        self._tasks: set[asyncio.Task] = set()
        self._calls = 0

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_get("/", self._websocket)
        app.router.add_post("/", self._http)
        app.on_startup.append(self._open)
        app.on_shutdown.append(self._close)
        return app

    # ------------------------------------------------------------------ transports

    async def _http(self, request: web.Request) -> web.StreamResponse:
        message = self._read(await request.read(), request.remote, None)
        if isinstance(message, bytes):
            return _json(message)
        luck = message.luck
        if self._is_over_limit(message.address, calls=0) or luck.strikes("throttle"):
            retry = {"Retry-After": str(self.faults.retry_after_seconds)}
            return web.Response(status=429, text=TOO_MANY, headers=retry)
        if luck.strikes("server_error"):
            return web.Response(status=luck.one_of(SERVER_ERRORS), text="<html>error</html>")
        payload = await self._reply(message)
        if payload and luck.strikes("drop"):
            return await _broken_off(request, payload, luck)
        if payload and luck.strikes("truncate"):
            payload = luck.cut(payload)
        return _json(payload)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            compress=False, max_msg_size=2 * MOST_BYTES, decode_text=False
        )
        if not socket.can_prepare(request):
            return web.Response(status=405, text="POST, or a websocket, is required.")
        await socket.prepare(request)
        listener = Listener(request, socket)
        self._listeners.add(listener)
        try:
            async for frame in socket:
                if frame.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._start(self._answer_on(listener, frame.data))
        finally:
            self._listeners.discard(listener)
        return socket

    async def _answer_on(self, listener: Listener, raw: bytes) -> None:
        message = self._read(raw, listener.address, listener)
        if isinstance(message, bytes):
            await listener.send(message)
            return
        luck = message.luck
        payload = await self._reply(message)
        if not payload:
            return
        if luck.strikes("drop"):
            listener.break_off(payload, luck)
            return
        if luck.strikes("truncate"):
            payload = luck.cut(payload)
        await listener.send(payload)
        if not message.is_batch and luck.strikes("duplicate"):
            await listener.send(payload)

    async def _open(self, _: web.Application) -> None:
        if self.faults.finalize_every_seconds:
            self._start(self._finalize_by_the_clock())

    async def _close(self, _: web.Application) -> None:
        for task in self._tasks:
            task.cancel()
        for listener in list(self._listeners):
            await listener.socket.close()

    def _start(self, work: Coroutine) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_over_limit(self, address: str, calls: int = 1) -> bool:
        is_over = not self._limit.takes(address, asyncio.get_running_loop().time(), calls)
        if is_over:
            self.dice.done["rate_limit"] += 1
        return is_over

    async def _finalize_by_the_clock(self) -> None:
        while True:
            await asyncio.sleep(self.faults.finalize_every_seconds)
            self.heads.advance()

    # ------------------------------------------------------------------ messages and calls

    def _read(self, raw: bytes, address: str, listener: Listener | None) -> Message | bytes:
        """The message in a text; or the answer at once, where there is no call in it."""
        if len(raw) > MOST_BYTES:
            return _failure(b"null", RpcError(-32007, "Request is too big", TOO_BIG))
        try:
            said = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return _failure(b"null", RpcError(-32700, "Parse error"))
        calls = said if isinstance(said, list) else [said]
        if not calls:
            return _failure(b"null", RpcError(-32600, "Invalid request"))
        luck = self.dice.luck_of(*calls)
        return Message(calls, isinstance(said, list), luck, address, listener)

    async def _reply(self, message: Message) -> bytes:
        """The answer to a message; empty when its calls ask for none."""
        self.traffic.begins(message.calls)
        try:
            # Even no wait lets everything that has arrived be seen to be in flight.
            await asyncio.sleep(message.luck.wait())
            answers = []
            for call in message.calls:
                luck = self.dice.luck_of(call)
                answer = self._answer(call, message, luck)
                if answer:
                    answers.append(answer)
                    if message.is_batch and luck.strikes("duplicate"):
                        answers.append(answer)
        finally:
            self.traffic.ends(message.calls)
        if not message.is_batch:
            return b"".join(answers)
        whole = b"[%b]" % b",".join(answers) if answers else b""
        if len(whole) > MOST_BYTES:
            return _failure(b"null", RpcError(-32011, "The batch response was too large", TOO_BIG))
        return whole

    def _answer(self, call: object, message: Message, luck: Luck) -> bytes:
        if not isinstance(call, dict):
            return _failure(b"null", RpcError(-32600, "Invalid request"))
        number = orjson.dumps(call.get("id"))
        name = call.get("method")
        if call.get("jsonrpc") != "2.0" or not isinstance(name, str):
            return _failure(number, RpcError(-32600, "Invalid request"))
        if "id" not in call:
            return b""  # a notification
        if luck.strikes("wrong_id"):
            number = b'"never asked"'
        try:
            result = self._result(name, call.get("params") or [], message, luck)
        except RpcError as error:
            return _failure(number, error)
        if len(result) > MOST_BYTES:
            return _failure(number, RpcError(-32008, "Response is too big", TOO_BIG))
        return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (number, result)

    def _result(self, name: str, params: object, message: Message, luck: Luck) -> bytes:
        self._calls += 1
        if self.faults.finalize_every_calls and self._calls % self.faults.finalize_every_calls == 0:
            self.heads.advance()
        if self._is_over_limit(message.address):
            raise RpcError(self.faults.throttle_codes[0], TOO_MANY)
        if luck.strikes("throttle"):
            raise RpcError(luck.one_of(self.faults.throttle_codes), TOO_MANY)
        if name in SUBSCRIPTIONS or name in UNSUBSCRIPTIONS:
            return self._subscription(name, params, message.listener)
        is_pruned = name.startswith("state_") and luck.strikes("pruned")
        is_forked = name == "chain_getBlockHash" and luck.strikes("forked")
        node = self._full_node if is_pruned else self._forked_node if is_forked else self._methods
        result = node.answer(name, params)
        if name in ("chain_getHeader", "chain_getBlock"):
            result = unlink(result, luck, self.faults.unlinked_at)
        return spoil_hex(result, luck)

    # ------------------------------------------------------------------ subscriptions

    def _subscription(self, name: str, params: list, listener: Listener | None) -> bytes:
        if listener is None:
            raise RpcError(-32603, "Internal error")  # as a node does over HTTP
        if name in UNSUBSCRIPTIONS:
            gone = listener.subscriptions.pop(params[0] if params else "", None)
            return b"true" if gone else b"false"
        key = next(self._names)
        listener.subscriptions[key] = SUBSCRIPTIONS[name]
        # The head comes at once, behind the answer that names the subscription.
        self._start(listener.send(self._notice(key, SUBSCRIPTIONS[name])))
        return orjson.dumps(key)

    def _notice(self, key: str, kind: str) -> bytes:
        is_finalized = kind == "chain_finalizedHead"
        block = self.heads.at(self.heads.finalized if is_finalized else self.heads.best)
        return orjson.dumps(
            {
                "jsonrpc": "2.0",
                "method": kind,
                "params": {"subscription": key, "result": block.header},
            }
        )

    def _tell_heads(self) -> None:
        for listener in self._listeners:
            for key, kind in listener.subscriptions.items():
                self._start(listener.send(self._notice(key, kind)))


def _failure(number: bytes, error: RpcError) -> bytes:
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (number, error.body())


def _json(payload: bytes) -> web.Response:
    return web.Response(body=payload, content_type="application/json", charset="utf-8")


async def _broken_off(request: web.Request, payload: bytes, luck: Luck) -> web.StreamResponse:
    """Promises a whole body over HTTP, sends a part, and is gone."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(payload)
    await response.prepare(request)
    await response.write(luck.cut(payload))
    request.transport.abort()
    return response


def _frame_head(length: int) -> bytes:
    """What a websocket puts in front of a whole text that is not masked (RFC 6455, 5.2)."""
    if length < 126:
        return bytes((0x81, length))
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


@dataclass(slots=True)
class Served:
    """A node that is listening, in a thread of its own."""

    port: int
    server: Server
    _loop: asyncio.AbstractEventLoop

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> Counter[str]:
        """Calls by method."""
        return self.server.traffic.requests

    @property
    def most_in_flight(self) -> int:
        """The most calls that were received and not answered at one moment."""
        return self.server.traffic.most_in_flight

    @property
    def faults_done(self) -> Counter[str]:
        """How often each fault struck."""
        return self.server.dice.done

    def finalize(self, blocks: int = 1) -> None:
        """Finalizes more blocks; when it returns they are."""

        async def move() -> None:
            self.server.heads.advance(blocks)

        asyncio.run_coroutine_threadsafe(move(), self._loop).result()


async def listen(
    server: Server, host: str, port: int, ready: Callable[[int], None], until: asyncio.Event
) -> None:
    """Serves until the event is set; ``ready`` is called with the port once it listens."""
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        ready(runner.addresses[0][1])
        await until.wait()
    finally:
        await runner.cleanup()


@contextmanager
def serving(capture: Path | Capture, faults: Faults | None = None) -> Iterator[Served]:
    """A node on a free port of 127.0.0.1, until the block ends.

    Args:
        capture: a folder in the capture format, or one loaded before.
        faults: how it misbehaves; a spec change is put in when a folder is loaded.
    """
    faults = faults or Faults()
    loaded = capture if isinstance(capture, Capture) else Capture(capture, faults.spec_change)
    server = Server(loaded, faults)
    started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        until, loop = asyncio.Event(), asyncio.get_running_loop()
        await listen(
            server, "127.0.0.1", 0, lambda port: started.set_result((port, loop, until)), until
        )

    def work() -> None:
        try:
            asyncio.run(run())
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=work, name="replay node")
    thread.start()
    port, loop, until = started.result()
    try:
        yield Served(port, server, loop)
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join()
