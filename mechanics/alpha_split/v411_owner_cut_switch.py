"""Servers get half of what the owner's cut, where enabled, leaves; validators the rest less root's.

Against v343: OwnerCutEnabled switches the owner's cut off for a subnet; servers and validators then
share it.
"""

from mechanics.alpha_split.state import AlphaSplit, AlphaSplitState
from mechanics.alpha_split.v343_servers_apart import (
    owner_cut,
    root_proportion,
    root_sell_flag,
    split,
)
from mechanics.eras import given
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 411
# The last spec whose source was read: RaoFoundation/subtensor@1a587cc8 (spec 442 or later).
LAST_SPEC_VERSION = 442
FIRST_BLOCK_NUMBER = 8_283_784
SOURCE = (
    "subtensor@14bc6f9 (spec 425, unchanged since 411), pallets/subtensor/src/coinbase/"
    "run_coinbase.rs: emit_to_subnets"
)

__all__ = ["recompute", "root_proportion", "root_sell_flag"]


def recompute(pre: AlphaSplitState) -> AlphaSplit:
    """What the block adds to the pending amounts: as v343, the owner's part 0 where disabled."""
    is_enabled = given(pre.is_owner_cut_enabled, "is_owner_cut_enabled")
    return split(pre, owner_cut(pre) if is_enabled else U96F32.of(0))
