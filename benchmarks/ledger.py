"""Ten million generated entries through every cost-basis method, and one day on top."""

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from benchmarks import Row
from orchestration.ledger.book import Positions, post
from orchestration.ledger.kinds import Effect

ENTRIES, POSITIONS, DAYS = 10_000_000, 200_000, 365


def rows() -> Iterator[Row]:
    # In a process of its own, so that its size is the ledger's.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        whole, day, gigabytes = alone.submit(_measured).result()
    what = f"{ENTRIES:,} ledger entries over {POSITIONS:,} positions, all methods"
    yield Row(what, whole, "s", 120)
    yield Row("  one day more on top", day, "s", 10, f"{ENTRIES // DAYS:,} entries")
    yield Row("  largest process", gigabytes, "GB", 6)


def _measured() -> tuple[float, float, float]:
    few = entries(1_000, 10, 1)
    post(Positions.empty(10), *few)  # compiles
    entered = entries(ENTRIES, POSITIONS, DAYS)
    start = time.perf_counter()
    posted = post(Positions.empty(POSITIONS), *entered)
    whole = time.perf_counter() - start
    following = entries(ENTRIES // DAYS, POSITIONS, 1, first_day=DAYS + 1)
    start = time.perf_counter()
    post(posted.positions, *following)
    day = time.perf_counter() - start
    return whole, day, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def entries(count: int, positions: int, days: int, first_day: int = 1) -> tuple[np.ndarray, ...]:
    """Entries that are always possible: each position has bought or earned more than it gives.

    They come in fives: a purchase, a receipt, a sale of a part, and a transfer of another part to
    the position beside it.
    """
    random = np.random.default_rng(count)
    turns = -(-count // 5)
    giver = random.integers(0, positions, turns)
    alpha = random.integers(10**9, 10**13, (turns, 2))
    price = random.uniform(0.01, 0.5, (turns, 2))
    given = (alpha * random.uniform(0.1, 1, (turns, 2))).astype(np.int64)
    kinds = (Effect.BUY, Effect.EARN, Effect.SELL, Effect.OUT, Effect.IN)
    position = np.stack([giver] * 4 + [(giver + 1) % positions], axis=1)
    amounts = np.stack(
        [alpha[:, 0], alpha[:, 1] // 100 + given[:, 1], given[:, 0], given[:, 1], given[:, 1]],
        axis=1,
    )
    paid = np.stack([amounts[:, 0] * price[:, 0], amounts[:, 1] * price[:, 0]], axis=1)
    got = (amounts[:, 2] * price[:, 1])[:, None]
    tao = np.concatenate([paid, got, np.zeros((turns, 2))], axis=1).astype(np.int64)
    blocks = (first_day + np.arange(turns) * days // turns) * 7_200
    return (
        position.ravel()[:count],
        np.repeat(blocks, 5)[:count],
        np.tile(np.array(kinds, np.int8), turns)[:count],
        amounts.ravel()[:count],
        tao.ravel()[:count],
    )
