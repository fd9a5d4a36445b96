"""Several endpoints as one: which to ask, how fast, how long to wait, and when to give up.

What is asked is another's business: a piece of work is a coroutine that is handed an endpoint. It
is done on one endpoint whole, or again from its beginning on another.
"""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import aiohttp

from orchestration.chain import rpc
from orchestration.chain.budget import Budget
from orchestration.chain.urls import redacted
from orchestration.errors import SourceError, UnreachableError

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 180
"""How long nothing may be heard of any endpoint before the source is called unreachable."""
FIRST_PATIENCE_SECONDS = 10
"""The same before anything was ever heard: then the setting is wrong, not the network."""
MOST_TRIES = 60
"""Of one piece of work, not counting those that were throttled."""
MOST_SECONDS = 1_800
"""Of one piece of work, being throttled included."""

FORGET_SECONDS = 600
"""After which it is tried again what an endpoint could not, or had not, or how fast it may go."""

_TRIES_HERE = 10
"""Of one call before the work it belongs to goes to another endpoint."""
_TIMES_DISCARDED = 5
_LONGEST_REST_HERE_SECONDS = 2
_FIRST_WINDOW = 64
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 30
_LEAST_RATE = 0.5
_CALLS_JUDGED = 50
_MOST_REFUSED = 7
"""Of the last calls that were judged; where more were refused, an endpoint is asked more slowly."""
_SECONDS_BETWEEN_CUTS = 0.25
_FASTER_AN_ANSWER = 1.001
"""Some 220 answers undo a cut to four fifths."""
_CATCH_UP_SECONDS = 0.05
"""Of a second's calls so many may come at once: a timer wakes a few milliseconds late."""
_LONGEST_TOLD_SECONDS = 900
_MEASURED_SECONDS = 60
"""How long what was measured of an endpoint says how quick it is."""
_SUPPOSED_SECONDS = 0.1
_LEAST_SECONDS = 0.005
"""Below which one endpoint is not taken to be quicker than another."""
_AS_QUICK = 2
"""Endpoints up to so many times slower than the quickest are asked in turn with it."""
_FAILURES_COUNT = 10
"""Times: how much slower one that fails in each call is taken to be."""
_MOST_KEYS = 4_096
_LEAST_KEYS = 64


class Final(NamedTuple):
    """A finalized block, as an endpoint named it."""

    number: int
    hash: str


