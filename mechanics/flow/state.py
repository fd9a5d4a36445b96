"""A subnet's flow counters, and what may move them."""

from dataclasses import dataclass
from enum import Enum

from mechanics.eras import BadState

I64_MIN, I64_MAX = -(2**63), 2**63 - 1


class Cause(Enum):
    """Why TAO went into a subnet's pool or came out of it.

    Moves and transfers of stake between subnets are an unstaking and a staking; those within one
    subnet are neither. Flat fees and liquidity that users provide never count.
    """

    STAKING = "TAO swapped for alpha by an extrinsic"
    UNSTAKING = "alpha swapped for TAO by an extrinsic"
    AUTHOR_FEE = "alpha of a sale's fee swapped for TAO for the block's author"
    NEURON_BURN = "TAO burned to register a neuron"
    CHAIN_BUY = "emission that buys alpha"
    INJECTION = "emission put into the pool"
    ROOT_CLAIM = "alpha dividends of root swapped for TAO in a claim"


@dataclass(frozen=True, slots=True)
class Movement:
    """TAO that went into a subnet's pool or came out of it.

    Attributes:
        cause: why.
        tao_rao: what was paid in, without the fee, or what was paid out.
        protocol_tao_before_rao, protocol_tao_after_rao: TAO of the protocol's own position around
            the swap; specs 347 to 351 read it.
    """

    cause: Cause
    tao_rao: int
    protocol_tao_before_rao: int | None = None
    protocol_tao_after_rao: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.tao_rao <= I64_MAX:
            raise BadState("tao_rao", f"is {self.tao_rao}, not from 0 to 2^63 - 1")


@dataclass(frozen=True, slots=True)
class Flows:
    """A subnet's counters since they were last consumed, 64 bits wide each.

    Attributes:
        tao_flow_rao: SubnetTaoFlow.
        protocol_flow_rao: SubnetProtocolFlow; stays 0 before spec 411.
    """

    tao_flow_rao: int = 0
    protocol_flow_rao: int = 0

    def plus(self, *, tao_rao: int = 0, protocol_rao: int = 0) -> "Flows":
        """The counters after a movement, clamped."""
        return Flows(
            min(max(self.tao_flow_rao + tao_rao, I64_MIN), I64_MAX),
            min(max(self.protocol_flow_rao + protocol_rao, I64_MIN), I64_MAX),
        )
