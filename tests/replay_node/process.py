"""The replay node in a process of its own, for what is measured beside it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.settings import PROJECT_ROOT


@contextmanager
def serving_apart(capture: Path, *options: str) -> Iterator[int]:
    """Serves a capture with options of ``python -m tests.replay_node``; the port it listens on."""
    node = subprocess.Popen(
        [sys.executable, "-m", "tests.replay_node", capture, "--port", "0", *options],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        # Listening on ws://127.0.0.1:9944 and ...
        yield int(node.stdout.readline().split()[2].rpartition(":")[2])
    finally:
        node.terminate()
        node.wait()
