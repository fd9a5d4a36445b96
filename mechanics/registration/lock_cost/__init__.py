"""What it costs to register a subnet."""

from mechanics.eras import Eras
from mechanics.registration.lock_cost import v233_doubled_then_linear
from mechanics.registration.lock_cost.state import LockCostState

ERAS = Eras("lock_cost", v233_doubled_then_linear)

__all__ = ["ERAS", "LockCostState"]
