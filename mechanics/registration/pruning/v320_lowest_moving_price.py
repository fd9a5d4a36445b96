"""The subnet with the lowest moving price leaves, of those whose immunity is over."""

from mechanics.fixed import U96F32
from mechanics.registration.pruning.state import PruningState, SubnetStanding

FIRST_SPEC_VERSION = 320
# The last spec whose source was read.
LAST_SPEC_VERSION = 425
FIRST_BLOCK_NUMBER = 6_523_566
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 320), pallets/subtensor/src/coinbase/root.rs: "
    "get_network_to_prune"
)

_ROOT = 0


def recompute(pre: PruningState) -> int | None:
    """The subnet that would leave; None when every subnet is immune, and registration fails.

    Rule
        The first of ``order``.

    Args
        pre: all subnets.

    Returns
        A netuid.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/root.rs: get_network_to_prune.
    """
    return next(iter(order(pre)), None)


def order(pre: PruningState) -> list[int]:
    """The subnets that may leave, the next one first.

    Rule
        Not immune: block >= registered_at + immunity. By moving price, then by block of
        registration, then as the chain's storage lists netuids: by their two bytes, the low one
        first, so that 256 comes before 1.

    Args
        pre: all subnets.

    Returns
        netuids, shape (n,) without root and the immune.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/root.rs: get_network_to_prune.
    """
    exposed = [s for s in pre.subnets if s.netuid != _ROOT and not is_immune(pre, s)]
    return [subnet.netuid for subnet in sorted(exposed, key=_rank)]


def is_immune(pre: PruningState, subnet: SubnetStanding) -> bool:
    """The subnet may not leave yet."""
    return pre.block_number < min(subnet.registered_at_block + pre.immunity_blocks, 2**64 - 1)


def _rank(subnet: SubnetStanding) -> tuple[U96F32, int, bytes]:
    is_stable = subnet.mechanism == 0
    price = U96F32.of(1) if is_stable else U96F32.saturating_from(subnet.moving_price)
    return price, subnet.registered_at_block, subnet.netuid.to_bytes(2, "little")
