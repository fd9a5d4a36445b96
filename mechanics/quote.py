"""What a buy or a sale of a size would pay in a given pool at a given spec, to the rao.

Slippage and cost are exact ratios. A quote is what the pool's own rule gives; whether the account
has the balance, or the order is above the least stake, is not the pool's to say.
"""

from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational

from mechanics import amm
from mechanics.amm import Asset, PoolState, Refused, Side
from mechanics.eras import BadState

_MOST_RAO = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order comes to.

    Attributes:
        side: buy or sell.
        era: the module whose rule it is.
        offered_rao: the order, of TAO in a buy and of alpha in a sale.
        paid_in_rao: what the pool takes of it, without a fee in that asset.
        paid_out_rao: what the trader gets of the other asset.
        fee_rao: the fee.
        fee_asset: what the fee is paid in.
        spot_price: the price before, TAO per alpha, exactly as the chain states it.
    """

    side: Side
    era: str
    offered_rao: int
    paid_in_rao: int
    paid_out_rao: int
    fee_rao: int
    fee_asset: Asset
    spot_price: Fraction

    @property
    def taken_rao(self) -> int:
        """What the trader parts with: less than was offered where a limit stops the swap."""
        return self.paid_in_rao + (self.fee_rao if self._is_fee_paid_in else 0)

    @property
    def slippage(self) -> Fraction:
        """How much less than at the spot price is paid for what the pool takes, fees apart.

        1 - out / ideal, the ideal being in / p for a buy and in p for a sale; 0 for nothing. A
        spot price that is cut, or a rounding in the pool's favour, can show as a few parts in
        10^9 of either sign.
        """
        gross = self.paid_out_rao + (0 if self._is_fee_paid_in else self.fee_rao)
        return self._shortfall(gross, self.paid_in_rao)

    @property
    def cost(self) -> Fraction:
        """How much less than at the spot price the trader gets for all it parts with."""
        return self._shortfall(self.paid_out_rao, self.taken_rao)

    @property
    def _is_fee_paid_in(self) -> bool:
        return (self.fee_asset is Asset.TAO) == (self.side is Side.BUY)

    def _shortfall(self, out_rao: int, in_rao: int) -> Fraction:
        if in_rao == 0:
            return Fraction(0)
        price = self.spot_price if self.side is Side.SELL else 1 / self.spot_price
        return 1 - out_rao / (in_rao * price)


def quote(
    pool: PoolState,
    side: Side,
    amount_rao: int,
    spec_version: int,
    limit_price_rao: int | None = None,
    drop_fees: bool = False,
) -> Quote:
    """What an order would pay.

    Args
        pool: the pool's state; where users may lend, with its ticks.
        side: buy or sell.
        amount_rao: the order, rao of TAO in a buy, rao of alpha in a sale, fee included.
        spec_version: the rule to go by.
        limit_price_rao: rao of TAO per whole alpha at which to stop, None for no limit.
        drop_fees: True for the protocol's own swaps.

    Returns
        The quote.

    Errors
        UnknownRule for a spec without a known rule; Refused where the chain refuses; BadState for
        a state that no pool is in, or a price of 0.

    Source
        The era's own: see ``buy`` and ``sell`` there.
    """
    era = amm.ERAS.at(spec_version)
    trade = era.module.buy if side is Side.BUY else era.module.sell
    swap = trade(pool, amount_rao, limit_price_rao, drop_fees)
    price = era.module.spot_price(pool)
    if not price:
        raise BadState("alpha_sqrt_price" if pool.is_v3_initialized else "tao_reserve_rao", "is 0")
    return Quote(
        side,
        era.name,
        amount_rao,
        swap.paid_in_rao,
        swap.paid_out_rao,
        swap.fee_rao,
        swap.fee_asset,
        Fraction(price.bits, 1 << price.FRACTION),
    )


def largest(
    pool: PoolState, side: Side, most_slippage: Fraction, spec_version: int
) -> Quote | None:
    """The largest order whose slippage is within a bound.

    Rule
        Halve from 2^64 - 1 until an order is taken whole and within the bound, then bisect: the
        order found is within it, and one rao more is not. Along the curve slippage only grows;
        rounding can let a size a few rao beyond pass again, which is not looked for.

    Args
        pool: the pool's state; where users may lend, with its ticks.
        side: buy or sell.
        most_slippage: the bound, dimensionless, fees apart.
        spec_version: the rule to go by.

    Returns
        Its quote; None where not even the smallest order is within the bound.

    Errors
        UnknownRule for a spec without a known rule; BadState for a state that no pool is in, or a
        bound that is a float or not from 0 to 1.

    Source
        The era's own: see ``buy`` and ``sell`` there.
    """

    if not isinstance(most_slippage, Rational) or not 0 <= most_slippage <= 1:
        raise BadState("most_slippage", f"is {most_slippage!r}, not an exact ratio from 0 to 1")

    def within(amount_rao: int) -> Quote | None:
        try:
            found = quote(pool, side, amount_rao, spec_version)
        except Refused:
            return None
        is_whole = found.taken_rao == amount_rao
        return found if is_whole and found.slippage <= most_slippage else None

    above, amount = _MOST_RAO + 1, _MOST_RAO
    best = within(amount)
    while best is None:
        above, amount = amount, amount // 2
        if amount == 0:
            return None
        best = within(amount)
    while above - amount > 1:
        middle = amount + (above - amount) // 2
        found = within(middle)
        if found is None:
            above = middle
        else:
            amount, best = middle, found
    return best
