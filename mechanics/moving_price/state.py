"""What a moving price is updated from."""

from dataclasses import dataclass

from mechanics.fixed import I96F32, U64F64, U96F32


@dataclass(frozen=True, slots=True)
class MovingPriceState:
    """One candidate of the block's emission at the moment its moving price is written.

    The chain writes candidates' only: inside the coinbase, after injection and root sale, up to
    spec 360; after the coinbase from 361. Any other subnet keeps the moving price it has.

    Attributes:
        block_number: the block being made.
        mechanism: SubnetMechanism; a stable subnet's moving price counts as 1.
        moving_price: SubnetMovingPrice before, TAO per alpha.
        spot_price: price after the block's injection and root sale, before its extrinsics, TAO per
            alpha; the chain has it in U96F32 up to spec 422 and in U64F64 from 423.
        subnet_moving_alpha: SubnetMovingAlpha.
        network_registered_at_block: NetworkRegisteredAt.
        first_emission_block_number: FirstEmissionBlockNumber, None before start_call.
        ema_price_halving_blocks: EMAPriceHalvingBlocks, None where the spec has no such item.
    """

    block_number: int
    mechanism: int
    moving_price: I96F32
    spot_price: U96F32 | U64F64
    subnet_moving_alpha: I96F32
    network_registered_at_block: int
    first_emission_block_number: int | None
    ema_price_halving_blocks: int | None
