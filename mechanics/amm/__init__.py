"""The pools in which TAO and alpha are exchanged."""

from mechanics.amm import v233_constant_product, v290_concentrated
from mechanics.amm.state import PoolState
from mechanics.eras import Era, Eras

ERAS = Eras("amm", v233_constant_product, v290_concentrated)

__all__ = ["ERAS", "Era", "PoolState"]
