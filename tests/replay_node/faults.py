"""How the node misbehaves when it is told to: the choices, and the luck of each call."""

import random
import re
import zlib
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

import orjson

from tests.replay_node.capture import SpecChange, digest

TOO_MANY = "Too many requests, try again later"
SERVER_ERRORS = (500, 502, 503, 504)


def _share(what: str) -> Any:
    """A fault that strikes by chance: the share of calls or messages it strikes."""
    return field(default=0.0, metadata={"help": what, "is_share": True, "type": float})


def _choice(default: object, what: str, **option: object) -> Any:
    return field(default=default, metadata={"help": what, "type": int} | option)


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong. Each field is an option of the command line too.

    A message is a websocket frame or an HTTP body, with one call or a batch of them. Shares lie
    between 0 and 1. A call's luck comes from the seed, from what it asks and from how often that
    was asked before, so it does not depend on the order in which calls happen to arrive.
    """

    seed: int = _choice(0, "of every chance")

    throttle: float = _share("calls answered 'too many requests'; over HTTP messages, by 429")
    drop: float = _share("messages whose answer breaks off with the connection")
    truncate: float = _share("messages answered with the beginning of a JSON text")
    server_error: float = _share("HTTP messages answered with a status of 500 to 504")
    wrong_id: float = _share("calls answered with an id that was not asked")
    duplicate: float = _share("calls answered twice (over HTTP: in batches)")
    malformed_hex: float = _share("answers with a hex value cut short, or with a 'g' in it")
    unlinked: float = _share("headers with another parent hash")
    pruned: float = _share("state calls answered as by a node that keeps no old state")
    forked: float = _share("hashes answered as by a node that follows a fork near the first block")

    throttle_codes: tuple[int, ...] = _choice(
        (-32004, -32005, -32029), "the error codes to throttle with", nargs="+"
    )
    retry_after_seconds: int = _choice(1, "the Retry-After of a 429")
    rate_limit: float = _choice(
        0.0, "calls a second from one address, beyond which it is throttled", type=float
    )
    latency_seconds: float = _choice(0.0, "wait before each answer", type=float)
    jitter_seconds: float = _choice(0.0, "a random wait more, up to this", type=float)
    pruned_below: int = _choice(0, "the state of blocks below this is discarded")
    pruned_answer: str = _choice(
        "error",
        "how discarded state is answered: the node's error, a null result, or every value absent",
        type=str,
        choices=("error", "null", "absent"),
    )
    unlinked_at: int | None = _choice(None, "the block whose header has another parent hash")
    spec_change: SpecChange | None = field(
        default=None,
        metadata={
            "help": "from this block on another runtime runs, with the metadata in a file",
            "nargs": 3,
            "metavar": ("BLOCK", "SPEC", "FILE"),
        },
    )
    finalized: int | None = _choice(None, "the finalized head at the start; else the last block")
    ahead: int = _choice(0, "blocks by which the best head is ahead of the finalized one")
    finalize_every_calls: int = _choice(0, "one more block is finalized every so many calls")
    finalize_every_seconds: float = _choice(
        0.0, "one more block is finalized every so many seconds", type=float
    )
    fork_at: tuple[int, ...] = _choice(
        (), "blocks that, with all after them, are of an orphan branch until finalized", nargs="+"
    )


SHARES = tuple(f.name for f in fields(Faults) if f.metadata.get("is_share"))


def mix(share: float, seed: int = 0) -> Faults:
    """Every fault that strikes by chance, each in this share of the cases."""
    return Faults(seed=seed, **dict.fromkeys(SHARES, share))


class Luck:
    """What happens to one message or one call: asked fault by fault."""

    def __init__(self, faults: Faults, done: Counter[str], source: random.Random | None) -> None:
        self._faults = faults
        self._done = done
        self._source = source

    def strikes(self, fault: str) -> bool:
        """Whether the fault is done here; if so, it is counted."""
        if not self.has(fault):
            return False
        self.counts(fault)
        return True

    def has(self, fault: str) -> bool:
        """Whether the fault is due here; it may turn out that there is nothing to do it to."""
        return self._source is not None and self._source.random() < getattr(self._faults, fault)

    def counts(self, fault: str) -> None:
        self._done[fault] += 1

    def cut(self, payload: bytes) -> bytes:
        """The beginning of a text, never all of it."""
        return payload[: self._source.randrange(1, len(payload))]

    def one_of(self, choices):
        return self._source.choice(choices)

    def wait(self) -> float:
        """Seconds before the answer."""
        jitter = self._faults.jitter_seconds
        return self._faults.latency_seconds + (self._source.uniform(0, jitter) if jitter else 0)


class Dice:
    """Hands out luck."""

    def __init__(self, faults: Faults) -> None:
        self.done: Counter[str] = Counter()
        self._faults = faults
        self._asked: Counter[int] = Counter()
        self._is_random = bool(faults.jitter_seconds) or any(
            getattr(faults, share) for share in SHARES
        )
        self._calm = Luck(faults, self.done, None)

    def luck_of(self, *calls: object) -> Luck:
        """The luck of a message with these calls, or of a call alone."""
        if not self._is_random:
            return self._calm
        asked = [
            [call.get("method"), call.get("params")] for call in calls if isinstance(call, dict)
        ]
        what = zlib.crc32(orjson.dumps([len(calls), asked]))
        self._asked[what] += 1
        return Luck(
            self._faults,
            self.done,
            random.Random(f"{self._faults.seed} {what} {self._asked[what]}"),
        )


class RateLimit:
    """A bucket of calls for each address: a second's worth, refilled as time passes."""

    def __init__(self, calls_a_second: float) -> None:
        self._rate = calls_a_second
        self._buckets: dict[str, tuple[float, float]] = {}

    def takes(self, address: str, now: float, calls: int = 1) -> bool:
        """Whether one more call may be answered at this moment, in seconds of any clock.

        With ``calls`` 0 it is only asked.
        """
        if not self._rate:
            return True
        most = max(1.0, self._rate)
        left, then = self._buckets.get(address, (most, now))
        left = min(most, left + (now - then) * self._rate)
        self._buckets[address] = (left - calls if left >= 1 else left, now)
        return left >= 1


# A value is the end of its list or of the answer; keys and hashes before a comma are let be.
_VALUES = re.compile(rb'"0x[0-9a-f]+"(?=\]|$)')


def spoil_hex(result: bytes, luck: Luck) -> bytes:
    """A result with one of its hex values spoilt, if luck will have it so and it has any."""
    if not luck.has("malformed_hex"):
        return result
    values = list(_VALUES.finditer(result))
    if not values:
        return result
    luck.counts("malformed_hex")
    end = luck.one_of(values).end()
    if luck.one_of((True, False)):
        return result[: end - 2] + result[end - 1 :]
    return result[: end - 2] + b"g" + result[end - 1 :]


def unlink(result: bytes, luck: Luck, at: int | None) -> bytes:
    """A header or block with another parent: by luck, or where its number is the one given."""
    is_due = luck.has("unlinked")
    if not is_due and at is None:
        return result
    said = orjson.loads(result)
    if said is None:
        return result
    header = said["block"]["header"] if "block" in said else said
    if not is_due and int(header["number"], 16) != at:
        return result
    luck.counts("unlinked")
    header["parentHash"] = digest(b"not the parent", header["parentHash"].encode())
    return orjson.dumps(said)
