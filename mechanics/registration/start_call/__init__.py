"""When a new subnet's owner may start its emission, and with which block it starts."""

from mechanics.eras import Eras
from mechanics.registration.start_call import v257_seven_days, v371_stored_delay
from mechanics.registration.start_call.state import StartCallState

ERAS = Eras("start_call", v257_seven_days, v371_stored_delay)

__all__ = ["ERAS", "StartCallState"]
