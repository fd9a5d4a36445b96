"""A subnet's epoch: stake, weights and bonds to consensus, incentive, dividends, permits."""

from mechanics.eras import Eras
from mechanics.yuma import (
    v233_miner_alphas,
    v252_owner_self_weight,
    v257_bonds_since_tempo,
    v273_yuma3,
    v283_steepness_in_hundredths,
    v297_commit_mask,
    v320_mechanisms,
    v323_stake_weight,
    v334_distinct_hotkeys,
    v365_fewer_outputs,
    v397_owner_validates,
    v423_dynamic_tempo,
    v446_consensus_modes,
)
from mechanics.yuma.state import Commit, EpochResult, EpochState

ERAS = Eras(
    "yuma",
    v233_miner_alphas,
    v252_owner_self_weight,
    v257_bonds_since_tempo,
    v273_yuma3,
    v283_steepness_in_hundredths,
    v297_commit_mask,
    v320_mechanisms,
    v323_stake_weight,
    v334_distinct_hotkeys,
    v365_fewer_outputs,
    v397_owner_validates,
    v423_dynamic_tempo,
    v446_consensus_modes,
)


def recompute(spec_version: int, pre: EpochState) -> EpochResult:
    """The epoch of one mechanism, by the era in force.

    Raises:
        UnknownRule: no era is known for the spec, or the state asks for a rule that is not known.
        BadState: a state that no chain can have; names the field.
    """
    return ERAS.at(spec_version).module.recompute(pre)


__all__ = ["ERAS", "Commit", "EpochResult", "EpochState", "recompute"]
