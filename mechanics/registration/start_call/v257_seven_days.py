"""A subnet may be started 50,400 blocks after its registration; it emits from the next block on."""

from mechanics.registration.start_call.state import StartCallState

FIRST_SPEC_VERSION = 257
FIRST_BLOCK_NUMBER = 5_228_683
SOURCE = (
    "subtensor@8de0d23ca7 (spec 257), pallets/subtensor/src/subnets/subnet.rs: do_start_call; "
    "runtime/src/lib.rs: DurationOfStartCall (10 in builds with fast blocks)"
)

DURATION_OF_START_CALL_BLOCKS = 7 * 7_200


def recompute(pre: StartCallState) -> int | None:
    """FirstEmissionBlockNumber as the call sets it; None when the call is too early and fails.

    Rule
        ``started_after`` the runtime's DurationOfStartCall.

    Args
        pre: the subnet.

    Returns
        A block number.

    Errors
        None.

    Source
        subtensor@8de0d23ca7 (spec 257), pallets/subtensor/src/subnets/subnet.rs: do_start_call.
    """
    return started_after(pre, DURATION_OF_START_CALL_BLOCKS)


def started_after(pre: StartCallState, delay_blocks: int) -> int | None:
    """The block after the call, from ``delay_blocks`` after the registration on; else None."""
    opens_at_block = min(pre.registered_at_block + delay_blocks, 2**64 - 1)
    return pre.block_number + 1 if pre.block_number >= opens_at_block else None
