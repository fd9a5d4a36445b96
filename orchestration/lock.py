"""One process at a time: a lock the system drops when its holder ends, however it ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from orchestration.errors import BusyError, LakeError


@contextlib.contextmanager
def waited_for(path: Path) -> Iterator[None]:
    """Holds the lock file while the body runs, after whoever else does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def day_lock(home: Path, day: str) -> Path:
    """The file that a run holds while it is at work on a day."""
    return home / "days" / f"{day}.lock"


def is_held(path: Path) -> bool:
    """Whether some process holds the lock file at this moment."""
    if not path.is_file():
        return False
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextlib.contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Holds the lock file while the body runs.

    Raises:
        BusyError: another process holds it; the sentence names its process id.
        LakeError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a+")
    except OSError as error:
        raise LakeError(
            f"{path.parent} cannot be written ({error.strerror}); "
            "set TAOBOOKS_HOME to a folder you may write to."
        ) from None
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise BusyError(
                f"Another process (pid {holder}) is {what} in {path.parent}; "
                "wait until it has ended, then run the same command again."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
