"""How many requests may be in flight, shared by every process that works on one home folder.

Each process holds a lock on a file of its own, which the system drops when it ends, however it
ends. The budget is divided by the number of files that are held.
"""

import fcntl
import os
import time
from pathlib import Path

_SECONDS_BETWEEN_COUNTS = 1.0


class Budget:
    """A process's part of the requests in flight; without a folder it has them all."""

    def __init__(self, in_flight: int, folder: Path | None = None) -> None:
        self._in_flight = in_flight
        self._folder = folder
        self._held = None
        self._counted_at = -_SECONDS_BETWEEN_COUNTS
        self._share = in_flight
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._held = _locked(folder / f"{os.getpid()}-{id(self)}.lock")

    def share(self) -> int:
        """The part of this process, at least 1.

        Counted once a second, so for a second after a process has come the sum may be exceeded.
        """
        now = time.monotonic()
        if self._folder is not None and now - self._counted_at >= _SECONDS_BETWEEN_COUNTS:
            self._counted_at = now
            self._share = max(1, self._in_flight // max(1, self._processes()))
        return self._share

    def close(self) -> None:
        """Leaves the budget to the others."""
        if self._held is not None:
            Path(self._held.name).unlink(missing_ok=True)
            self._held.close()
            self._held = None

    def _processes(self) -> int:
        return sum(self._is_held(path) for path in self._folder.glob("*.lock"))

    def _is_held(self, path: Path) -> bool:
        if self._held is not None and path == Path(self._held.name):
            return True
        try:
            with path.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            pass
        return False


def _locked(path: Path):
    """The file, locked and in its place: another may have taken it for one left behind."""
    while True:
        file = path.open("w")
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            return file
        file.close()
