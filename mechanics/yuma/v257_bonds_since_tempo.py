"""As v252, but bonds end to the uids that registered within the last tempo.

Against v252: a bond is dropped when block - tempo is not after the registration of its uid, for all
validators alike; before, when the validator's own last update was not.
"""

from dataclasses import replace

from mechanics.yuma import epoch
from mechanics.yuma import v252_owner_self_weight as v252
from mechanics.yuma.state import EpochResult, EpochState
from mechanics.yuma.vectors import Vector

FIRST_SPEC_VERSION = 257
FIRST_BLOCK_NUMBER = 5_228_683
SOURCE = (
    "subtensor v257 (spec 257), pallets/subtensor/src/epoch/run_epoch.rs: epoch; math.rs: "
    "scalar_vec_mask_sparse_matrix"
)


def recompute(pre: EpochState) -> EpochResult:
    """The epoch by this era's rule."""
    return epoch.recompute(RULE, pre)


def bonds_since_tempo(pre: EpochState) -> Vector:
    """The block one tempo ago, for every row."""
    return [max(pre.block_number - pre.tempo, 0)] * pre.neuron_count


RULE = replace(v252.RULE, bond_cutoffs=bonds_since_tempo)
