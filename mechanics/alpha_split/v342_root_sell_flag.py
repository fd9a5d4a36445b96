"""Root has its share of the validators' half only while the moving prices sum to more than 1.

Against v334: no subnet is subsidised; root has a part only while the network's root-sell flag is
set, else it has none and the validators keep it.
"""

from collections.abc import Iterable

from mechanics.alpha_split.state import AlphaSplit, AlphaSplitState
from mechanics.alpha_split.v334_root_kept_as_alpha import halved, owner_cut, root_proportion, shared
from mechanics.eras import given
from mechanics.fixed import I96F32, U96F32

FIRST_SPEC_VERSION = 342
SOURCE = (
    "subtensor@6a76ecc0d5 (spec 342), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, get_network_root_sell_flag"
)

__all__ = ["halved", "owner_cut", "recompute", "root_proportion", "root_sell_flag", "shared"]


def recompute(pre: AlphaSplitState) -> AlphaSplit:
    """What the block adds to the pending amounts.

    Rule
        As v334; without the flag root's part is 0 and stays in PendingEmission.

    Args
        pre: the subnet after the injection.

    Returns
        rao of alpha; the parts together fall short of alpha_out by less than 3 rao.

    Errors
        BadState when is_root_sold is missing.

    Source
        subtensor@6a76ecc0d5 (spec 342), pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase.
    """
    shares = shared(pre, owner_cut(pre))
    root = shares.root if given(pre.is_root_sold, "is_root_sold") else U96F32.of(0)
    return AlphaSplit(
        owner_cut_rao=shares.owner.to_u64_sat(),
        emission_rao=(shares.rest - root).to_u64_sat(),
        swapped_rao=root.to_u64_sat(),
        root_rao=root.to_u64_sat(),
    )


def root_sell_flag(moving_prices: Iterable[I96F32]) -> bool:
    """Whether root is paid in this block.

    Rule
        sum_i m_i > 1, over the candidates; exactly 1 is not enough.

    Args
        moving_prices: m before the block, TAO per alpha, that of a stable subnet being 1, shape
            (n,). The chain holds them in U96F32 up to spec 422 and in U64F64 from 423: the stored
            values have 32 fraction bits, and both sums are exact.

    Returns
        The network's root-sell flag.

    Errors
        None. No candidates give no sale.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 342), pallets/subtensor/src/coinbase/
        run_coinbase.rs: get_network_root_sell_flag.
    """
    total = U96F32.of(0)
    for moving_price in moving_prices:
        total = total + U96F32.saturating_from(moving_price)
    return total > U96F32.of(1)
