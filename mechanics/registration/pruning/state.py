"""What the order of deregistration is figured from."""

from dataclasses import dataclass

from mechanics.eras import BadState, unsigned
from mechanics.fixed import I96F32


@dataclass(frozen=True, slots=True)
class SubnetStanding:
    """A subnet as the pruning sees it.

    Attributes:
        netuid: the subnet.
        registered_at_block: NetworkRegisteredAt.
        moving_price: SubnetMovingPrice, TAO per alpha.
        mechanism: SubnetMechanism; a stable subnet's moving price counts as 1.
    """

    netuid: int
    registered_at_block: int
    moving_price: I96F32
    mechanism: int = 1

    def __post_init__(self) -> None:
        unsigned(self.netuid, "netuid", 16)
        unsigned(self.registered_at_block, "registered_at_block")


@dataclass(frozen=True, slots=True)
class PruningState:
    """All subnets at the moment of a registration.

    Attributes:
        block_number: the block that registers.
        immunity_blocks: NetworkImmunityPeriod.
        subnets: every subnet but root, in any order.
    """

    block_number: int
    immunity_blocks: int
    subnets: tuple[SubnetStanding, ...]

    def __post_init__(self) -> None:
        unsigned(self.block_number, "block_number")
        unsigned(self.immunity_blocks, "immunity_blocks")
        if len({subnet.netuid for subnet in self.subnets}) != len(self.subnets):
            raise BadState("subnets", "names a netuid twice")
