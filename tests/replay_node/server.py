"""The node's door: JSON-RPC over websocket and HTTP POST on one port, single calls and batches."""

import asyncio
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from aiohttp import WSMsgType, web

from tests.replay_node.capture import Capture
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
        for call in calls:
            if isinstance(call, dict):
                self.requests[str(call.get("method"))] += 1


class Listener:
    """One websocket: its subscriptions, and the way to tell it something."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.subscriptions: dict[str, str] = {}

    async def send(self, payload: bytes) -> None:
        if not self.socket.closed:
            await self.socket.send_frame(payload, WSMsgType.TEXT)


class Server:
    """Answers what comes in over either transport."""

    def __init__(self, capture: Capture) -> None:
        self.traffic = Traffic()
        self.heads = Heads(capture, capture.last)
        self.heads.watchers.append(self._tell_heads)
        self._methods = Methods(capture, self.heads)
        self._listeners: set[Listener] = set()
        self._names = (f"{n:016x}" for n in itertools.count(1))
        self._tasks: set[asyncio.Task] = set()

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_get("/", self._websocket)
        app.router.add_post("/", self._http)
        app.on_shutdown.append(self._close)
        return app

    # ------------------------------------------------------------------ transports

    async def _http(self, request: web.Request) -> web.Response:
        answer = await self._answer(await request.read(), None)
        return web.Response(body=answer, content_type="application/json", charset="utf-8")

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            compress=False, max_msg_size=2 * MOST_BYTES, decode_text=False
        )
        if not socket.can_prepare(request):
            return web.Response(status=405, text="POST, or a websocket, is required.")
        await socket.prepare(request)
        listener = Listener(socket)
        self._listeners.add(listener)
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._start(self._answer_on(listener, message.data))
        finally:
            self._listeners.discard(listener)
        return socket

    async def _answer_on(self, listener: Listener, raw: bytes) -> None:
        if len(raw) > MOST_BYTES:
            answer = _failure(b"null", RpcError(-32007, "Request is too big", TOO_BIG))
        else:
            answer = await self._answer(raw, listener)
        if answer:
            await listener.send(answer)

    async def _close(self, _: web.Application) -> None:
        for task in self._tasks:
            task.cancel()
        for listener in list(self._listeners):
            await listener.socket.close()

    def _start(self, work) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------------ calls

    async def _answer(self, raw: bytes, listener: Listener | None) -> bytes:
        """The answer to one message; empty when it asks for none."""
        try:
            said = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return _failure(b"null", RpcError(-32700, "Parse error"))
        calls = said if isinstance(said, list) else [said]
        if not calls:
            return _failure(b"null", RpcError(-32600, "Invalid request"))
        self.traffic.begins(calls)
        try:
            await asyncio.sleep(0)  # whatever else has arrived is seen to be in flight
            answers = [a for call in calls if (a := self._call(call, listener))]
        finally:
            self.traffic.in_flight -= len(calls)
        if not isinstance(said, list):
            return b"".join(answers)
        whole = b"[" + b",".join(answers) + b"]" if answers else b""
        if len(whole) > MOST_BYTES:
            return _failure(b"null", RpcError(-32011, "The batch response was too large", TOO_BIG))
        return whole

    def _call(self, call: object, listener: Listener | None) -> bytes:
        if not isinstance(call, dict):
            return _failure(b"null", RpcError(-32600, "Invalid request"))
        number = orjson.dumps(call.get("id"))
        name = call.get("method")
        if call.get("jsonrpc") != "2.0" or not isinstance(name, str):
            return _failure(number, RpcError(-32600, "Invalid request"))
        if "id" not in call:
            return b""  # a notification
        params = call.get("params") or []
        try:
            if name in SUBSCRIPTIONS or name in UNSUBSCRIPTIONS:
                result = self._subscription(name, params, listener)
            else:
                result = self._methods.answer(name, params)
        except RpcError as error:
            return _failure(number, error)
        if len(result) > MOST_BYTES:
            return _failure(number, RpcError(-32008, "Response is too big", TOO_BIG))
        return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (number, result)

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


@dataclass(slots=True)
class Served:
    """A node that is listening, in a thread of its own."""

    host: str
    port: int
    server: Server
    _loop: asyncio.AbstractEventLoop

    @property
    def ws_url(self) -> str:
        return f"ws://{self.host}:{self.port}"

    @property
    def http_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def requests(self) -> Counter[str]:
        """Calls by method."""
        return self.server.traffic.requests

    @property
    def most_in_flight(self) -> int:
        """The most calls that were received and not answered at one moment."""
        return self.server.traffic.most_in_flight

    def advance(self, blocks: int = 1) -> None:
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
def serving(capture: Path | Capture) -> Iterator[Served]:
    """A node on a free port of 127.0.0.1, until the block ends."""
    loaded = capture if isinstance(capture, Capture) else Capture(capture)
    server = Server(loaded)
    started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        until, loop = asyncio.Event(), asyncio.get_running_loop()
        await listen(
            server, "127.0.0.1", 0, lambda port: started.set_result((port, loop, until)), until
        )

    def work() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            if not started.done():
                started.set_exception(error)
            raise

    thread = threading.Thread(target=work, name="replay node")
    thread.start()
    port, loop, until = started.result()
    try:
        yield Served("127.0.0.1", port, server, loop)
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join()
