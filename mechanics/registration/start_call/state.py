"""What a start call is judged by."""

from dataclasses import dataclass

from mechanics.eras import unsigned


@dataclass(frozen=True, slots=True)
class StartCallState:
    """A subnet whose owner has not started it yet.

    Attributes:
        block_number: the block of the call.
        registered_at_block: NetworkRegisteredAt.
        start_call_delay_blocks: StartCallDelay; read from spec 371.
    """

    block_number: int
    registered_at_block: int
    start_call_delay_blocks: int | None = None

    def __post_init__(self) -> None:
        unsigned(self.block_number, "block_number")
        unsigned(self.registered_at_block, "registered_at_block")
        if self.start_call_delay_blocks is not None:
            unsigned(self.start_call_delay_blocks, "start_call_delay_blocks")
