"""A subnet's alpha is what is in its pool and what is out of it.

Against v361: the alpha of users' liquidity is no longer counted; the rule is that of v233 again.
"""

from mechanics.alpha_issuance import v361_with_provided as v361

FIRST_SPEC_VERSION = 391
# As for issuance: the last spec whose runtime was seen.
LAST_SPEC_VERSION = 461
FIRST_BLOCK_NUMBER = 7_782_857
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 391), pallets/subtensor/src/staking/"
    "stake_utils.rs: get_alpha_issuance"
)


def alpha_issuance(alpha_reserve_rao: int, alpha_out_rao: int, alpha_provided_rao: int) -> int:
    """Rao of alpha that there are: as v361, with nothing provided."""
    return v361.alpha_issuance(alpha_reserve_rao, alpha_out_rao, 0)
