"""A block's TAO among the subnets."""

from mechanics.emission import v233_price_ema, v257_started_subnets
from mechanics.emission.state import Emissions, EmissionState
from mechanics.eras import Eras

ERAS = Eras("emission", v233_price_ema, v257_started_subnets)

__all__ = ["ERAS", "EmissionState", "Emissions"]
