"""How many requests may be in flight, shared by every process that works on one home folder.

Each process holds a lock on a file of its own, which the system drops when it ends, however it
ends, and touches it while it asks. The budget is divided by the number of files that are held and
were touched of late: a server that waits for its next hour leaves its part to those at work.
"""

import fcntl
import os
import time
from pathlib import Path

_SECONDS_BETWEEN_COUNTS = 1.0
_IDLE_SECONDS = 10.0


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

        Counted once a second, so for a second after a process has come, or is at work again, the
        sum may be exceeded.
        """
        now = time.monotonic()
        if self._folder is not None and now - self._counted_at >= _SECONDS_BETWEEN_COUNTS:
            self._counted_at = now
            if self._held is not None:
                os.utime(self._held.fileno())
            self._share = max(1, self._in_flight // max(1, self._processes()))
        return self._share

    def close(self) -> None:
        """Leaves the budget to the others."""
        if self._held is not None:
            Path(self._held.name).unlink(missing_ok=True)
            self._held.close()
            self._held = None

    def _processes(self) -> int:
        """How many are at work, this one included."""
        held = {path: at for path in self._folder.glob("*.lock") if (at := _held_since(path))}
        # By the clock of the file system alone, which processes of several hosts share.
        newest = max(held.values(), default=0.0)
        return sum(newest - at < _IDLE_SECONDS for at in held.values())


def _held_since(path: Path) -> float | None:
    """When a file was touched that some process holds; one that nobody holds is removed."""
    try:
        with path.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return os.fstat(file.fileno()).st_mtime
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    return None


def _locked(path: Path):
    """The file, locked and in its place: another may have taken it for one left behind."""
    while True:
        file = path.open("w")
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            return file
        file.close()
