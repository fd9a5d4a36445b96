"""As v423, with liquid alpha comparing weights with the consensus of this epoch or the one before.

Against v423: LiquidAlphaConsensusMode chooses. Current is this epoch's consensus; Previous is the
mechanism's stored one, and this epoch's while nothing is stored; Auto, the default, is Previous
where BondsPenalty is 65,535 and Current elsewhere. A subnet may be set to Null consensus, which is
not Yuma and whose rule is not known.
"""

from dataclasses import replace

from mechanics.eras import UnknownRule
from mechanics.yuma import epoch
from mechanics.yuma import v423_dynamic_tempo as v423
from mechanics.yuma.i32f32 import U16_MAX, of_share
from mechanics.yuma.state import AUTO, PREVIOUS, EpochResult, EpochState
from mechanics.yuma.vectors import Vector

FIRST_SPEC_VERSION = 446
LAST_SPEC_VERSION = 475
SOURCE = (
    "RaoFoundation/subtensor pull requests 3070 and 3077 (spec 446); coldint/subtensor@0221412 "
    "(a later copy), pallets/subtensor/src/epoch/run_epoch.rs: compute_bonds_sparse, "
    "compute_consensus_for_liquid_alpha, bond_cutoff_block"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def check(pre: EpochState) -> None:
    """Refuse what no chain of the era can hold, and what Yuma does not decide.

    Raises:
        UnknownRule: the subnet is, or was, under Null consensus.
    """
    v423.check(pre)
    was_null = pre.last_yuma_step_block not in (None, pre.last_mechanism_step_block)
    if pre.is_null_consensus or was_null:
        raise UnknownRule("Null consensus", FIRST_SPEC_VERSION, "epochs of Yuma alone")


def chosen_consensus(pre: EpochState, consensus: Vector) -> Vector:
    """The consensus that liquid alpha compares with.

    Rule
        This epoch's, or the stored shares of the mechanism's epoch before, cut or padded with 0 to
        n; by the mode.

    Args
        pre: the mechanism at that moment.
        consensus: this epoch's, I32F32 bits, shape (n,).

    Returns
        I32F32 bits, shape (n,).

    Errors
        UnknownRule where just one of the two is all zero: whether liquid alpha then applies is read
        from the chosen one in one source and from this epoch's in another.

    Source
        coldint/subtensor@0221412, pallets/subtensor/src/epoch/run_epoch.rs:
        compute_consensus_for_liquid_alpha.
    """
    mode = pre.liquid_alpha_consensus_mode
    is_previous = mode == PREVIOUS or (mode == AUTO and pre.bonds_penalty_u16 == U16_MAX)
    if not is_previous or not pre.previous_consensus_u16:
        return consensus
    stored = [of_share(share) for share in pre.previous_consensus_u16[: len(consensus)]]
    previous = stored + [0] * (len(consensus) - len(stored))
    if any(previous) != any(consensus):
        raise UnknownRule(
            "liquid alpha by a consensus that was or became all zero", FIRST_SPEC_VERSION, "others"
        )
    return previous


RULE = replace(
    v423.RULE,
    check=check,
    liquid_alpha=replace(v423.RULE.liquid_alpha, compared=chosen_consensus),
)
