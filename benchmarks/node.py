"""A pull at interval 60 in the shape of mainnet, from a node in a process of its own.

Both processes are on this machine and speak over loopback, so that what is measured is their work
and not a network. The public SDK reads the same of the same node beside it.
"""

import asyncio
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
from async_substrate_interface import AsyncSubstrateInterface

from benchmarks import Row
from orchestration.chain import land
from orchestration.chain.budget import Budget
from orchestration.chain.layout import (
    GLOBAL_ITEMS,
    LISTED_ITEMS,
    NETWORKS_ADDED,
    PARAMETER_ITEMS,
    SUBNET_ITEMS,
    StorageItem,
)
from orchestration.chain.node import Node
from orchestration.settings import EMBEDDED_RECORDING
from tests.recordings.widen import widen
from tests.replay_node.process import serving_apart

SUBNETS, INTERVAL, IN_FLIGHT = 128, 60, 32
TURNS = 16
"""Of the 600 blocks of the embedded recording."""
BLOCKS, MORE_BLOCKS, SDK_BLOCKS = 2_400, TURNS * 600, 240
RUNS = 3


class Pull(NamedTuple):
    """What a process pulled, in what time, and its size at the most."""

    seconds: float
    gigabytes: float
    keys: int
    event_bytes_a_block: float


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, _serving(Path(folder)) as port:
        ws, http = f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}"
        over_ws, over_http = (_fastest(_pull, url, BLOCKS) for url in (ws, http))
        shape = (
            f"{BLOCKS:,} blocks, {over_ws.keys:,} keys in each state read, "
            f"{over_ws.event_bytes_a_block:,.0f} bytes of events a block"
        )
        yield Row("pull over websocket", BLOCKS / over_ws.seconds, "blocks/s", 600, shape, True)
        yield Row("pull over HTTP", BLOCKS / over_http.seconds, "blocks/s", 600, "", True)
        largest = max(over_ws.gigabytes, over_http.gigabytes)
        yield Row("  largest process", largest, "GB", 1)
        more = _alone(_pull, ws, MORE_BLOCKS)
        what = f"  largest process, {MORE_BLOCKS:,} blocks at once"
        yield Row(what, more.gigabytes, "GB", 1, "more than a day")
        seconds = _fastest(_sdk_seconds, ws, SDK_BLOCKS)
        yield Row(
            "async-substrate-interface over websocket",
            SDK_BLOCKS / seconds,
            "blocks/s",
            note=f"{SDK_BLOCKS} blocks; it decodes what it reads, which the pull leaves for later",
        )
        times = (seconds / SDK_BLOCKS) / (over_ws.seconds / BLOCKS)
        yield Row("  the pull is faster by", times, "times", note="time a block, over websocket")


@contextmanager
def _serving(folder: Path) -> Iterator[int]:
    """The port of a node with a chain of the shape of mainnet."""
    capture = folder / "capture"
    widen(EMBEDDED_RECORDING, TURNS, SUBNETS, INTERVAL, capture)
    with serving_apart(capture) as port:
        yield port


def _alone(work: Callable[..., Any], *given: object) -> Any:
    """The outcome of work in a process of its own, so that its size is the work's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *given).result()


def _fastest(*work: Any) -> Any:
    return min(_alone(*work) for _ in range(RUNS))


def _pull(url: str, blocks: int) -> Pull:
    node = Node([url], Budget(IN_FLIGHT))
    start = time.perf_counter()
    headers = land.raw_blocks(node, range(1, node.finalized_head() + 1)[:blocks])
    events = land.raw_events(node, headers)
    keys = 0
    for batch in land.raw_storage(node, headers, INTERVAL):
        # The first block read is landed with every key.
        keys += pc.sum(pc.equal(batch["block_number"], INTERVAL - 1)).as_py()
    seconds = time.perf_counter() - start
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return Pull(seconds, gigabytes, keys, events["events"].nbytes / blocks)


def _sdk_seconds(url: str, blocks: int) -> float:
    return asyncio.run(_read_with_sdk(url, blocks))


async def _read_with_sdk(url: str, blocks: int) -> float:
    """Seconds in which it reads the same, as many blocks in hand, its preparations not counted."""
    async with AsyncSubstrateInterface(url) as chain:
        runtime = await chain.init_runtime()
        keys = [
            key
            for item in (*GLOBAL_ITEMS, *SUBNET_ITEMS, *PARAMETER_ITEMS)
            if item.is_in(runtime.runtime_version)
            for key in await chain.create_storage_keys(
                item.pallet, item.item, [[n] for n in range(SUBNETS)] if item.key else [[]]
            )
        ]
        in_hand = asyncio.Semaphore(IN_FLIGHT)

        async def read_map(item: StorageItem, at: str) -> None:
            found = await chain.query_map(item.pallet, item.item, block_hash=at, page_size=1_000)
            async for _ in found:
                pass

        async def read(block: int) -> None:
            async with in_hand:
                at = await chain.get_block_hash(block)
                await asyncio.gather(
                    chain.get_block_header(block_hash=at),
                    chain.query("Timestamp", "Now", block_hash=at, runtime=runtime),
                    chain.query("System", "Events", block_hash=at, runtime=runtime),
                )
                if block % INTERVAL in (0, INTERVAL - 1):
                    maps = (NETWORKS_ADDED, *LISTED_ITEMS)
                    await asyncio.gather(
                        chain.query_multi(keys, block_hash=at, runtime=runtime),
                        *(read_map(item, at) for item in maps),
                    )

        start = time.perf_counter()
        await asyncio.gather(*map(read, range(1, blocks + 1)))
        return time.perf_counter() - start
