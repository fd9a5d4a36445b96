"""JSON-RPC with one endpoint: calls matched to their answers, and failures sorted by what helps.

Nothing here knows what is asked, nor that there are other endpoints. A URL may hold a credential:
no message that leaves this module has one in it, a node's own words included, and no redirect is
followed, which would take it to another host.
"""

import asyncio
import contextlib
import datetime as dt
import itertools
import random
from collections import deque
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, Protocol

import aiohttp
import orjson

from orchestration.chain import urls

TIMEOUT_SECONDS = 60
"""An archive node answers a snapshot in seconds; a connection that is silent for longer is dead."""
CONNECT_SECONDS = 10
_HEARTBEAT_SECONDS = 20
_LARGEST_MESSAGE = 256 << 20
_IDS_KEPT = 4_096
_HASH_BYTES = 32

_THROTTLED = {-32004, -32005, -32029, 429}
_TOO_LARGE = {-32007, -32008, 413}
_NOT_OFFERED = {-32601, 401, 403, 404}


class Trouble(Exception):
    """A call that brought no usable answer; the text says what happened, without the URL."""


class Lost(Trouble):
    """The connection could not be made, broke, or stayed silent."""


class BadAnswer(Trouble):
    """An answer that is not what the question allows."""


class Throttled(Trouble):
    """Asked too fast; ``seconds`` is how long to wait where the endpoint says so."""

    def __init__(self, what: str, seconds: float | None = None) -> None:
        super().__init__(what)
        self.seconds = seconds


class Discarded(Trouble):
    """The endpoint no longer has the state of that block."""


class TooLarge(Trouble):
    """The question or its answer is larger than the endpoint allows."""


class NotOffered(Trouble):
    """The endpoint does not offer this at all; asking again does not help."""


class Link(Protocol):
    """A way to call one endpoint."""

    async def call(self, method: str, params: list) -> Any:
        """The result of a call.

        Raises:
            Trouble: there is none.
        """

    async def close(self) -> None:
        """Lets the connection go."""


def new_session() -> aiohttp.ClientSession:
    """What links are opened on; it follows no redirect, a websocket's either."""
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse_redirect)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        trace_configs=[trace],
    )


async def _refuse_redirect(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    redirect: aiohttp.TraceRequestRedirectParams,
) -> None:
    redirect.response.close()
    raise NotOffered(
        f"it redirects to another address (HTTP {redirect.response.status}), which is not followed"
    )


def link(url: str, session: aiohttp.ClientSession) -> Link:
    """The link for a URL of one of the known schemes."""
    return (Websocket if urls.is_of_websocket(url) else Http)(url, session)


class Websocket:
    """One websocket; calls go out as they come and are answered in any order."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session
        self._opening = asyncio.Lock()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._listener: asyncio.Task | None = None
        self._waiting: dict[int, asyncio.Future] = {}
        self._ended: deque[int] = deque(maxlen=_IDS_KEPT)
        self._id = 0

    async def call(self, method: str, params: list) -> Any:
        socket = await self._opened()
        # Ids with gaps between them: an answer under a wrong id is seen, and not another's answer.
        self._id += random.randint(1, 1 << 20)
        ident = self._id
        answer = asyncio.get_running_loop().create_future()
        self._waiting[ident] = answer
        question = {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await socket.send_str(orjson.dumps(question).decode())
                return _result(await answer, self._url)
        except TimeoutError:
            await self._drop(socket, Lost("the connection is silent"))
            raise Lost(f"no answer within {TIMEOUT_SECONDS} seconds") from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Lost(_shown(error)) from None
        finally:
            del self._waiting[ident]
            self._ended.append(ident)

    async def close(self) -> None:
        if self._socket is not None:
            await self._drop(self._socket, Lost("the connection was closed"))
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    async def _opened(self) -> aiohttp.ClientWebSocketResponse:
        async with self._opening:
            if self._socket is None:
                try:
                    async with asyncio.timeout(CONNECT_SECONDS):
                        self._socket = await self._session.ws_connect(
                            self._url, heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LARGEST_MESSAGE
                        )
                except TimeoutError:
                    raise Lost(f"no connection within {CONNECT_SECONDS} seconds") from None
                except aiohttp.WSServerHandshakeError as error:
                    _refuse_status(error.status, error.headers)
                    raise Lost(f"it answers HTTP {error.status}") from None
                except (aiohttp.ClientError, OSError) as error:
                    raise Lost(_shown(error)) from None
                self._listener = asyncio.create_task(self._listen(self._socket))
            return self._socket

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        why: Trouble = Lost("the connection broke")
        try:
            async for message in socket:
                if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    break
                self._take(message.data)
        except BadAnswer as error:
            why = error
        await self._drop(socket, why)

    def _take(self, text: str | bytes) -> None:
        """Hands an answer to the call it belongs to.

        Raises:
            BadAnswer: it is no answer to any call: nothing more on this connection can be trusted.
        """
        answer = _parsed(text)
        ident = answer.get("id")
        waiting = self._waiting.get(ident)
        if waiting is not None:
            if not waiting.done():
                waiting.set_result(answer)
        elif ident not in self._ended:
            raise BadAnswer("an answer has the id of no question")

    async def _drop(self, socket: aiohttp.ClientWebSocketResponse, why: Trouble) -> None:
        if self._socket is socket:
            self._socket = None
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(type(why)(*why.args))
        await socket.close()


class Http:
    """A POST for each call, over connections that are kept."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session
        self._ids = itertools.count(1)

    async def call(self, method: str, params: list) -> Any:
        ident = next(self._ids)
        question = {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._session.post(
                    self._url,
                    data=orjson.dumps(question),
                    headers={"Content-Type": "application/json"},
                ) as response,
            ):
                _refuse_status(response.status, response.headers)
                text = await response.read()
                if response.status >= 300:
                    raise Lost(f"it answers HTTP {response.status}")
        except TimeoutError:
            raise Lost(f"no answer within {TIMEOUT_SECONDS} seconds") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(_shown(error)) from None
        answer = _parsed(text)
        if answer.get("id") != ident:
            raise BadAnswer("an answer has the id of no question")
        return _result(answer, self._url)

    async def close(self) -> None: ...


