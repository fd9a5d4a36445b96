"""What an epoch is computed from, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Row = Sequence[tuple[int, int]]
"""(uid, u16) in stored order: the order the validator sent, zeros included."""

CURRENT, PREVIOUS, AUTO = 0, 1, 2
"""LiquidAlphaConsensusMode: the variants in the chain's order."""


class Commit(NamedTuple):
    """One commit of weights not yet revealed.

    ``epoch`` is SubnetEpochIndex at the commit; None before spec 423, whose commits have none.
    """

    epoch: int | None
    block_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochState:
    """One mechanism of a subnet at the moment its epoch runs: after the block's reveals of
    timelocked commits and its injections, before its extrinsics.

    Vectors are by uid, n the number of neurons; ``_u16`` is a share of 65,535. An item that the
    spec does not have is None, or its default here.

    Attributes:
        netuid, mecid: which subnet and mechanism.
        block_number: the block being made.
        neuron_count: SubnetworkN, n.
        tempo: Tempo, blocks.
        emission_rao: the alpha to distribute in this mechanism.
        last_update: LastUpdate, blocks; shorter ones are padded with 0 from spec 320.
        block_at_registration: BlockAtRegistration, blocks, 0 for a uid without key, shape (n,).
        stake_i64f64_bits: total stake in rao (``mechanics.yuma.stake``), shape (n,).
        stake_threshold_rao: StakeThreshold; not read before spec 273.
        owner_uid: uid of SubnetOwnerHotkey, None where it has none.
        validator_permit: ValidatorPermit; from spec 320 it may be shorter than n.
        max_allowed_validators: MaxAllowedValidators.
        weights: Weights, rows by uid of the validator.
        bonds: Bonds, rows by uid of the validator.
        kappa_u16: Kappa.
        bonds_penalty_u16: BondsPenalty.
        bonds_moving_average_ppm: BondsMovingAverage, parts per million.
        activity_cutoff_blocks: ActivityCutoff; None from spec 423.
        activity_cutoff_factor_milli: ActivityCutoffFactorMilli, thousandths of a tempo; None
            before spec 423.
        liquid_alpha_on: LiquidAlphaOn.
        alpha_low_u16, alpha_high_u16: AlphaValues.
        yuma3_on: Yuma3On.
        alpha_sigmoid_steepness: AlphaSigmoidSteepness.
        last_mechanism_step_block: LastMechansimStepBlock, block of the epoch before, 0 for none.
        commit_reveal_weights_enabled: CommitRevealWeightsEnabled.
        reveal_period_epochs: RevealPeriodEpochs.
        subnet_epoch_index: SubnetEpochIndex, already raised for this epoch; None before spec 423.
        weight_commits: WeightCommits, queues by uid of the one who committed.
        timelocked_weight_commits: TimelockedWeightCommits (CRV3WeightCommitsV2 before spec 320)
            that the block's reveals left, by uid.
        liquid_alpha_consensus_mode: LiquidAlphaConsensusMode.
        previous_consensus_u16: ConsensusByMechanism before the epoch, empty for none.
        has_distinct_hotkeys: whether no two uids in Keys share a hotkey.
        is_null_consensus: whether the subnet is set to Null consensus.
        last_yuma_step_block: LastYumaStepBlock, kept by subnets that were under Null consensus.
    """

    netuid: int
    block_number: int
    neuron_count: int
    tempo: int
    emission_rao: int
    last_update: Sequence[int]
    block_at_registration: Sequence[int]
    stake_i64f64_bits: Sequence[int]
    validator_permit: Sequence[bool]
    max_allowed_validators: int
    weights: Mapping[int, Row]
    bonds: Mapping[int, Row]
    kappa_u16: int
    bonds_penalty_u16: int
    bonds_moving_average_ppm: int
    liquid_alpha_on: bool
    alpha_low_u16: int
    alpha_high_u16: int
    mecid: int = 0
    owner_uid: int | None = None
    stake_threshold_rao: int = 0
    activity_cutoff_blocks: int | None = None
    activity_cutoff_factor_milli: int | None = None
    yuma3_on: bool = False
    alpha_sigmoid_steepness: int = 1_000
    last_mechanism_step_block: int = 0
    commit_reveal_weights_enabled: bool = False
    reveal_period_epochs: int = 1
    subnet_epoch_index: int | None = None
    weight_commits: Mapping[int, Sequence[Commit]] | None = None
    timelocked_weight_commits: Mapping[int, Sequence[Commit]] | None = None
    liquid_alpha_consensus_mode: int = AUTO
    previous_consensus_u16: Sequence[int] = ()
    has_distinct_hotkeys: bool = True
    is_null_consensus: bool = False
    last_yuma_step_block: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochResult:
    """What the epoch of one mechanism gives; vectors by uid, shape (n,).

    ``_u16`` is a share of 65,535; None stands for what the spec's runtime does not write.

    Attributes:
        active: not silent for longer than the activity cutoff.
        validator_permit: the permits for the epochs to come.
        stake_rao: total stake, floored.
        stake_weight_u16: shares of the stake that counts.
        consensus_u16: the stake-weighted median of the weights to a uid.
        incentive_u16, dividends_u16: shares of the miners' and of the validators' rewards.
        validator_trust_u16: how much of a validator's weights the consensus supports.
        rank_u16, trust_u16, pruning_scores_u16: up to spec 364.
        server_emission_rao, validator_emission_rao: alpha in proportion to incentive and to
            dividends; the second is a proportion, not a payout.
        emission_rao: alpha in proportion to both, as stored.
        bonds: rows written, by uid: (uid, share of 65,535), entries of 0 included.
    """

    active: Sequence[bool]
    validator_permit: Sequence[bool]
    stake_rao: Sequence[int]
    stake_weight_u16: Sequence[int] | None
    consensus_u16: Sequence[int]
    incentive_u16: Sequence[int]
    dividends_u16: Sequence[int]
    validator_trust_u16: Sequence[int]
    rank_u16: Sequence[int] | None
    trust_u16: Sequence[int] | None
    pruning_scores_u16: Sequence[int] | None
    server_emission_rao: Sequence[int]
    validator_emission_rao: Sequence[int]
    emission_rao: Sequence[int]
    bonds: Mapping[int, Row]