class Endpoint:
    """One endpoint: what was learned of it.

    Attributes:
        name: its URL as it may be shown.
        keys_a_request: how many storage keys it answers at once.
        final: the newest block it said is final; what it says of later ones may be an orphan's.
        naming_final: held while it is asked for that.
    """

    def __init__(self, url: str, turns: "_Turns", session: aiohttp.ClientSession) -> None:
        self.name = redacted(url)
        self.keys_a_request = _MOST_KEYS
        self.final: Final | None = None
        self.naming_final = asyncio.Lock()
        self.last_trouble: str | None = None
        self._link = rpc.link(url, session)
        self._turns = turns
        self._window = _Window()
        self._gate = asyncio.Lock()
        self._genesis: str | None = None
        self._asking_genesis = asyncio.Lock()
        self._useless: tuple[str, float] | None = None
        self._state_from = 0
        self._lacked_at = 0.0
        self._troubles = 0
        self._rest_until = 0.0
        self._rate: float | None = None
        self._next_start = 0.0
        self._answered: deque[float] = deque(maxlen=2_000)
        self._outcomes: deque[bool] = deque(maxlen=_CALLS_JUDGED)
        self._slowed_at = 0.0
        self._in_hand = 0
        self._took: float | None = None
        self._measured_at: float | None = None
        self._failing = 0.0

    async def ask(self, method: str, params: list, read: Callable[[Any], Answer]) -> Answer:
        """What ``read`` makes of the result of a call; asked again here when it is not usable.

        Args:
            read: raises ``rpc.BadAnswer`` when the result is not what the question allows.

        Raises:
            rpc.Trouble: that of the last try.
        """
        tries = discarded = 0
        self._in_hand += 1
        try:
            while True:
                try:
                    async with self._window, self._turn():
                        asked_at = time.monotonic()
                        answer = read(await self._link.call(method, params))
                except (rpc.NotOffered, rpc.TooLarge):
                    raise
                except rpc.Trouble as error:
                    self._hurt(error)
                    # Behind one address there may be nodes with old state and nodes without.
                    if isinstance(error, rpc.Discarded):
                        discarded += 1
                    else:
                        tries += 1
                    is_enough = tries == _TRIES_HERE or discarded == _TIMES_DISCARDED
                    if is_enough or self.rests_for() > _LONGEST_REST_HERE_SECONDS:
                        raise
                    if isinstance(error, rpc.Throttled) and error.seconds is not None:
                        await asyncio.sleep(error.seconds)
                else:
                    self._heard(time.monotonic() - asked_at)
                    return answer
        finally:
            self._in_hand -= 1

    async def genesis(self) -> str:
        """The hash of block 0, asked for once."""
        async with self._asking_genesis:
            if self._genesis is None:
                self._genesis = await self.ask("chain_getBlockHash", [0], rpc.hash_of)
            return self._genesis

    def has_state(self, block: int | None) -> bool:
        """Whether it may have the state of a block, by what it said it has not."""
        if time.monotonic() - self._lacked_at > FORGET_SECONDS:
            self._state_from = 0
        return block is None or block >= self._state_from

    def lacks_state(self, block: int) -> None:
        """It said that the state of a block is discarded: then so is what was before."""
        self._state_from = max(self._state_from, block + 1)
        self._lacked_at = time.monotonic()

    @property
    def useless(self) -> str | None:
        """Why it is not asked for now, or None."""
        if self._useless and time.monotonic() - self._useless[1] > FORGET_SECONDS:
            # It may be another by now: its chain is asked for again.
            self._useless = self._genesis = self.final = None
        return self._useless and self._useless[0]

    def leave_alone(self, why: str) -> None:
        """It is of no use: it is not asked until that is forgotten."""
        self._useless = why, time.monotonic()

    def cost(self) -> float:
        """How long a call may take here, in seconds, by how quick and how sound it was of late.

        Nothing where that is not known, so that it is measured by one piece of work.
        """
        now = time.monotonic()
        age = None if self._measured_at is None else now - self._measured_at
        if (age is None or age > _MEASURED_SECONDS) and not self._in_hand:
            return 0.0
        failing = self._failing * 0.5 ** ((age or 0.0) / _MEASURED_SECONDS)
        queue = self._in_hand / self._rate if self._rate else 0.0
        busy = 1 + self._in_hand / self._window.limit()
        took = _SUPPOSED_SECONDS if self._took is None else max(self._took, _LEAST_SECONDS)
        return (took * busy + queue) * (1 + _FAILURES_COUNT * failing)

    def rests_for(self) -> float:
        """Seconds until it may be asked again."""
        return max(0.0, self._rest_until - time.monotonic())

    def answers_less(self) -> None:
        """A request was too large for it.

        Raises:
            rpc.NotOffered: as small a request as we make is.
        """
        if self.keys_a_request <= _LEAST_KEYS:
            raise rpc.NotOffered(f"it does not answer {_LEAST_KEYS} keys at once")
        self.keys_a_request //= 2

    async def close(self) -> None:
        await self._link.close()

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """A turn to ask, taken when it does not rest and at the pace that it bears.

        The pace is kept where calls start, one behind the other: kept any earlier, those that wait
        for a turn would start together when there are some.
        """
        async with self._gate:
            while wait := max(self.rests_for(), self._until_next_start()):
                await asyncio.sleep(wait)
            await self._turns.__aenter__()
            if self._rate is not None:
                earliest = time.monotonic() - _CATCH_UP_SECONDS
                self._next_start = max(self._next_start, earliest) + 1 / self._rate
        try:
            yield
        finally:
            await self._turns.__aexit__()

    def _until_next_start(self) -> float:
        return 0.0 if self._rate is None else max(0.0, self._next_start - time.monotonic())

    def _heard(self, seconds: float) -> None:
        now = time.monotonic()
        self._answered.append(now)
        self._outcomes.append(True)
        self._troubles = 0
        self._window.widen()
        self._measure(now, has_failed=False)
        self._took = seconds if self._took is None else self._took + (seconds - self._took) / 8
        if self._rate is not None:
            self._rate *= _FASTER_AN_ANSWER
            if now - self._slowed_at > FORGET_SECONDS:
                self._rate = None

    def _measure(self, now: float, *, has_failed: bool) -> None:
        """Counts a call; what was measured long ago counts for less, or not at all."""
        if self._measured_at is not None:
            age = now - self._measured_at
            self._failing *= 0.5 ** (age / _MEASURED_SECONDS)
            if age > _MEASURED_SECONDS:
                self._took = None
        self._failing += (has_failed - self._failing) / 8
        self._measured_at = now

    def _hurt(self, trouble: rpc.Trouble) -> None:
        self.last_trouble = str(trouble)
        if isinstance(trouble, rpc.Lost | rpc.BadAnswer):
            self._measure(time.monotonic(), has_failed=True)
        if isinstance(trouble, rpc.Throttled):
            self._slow_down(trouble.seconds)
        elif isinstance(trouble, rpc.Lost) and not self.rests_for():
            # All calls that a broken connection held fail as one.
            self._window.narrow()
            self._rest_longer()
            self._troubles += 1

    def _slow_down(self, seconds: float | None) -> None:
        """Asks at four fifths of the rate it bore, and rests as long as it says.

        One refusal says little: it counts when many of the last calls were refused. Till then the
        call that was refused waits alone, where it is not told to wait long.
        """
        now = time.monotonic()
        if seconds is not None:
            seconds = min(seconds, _LONGEST_TOLD_SECONDS)
        self._outcomes.append(False)
        is_too_fast = self._outcomes.count(False) > _MOST_REFUSED
        if is_too_fast and now - self._slowed_at > _SECONDS_BETWEEN_CUTS:
            self._slowed_at = now
            self._outcomes.clear()
            self._rate = max(_LEAST_RATE, 0.8 * (self._rate or self._borne(now)))
        if seconds is not None:
            if is_too_fast or seconds > _LONGEST_REST_HERE_SECONDS:
                self._rest_until = max(self._rest_until, now + seconds)
        elif not self.rests_for():
            if self._troubles or is_too_fast:
                self._rest_longer()
            self._troubles += 1

    def _borne(self, now: float) -> float:
        """Answers a second, over the last second or the part of it since the first answer."""
        answered = [at for at in self._answered if now - at < 1]
        return len(answered) / max(_SECONDS_BETWEEN_CUTS, now - answered[0]) if answered else 0.0

    def _rest_longer(self) -> None:
        """Twice as long after each trouble in a row, with jitter."""
        longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**self._troubles)
        self._rest_until = time.monotonic() + random.uniform(longest / 2, longest)


