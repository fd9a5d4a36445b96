"""Alpha for the pool is capped by root's proportion; only what the pool could take in counts.

Against v421: the pool is the weighted balancer, which takes in an injection by shifting its weights
and nothing at all where a weight would leave 0.01 to 0.99. Only what it took in is spent and added
to the reserves.
"""

from dataclasses import replace

from mechanics.eras import given
from mechanics.injection import v421_cap_of_root_proportion as v421
from mechanics.injection.state import Injection, PoolOutcome, Settlement
from mechanics.injection.v421_cap_of_root_proportion import (
    ORDER,
    minted,
    recompute,
    spent,
    terms,
)

FIRST_SPEC_VERSION = 423
# By 439 there are reservoirs for what does not fit; nothing between was read.
LAST_SPEC_VERSION = 425
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 423), pallets/subtensor/src/coinbase/"
    "run_coinbase.rs: inject_and_maybe_swap"
)

__all__ = ["ORDER", "minted", "recompute", "settle", "spent", "terms"]


def settle(injected: Injection, pool: PoolOutcome) -> Settlement:
    """What the coinbase changes by the injection.

    Rule
        As v421, with what the pool took in where tao_in and alpha_in stood.

    Args
        injected: the subnet's part of the block, rao.
        pool: what the pool made of it.

    Returns
        rao of each asset.

    Errors
        BadState when what the pool took in is missing.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/run_coinbase.rs:
        inject_and_maybe_swap.
    """
    taken = replace(
        injected,
        tao_in_rao=given(pool.added_tao_rao, "added_tao_rao"),
        alpha_in_rao=given(pool.added_alpha_rao, "added_alpha_rao"),
    )
    return v421.settle(taken, pool)
