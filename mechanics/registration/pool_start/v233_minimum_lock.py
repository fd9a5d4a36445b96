"""A pool starts with the minimum lock and as many alpha, at price 1; the rest is burned."""

from mechanics.registration.pool_start.state import PoolStart, PoolStartState

FIRST_SPEC_VERSION = 233
# The last spec in force before 401 is 393; 397 is the first that was read with the next rule.
LAST_SPEC_VERSION = 394
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/subnets/subnet.rs: do_register_network"
)


def recompute(pre: PoolStartState) -> PoolStart:
    """The pool of the new subnet.

    Rule
        TAO = alpha = minimum lock; burned = max(lock - minimum, 0).

    Args
        pre: the registration.

    Returns
        rao of each asset.

    Errors
        None.

    Source
        subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/subnets/subnet.rs:
        do_register_network.
    """
    return PoolStart(
        tao_reserve_rao=pre.min_lock_rao,
        alpha_reserve_rao=pre.min_lock_rao,
        recycled_tao_rao=max(pre.lock_rao - pre.min_lock_rao, 0),
    )
