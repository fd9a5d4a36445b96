"""The pools in which TAO and alpha are exchanged."""

from mechanics.amm import (
    v233_constant_product,
    v290_concentrated,
    v301_fees_reinvested,
    v334_proportional,
    v385_fee_to_author,
    v391_own_reserves,
    v423_balancer,
    v424_bounded_input,
    v426_reservoirs,
)
from mechanics.amm.state import (
    STABLE,
    Adjustment,
    Asset,
    PoolState,
    Position,
    Provision,
    Refused,
    Side,
    Swap,
    Tick,
)
from mechanics.eras import Era, Eras

ERAS = Eras(
    "amm",
    v233_constant_product,
    v290_concentrated,
    v301_fees_reinvested,
    v334_proportional,
    v385_fee_to_author,
    v391_own_reserves,
    v423_balancer,
    v424_bounded_input,
    v426_reservoirs,
)

__all__ = [
    "ERAS",
    "STABLE",
    "Adjustment",
    "Asset",
    "Era",
    "PoolState",
    "Position",
    "Provision",
    "Refused",
    "Side",
    "Swap",
    "Tick",
]
