"""Between which blocks an epoch may have run that no snapshot shows.

A subnet says only when its last epoch ran. Where two readings are further apart than its epochs,
others may have run before that one.
"""

from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from orchestration.recompute.rows import rows_of

ROOT = 0

_COLUMNS = [
    "block_number",
    "netuid",
    *(
        f"{when}{name}"
        for when in ("pre_", "")
        for name in ("is_network_added", "network_registered_at_block", "last_mechanism_step_block")
    ),
]


class _Reading(NamedTuple):
    """What the state at the end of a block says of a netuid; no subnet: no generation."""

    block: int
    generation: int | None
    last_epoch: int


class UnreadEpochs:
    """Answers whether an epoch may have run unread between two blocks.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        hyperparameters: the day of ``chain__hyperparameters``.
    """

    def __init__(self, subnet_blocks: pa.Table, hyperparameters: pa.Table) -> None:
        self._spans: dict[int, list[tuple[int, int]]] = {}
        blocks = np.unique(subnet_blocks["block_number"].to_numpy())
        if (np.diff(blocks) == 1).all():
            return  # every block was read
        tempos = _Tempos(hyperparameters)
        readings: dict[int, list[_Reading]] = defaultdict(list)
        for row in rows_of(subnet_blocks, _COLUMNS):
            for when, block in (("pre_", row["block_number"] - 1), ("", row["block_number"])):
                is_there = row[f"{when}is_network_added"]
                generation = row[f"{when}network_registered_at_block"] if is_there else None
                last = row[f"{when}last_mechanism_step_block"]
                readings[row["netuid"]].append(_Reading(block, generation, last))
        for netuid, found in readings.items():
            spans = (_unread(*pair, tempos, netuid) for pair in pairwise(found))
            self._spans[netuid] = [span for span in spans if span is not None]

    def may_have_run(self, netuid: int, after: int, upto: int) -> bool:
        """Whether an epoch may have run unread after one block, up to another.

        Root is paid by the epochs of every subnet.
        """
        of = self._spans if netuid == ROOT else (netuid,)
        return any(
            max(after, start) + 1 <= min(upto, stop - 1)
            for each in of
            for start, stop in self._spans.get(each, ())
        )


def _unread(
    before: _Reading, after: _Reading, tempos: "_Tempos", netuid: int
) -> tuple[int, int] | None:
    """Between which two blocks, both excluded, an epoch may have run unread; None: in none.

    Epochs are a tempo apart or, up to spec 422, one block more; where the tempo was changed the
    next may come at once.
    """
    if after.block - before.block <= 1:
        return None
    if before.generation is None or after.generation != before.generation:
        return before.block, after.block
    last = after.last_epoch
    if last <= before.block + 1:
        return None
    tempo = tempos.at(netuid, before.block)
    is_possible = tempo is None or tempo != tempos.at(netuid, after.block)
    if not is_possible:
        apart = last - before.last_epoch
        is_possible = last - before.block > tempo and apart >= 2 * tempo
    return (before.block, last) if is_possible else None


class _Tempos:
    """The tempo of every subnet, by the block from which on it was seen."""

    def __init__(self, hyperparameters: pa.Table) -> None:
        self._of: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for row in rows_of(hyperparameters, ["block_number", "netuid", "tempo_blocks"]):
            blocks, tempos = self._of[row["netuid"]]
            blocks.append(row["block_number"])
            tempos.append(row["tempo_blocks"])

    def at(self, netuid: int, block: int) -> int | None:
        if netuid not in self._of:
            return None
        blocks, tempos = self._of[netuid]
        return tempos[max(bisect_right(blocks, block) - 1, 0)]
