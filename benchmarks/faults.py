"""4,000 blocks pulled from a node that misbehaves: each fault alone at 5 %, then all at once.

A pull whose files are not those of the recording, byte for byte, is no figure: it is raised.
"""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import Row
from benchmarks.refresh import CAPTURE
from orchestration.chain.budget import Budget
from orchestration.chain.node import Node
from orchestration.chain.reader import ChainReader
from orchestration.chain.recording import Recording
from orchestration.lake import Lake
from orchestration.settings import EMBEDDED_RECORDING
from tests.orchestration.test_node import DAY, landed
from tests.replay_node.faults import SHARES
from tests.replay_node.process import serving_apart

IN_FLIGHT = 32
INTERVAL = 60
SHARE = "0.05"


def rows() -> Iterator[Row]:
    capture = CAPTURE if CAPTURE.is_dir() else EMBEDDED_RECORDING
    # A process for each pull, so that none finds what another left behind.
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as process,
    ):
        expected = process.submit(_land_recording, capture, Path(folder, "recording")).result()
        for name, transport, options in _misbehaviours():
            into = Path(folder, f"{transport} {name}")
            with serving_apart(capture, *options) as port:
                start = time.perf_counter()
                url = f"{transport}://127.0.0.1:{port}"
                found = process.submit(_land_node, url, into).result()
                seconds = time.perf_counter() - start
            if found != expected:
                raise RuntimeError(f"{name} over {transport}: the files are not the recording's")
            yield Row(f"{name}, {transport}", seconds, "s", note=f"{len(found)} files equal")


def _misbehaviours() -> Iterator[tuple[str, str, list[str]]]:
    for transport in ("ws", "http"):
        yield "no fault", transport, []
        for fault in SHARES:
            # A websocket has no status of its own.
            if fault != "server_error" or transport == "http":
                yield fault, transport, [f"--{fault.replace('_', '-')}", SHARE]
        yield "latency", transport, ["--latency-seconds", "0.005", "--jitter-seconds", "0.02"]
        yield "all at once", transport, ["--mix", SHARE]


def _land_recording(capture: Path, into: Path) -> dict[str, str]:
    return _land(Recording(capture), into)


def _land_node(url: str, into: Path) -> dict[str, str]:
    node = Node([url], Budget(IN_FLIGHT))
    try:
        return _land(node, into)
    finally:
        node.close()


def _land(reader: ChainReader, into: Path) -> dict[str, str]:
    """Lands the day's raw tables; the digest of each file."""
    lake, day = Lake(into), DAY.isoformat()
    for table, rows_ in landed(reader, INTERVAL).items():
        lake.write(table, rows_, day)
    return {table: lake.digest(table, day) for table in sorted(p.name for p in into.iterdir())}
