"""Where the chain stands: the finalized head, the best head ahead of it, and orphan branches."""

from collections.abc import Callable

from tests.replay_node.capture import Block, Capture, digest, make_header


class Heads:
    """What the node takes for the chain at this moment.

    ``forks`` are the blocks at which an orphan branch begins. As long as the block is not
    finalized, it and all after it are answered from the branch: other hashes, empty blocks, and the
    state of the last block below the fork. When the block is finalized the branch is dead: its
    headers are still known, its state is discarded.
    """

    def __init__(
        self, capture: Capture, finalized: int, ahead: int = 0, forks: tuple[int, ...] = ()
    ) -> None:
        self._capture = capture
        self._ahead = ahead
        self._forks = sorted(forks)
        self._orphans: dict[str, Block] = {}
        self.finalized = finalized
        self.watchers: list[Callable[[], None]] = []

    @property
    def best(self) -> int:
        return min(self.finalized + self._ahead, self._capture.last)

    def advance(self, blocks: int = 1) -> None:
        """Finalizes more blocks, one after the other, as long as the capture has any."""
        for _ in range(min(blocks, self._capture.last - self.finalized)):
            self.finalized += 1
            for watcher in self.watchers:
                watcher()

    def at(self, number: int) -> Block | None:
        """The block of a number on the best chain."""
        if not self._capture.first <= number <= self.best:
            return None
        fork = next((fork for fork in self._forks if fork > self.finalized), None)
        if fork is not None and number >= fork:
            return self._orphan(fork, number)
        return self._capture.block(number)

    def hash_at(self, number: int) -> str | None:
        """The hash of a number; of blocks before the capture, those it names."""
        if number == 0:
            return self._capture.genesis_hash
        if number == self._capture.first - 1:
            return self._capture.parent_of_first
        block = self.at(number)
        return None if block is None else block.hash

    def find(self, block_hash: str) -> Block | None:
        """The block of a hash, of the chain up to the best head or of a branch once shown."""
        block = self._capture.by_hash.get(block_hash)
        if block is not None and block.number <= self.best:
            return block
        return self._orphans.get(block_hash)

    def has_state(self, block: Block) -> bool:
        """The branch of the block is alive; what is finalized ends every other branch."""
        return block.hash in self._capture.by_hash or block.state_of >= self.finalized

    def precedes_capture(self, block_hash: str) -> bool:
        """The hash is of a block before the first of the capture."""
        return self._capture.first > 0 and block_hash in (
            self._capture.genesis_hash,
            self._capture.parent_of_first,
        )

    def _orphan(self, fork: int, number: int) -> Block:
        block_hash = _orphan_hash(fork, number)
        if block_hash not in self._orphans:
            replaced = self._capture.block(number)
            parent = (
                replaced.header["parentHash"] if number == fork else _orphan_hash(fork, number - 1)
            )
            header = make_header(number, parent, replaced.timestamp_ms, ())
            self._orphans[block_hash] = Block(
                number, block_hash, header, replaced.timestamp_ms, (), state_of=fork - 1
            )
        return self._orphans[block_hash]


def _orphan_hash(fork: int, number: int) -> str:
    return digest(b"orphan", b"%d" % fork, b"%d" % number)
