"""What a block mints: the halving curve of TAO, and the same curve for each subnet's alpha."""

from mechanics.eras import Eras
from mechanics.issuance import v233_log2_halving

ERAS = Eras("issuance", v233_log2_halving)


def block_emission(spec_version: int, issuance_rao: int) -> int:
    """Rao minted by a block at an issuance, of TAO or of a subnet's alpha, by the era in force."""
    return ERAS.at(spec_version).module.block_emission(issuance_rao)
