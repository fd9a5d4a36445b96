"""How much alpha of a subnet there is, which its halving and root's proportion go by."""

from mechanics.alpha_issuance import v233_pool_and_out, v361_with_provided, v391_pool_and_out
from mechanics.eras import Eras

ERAS = Eras("alpha_issuance", v233_pool_and_out, v361_with_provided, v391_pool_and_out)


def alpha_issuance(
    spec_version: int, alpha_reserve_rao: int, alpha_out_rao: int, alpha_provided_rao: int
) -> int:
    """Rao of a subnet's alpha that there are, by the era in force."""
    rule = ERAS.at(spec_version).module
    return rule.alpha_issuance(alpha_reserve_rao, alpha_out_rao, alpha_provided_rao)