def hash_of(result: Any) -> str:
    """The result, when it is a hash in hex.

    Raises:
        BadAnswer: it is none.
    """
    if len(bytes_of(result)) != _HASH_BYTES:
        raise BadAnswer("not a hash")
    return result


def bytes_of(result: Any) -> bytes:
    """The bytes a result is in hex.

    Raises:
        BadAnswer: it is not.
    """
    try:
        if result[:2] != "0x":
            raise ValueError
        return bytes.fromhex(result[2:])
    except (TypeError, ValueError):
        raise BadAnswer("not bytes in hex") from None


def _refuse_status(status: int, headers) -> None:
    if status in _THROTTLED:
        raise Throttled(f"it answers HTTP {status}", _wait_of(headers.get("Retry-After", "")))
    if status in _TOO_LARGE:
        raise TooLarge(f"it answers HTTP {status}")
    if status in _NOT_OFFERED:
        raise NotOffered(f"it answers HTTP {status}")


def _wait_of(said: str) -> float | None:
    """Seconds to wait by a Retry-After: a number of them, or a moment; None where it is neither."""
    if said.isdecimal():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


def _parsed(text: str | bytes) -> dict:
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadAnswer("an answer is not whole JSON") from None
    if not isinstance(answer, dict):
        raise BadAnswer("an answer is not a JSON object")
    return answer


def _result(answer: dict, url: str = "") -> Any:
    """The result in an answer of the node at a URL; an error is sorted, its words made fit to show.

    Raises:
        Trouble: there is none.
    """
    error = answer.get("error")
    if error is None:
        if "result" not in answer:
            raise BadAnswer("an answer has neither result nor error")
        return answer["result"]
    code, words = 0, ""
    if isinstance(error, dict):
        code = error["code"] if isinstance(error.get("code"), int) else 0
        words = str(error.get("message", ""))
        if isinstance(error.get("data"), str):
            words = f"{words}: {error['data']}"
    said, lowered = f"error {code}: {urls.told(words, url)}", words.lower()
    if "discarded" in lowered:
        raise Discarded(urls.told(words, url))
    if code in _THROTTLED or "rate limit" in lowered or "too many requests" in lowered:
        raise Throttled(said)
    if code in _TOO_LARGE:
        raise TooLarge(said)
    if code in _NOT_OFFERED:
        raise NotOffered(said)
    raise BadAnswer(said)


def _shown(error: BaseException) -> str:
    """A failure in words that hold no URL: aiohttp's own may."""
    inner = getattr(error, "os_error", None) or error
    words = getattr(inner, "strerror", None)
    return words or {
        "ServerDisconnectedError": "the connection broke",
        "ClientPayloadError": "an answer was cut short",
        "ClientConnectionResetError": "the connection broke",
    }.get(type(error).__name__, type(error).__name__)
