"""A backfill: many days at once, each in a worker process; what goes on between parent and workers.

Every day is one Dagster run, as in a refresh. Newest days first, so that what is landed always
adjoins the tip: a backfill that was stopped leaves no gap behind, only a later beginning. A day
that failed for a reason that may pass is tried again after all others.
"""

import contextlib
import multiprocessing
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from orchestration import refresh, settings
from orchestration.errors import BusyError, TaobooksError, UnreachableError

MOST_TRIES = 3
"""Of a day whose failure may pass."""
PAUSE_SECONDS = 15.0
"""Before the second try; twice as long before the third."""


def take(work: refresh.Work, watcher: refresh.Watcher, workers: int) -> refresh.Failures:
    """Does all the work in as many processes as are asked for; a failed day stops no other.

    A day is tried up to three times where nodes did not answer, another process had it, or its
    worker was killed.

    The settings are those of the environment, which the workers have too.

    Returns:
        Why a day failed, by day.
    """
    waiting = deque(sorted(work, key=lambda job_and_day: job_and_day[1], reverse=True))
    tried: Counter[str] = Counter()
    failures: refresh.Failures = {}
    team: list[_Worker] = []
    try:
        while waiting or team:
            while waiting and len(team) < workers:
                team.append(_Worker.begun())
                team[-1].give(*waiting.popleft(), tried)
            for pipe in wait([worker.pipe for worker in team]):
                worker = next(each for each in team if each.pipe is pipe)
                failure = worker.heard(watcher)
                if failure is not None:
                    tried[worker.day] += 1
                    if isinstance(failure, _MAY_PASS) and tried[worker.day] < MOST_TRIES:
                        waiting.append((worker.job, worker.day))
                        watcher.says(f"{worker.day} is tried again later: {failure}")
                    else:
                        failures[worker.day] = _named(worker.day, failure)
                if worker.is_free and waiting:
                    worker.give(*waiting.popleft(), tried)
                elif worker.is_free or worker.is_gone:
                    team.remove(worker)
                    worker.dismiss()
    finally:
        for worker in team:
            worker.end()
    return failures


class _KilledError(TaobooksError):
    """The process that had a day in hand is gone."""


_MAY_PASS = (UnreachableError, BusyError, _KilledError)


def _named(day: str, failure: TaobooksError) -> TaobooksError:
    """The failure with its day in front, where its sentence does not begin with it."""
    return failure if str(failure).startswith(day) else TaobooksError(f"{day}: {failure}")


@dataclass(slots=True)
class _Worker:
    """A process, what it is heard through, and the job and day it has in hand."""

    process: BaseProcess
    pipe: Connection
    job: str = ""
    day: str = ""
    is_free: bool = False
    is_gone: bool = False

    @classmethod
    def begun(cls) -> "_Worker":
        # Spawned: what Dagster, Arrow and a node's reader have running does not survive a fork.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, job: str, day: str, tried: Counter[str]) -> None:
        """Hands it a day; one that has failed begins after a pause."""
        self.job, self.day, self.is_free = job, day, False
        pause = PAUSE_SECONDS * 2 ** (tried[day] - 1) if tried[day] else 0.0
        # Where the worker was killed while it was free, that is heard from the pipe.
        with contextlib.suppress(ConnectionError):
            self.pipe.send((job, day, pause))

    def heard(self, watcher: refresh.Watcher) -> TaobooksError | None:
        """Passes on what the worker tells; returns why its day failed, where it did."""
        try:
            kind, said = self.pipe.recv()
        except (EOFError, ConnectionError):
            self.is_gone = True
            return _KilledError(
                f"{self.day}: its worker (pid {self.process.pid}) ended in the middle of it; "
                "run the same command again."
            )
        if kind == "starts":
            watcher.starts(said, self.day)
        elif kind == "says":
            watcher.says(said)
        elif kind == "ends":
            watcher.ends(said)
        else:
            self.is_free = True
        return said if kind == "failed" else None

    def dismiss(self) -> None:
        """Lets a process end that has nothing more to do."""
        self.pipe.close()
        self.process.join()

    def end(self) -> None:
        """Ends the process; everything it leaves half done is as if never begun."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


# ---------------------------------------------------------------------- in the worker


def _work(pipe: Connection) -> None:
    # A ctrl-C goes to the parent alone, which ends the workers.
    os.setpgrp()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with refresh.opened(settings.load()) as instance:
        for job, day in _given(pipe):
            try:
                refresh.execute(job, instance, _Telling(pipe), day)
            except TaobooksError as failure:
                pipe.send(("failed", failure))
            else:
                pipe.send(("done", day))


def _given(pipe: Connection) -> Iterator[tuple[str, str]]:
    """Jobs and days, until the parent has no more."""
    with contextlib.suppress(EOFError):
        while True:
            job, day, pause = pipe.recv()
            time.sleep(pause)
            yield job, day


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


@dataclass(frozen=True, slots=True)
class _Telling:
    """A watcher that tells the parent."""

    pipe: Connection

    def begins(self, steps: int) -> None:
        """The parent has counted them."""

    def starts(self, step: str, day: str | None) -> None:
        self.pipe.send(("starts", step))

    def says(self, line: str) -> None:
        self.pipe.send(("says", line))

    def ends(self, step: str) -> None:
        self.pipe.send(("ends", step))
