"""The EMA of a subnet's price, which decides emission and pruning."""

from mechanics.eras import Eras
from mechanics.moving_price import (
    v233_uncapped,
    v234_capped,
    v246_slow_start,
    v252_halving_blocks,
    v258_from_start_call,
    v423_wide,
)
from mechanics.moving_price.state import MovingPriceState

ERAS = Eras(
    "moving_price",
    v233_uncapped,
    v234_capped,
    v246_slow_start,
    v252_halving_blocks,
    v258_from_start_call,
    v423_wide,
)

__all__ = ["ERAS", "MovingPriceState"]
