"""What a new subnet's pool starts with."""

from mechanics.eras import Eras
from mechanics.registration.pool_start import v233_minimum_lock, v397_whole_lock
from mechanics.registration.pool_start.state import PoolStart, PoolStartState

ERAS = Eras("pool_start", v233_minimum_lock, v397_whole_lock)

__all__ = ["ERAS", "PoolStart", "PoolStartState"]
