"""The chain as its nodes tell it: a ``ChainReader`` over JSON-RPC.

Every block asked of is finalized. Hashes are asked for with that of the newest finalized block
among them, so that none is taken of a node that follows a fork or lags. State is asked for by block
hash, with the number of the block among the keys, so that no answer for another block and no answer
without state is taken for one.
"""

import asyncio
import atexit
import contextlib
import datetime as dt
import itertools
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import pyarrow as pa

from orchestration.chain import rpc, urls
from orchestration.chain.budget import Budget
from orchestration.chain.endpoints import FORGET_SECONDS, Endpoint, Endpoints, Final
from orchestration.chain.keys import item_prefix
from orchestration.chain.reader import ChainIdentity
from orchestration.errors import SourceError
from orchestration.schemas import RAW_CHAIN__BLOCKS

BLOCK_MS = 12_000
DAY_MS = 86_400_000

_NUMBER = item_prefix("System", "Number")
_EVENTS = item_prefix("System", "Events")
_NOW = item_prefix("Timestamp", "Now")

_KEYS_A_PAGE = 1_000
"""The most that a node gives at once."""
_KEYS_A_RANGE = 600
"""Expected of a range; what is above a page costs a second call."""
_HASHES_A_CALL = 256
_HASH_CALLS_KEPT = 256
_BLOCKS_A_UNIT = 16
_HEAD_SECONDS = 3
_PARENT_TRIES = 5
_AGREEMENT_SECONDS = 10
"""How long another endpoint is waited for to say the same of a finalized block."""

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class Node:
    """A ``ChainReader`` over the endpoints of one chain.

    Args:
        urls: endpoints, each ws, wss, http or https; asked in turn.
        budget: how many requests may be in flight.
    """

    is_far = True

    def __init__(self, urls: Sequence[str], budget: Budget) -> None:
        self._budget = budget
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="node", daemon=True).start()
        self._endpoints = self._wait(_made(urls, budget))
        # Of each run of blocks, the last that was asked for, and the answer or the wait for it.
        self._runs: OrderedDict[int, tuple[int, asyncio.Task[list[str | None]]]] = OrderedDict()
        self._head = -1
        self._head_at = 0.0
        self._asking_head = asyncio.Lock()
        self._first_state: int | None = None
        self._first_state_at = 0.0
        self._times: dict[int, int] = {}
        self._specs: dict[int, int] = {}
        self._days: dict[dt.date, range] = {}
        atexit.register(self.close)

    def close(self) -> None:
        """Lets the connections go; the reader cannot be asked afterwards."""
        if self._loop.is_running():
            self._wait(self._endpoints.close())
            self._budget.close()
            self._loop.call_soon_threadsafe(self._loop.stop)
        atexit.unregister(self.close)

    # ------------------------------------------------------------------ what the reader answers

    def identity(self) -> ChainIdentity:
        return self._wait(self._endpoints.ask(_identity))

    def first_state_block(self) -> int:
        """0 with an archive endpoint; else the first of the newest blocks, which moves on: what was
        found holds until days are asked for, so that a day is not cut while it is taken."""
        if self._first_state is None:
            self._first_state = 0 if self._has_state(0) else self._first_kept()
            self._first_state_at = time.monotonic()
        return self._first_state

    def _first_kept(self) -> int:
        """By steps back from the head that double: a full node keeps some hundreds of states."""
        head = self.finalized_head()
        if not self._has_state(head):
            raise SourceError(
                "No endpoint has the state of any block; add an archive endpoint to "
                "TAOBOOKS_SOURCE."
            )
        kept, step = head, 1
        while kept - step > 0 and self._has_state(kept - step):
            kept, step = kept - step, 2 * step
        return _first(range(max(1, kept - step + 1), kept + 1), self._has_state)

    def finalized_head(self) -> int:
        """The newest finalized block any endpoint named; it never moves back."""
        if time.monotonic() - self._head_at > _HEAD_SECONDS:
            self._head = max(self._head, self._wait(self._endpoints.ask(self._finalized_head)))
            self._head_at = time.monotonic()
        return self._head

    def days(self) -> tuple[dt.date, dt.date]:
        if time.monotonic() - self._first_state_at > FORGET_SECONDS:
            self._first_state = None
        first, last = self.first_state_block(), self.finalized_head()
        return _utc_day(self._time(first)), _utc_day(self._time(last))

    def blocks_of_day(self, day: dt.date) -> range:
        if day in self._days:
            return self._days[day]
        start_ms = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp() * 1000)
        known = range(self.first_state_block(), self.finalized_head() + 1)
        begin = self._first_block_at(known, start_ms)
        end = self._first_block_at(range(begin, known.stop), start_ms + DAY_MS)
        if end < known.stop:
            self._days[day] = range(begin, end)
        return range(begin, end)

    def headers(self, blocks: range) -> pa.Table:
        units = _units(blocks)
        found = [row for unit in self._each(units, self._headers) for row in unit]
        hashes, parents, times = zip(*found, strict=True) if found else ((), (), ())
        return pa.table(
            [
                pa.array(column, field.type)
                for column, field in zip(
                    (list(blocks), hashes, parents, times, self._specs_of(blocks)),
                    RAW_CHAIN__BLOCKS,
                    strict=True,
                )
            ],
            schema=RAW_CHAIN__BLOCKS,
        )

    def keys(self, prefix: bytes, blocks: Iterable[int]) -> Iterator[list[bytes]]:
        return self._each(blocks, lambda block: self._keys(prefix, block))

    def storage(
        self, requests: Iterable[tuple[int, Sequence[bytes]]]
    ) -> Iterator[list[bytes | None]]:
        return self._each(requests, lambda request: self._storage(*request))

    def events(self, blocks: range) -> pa.Table:
        numbers, events = [], []
        for unit, found in zip(
            _units(blocks), self._each(_units(blocks), self._events), strict=True
        ):
            for number, stored in zip(unit, found, strict=True):
                if stored is not None:
                    numbers.append(number)
                    events.append(stored)
        return pa.table(
            {"block_number": pa.array(numbers, pa.int64()), "events": pa.array(events, pa.binary())}
        )

    def extrinsics(self, blocks: range) -> Iterator[list[bytes]]:
        return self._each(blocks, lambda block: self._at(block, _extrinsics))

    def metadata(self, spec_version: int) -> bytes:
        block = self._block_run_by(spec_version)
        return self._wait(self._at(self._state_that_runs(block), _metadata))

    # ------------------------------------------------------------------ many at once, in order

    def _wait(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        return _outcome(asyncio.run_coroutine_threadsafe(asked, self._loop))

    def _each(
        self, given: Iterable[Given], unit: Callable[[Given], Coroutine[Any, Any, Answer]]
    ) -> Iterator[Answer]:
        """The outcome for each thing given, in order, with as many in hand as may be in flight."""
        in_hand: deque[Future[Answer]] = deque()
        try:
            for thing in given:
                in_hand.append(asyncio.run_coroutine_threadsafe(unit(thing), self._loop))
                while len(in_hand) > self._budget.share():
                    yield _outcome(in_hand.popleft())
            while in_hand:
                yield _outcome(in_hand.popleft())
        finally:
            for asked in in_hand:
                asked.cancel()

    async def _at(
        self, block: int, work: Callable[[Endpoint, str], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        """The outcome of work on the state of a block, whose hash it is handed."""
        block_hash = await self._hash(block)
        return await self._endpoints.ask(lambda endpoint: work(endpoint, block_hash), block)

    # ------------------------------------------------------------------ hashes

    async def _hash(self, block: int) -> str:
        found = await self._known_hash(block)
        if found is None:
            (found,) = await self._endpoints.ask(lambda e: self._hashes(e, block, block), block)
        return found

    async def _known_hash(self, block: int) -> str | None:
        """A block's hash, from one answer for the aligned run of finalized blocks that it is in.

        None where the endpoint that was asked began from a later block, or lags behind.
        """
        await self._reach(block)
        number = block // _HASHES_A_CALL
        last, task = self._runs.get(number, (-1, None))
        if last < block or _has_failed(task):
            first = number * _HASHES_A_CALL
            last = min(first + _HASHES_A_CALL - 1, max(self._head, block))
            asked = self._endpoints.ask(lambda e: self._hashes(e, first, last, may_lack=True))
            task = asyncio.create_task(asked)
            self._runs[number] = last, task
            if len(self._runs) > _HASH_CALLS_KEPT:
                self._runs.popitem(last=False)
        if not task.done():
            await asyncio.shield(task)
        return task.result()[block % _HASHES_A_CALL]

    async def _reach(self, block: int) -> None:
        """Learns the head where a block is beyond the one that is known: a run of hashes asked for
        only as far as one of its blocks would be asked for again with the next."""
        async with self._asking_head:
            if block > self._head:
                head = await self._endpoints.ask(self._finalized_head)
                self._head = max(self._head, head)

    async def _hashes(
        self, endpoint: Endpoint, first: int, last: int, may_lack: bool = False
    ) -> list[str | None]:
        """Hashes of blocks, both ends included, all of which are final to the endpoint too.

        Raises:
            rpc.Discarded: it has not all of them, and that is not allowed.
        """
        final = await self._final(endpoint, last)
        if last > final.number:
            raise rpc.BadAnswer(f"block {last} is not final to it yet")
        found = await _on_chain(endpoint, final, list(range(first, last + 1)))
        if None in found and not may_lack:
            lacking = first + found.index(None)
            raise rpc.Discarded(f"block {lacking} is not there, nor its state")
        return found

    async def _finalized_head(self, endpoint: Endpoint) -> int:
        return (await self._final(endpoint)).number

    async def _final(self, endpoint: Endpoint, block: int | None = None) -> Final:
        """The newest block that is final to an endpoint, and known to be on one chain with what was
        final to every other before.

        Args:
            block: a block up to which what it said before is enough.
        """
        async with endpoint.naming_final:
            known = endpoint.final
            if known is not None and block is not None and block <= known.number:
                return known
            head = await endpoint.ask("chain_getFinalizedHead", [], rpc.hash_of)
            found = Final(await endpoint.ask("chain_getHeader", [head], _number_of), head)
            if known is not None and found.number <= known.number:
                return known
            await self._agree(endpoint, found)
            endpoint.final = found
            return found

    async def _agree(self, endpoint: Endpoint, found: Final) -> None:
        """A finalized block is on the chain of whatever was final before, to any endpoint.

        Raises:
            SourceError: it is not: somebody follows a fork.
            rpc.BadAnswer: it is not on the endpoint's own chain.
        """
        known = [(other, other.final) for other in self._endpoints.all if other.final]
        older = [each for each in known if each[1].number <= found.number]
        hashes = await _on_chain(endpoint, found, [final.number for _, final in older])
        for (other, final), block_hash in zip(older, hashes, strict=True):
            _refuse_disagreement(final.number, (other, final.hash), (endpoint, block_hash))
        for other, final in known:
            if final.number > found.number:
                # Whom there is no hearing for now cannot object.
                with contextlib.suppress(rpc.Trouble, TimeoutError):
                    async with asyncio.timeout(_AGREEMENT_SECONDS):
                        (block_hash,) = await _on_chain(other, final, [found.number])
                    _refuse_disagreement(found.number, (other, block_hash), (endpoint, found.hash))

    # ------------------------------------------------------------------ pieces of work

    async def _headers(self, blocks: range) -> list[tuple[bytes, bytes, int]]:
        """Hash, parent hash and time in ms of each block."""

        async def of(block: int) -> tuple[bytes, bytes, int]:
            parent, time_ms = await asyncio.gather(self._parent(block), self._time_of(block))
            return rpc.bytes_of(await self._hash(block)), parent, time_ms

        return await asyncio.gather(*map(of, blocks))

    async def _parent(self, block: int) -> bytes:
        """The parent a block names, asked for again where it is not the block before.

        What is still another then is the chain's answer, and whoever lands it refuses it.
        """
        block_hash = await self._hash(block)
        before = await self._known_hash(block - 1) if block else None
        for _ in range(_PARENT_TRIES):
            parent = await self._endpoints.ask(lambda e: _parent(e, block, block_hash), block)
            if before is None or parent == rpc.bytes_of(before):
                break
        return parent

    async def _time_of(self, block: int) -> int:
        """Milliseconds since 1970 at which a block was made.

        The genesis block states none: it stands one block time before the first.
        """
        if block == 0:
            return await self._time_of(1) - BLOCK_MS
        return await self._at(block, lambda e, block_hash: _time(e, block, block_hash))

    async def _events(self, blocks: range) -> list[bytes | None]:
        found = await asyncio.gather(*(self._storage(block, [_EVENTS]) for block in blocks))
        return [events for (events,) in found]

    async def _storage(self, block: int, keys: Sequence[bytes]) -> list[bytes | None]:
        return await self._at(block, lambda e, block_hash: _snapshot(e, block, block_hash, keys))

    async def _keys(self, prefix: bytes, block: int) -> list[bytes]:
        return await self._at(
            block, lambda e, block_hash: _keys_under(e, prefix, block, block_hash)
        )

    # ------------------------------------------------------------------ times and specs

    def _time(self, block: int) -> int:
        if block not in self._times:
            self._times[block] = self._wait(self._time_of(block))
        return self._times[block]

    def _first_block_at(self, blocks: range, moment_ms: int) -> int:
        """The first block of a range made at that moment or later; its stop when there is none."""
        return _first_at(blocks, moment_ms, self._time, self._times)

    def _has_state(self, block: int) -> bool:
        # The genesis state has no number that would prove it: who has block 1's has it too.
        block = max(block, 1)

        async def probe() -> bool:
            try:
                # One endpoint without old blocks says nothing of the others.
                (block_hash,) = await self._endpoints.ask(
                    lambda e: self._hashes(e, block, block), block
                )
                await self._endpoints.ask(lambda e: _values(e, block, block_hash, []), block)
            except rpc.Discarded:
                return False
            return True

        return self._wait(probe())

    def _state_that_runs(self, block: int) -> int:
        """The block whose state holds the runtime that executes a block: its parent."""
        return max(block - 1, self.first_state_block())

    def _spec(self, block: int) -> int:
        if block not in self._specs:
            at = self._state_that_runs(block)
            self._specs[block] = self._wait(self._at(at, _spec_version))
        return self._specs[block]

    def _specs_of(self, blocks: range) -> list[int]:
        """The spec that executed each block, by bisection: a spec version never goes down."""
        found: list[int] = []
        while len(found) < len(blocks):
            rest = blocks[len(found) :]
            spec = self._spec(rest[0])
            if self._spec(rest[-1]) == spec:
                return found + [spec] * len(rest)
            found += [spec] * (_first(rest, lambda b, s=spec: self._spec(b) != s) - rest[0])
        return found

    def _block_run_by(self, spec_version: int) -> int:
        for block, spec in self._specs.items():
            if spec == spec_version:
                return block
        blocks = range(self.first_state_block(), self.finalized_head() + 1)
        block = _first(blocks, lambda b: self._spec(b) >= spec_version)
        if block is None or self._spec(block) != spec_version:
            raise SourceError(
                f"No block was executed by spec {spec_version} from {blocks.start} to "
                f"{blocks.stop - 1}; choose days of a spec that was in force."
            )
        return block


async def _made(urls: Sequence[str], budget: Budget) -> Endpoints:
    return Endpoints(urls, budget)


def _outcome(asked: Future[Answer]) -> Answer:
    try:
        return asked.result()
    except rpc.Discarded as error:
        raise SourceError(
            f"{str(error).capitalize()}; add an archive endpoint to TAOBOOKS_SOURCE."
        ) from None
    except BaseException:
        asked.cancel()
        raise


def _units(blocks: range) -> list[range]:
    """Runs of blocks short enough to be asked on one endpoint."""
    return [blocks[at : at + _BLOCKS_A_UNIT] for at in range(0, len(blocks), _BLOCKS_A_UNIT)]


def _first(blocks: range, holds: Callable[[int], bool]) -> int | None:
    """The first block for which something holds that holds ever after; None when it never does."""
    if not blocks or not holds(blocks[-1]):
        return None
    low, high = blocks[0], blocks[-1]
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return high


def _first_at(
    blocks: range, moment_ms: int, time_of: Callable[[int], int], known: Mapping[int, int]
) -> int:
    """The first block of a range made at a moment or later; its stop when there is none.

    Two blocks are a slot apart, or more where slots were missed: from a block whose time is known
    one slot each leads near, and from there nearer. Every third step halves what is left, for
    chains that keep no such time.

    Args:
        known: times that need not be asked for.
    """
    times = {block: ms for block, ms in known.items() if block in blocks}
    low = max((block for block, ms in times.items() if ms < moment_ms), default=None)
    high = min((block for block, ms in times.items() if ms >= moment_ms), default=None)
    if high is None:
        if not blocks or time_of(blocks[-1]) < moment_ms:
            return blocks.stop
        high = blocks[-1]
    if low is None:
        if time_of(blocks[0]) >= moment_ms:
            return blocks[0]
        low = blocks[0]
    step = 0
    while high - low > 1:
        step += 1
        behind, ahead = moment_ms - time_of(low), time_of(high) - moment_ms
        if step % 3 == 0:
            guess = (low + high) // 2
        elif behind <= ahead:
            guess = low + -(-behind // BLOCK_MS)
        else:
            guess = high - ahead // BLOCK_MS
        guess = min(max(guess, low + 1), high - 1)
        if time_of(guess) >= moment_ms:
            high = guess
        else:
            low = guess
    return high


def _has_failed(task: asyncio.Task) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _utc_day(time_ms: int) -> dt.date:
    return dt.datetime.fromtimestamp(time_ms / 1000, tz=dt.UTC).date()


# ---------------------------------------------------------------------- what one endpoint is asked


async def _identity(endpoint: Endpoint) -> ChainIdentity:
    return ChainIdentity(await endpoint.ask("system_chain", [], _text_of), await endpoint.genesis())


async def _on_chain(endpoint: Endpoint, final: Final, blocks: Sequence[int]) -> list[str | None]:
    """Hashes of blocks on the chain that has a finalized block, no later than that one.

    Which node it is that answers, behind one address, and which chain it follows, is seen by the
    hash it has for the finalized block itself, asked for in the same call.
    """

    def read(result: Any) -> list[str | None]:
        if not isinstance(result, list) or len(result) != len(blocks) + 1:
            raise rpc.BadAnswer(f"not {len(blocks) + 1} hashes")
        *found, at_final = (None if each is None else rpc.hash_of(each) for each in result)
        if at_final != final.hash:
            raise rpc.BadAnswer(f"it is not on the chain of block {final.number}, which is final")
        return found

    try:
        return await endpoint.ask("chain_getBlockHash", [[*blocks, final.number]], read)
    except rpc.BadAnswer:
        endpoint.final = None  # it may have named it wrongly
        raise


def _refuse_disagreement(
    block: int, one: tuple[Endpoint, str | None], other: tuple[Endpoint, str | None]
) -> None:
    """Raises:
    SourceError: two endpoints have two hashes for a block that is final to both.
    """
    if one[1] and other[1] and one[1] != other[1]:
        raise SourceError(
            f"{one[0].name} and {other[0].name} disagree on block {block}, which is final to both "
            f"({one[1]} and {other[1]}): one of them follows a fork; find out which, and take it "
            "out of TAOBOOKS_SOURCE."
        )


async def _parent(endpoint: Endpoint, block: int, block_hash: str) -> bytes:
    def read(header: Any) -> bytes:
        if header is None and endpoint.final is not None and block <= endpoint.final.number:
            raise rpc.Discarded(f"the header of block {block} is not there")
        if _number_of(header) != block:
            raise rpc.BadAnswer(f"the header of block {block} is of another block")
        return rpc.bytes_of(rpc.hash_of(header.get("parentHash")))

    return await endpoint.ask("chain_getHeader", [block_hash], read)


async def _time(endpoint: Endpoint, block: int, block_hash: str) -> int:
    (stored,) = await _values(endpoint, block, block_hash, [_NOW])
    if stored is None or len(stored) != 8:
        raise rpc.BadAnswer(f"block {block} has no time")
    return int.from_bytes(stored, "little")


async def _spec_version(endpoint: Endpoint, block_hash: str) -> int:
    def read(version: Any) -> int:
        _refuse_no_state(version)
        spec = version.get("specVersion") if isinstance(version, dict) else None
        if not isinstance(spec, int):
            raise rpc.BadAnswer("a runtime version has no specVersion")
        return spec

    return await endpoint.ask("state_getRuntimeVersion", [block_hash], read)


async def _metadata(endpoint: Endpoint, block_hash: str) -> bytes:
    def read(result: Any) -> bytes:
        raw = rpc.bytes_of(result)
        if raw[:4] != b"meta":
            raise rpc.BadAnswer("metadata does not begin with 'meta'")
        return raw

    return await endpoint.ask("state_getMetadata", [block_hash], read)


async def _extrinsics(endpoint: Endpoint, block_hash: str) -> list[bytes]:
    def read(answer: Any) -> list[bytes]:
        try:
            return [rpc.bytes_of(extrinsic) for extrinsic in answer["block"]["extrinsics"]]
        except (TypeError, KeyError):
            raise rpc.BadAnswer("a block has no extrinsics") from None

    return await endpoint.ask("chain_getBlock", [block_hash], read)


async def _snapshot(
    endpoint: Endpoint, block: int, block_hash: str, keys: Sequence[bytes]
) -> list[bytes | None]:
    """The value at each key, in as many requests as the endpoint needs."""
    size = endpoint.keys_a_request
    parts = await asyncio.gather(
        *(
            _values(endpoint, block, block_hash, keys[at : at + size])
            for at in range(0, len(keys), size)
        )
    )
    return parts[0] if len(parts) == 1 else [value for part in parts for value in part]


async def _values(
    endpoint: Endpoint, block: int, block_hash: str, keys: Sequence[bytes]
) -> list[bytes | None]:
    """The value at each key, proven to be of the block by its number among them.

    The genesis state has no number.
    """
    asked = ["0x" + key.hex() for key in (_NUMBER, *keys)]

    def read(result: Any) -> list[bytes | None]:
        _refuse_no_state(result)
        number, *stored = _stored(result, block_hash, asked)
        if number not in (None, block.to_bytes(4, "little")):
            raise rpc.BadAnswer(f"the state is not that of block {block}")
        if number is None and block:
            raise rpc.Discarded(f"the state of block {block} is not there")
        return stored

    return await endpoint.ask("state_queryStorageAt", [asked, block_hash], read)


def _stored(result: Any, block_hash: str, keys: Sequence[str]) -> list[bytes | None]:
    """The value at each key, of those an answer has for a block.

    Nodes answer in the order of the question, a key that was asked twice once.
    """
    try:
        ((of, changes),) = ((entry["block"], entry["changes"]) for entry in result)
        found = dict(changes)
        values = [found[key] for key in keys]
    except (TypeError, KeyError, ValueError):
        raise rpc.BadAnswer("not a value for each key") from None
    if of != block_hash:
        raise rpc.BadAnswer(f"the state is not that of block {block_hash}")
    return [None if value is None else rpc.bytes_of(value) for value in values]


async def _keys_under(
    endpoint: Endpoint, prefix: bytes, block: int, block_hash: str
) -> list[bytes]:
    """Every key under a prefix: one page, or, where there are more, the rest by ranges at once.

    Keys are hashes for the most part, and so lie evenly: the part of them that the first page
    covers says how many ranges are worth a call.
    """
    page = await _page(endpoint, prefix, prefix, block, block_hash)
    if len(page) < _KEYS_A_PAGE:
        return page
    begun = page[-1][len(prefix)]
    step = max(1, (begun + 1) * _KEYS_A_RANGE // len(page))
    ends = [prefix + bytes([byte]) for byte in range(begun + step, 256, step)]
    parts = await asyncio.gather(
        *(
            _keys_between(endpoint, prefix, after, end, block, block_hash)
            for after, end in zip([page[-1], *ends], [*ends, None], strict=True)
        )
    )
    return page + [key for part in parts for key in part]


async def _keys_between(
    endpoint: Endpoint, prefix: bytes, after: bytes, end: bytes | None, block: int, block_hash: str
) -> list[bytes]:
    """The keys under a prefix behind one key and before another, or to the last."""
    found: list[bytes] = []
    while True:
        page = await _page(endpoint, prefix, after, block, block_hash)
        found += page if end is None else (key for key in page if key < end)
        if len(page) < _KEYS_A_PAGE or (end is not None and page[-1] >= end):
            return found
        after = page[-1]


async def _page(
    endpoint: Endpoint, prefix: bytes, after: bytes, block: int, block_hash: str
) -> list[bytes]:
    """The next keys under a prefix, in byte order; ``after`` the prefix itself for the first.

    A node that has the state no more may say that there is no key. So an empty page is asked for
    again without the prefix: then there is one behind it, the time at the latest, which every block
    but the genesis states.
    """
    page = await _keys_after(endpoint, prefix, after, block_hash, _KEYS_A_PAGE)
    if page or not block or after >= _NOW:
        if not page:
            await _values(endpoint, block, block_hash, [])
        return page

    following = await _keys_after(endpoint, b"", after, block_hash, 1, may_lack=False)
    if following[0].startswith(prefix):
        raise rpc.BadAnswer("a page of keys is empty, and there are some")
    return page


async def _keys_after(
    endpoint: Endpoint,
    prefix: bytes,
    after: bytes,
    block_hash: str,
    most: int,
    may_lack: bool = True,
) -> list[bytes]:
    """Up to so many keys under a prefix that come behind a key.

    Raises:
        rpc.Discarded: there is none, and there must be one where the state is there.
    """

    def read(result: Any) -> list[bytes]:
        _refuse_no_state(result)
        if not isinstance(result, list) or len(result) > most:
            raise rpc.BadAnswer("not a page of keys")
        page = [rpc.bytes_of(key) for key in result]
        in_order = all(a < b for a, b in itertools.pairwise(page)) and (
            not page or page[0] >= after
        )
        if not in_order or not all(key.startswith(prefix) for key in page):
            raise rpc.BadAnswer("a page of keys is out of order or of another item")
        if page and after != prefix and page[0] == after:
            raise rpc.BadAnswer("a page of keys begins before it was asked to")
        if not page and not may_lack:
            raise rpc.Discarded("the state is not there")
        return page

    start = None if after == prefix else "0x" + after.hex()
    asked = ["0x" + prefix.hex(), most, start, block_hash]
    return await endpoint.ask("state_getKeysPaged", asked, read)


def _refuse_no_state(result: Any) -> None:
    """Some nodes answer null where they have the state no more."""
    if result is None:
        raise rpc.Discarded("the state is not there")


def _number_of(header: Any) -> int:
    try:
        return int(header["number"], 16)
    except (TypeError, KeyError, ValueError):
        raise rpc.BadAnswer("a header has no number") from None


def _text_of(result: Any) -> str:
    if not isinstance(result, str):
        raise rpc.BadAnswer("not a text")
    return urls.told(result)
