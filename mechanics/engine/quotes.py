"""What many sizes of a swap would come to, each from the same pool."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mechanics.amm.state import Refused, Swap


class Quotes(NamedTuple):
    """What a swap of each of n sizes would come to; 0 where the chain refuses it.

    Attributes:
        paid_in_rao: what the pool would take of the asset given, without the fee; uint64.
        paid_out_rao: what the trader would get of the other asset; uint64.
        fee_rao: the fee, in the asset given from spec 290; uint64.
        author_fee_rao: the part of it that is the block author's; uint64.
        is_refused: the chain would refuse the swap; the law says why. bool.
    """

    paid_in_rao: np.ndarray
    paid_out_rao: np.ndarray
    fee_rao: np.ndarray
    author_fee_rao: np.ndarray
    is_refused: np.ndarray

    def clear_refused(self) -> None:
        """Set to 0 what is refused."""
        for amounts in self[:4]:
            amounts[self.is_refused] = 0

    def put(self, place: int, trade: "Trade", amount_rao: int) -> None:
        """Take one quote from the law."""
        try:
            found = (*trade(int(amount_rao)), False)
        except Refused:
            found = (0, 0, 0, 0, True)
        for column, value in zip(self, found, strict=True):
            column[place] = value


Trade = Callable[[int], tuple[int, int, int, int]]
"""A size -> what is paid in, paid out, the fee and the author's part of it, by the law."""


def amounts(swap: Swap) -> tuple[int, int, int, int]:
    """A swap of the law's as a quote."""
    return swap.paid_in_rao, swap.paid_out_rao, swap.fee_rao, swap.author_fee_rao


def stable(amount_rao: np.ndarray) -> Quotes:
    """The quotes of a stable subnet: 1:1, without a fee."""
    none = refused(len(amount_rao))
    return none._replace(
        paid_in_rao=amount_rao.copy(), paid_out_rao=amount_rao.copy(), is_refused=~none.is_refused
    )


def refused(count: int) -> Quotes:
    """So many quotes that the chain refuses."""
    return Quotes(*(np.zeros(count, np.uint64) for _ in range(4)), np.ones(count, bool))


def by_law(amount_rao: np.ndarray, trade: Trade) -> Quotes:
    """Every quote from the law."""
    found = refused(len(amount_rao))
    for place, amount in enumerate(amount_rao):
        found.put(place, trade, amount)
    return found
