"""A subnet's pool as the chain keeps it, what a swap does to it, and what the chain refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mechanics.eras import BadState, unsigned
from mechanics.fixed import I64F64, U64F64

STABLE = 0
"""SubnetMechanism of a subnet without a pool, root among them: every swap is 1:1."""

PERQUINTILL = 10**18
"""Parts of a whole in which the balancer's weights are kept."""

_MAX_U64 = 2**64 - 1
_NO_FEES = I64F64(0)
_NONE_EARNED = U64F64(0)


class Side(Enum):
    """Which way a swap goes: TAO in and alpha out, or alpha in and TAO out."""

    BUY = "buy"
    SELL = "sell"


class Asset(Enum):
    """What an amount is an amount of."""

    TAO = "TAO"
    ALPHA = "alpha"


@dataclass(frozen=True, slots=True)
class Tick:
    """What the pool keeps of a price at which liquidity begins or ends.

    Attributes:
        liquidity_net: added when the price rises across the tick, taken off when it falls.
        liquidity_gross: sum over the positions that begin or end here.
        fees_out_tao, fees_out_alpha: fees per unit of liquidity earned on the tick's other side.
    """

    liquidity_net: int = 0
    liquidity_gross: int = 0
    fees_out_tao: I64F64 = _NO_FEES
    fees_out_alpha: I64F64 = _NO_FEES


@dataclass(frozen=True, slots=True)
class Position:
    """Liquidity lent to a range of prices.

    Attributes:
        tick_low, tick_high: the range, half-open.
        liquidity: square root of TAO times alpha, in rao.
        fees_tao, fees_alpha: fees per unit of liquidity when last collected.
    """

    tick_low: int
    tick_high: int
    liquidity: int
    fees_tao: I64F64 = _NO_FEES
    fees_alpha: I64F64 = _NO_FEES


@dataclass(frozen=True, slots=True)
class PoolState:
    """The pool of one subnet. What a spec has no item for is left as it is here.

    Attributes:
        mechanism: SubnetMechanism, 1 for a pool, else a stable subnet.
        tao_reserve_rao, alpha_reserve_rao: SubnetTAO, SubnetAlphaIn.
        is_v3_initialized: SwapV3Initialized.
        alpha_sqrt_price: AlphaSqrtPrice, None where there is none.
        fee_rate_u16: FeeRate, of 65,535; None where there is none. Its default is the spec's.
        tao_provided_rao, alpha_provided_rao: SubnetTaoProvided, SubnetAlphaInProvided: reserves
            that users lent.
        current_liquidity: CurrentLiquidity, None where there is none.
        current_tick: CurrentTick, None where there is none.
        fee_global_tao, fee_global_alpha: FeeGlobalTao, FeeGlobalAlpha: fees per unit of liquidity.
        ticks: Ticks, by index.
        protocol_position: the one of Positions that the protocol owns, None before the first swap.
        positions: the other ones, by id.
        is_user_liquidity_enabled: EnabledUserLiquidity.
        tao_scrap_rao, alpha_scrap_rao: ScrapReservoirTao, ScrapReservoirAlpha.
        quote_weight_perquintill: SwapBalancer, the weight of TAO, alpha having the rest of 10^18;
            None where there is none. Its default is a half.
        tao_reservoir_rao, alpha_reservoir_rao: BalancerTaoReservoir, BalancerAlphaReservoir.
    """

    mechanism: int
    tao_reserve_rao: int
    alpha_reserve_rao: int
    is_v3_initialized: bool = False
    alpha_sqrt_price: U64F64 | None = None
    fee_rate_u16: int | None = None
    tao_provided_rao: int = 0
    alpha_provided_rao: int = 0
    current_liquidity: int | None = None
    current_tick: int | None = None
    fee_global_tao: U64F64 = _NONE_EARNED
    fee_global_alpha: U64F64 = _NONE_EARNED
    ticks: Mapping[int, Tick] = field(default_factory=dict)
    protocol_position: Position | None = None
    positions: Mapping[int, Position] = field(default_factory=dict)
    is_user_liquidity_enabled: bool = False
    tao_scrap_rao: int = 0
    alpha_scrap_rao: int = 0
    quote_weight_perquintill: int | None = None
    tao_reservoir_rao: int = 0
    alpha_reservoir_rao: int = 0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise BadState(name, f"is {value}, not from 0 to {most}")

    @property
    def tao_rao(self) -> int:
        """All TAO that a swap may pay out."""
        return saturating_sum(self.tao_reserve_rao, self.tao_provided_rao)

    @property
    def alpha_rao(self) -> int:
        """All alpha that a swap may pay out."""
        return saturating_sum(self.alpha_reserve_rao, self.alpha_provided_rao)


