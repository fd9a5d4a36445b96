"""What moves a subnet's TAO flow counters, which emission by flow (specs 334 to 419) consumes.

What consumes them, and the EMA made of them, is the emission rule's.
"""

from mechanics.eras import Eras
from mechanics.flow import (
    v334_stake_swaps,
    v347_protocol_position,
    v352_stake_swaps,
    v385_author_fee,
    v411_protocol_flow,
)
from mechanics.flow.state import Cause, Flows, Movement

ERAS = Eras(
    "flow",
    v334_stake_swaps,
    v347_protocol_position,
    v352_stake_swaps,
    v385_author_fee,
    v411_protocol_flow,
)

__all__ = ["ERAS", "Cause", "Flows", "Movement"]
