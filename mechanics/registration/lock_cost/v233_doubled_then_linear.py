"""The cost doubles with each registration and falls linearly to what was paid, then to the minimum.

The interval in which it falls by what was paid halves with the block's TAO: after the halving of
December 2025 the stored interval counts half.
"""

from mechanics.fixed import I64F64
from mechanics.registration.lock_cost.state import LockCostState

FIRST_SPEC_VERSION = 233
# The last spec whose source was read; the rule is older than dTAO (seen exact in October 2024).
LAST_SPEC_VERSION = 425
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/coinbase/root.rs: "
    "get_network_lock_cost, get_lock_reduction_interval"
)

_MAX_U64 = 2**64 - 1


def recompute(pre: LockCostState) -> int:
    """TAO it costs to register a subnet in the block.

    Rule
        cost = max(minimum, m L - floor(L / i) (n - n0)), where m is 2, but 1 when n0 = 0, and i is
        ``reduction_interval``; products and the difference are clamped to 64 bits, the age to 0;
        no decay when i = 0.

    Args
        pre: the network: L the last lock, n0 its block, n the block that would register.

    Returns
        rao of TAO.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/coinbase/root.rs:
        get_network_lock_cost.
    """
    multiple = 1 if pre.last_lock_block == 0 else 2
    highest_rao = min(pre.last_lock_rao * multiple, _MAX_U64)
    interval = reduction_interval(pre)
    per_block_rao = pre.last_lock_rao // interval if interval else 0
    age_blocks = max(pre.block_number - pre.last_lock_block, 0)
    decayed_rao = min(per_block_rao * age_blocks, _MAX_U64)
    return max(highest_rao - decayed_rao, pre.min_lock_rao)


def reduction_interval(pre: LockCostState) -> int:
    """Blocks in which the cost falls by what was last paid.

    Rule
        floor(I (E / 1e9)), the quotient cut to 64 fraction bits first.

    Args
        pre: the network: I the stored interval, E the TAO a block mints.

    Returns
        Blocks.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/root.rs:
        get_lock_reduction_interval.
    """
    halving = I64F64.of(pre.block_emission_rao).safe_div(I64F64.of(1_000_000_000))
    return (I64F64.of(pre.reduction_interval_blocks) * halving).to_u64_sat()
