"""A whole refresh as a user runs it: wall time and the largest process."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Row
from orchestration.settings import EMBEDDED_RECORDING, PROJECT_ROOT

CAPTURE = PROJECT_ROOT.parent / "shared" / "captures" / "localnet_a"


def rows() -> Iterator[Row]:
    yield from _refresh("the embedded recording, 600 blocks", EMBEDDED_RECORDING, 60)
    if CAPTURE.is_dir():
        yield from _refresh("localnet_a, 4,000 blocks at interval 1", CAPTURE, 120)


def _refresh(what: str, recording: Path, target_seconds: float) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as home:
        chosen = {"TAOBOOKS_HOME": home, "TAOBOOKS_SOURCE": f"recording:{recording}"}
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "refresh"],
            cwd=PROJECT_ROOT,
            env=os.environ | chosen,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f"the refresh of {recording} ended with status {status}")
    yield Row(f"refresh {what}", seconds, "s", target_seconds)
    yield Row("  its largest process", usage.ru_maxrss / 2**20, "GB", 2)
