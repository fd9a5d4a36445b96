"""Which subnet leaves when a new one is registered at the limit."""

from mechanics.eras import Eras
from mechanics.registration.pruning import v320_lowest_moving_price
from mechanics.registration.pruning.state import PruningState, SubnetStanding

ERAS = Eras("pruning", v320_lowest_moving_price)

__all__ = ["ERAS", "PruningState", "SubnetStanding"]
