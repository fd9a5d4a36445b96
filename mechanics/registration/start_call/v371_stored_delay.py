"""A subnet may be started StartCallDelay blocks after its registration.

Against v257: the delay is read from storage. Its default is 0 in the metadata of spec 393 and
since: a subnet may be started in the block of its registration.
"""

from mechanics.eras import given
from mechanics.registration.start_call.state import StartCallState
from mechanics.registration.start_call.v257_seven_days import started_after

FIRST_SPEC_VERSION = 371
# The last spec whose source was read.
LAST_SPEC_VERSION = 425
SOURCE = "subtensor v371, pallets/subtensor/src/subnets/subnet.rs: do_start_call"


def recompute(pre: StartCallState) -> int | None:
    """FirstEmissionBlockNumber as the call sets it; None when the call is too early and fails."""
    return started_after(pre, given(pre.start_call_delay_blocks, "start_call_delay_blocks"))
