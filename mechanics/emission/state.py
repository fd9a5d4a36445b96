"""What a block's emission is shared by: the state at the end of the parent block."""

from collections.abc import Mapping
from dataclasses import dataclass

from mechanics.fixed import I96F32, U96F32

ROOT = 0


@dataclass(frozen=True, slots=True)
class EmissionState:
    """The state before the block; every mapping is by netuid and names every subnet but root.

    Attributes:
        block_emission_rao: TAO the block mints.
        moving_price: SubnetMovingPrice, TAO per alpha.
        mechanism: SubnetMechanism, 1 for a subnet with a pool, 0 for a stable one.
        first_emission_block_number: FirstEmissionBlockNumber, None before start_call; all None
            where the spec has no such item.
    """

    block_emission_rao: int
    moving_price: Mapping[int, I96F32]
    mechanism: Mapping[int, int]
    first_emission_block_number: Mapping[int, int | None]


@dataclass(frozen=True, slots=True)
class Emissions:
    """TAO due to each candidate by netuid, unfloored; a subnet not named is no candidate."""

    tao: Mapping[int, U96F32]
