"""State asked for before it is needed: what is read of a block can depend on what was read of it.

Asked one after the other, a node a tenth of a second away would answer ten such questions a second.
So it is guessed what will be asked of the blocks to come, and only what was not is asked by itself.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from orchestration.chain.reader import ChainReader


class Foreseen:
    """A reader's storage, block after block.

    Args:
        guesses: what will be read of each block, in the order in which it will be. Taken as far
            ahead as the reader has requests in hand, and not at all by one that is not far away.
            A guess may ask too much or too little; what is read is the same.
    """

    def __init__(self, reader: ChainReader, guesses: Iterable[tuple[int, Sequence[bytes]]]) -> None:
        self._reader = reader
        self._guessed: deque[tuple[int, Sequence[bytes]]] = deque()
        self._answers = reader.storage(self._taken(guesses)) if reader.is_far else None
        self._block: int | None = None
        self._known: dict[bytes, bytes | None] = {}

    def _taken(
        self, guesses: Iterable[tuple[int, Sequence[bytes]]]
    ) -> Iterator[tuple[int, Sequence[bytes]]]:
        for guess in guesses:
            self._guessed.append(guess)
            yield guess

    def move_to(self, block: int) -> None:
        """Goes on to the next guess, which must be of that block."""
        self._block, self._known = block, {}
        if self._answers is not None:
            values = next(self._answers)
            guessed, keys = self._guessed.popleft()
            if guessed != block:
                raise ValueError(f"block {block} is read where {guessed} was foreseen")
            self._known = dict(zip(keys, values, strict=True))

    def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The value at each key at the end of the block."""
        known = self._known
        missing = [key for key in keys if key not in known] if known else keys
        if not missing:
            return [known[key] for key in keys]
        (values,) = self._reader.storage([(self._block, missing)])
        if not known:
            return values
        found = dict(zip(missing, values, strict=True))
        return [known[key] if key in known else found[key] for key in keys]
