"""Root's share of the validators' half is kept for it as alpha.

Against v298: root's part is no longer sold when it is earned. It waits in PendingRootAlphaDivs for
the epoch, except where the injection was subsidised, and is sold only in a claim, if at all.
"""

from dataclasses import replace

from mechanics.alpha_split import v298_subsidised_root_not_sold as v298
from mechanics.alpha_split.state import AlphaSplit, AlphaSplitState
from mechanics.alpha_split.v298_subsidised_root_not_sold import (
    halved,
    owner_cut,
    root_proportion,
    shared,
)

FIRST_SPEC_VERSION = 334
FIRST_BLOCK_NUMBER = 6_811_690
SOURCE = (
    "subtensor@6218ecc5cd (spec 334), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, step 6"
)

__all__ = ["halved", "owner_cut", "recompute", "root_proportion", "shared"]


def recompute(pre: AlphaSplitState) -> AlphaSplit:
    """What the block adds to the pending amounts: as v298, with root's part kept, not sold."""
    split = v298.recompute(pre)
    return replace(split, root_sale_rao=0, root_rao=split.root_sale_rao)
