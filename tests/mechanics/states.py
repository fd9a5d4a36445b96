"""Random states for holding the engine against the law: mostly plausible, some at every edge."""

import os
from collections.abc import Callable
from random import Random
from typing import Any

from mechanics.amm.state import Refused, Swap

COUNT = int(os.environ.get("TAOBOOKS_STATES", "300"))
"""How many states each test draws; the environment variable asks for more."""


class Draw(Random):
    """Numbers of every size: uniform in their length in bits, with edges in between."""

    def bits(self, width: int) -> int:
        """An unsigned number of at most so many bits."""
        if self.random() < 0.1:
            edge = 1 << self.randrange(width + 1)
            return min(max(edge + self.choice((-1, 0, 1)), 0), (1 << width) - 1)
        return self.getrandbits(self.randint(1, width))

    def signed(self, width: int) -> int:
        """A signed number of at most so many bits."""
        magnitude = self.bits(width - 1)
        return -magnitude if self.random() < 0.5 else magnitude

    def is_true(self, chance: float = 0.5) -> bool:
        return self.random() < chance


def quoted_by_law(trade: Callable[..., Swap], *order: Any) -> tuple[int, int, int, int, bool]:
    """A swap of the law's as a row of the engine's quotes; zeros where it is refused."""
    try:
        swap = trade(*order)
    except Refused:
        return 0, 0, 0, 0, True
    return swap.paid_in_rao, swap.paid_out_rao, swap.fee_rao, swap.author_fee_rao, False
