"""A subnet's alpha is what is in its pool and what is out of it."""

from mechanics.eras import unsigned

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@14bc6f9 (spec 425), pallets/subtensor/src/staking/stake_utils.rs: "
    "get_alpha_issuance; the same up to spec 352"
)

_MAX_U64 = 2**64 - 1


def alpha_issuance(alpha_reserve_rao: int, alpha_out_rao: int, alpha_provided_rao: int) -> int:
    """Rao of alpha that there are.

    Rule
        A = SubnetAlphaIn + SubnetAlphaOut, at most 2^64 - 1.

    Args
        alpha_reserve_rao: SubnetAlphaIn.
        alpha_out_rao: SubnetAlphaOut.
        alpha_provided_rao: SubnetAlphaInProvided; not read.

    Returns
        rao of alpha.

    Errors
        BadState for an amount that is no balance.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/staking/stake_utils.rs:
        get_alpha_issuance.
    """
    unsigned(alpha_reserve_rao, "alpha_reserve_rao")
    unsigned(alpha_out_rao, "alpha_out_rao")
    return min(alpha_reserve_rao + alpha_out_rao, _MAX_U64)
