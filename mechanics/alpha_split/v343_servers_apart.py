"""Servers get half of what the owner's cut leaves, validators the other half less root's share.

Against v342: servers' and validators' parts are pending apart, so that root's part comes out of the
validators' only. Without the root-sell flag root's part is recycled, for nobody's gain.
"""

from mechanics.alpha_split.state import AlphaSplit, AlphaSplitState
from mechanics.alpha_split.v342_root_sell_flag import (
    halved,
    owner_cut,
    root_proportion,
    root_sell_flag,
    shared,
)
from mechanics.eras import given
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 343
SOURCE = (
    "subtensor@8834a7c737 (spec 362), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "emit_to_subnets"
)

__all__ = ["owner_cut", "recompute", "root_proportion", "root_sell_flag", "split"]


def recompute(pre: AlphaSplitState) -> AlphaSplit:
    """What the block adds to the pending amounts: ``split`` of what the owner leaves."""
    return split(pre, owner_cut(pre))


def split(pre: AlphaSplitState, owner: U96F32) -> AlphaSplit:
    """What the block adds to the pending amounts, given the owner's part.

    Rule
        a = e - owner; servers = a / 2; root as before; validators = a - servers - root; each
        floored on its own. Root's part goes to PendingRootAlphaDivs with the flag and is recycled
        without it.

    Args
        pre: the subnet after the injection: e alpha out.
        owner: the owner's part, rao, unfloored.

    Returns
        rao of alpha; the parts together fall short of alpha_out by less than 4 rao.

    Errors
        BadState when is_root_sold is missing.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 343), pallets/subtensor/src/coinbase/
        run_coinbase.rs: emit_to_subnets.
    """
    shares = shared(pre, owner)
    servers = halved(shares.rest)
    root_rao = shares.root.to_u64_sat()
    is_root_sold = given(pre.is_root_sold, "is_root_sold")
    return AlphaSplit(
        owner_cut_rao=owner.to_u64_sat(),
        server_rao=servers.to_u64_sat(),
        validator_rao=(shares.rest - servers - shares.root).to_u64_sat(),
        root_rao=root_rao if is_root_sold else 0,
        recycled_rao=0 if is_root_sold else root_rao,
    )