class Endpoints:
    """The endpoints of one source; to be made and used inside one event loop."""

    def __init__(self, urls: Sequence[str], budget: Budget) -> None:
        self._session = rpc.new_session()
        turns = _Turns(budget.share)
        self.all = [Endpoint(url, turns, self._session) for url in urls]
        self._genesis: str | None = None
        self._asked = 0
        self._heard_at: float | None = None

    async def ask(
        self, work: Callable[[Endpoint], Awaitable[Answer]], block: int | None = None
    ) -> Answer:
        """The outcome of a piece of work, on the first endpoint where all of it succeeds.

        Args:
            block: whose state the work reads, if any.

        Raises:
            rpc.Discarded: no endpoint has the state of the block.
            UnreachableError: no endpoint answers, or none usefully.
            SourceError: no endpoint can be used.
        """
        began, tries = time.monotonic(), 0
        while True:
            endpoint = await self._choose(block, began)
            try:
                await self._same_chain(endpoint)
                answer = await work(endpoint)
            except rpc.Throttled as error:
                self._heard_at, trouble = time.monotonic(), error
            except rpc.Discarded as error:
                if block is None:
                    raise
                endpoint.lacks_state(block)
                trouble = error
            except rpc.NotOffered as error:
                endpoint.leave_alone(str(error))
                trouble = error
            except rpc.TooLarge as error:
                try:
                    endpoint.answers_less()
                except rpc.NotOffered as last:
                    endpoint.leave_alone(str(last))
                trouble = error
            except rpc.Trouble as error:
                tries += 1
                trouble = error
                await asyncio.sleep(random.uniform(0, min(1.0, 0.01 * 2 ** min(tries, 7))))
            else:
                self._heard_at = time.monotonic()
                return answer
            if tries > MOST_TRIES or time.monotonic() - began > MOST_SECONDS:
                raise UnreachableError(
                    f"{endpoint.name} gave no usable answer in {tries} tries (the last: "
                    f"{trouble}); add another endpoint to TAOBOOKS_SOURCE or wait, and run the "
                    "same command again: it goes on."
                )

    async def close(self) -> None:
        for endpoint in self.all:
            await endpoint.close()
        await self._session.close()

    async def _choose(self, block: int | None, began: float) -> Endpoint:
        """One of the quickest that have the state and do not rest; waits where all do.

        Raises:
            rpc.Discarded, SourceError: there is none to wait for.
        """
        while True:
            usable = [e for e in self.all if e.useless is None]
            if not usable:
                reasons = "; ".join(f"{e.name}: {e.useless}" for e in self.all)
                raise SourceError(
                    f"No endpoint of TAOBOOKS_SOURCE can be used ({reasons}); name another."
                )
            usable = [e for e in usable if e.has_state(block)]
            if not usable:
                raise rpc.Discarded(f"no endpoint has the state of block {block} any more")
            awake = [e for e in usable if e.rests_for() == 0]
            if awake:
                return self._quick(awake)
            self._be_patient(usable, began)
            await asyncio.sleep(min(e.rests_for() for e in usable) + 0.001)

    def _quick(self, awake: Sequence[Endpoint]) -> Endpoint:
        """The next in turn of those that are about as quick as the quickest."""
        costs = [endpoint.cost() for endpoint in awake]
        near = [e for e, cost in zip(awake, costs, strict=True) if cost <= _AS_QUICK * min(costs)]
        self._asked += 1
        return near[(self._asked - 1) % len(near)]

    def _be_patient(self, usable: list[Endpoint], began: float) -> None:
        first = self._heard_at is None
        # A server asks an hour after it last did: what was not asked could not be heard.
        since = began if first else max(began, self._heard_at)
        if time.monotonic() - since > (FIRST_PATIENCE_SECONDS if first else PATIENCE_SECONDS):
            reasons = "; ".join(f"{e.name}: {e.last_trouble}" for e in usable)
            raise UnreachableError(
                f"No endpoint can be reached ({reasons}); check TAOBOOKS_SOURCE and the network, "
                "and run the same command again: it goes on."
            )

    async def _same_chain(self, endpoint: Endpoint) -> None:
        """Two chains are never mixed: the first endpoint heard says which chain this is."""
        genesis = await endpoint.genesis()
        if self._genesis is None:
            self._genesis = genesis
        elif genesis != self._genesis:
            raise rpc.NotOffered(f"it is of another chain (genesis {genesis[:18]}...)")


class _Turns:
    """Lets as many requests fly at once as ``limit`` says, which may change."""

    def __init__(self, limit: Callable[[], float]) -> None:
        self.limit = limit
        self._flying = 0
        self._waiting: deque[asyncio.Future] = deque()

    async def __aenter__(self) -> None:
        if self._flying < self.limit():
            self._flying += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                await self.__aexit__()
            raise

    async def __aexit__(self, *error: object) -> None:
        self._flying -= 1
        while self._waiting and self._flying < self.limit():
            turn = self._waiting.popleft()
            if not turn.done():
                # Counted here: else every call that ends would wake as many as all that ended.
                self._flying += 1
                turn.set_result(None)


class _Window(_Turns):
    """As many as one endpoint bears: half after every break, one more after each that many."""

    def __init__(self) -> None:
        super().__init__(lambda: self._size)
        self._size = float(_FIRST_WINDOW)

    def widen(self) -> None:
        self._size += 1 / self._size

    def narrow(self) -> None:
        self._size = max(1.0, self._size / 2)
