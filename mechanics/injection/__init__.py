"""A subnet's TAO and alpha of a block -> what goes into its pool and to its participants."""

from mechanics.eras import Era, Eras
from mechanics.injection import (
    v233_capped_alpha,
    v238_closed_subnets,
    v298_subsidy,
    v301_closed_subnets_without_alpha,
    v320_subsidy_of_block_emission,
    v342_excess_buys,
    v362_cap_of_block_emission,
    v411_minted_credit,
    v413_protocol_alpha,
    v421_cap_of_root_proportion,
    v423_what_the_pool_took,
    v439_reservoirs,
)
from mechanics.injection.state import (
    Injection,
    InjectionState,
    PoolOutcome,
    Settlement,
    Step,
    Terms,
)

ERAS = Eras(
    "injection",
    v233_capped_alpha,
    v238_closed_subnets,
    v298_subsidy,
    v301_closed_subnets_without_alpha,
    v320_subsidy_of_block_emission,
    v342_excess_buys,
    v362_cap_of_block_emission,
    v411_minted_credit,
    v413_protocol_alpha,
    v421_cap_of_root_proportion,
    v423_what_the_pool_took,
    v439_reservoirs,
)

__all__ = [
    "ERAS",
    "Era",
    "Injection",
    "InjectionState",
    "PoolOutcome",
    "Settlement",
    "Step",
    "Terms",
]
