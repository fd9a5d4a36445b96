"""A block mints 1 halved once for each doubling of what remains to be issued, cut to whole rao."""

from functools import lru_cache

from mechanics.eras import BadState
from mechanics.fixed import I96F32
from mechanics.transcendental import log2

FIRST_SPEC_VERSION = 233
LAST_SPEC_VERSION = 461
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/coinbase/"
    "block_emission.rs: get_block_emission_for_issuance"
)

TOTAL_SUPPLY_RAO = 21_000_000_000_000_000
DEFAULT_BLOCK_EMISSION_RAO = 1_000_000_000


@lru_cache(maxsize=4096)
def block_emission(issuance_rao: int) -> int:
    """Rao minted by a block at an issuance.

    Rule
        f(I) = floor(1e9 / 2^k), k = floor(log2(1 / (1 - I / 21e15))); 0 from 21e15 on. All in
        I96F32, quotients cut toward zero.

    Args
        issuance_rao: TotalIssuance for TAO; SubnetAlphaIn + SubnetAlphaOut for a subnet's alpha.

    Returns
        rao of the same asset.

    Errors
        BadState when the issuance is negative.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/coinbase/
        block_emission.rs: get_block_emission_for_issuance.
    """
    if issuance_rao < 0:
        raise BadState("issuance_rao", f"is {issuance_rao}, below 0")
    if issuance_rao >= TOTAL_SUPPLY_RAO:
        return 0
    one = I96F32.of(1)
    # The chain divides by 2 x 10.5e15, each factor in I96F32.
    issued = I96F32.of(issuance_rao).checked_div(I96F32.of(TOTAL_SUPPLY_RAO))
    residual = one.checked_div(one - issued)
    halvings = log2(residual).floor().to_u64_sat()
    divisor = one
    for _ in range(halvings):
        divisor = divisor * I96F32.of(2)
    share = one.checked_div(divisor)
    return (share * I96F32.of(DEFAULT_BLOCK_EMISSION_RAO)).to_u64_sat()
