"""``python -m mechanics.engine``: compiles the engine once, for all later processes to load.

Compiling takes some 20 s, and the compiled code is kept beside the modules; done at installation,
the first refresh does not wait for it.
"""

import numpy as np

from mechanics.amm import PoolState, Side
from mechanics.engine import amm, yuma
from mechanics.fixed import U64F64
from mechanics.yuma import EpochState

SPEC_VERSION = 293


def compile_all() -> None:
    """A quote, and an epoch of each kind: Yuma 2, Yuma 3, and Yuma 3 with liquid alpha."""
    pool = PoolState(
        mechanism=1,
        tao_reserve_rao=10**12,
        alpha_reserve_rao=10**12,
        is_v3_initialized=True,
        alpha_sqrt_price=U64F64(1 << 64),
        fee_rate_u16=196,
        current_liquidity=10**12,
        current_tick=0,
    )
    amm.quotes(SPEC_VERSION, pool, Side.SELL, np.array([10**9], np.uint64))
    for yuma3_on, liquid_alpha_on in ((False, False), (True, False), (True, True)):
        yuma.recompute(
            SPEC_VERSION,
            EpochState(
                netuid=1,
                block_number=1_000,
                neuron_count=2,
                tempo=99,
                emission_rao=1_000,
                last_update=[990, 990],
                block_at_registration=[0, 0],
                stake_i64f64_bits=[100 << 64, 0],
                validator_permit=[True, False],
                max_allowed_validators=1,
                weights={0: ((1, 65_535),)},
                bonds={0: ((1, 65_535),)},
                kappa_u16=32_767,
                bonds_penalty_u16=32_768,
                bonds_moving_average_ppm=900_000,
                activity_cutoff_blocks=5_000,
                yuma3_on=yuma3_on,
                liquid_alpha_on=liquid_alpha_on,
                alpha_low_u16=45_875,
                alpha_high_u16=58_982,
            ),
        )


if __name__ == "__main__":
    compile_all()
