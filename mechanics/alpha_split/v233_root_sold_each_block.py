"""Root's share of the validators' half is sold for TAO each block; all else is pending alpha."""

from typing import NamedTuple

from mechanics.alpha_split.state import AlphaSplit, AlphaSplitState
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 233
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "run_coinbase, steps 5 and 6"
)


class Shares(NamedTuple):
    """A subnet's alpha out in its parts, rao, unfloored."""

    owner: U96F32
    rest: U96F32
    root: U96F32


def recompute(pre: AlphaSplitState) -> AlphaSplit:
    """What the block adds to the pending amounts.

    Rule
        Owner cut, root's part and what is left of both are floored one by one. Root's part is sold
        in the pool, free of fees, and counted in PendingAlphaSwapped.

    Args
        pre: the subnet after the injection.

    Returns
        rao of alpha; owner_cut, emission and swapped together fall short of alpha_out by less than
        3 rao.

    Errors
        None.

    Source
        subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/run_coinbase.rs:
        run_coinbase, steps 5 and 6.
    """
    shares = shared(pre, owner_cut(pre))
    return AlphaSplit(
        owner_cut_rao=shares.owner.to_u64_sat(),
        emission_rao=(shares.rest - shares.root).to_u64_sat(),
        swapped_rao=shares.root.to_u64_sat(),
        root_sale_rao=shares.root.to_u64_sat(),
    )


def owner_cut(pre: AlphaSplitState) -> U96F32:
    """The owner's part: e (c / 65,535), the quotient cut first; rao, unfloored.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/utils/misc.rs:
        get_float_subnet_owner_cut.
    """
    cut = U96F32.of(pre.subnet_owner_cut_u16).safe_div(U96F32.of(2**16 - 1))
    return U96F32.of(pre.alpha_out_rao) * cut


def shared(pre: AlphaSplitState, owner: U96F32) -> Shares:
    """What the owner leaves, and root's part of it.

    Rule
        a = e - owner; root = (r a) / 2, where r is ``root_proportion``: validators have half of
        what the owner leaves, and root has r of the validators' half.

    Args
        pre: the subnet after the injection: e alpha out.
        owner: the owner's part, rao.

    Returns
        rao of alpha, unfloored.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/coinbase/
        run_coinbase.rs: emit_to_subnets.
    """
    rest = U96F32.of(pre.alpha_out_rao) - owner
    proportion = root_proportion(pre.tao_weight_u64, pre.root_tao_rao, pre.alpha_issuance_rao)
    return Shares(owner, rest, halved(proportion * rest))


def root_proportion(tao_weight_u64: int, root_tao_rao: int, alpha_issuance_rao: int) -> U96F32:
    """Root's weight in a subnet over root's weight and the subnet's alpha.

    Rule
        r = w R / (w R + A) with w = TaoWeight / (2^64 - 1); 0 when the denominator is 0.

    Args
        tao_weight_u64: TaoWeight, parts of 2^64 - 1.
        root_tao_rao: R, SubnetTAO of root.
        alpha_issuance_rao: A, the subnet's SubnetAlphaIn + SubnetAlphaOut.

    Returns
        Dimensionless, from 0 to 1.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/coinbase/
        block_step.rs: root_proportion; staking/stake_utils.rs: get_tao_weight.
    """
    weight = U96F32.of(tao_weight_u64).safe_div(U96F32.of(2**64 - 1))
    root = U96F32.of(root_tao_rao) * weight
    return root.safe_div(root + U96F32.of(alpha_issuance_rao))


def halved(value: U96F32) -> U96F32:
    """Half, cut to 32 fraction bits; the chain multiplies by 0.5, which is one shift."""
    return U96F32(value.bits >> 1)