def changed(pool: PoolState, **parts: Any) -> PoolState:
    """The pool with some parts replaced by what a rule computed.

    As ``dataclasses.replace``, which took a third of a replayed block, but slot by slot and without
    the check of bounds: that is for what comes from outside, and rules clamp what they compute.
    """
    made = object.__new__(PoolState)
    for name, read, write in _SLOTS:
        write(made, parts[name] if name in parts else read(pool))
    return made


_SLOTS = tuple(
    (name, vars(PoolState)[name].__get__, vars(PoolState)[name].__set__)
    for name in PoolState.__slots__
)

_MOST = {
    "mechanism": 2**16 - 1,
    "fee_rate_u16": 2**16 - 1,
    "quote_weight_perquintill": PERQUINTILL,
} | dict.fromkeys(
    (
        "tao_reserve_rao",
        "alpha_reserve_rao",
        "tao_provided_rao",
        "alpha_provided_rao",
        "current_liquidity",
        "tao_scrap_rao",
        "alpha_scrap_rao",
        "tao_reservoir_rao",
        "alpha_reservoir_rao",
    ),
    _MAX_U64,
)


def saturating_sum(one_rao: int, other_rao: int) -> int:
    """The sum of two balances, at most 2^64 - 1."""
    return min(one_rao + other_rao, _MAX_U64)


def saturating_rest(whole_rao: int, part_rao: int) -> int:
    """What is left of a balance, at least 0."""
    return max(whole_rao - part_rao, 0)


def require_amount(field: str, amount_rao: int) -> None:
    """Refuse what is no balance.

    Raises:
        BadState: it is not from 0 to 2^64 - 1.
    """
    unsigned(amount_rao, field)


@dataclass(frozen=True, slots=True)
class Swap:
    """What a swap comes to.

    Attributes:
        paid_in_rao: what the pool took of the asset given, without a fee in that asset.
        paid_out_rao: what the trader gets of the other asset.
        fee_rao: the fee.
        fee_asset: what the fee is paid in.
        author_fee_rao: the part of the fee that is the block author's, in the same asset.
        pool: the pool afterwards.
    """

    paid_in_rao: int
    paid_out_rao: int
    fee_rao: int
    fee_asset: Asset
    author_fee_rao: int
    pool: PoolState


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What an injection does to the pool's liquidity, its reserves not yet counted.

    Attributes:
        pool: the pool with its new liquidity or weights, its reserves as before.
        tao_rao, alpha_rao: what the reserves are to receive.
    """

    pool: PoolState
    tao_rao: int
    alpha_rao: int

    def applied(self) -> PoolState:
        """The pool with its reserves counted too."""
        return changed(
            self.pool,
            tao_reserve_rao=saturating_sum(self.pool.tao_reserve_rao, self.tao_rao),
            alpha_reserve_rao=saturating_sum(self.pool.alpha_reserve_rao, self.alpha_rao),
        )


@dataclass(frozen=True, slots=True)
class Provision:
    """What a user's liquidity comes to when it is added, changed or removed.

    Attributes:
        tao_rao, alpha_rao: what the user pays, or gets back, of each.
        fee_tao_rao, fee_alpha_rao: the fees the position had earned, paid to the user.
        pool: the pool afterwards.
    """

    tao_rao: int
    alpha_rao: int
    fee_tao_rao: int
    fee_alpha_rao: int
    pool: PoolState


class Refused(ValueError):
    """The chain refuses; ``field`` is what it refuses for."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")
        self.field = field


class ReservesTooLow(Refused):
    """The reserve to be paid from is below the least, or the amount paid out would be nothing."""


class InsufficientLiquidity(Refused):
    """The pool cannot pay what the swap comes to."""


class PriceLimitExceeded(Refused):
    """The price is at the limit, or beyond it, before the swap."""


class TooManySwapSteps(Refused):
    """The swap crosses more ticks than the chain follows."""


class SwapInputTooLarge(Refused):
    """The swap puts in more than a thousand times the reserve."""


class ReservesOutOfBalance(Refused):
    """The weights that go with the reserves and the price are out of bounds."""


class UserLiquidityDisabled(Refused):
    """The subnet takes no liquidity from users."""


class InvalidTickRange(Refused):
    """A range of prices is empty or out of bounds."""


class InvalidLiquidityValue(Refused):
    """Too little liquidity is added or taken off."""


class LiquidityNotFound(Refused):
    """There is no such position."""
