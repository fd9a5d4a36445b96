"""When a subnet's epoch is due, and which of those due run in a block.

Whether an epoch did run is observed on chain; this says whether it had to.
"""

from mechanics.eras import Eras
from mechanics.schedule import v233_modulo, v334_consistent_input, v423_stateful
from mechanics.schedule.state import Outcome, ScheduleState, Slot

ERAS = Eras("schedule", v233_modulo, v334_consistent_input, v423_stateful)

__all__ = ["ERAS", "Outcome", "ScheduleState", "Slot"]
