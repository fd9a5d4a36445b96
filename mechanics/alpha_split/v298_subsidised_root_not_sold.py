"""Root's share of the validators' half is sold each block, unless the injection was subsidised.

Against v233: where the injection was subsidised, root's part is not sold and brings root no TAO; it
is counted in PendingAlphaSwapped all the same, and so is lost to everybody.
"""

from dataclasses import replace

from mechanics.alpha_split import v233_root_sold_each_block as v233
from mechanics.alpha_split.state import AlphaSplit, AlphaSplitState
from mechanics.alpha_split.v233_root_sold_each_block import (
    halved,
    owner_cut,
    root_proportion,
    shared,
)
from mechanics.eras import given

FIRST_SPEC_VERSION = 298
# Specs 327 to 333 were never in force and have not been read.
LAST_SPEC_VERSION = 326
SOURCE = (
    "subtensor@6309d35929 (spec 298), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, step 6"
)

__all__ = ["halved", "owner_cut", "recompute", "root_proportion", "shared"]


def recompute(pre: AlphaSplitState) -> AlphaSplit:
    """What the block adds to the pending amounts: as v233, with no sale where subsidised."""
    split = v233.recompute(pre)
    is_subsidized = given(pre.is_subsidized, "is_subsidized")
    return replace(split, root_sale_rao=0) if is_subsidized else split
