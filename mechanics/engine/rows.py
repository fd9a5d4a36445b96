"""Rows of (uid, share of 65,535) in arrays: weights or bonds of all neurons in a few of them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mechanics.yuma.state import Row


class Rows(Mapping[int, Row]):
    """A mapping of uid to row, which the law reads as any other and the engine as it lies.

    Attributes:
        owners: uid of each row, int64, shape (m,), without repeats.
        starts: where each row begins, and where the last ends, int64, shape (m + 1,).
        uids: uint16, shape (entries,), in stored order.
        shares: uint16, shape (entries,).

    Raises:
        ValueError: the arrays do not fit together.
    """

    __slots__ = ("_places", "owners", "shares", "starts", "uids")

    def __init__(
        self, owners: np.ndarray, starts: np.ndarray, uids: np.ndarray, shares: np.ndarray
    ) -> None:
        self.owners = np.asarray(owners, dtype=np.int64)
        self.starts = np.asarray(starts, dtype=np.int64)
        self.uids = np.asarray(uids, dtype=np.uint16)
        self.shares = np.asarray(shares, dtype=np.uint16)
        entries = len(self.uids)
        if (
            len(self.starts) != len(self.owners) + 1
            or len(self.shares) != entries
            or self.starts[0] != 0
            or self.starts[-1] != entries
            or (np.diff(self.starts) < 0).any()
        ):
            raise ValueError("the arrays of rows do not fit together")
        self._places: dict[int, int] | None = None

    @classmethod
    def of(cls, rows: Mapping[int, Row]) -> "Rows":
        """Any rows in arrays; these themselves if they are.

        Raises:
            OverflowError, TypeError, ValueError: an entry is no pair of u16.
        """
        if isinstance(rows, cls):
            return rows
        lengths = [len(row) for row in rows.values()]
        entries = [entry for row in rows.values() for entry in row]
        pairs = np.array(entries, dtype=np.int64).reshape(len(entries), 2)
        if ((pairs < 0) | (pairs > np.iinfo(np.uint16).max)).any():
            raise OverflowError("an entry is no pair of u16")
        owners = np.fromiter(rows, np.int64, len(lengths))
        if ((owners < 0) | (owners > np.iinfo(np.uint16).max)).any():
            raise OverflowError("an owner is no u16")
        starts = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        return cls(owners, starts, pairs[:, 0], pairs[:, 1])

    def _place(self, owner: int) -> int:
        if self._places is None:
            self._places = {uid: place for place, uid in enumerate(self.owners.tolist())}
        return self._places[owner]

    def __getitem__(self, owner: int) -> Sequence[tuple[int, int]]:
        place = self._place(owner)
        row = slice(self.starts[place], self.starts[place + 1])
        return tuple(zip(self.uids[row].tolist(), self.shares[row].tolist(), strict=True))

    def __iter__(self) -> Iterator[int]:
        return iter(self.owners.tolist())

    def __len__(self) -> int:
        return len(self.owners)
