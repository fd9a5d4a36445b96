"""Alpha for the pool is capped by root's proportion; what the pool cannot take in waits.

Against v423: the excess buys first. TAO and alpha that the balancer's weights have no room for wait
in BalancerTaoReservoir and BalancerAlphaReservoir and are offered again in later blocks: the TAO
counts as issued at once, reserves and TotalStake grow when the pool takes it.
"""

from dataclasses import replace

from mechanics.eras import given
from mechanics.injection import v423_what_the_pool_took as v423
from mechanics.injection.state import Injection, PoolOutcome, Settlement, Step
from mechanics.injection.v423_what_the_pool_took import minted, recompute, spent, terms

# The first spec whose metadata shows the reservoirs; 424 has none, those between were not seen.
FIRST_SPEC_VERSION = 439
# The source read carries the change of 442, and nothing dates it later.
LAST_SPEC_VERSION = 442
SOURCE = (
    "RaoFoundation/subtensor@1a587cc8 (spec 442 or later), pallets/subtensor/src/coinbase/"
    "run_coinbase.rs: inject_and_maybe_swap, get_subnet_terms"
)

__all__ = ["ORDER", "minted", "recompute", "settle", "spent", "terms"]

ORDER = (Step.BUY, Step.LIQUIDITY, Step.RESERVES)


def settle(injected: Injection, pool: PoolOutcome) -> Settlement:
    """What the coinbase changes by the injection.

    Rule
        As v423, except that TotalIssuance keeps all of tao_in, whatever the pool took in.

    Args
        injected: the subnet's part of the block, rao.
        pool: what the pool made of it, with what it took out of the reservoirs.

    Returns
        rao of each asset.

    Errors
        BadState when what the pool took in is missing.

    Source
        RaoFoundation/subtensor@1a587cc8 (spec 442 or later), pallets/subtensor/src/coinbase/
        run_coinbase.rs: inject_and_maybe_swap.
    """
    settled = v423.settle(injected, pool)
    waiting_rao = injected.tao_in_rao - given(pool.added_tao_rao, "added_tao_rao")
    return replace(settled, total_issuance_rao=settled.total_issuance_rao + waiting_rao)
