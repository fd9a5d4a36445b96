"""A subnet's alpha is what is in its pool, what users lent to the pool, and what is out of it.

Against v233: the alpha of users' liquidity is counted. Users had not been able to lend since spec
350, but what they had lent before was still there.
"""

from mechanics.alpha_issuance import v233_pool_and_out as v233
from mechanics.eras import given, unsigned

FIRST_SPEC_VERSION = 361
FIRST_BLOCK_NUMBER = 7_063_679
SOURCE = "subtensor v361, pallets/subtensor/src/staking/stake_utils.rs: get_alpha_issuance"

_MAX_U64 = 2**64 - 1


def alpha_issuance(alpha_reserve_rao: int, alpha_out_rao: int, alpha_provided_rao: int) -> int:
    """Rao of alpha that there are.

    Rule
        A = SubnetAlphaIn + SubnetAlphaInProvided + SubnetAlphaOut, at most 2^64 - 1.

    Args
        alpha_reserve_rao: SubnetAlphaIn.
        alpha_out_rao: SubnetAlphaOut.
        alpha_provided_rao: SubnetAlphaInProvided.

    Returns
        rao of alpha.

    Errors
        BadState for an amount that is missing or no balance.

    Source
        subtensor v361, pallets/subtensor/src/staking/stake_utils.rs: get_alpha_issuance.
    """
    unsigned(given(alpha_provided_rao, "alpha_provided_rao"), "alpha_provided_rao")
    own_rao = v233.alpha_issuance(alpha_reserve_rao, alpha_out_rao, alpha_provided_rao)
    return min(own_rao + alpha_provided_rao, _MAX_U64)
