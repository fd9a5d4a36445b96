"""The burn falls a little every block, by half in BurnHalfLife, and rises with each registration.

Against v233: neither intervals nor targets count. Each block multiplies the burn by a factor of 32
fraction bits, each registration by BurnIncreaseMult, 1.26 by default, at once.
"""

from functools import lru_cache

from mechanics.eras import given
from mechanics.fixed import U64F64
from mechanics.registration.neuron_burn.state import NeuronBurnState

FIRST_SPEC_VERSION = 397
# The last spec whose source was read.
LAST_SPEC_VERSION = 425
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 397), pallets/subtensor/src/subnets/"
    "registration.rs: update_registration_prices_for_networks, "
    "bump_registration_price_after_registration; utils/misc.rs: decay_factor_q32"
)

_ONE_Q32 = 1 << 32
_HALF_Q32 = 1 << 31


def recompute(pre: NeuronBurnState) -> int:
    """The burn that the first registration in the block pays.

    Rule
        floor(B f / 2^32), f = ``decay_factor_q32``, then kept within the bounds; no decay in the
        first two blocks of the chain or when the half-life is 0.

    Args
        pre: the subnet before the block.

    Returns
        rao of TAO.

    Errors
        BadState when half_life_blocks is missing.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/subnets/registration.rs:
        update_registration_prices_for_networks.
    """
    half_life = given(pre.half_life_blocks, "half_life_blocks")
    burn_rao = pre.burn_rao
    if half_life and pre.block_number > 1:
        burn_rao = _times_q32(burn_rao, decay_factor_q32(half_life))
    return _bounded(pre, burn_rao)


def after_registration(pre: NeuronBurnState) -> int:
    """The burn that the next registration pays.

    Rule
        floor(B max(m, 1)), kept within the bounds.

    Args
        pre: the subnet: B its burn, m BurnIncreaseMult.

    Returns
        rao of TAO.

    Errors
        BadState when increase_multiple is missing.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/subnets/registration.rs:
        bump_registration_price_after_registration.
    """
    multiple = max(given(pre.increase_multiple, "increase_multiple"), U64F64.of(1))
    return _bounded(pre, (U64F64.of(pre.burn_rao) * multiple).to_u64_sat())


@lru_cache(maxsize=256)
def decay_factor_q32(half_life_blocks: int) -> int:
    """The greatest factor that halves in a half-life.

    Rule
        The greatest f below 1 with f^h <= 1/2, powers by squaring, every product floored to 32
        fraction bits; 1 when h = 0.

    Args
        half_life_blocks: h.

    Returns
        Parts of 2^32.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/utils/misc.rs: decay_factor_q32,
        pow_q32, mul_by_q32.
    """
    if half_life_blocks == 0:
        return _ONE_Q32
    low, high = 0, _ONE_Q32
    while low + 1 < high:
        middle = (low + high) // 2
        if _pow_q32(middle, half_life_blocks) > _HALF_Q32:
            high = middle
        else:
            low = middle
    return low


def _pow_q32(base_q32: int, exponent: int) -> int:
    result, factor = _ONE_Q32, base_q32
    while exponent:
        if exponent & 1:
            result = _times_q32(result, factor)
        exponent >>= 1
        factor = _times_q32(factor, factor)
    return result


def _times_q32(value: int, factor_q32: int) -> int:
    return value * factor_q32 >> 32


def _bounded(pre: NeuronBurnState, burn_rao: int) -> int:
    return min(max(burn_rao, pre.min_burn_rao), pre.max_burn_rao)
