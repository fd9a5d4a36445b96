"""What if: a run of epochs from a recorded state, as it was and with something changed.

    >>> from mechanics.yuma import EpochState
    >>> from mechanics.yuma.simulate import Change, simulate
    >>> state = EpochState(
    ...     netuid=1, block_number=7_000_000, neuron_count=4, tempo=360,
    ...     emission_rao=1_000_000_000, last_update=[6_999_900] * 4,
    ...     block_at_registration=[0] * 4, validator_permit=[True, True, False, False],
    ...     stake_i64f64_bits=[600 << 64, 400 << 64, 0, 0], max_allowed_validators=64,
    ...     weights={0: [(2, 65_535)], 1: [(2, 32_768), (3, 32_767)]}, bonds={},
    ...     kappa_u16=32_767, bonds_penalty_u16=65_535, bonds_moving_average_ppm=900_000,
    ...     yuma3_on=True, liquid_alpha_on=False, alpha_low_u16=45_875, alpha_high_u16=58_982,
    ...     activity_cutoff_factor_milli=13_889, last_mechanism_step_block=6_999_640,
    ... )
    >>> copied = simulate(425, state, Change(weights={1: [(2, 65_535)]}), epochs=3)
    >>> copied.reward_difference_rao()
    [-225008818, 225008816, 0, 0]

The second validator gives half its weight to a miner that no majority supports. That half is
clipped, so it holds half the bonds of the other in the miner that earns; with the same weights as
the other, its dividends would be its share of the stake.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from mechanics.eras import BadState
from mechanics.yuma import ERAS, recompute
from mechanics.yuma.state import EpochResult, EpochState, Row

Recompute = Callable[[int, EpochState], EpochResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is changed before the first epoch; None leaves it.

    Attributes:
        weights: rows by uid, each in place of the validator's own; an empty one takes it away.
        stake_i64f64_bits: total stake in rao by uid.
        kappa_u16, bonds_penalty_u16: shares of 65,535.
    """

    weights: Mapping[int, Row] = field(default_factory=dict)
    stake_i64f64_bits: Mapping[int, int] = field(default_factory=dict)
    kappa_u16: int | None = None
    bonds_penalty_u16: int | None = None


@dataclass(frozen=True, slots=True)
class Simulation:
    """Results epoch by epoch, without the change and with it."""

    as_it_was: tuple[EpochResult, ...]
    changed: tuple[EpochResult, ...]

    def reward_difference_rao(self) -> list[int]:
        """Alpha that each uid gains by the change over all epochs, from incentive and dividends."""
        before, after = _rewards(self.as_it_was), _rewards(self.changed)
        return [b - a for a, b in zip(before, after, strict=True)]


def _rewards(results: tuple[EpochResult, ...]) -> list[int]:
    columns = (
        column
        for result in results
        for column in (result.server_emission_rao, result.validator_emission_rao)
    )
    return [sum(of_uid) for of_uid in zip(*columns, strict=True)]


def simulate(
    spec_version: int,
    state: EpochState,
    change: Change,
    epochs: int,
    by: Recompute = recompute,
) -> Simulation:
    """A run of epochs from a state, without a change and with it.

    Rule
        Each epoch is the chain's. Between two, bonds, permits and consensus are what the epoch
        gave, the blocks move on by one period, and everybody does again what they did: the same
        weights, set at the same distance from the epoch, the same stake and emission, no
        registration and no pending commit.

    Args
        spec_version: which.
        state: the mechanism before the first epoch.
        change: what is to be different, from the first epoch on.
        epochs: how many, at least 1.
        by: the law, or the engine.

    Returns
        All results. Validators' rewards are in proportion to dividends, before parents and root.

    Errors
        BadState for a change to a uid beyond the neurons or no epoch, and as ``recompute``;
        UnknownRule as ``recompute``.

    Source
        ``mechanics.yuma.recompute``.
    """
    if epochs < 1:
        raise BadState("epochs", f"are {epochs}; there must be at least one")
    return Simulation(
        _run(spec_version, state, epochs, by),
        _run(spec_version, _changed(state, change), epochs, by),
    )


def _changed(state: EpochState, change: Change) -> EpochState:
    for name in ("weights", "stake_i64f64_bits"):
        for uid in getattr(change, name):
            if not 0 <= uid < state.neuron_count:
                raise BadState(name, f"changes uid {uid} of {state.neuron_count} neurons")
    stake = list(state.stake_i64f64_bits)
    for uid, bits in change.stake_i64f64_bits.items():
        stake[uid] = bits
    return replace(
        state,
        weights={**state.weights, **change.weights},
        stake_i64f64_bits=stake,
        kappa_u16=state.kappa_u16 if change.kappa_u16 is None else change.kappa_u16,
        bonds_penalty_u16=(
            state.bonds_penalty_u16
            if change.bonds_penalty_u16 is None
            else change.bonds_penalty_u16
        ),
    )


def _run(
    spec_version: int, state: EpochState, epochs: int, by: Recompute
) -> tuple[EpochResult, ...]:
    period = ERAS.at(spec_version).module.RULE.period_blocks(state)
    results = []
    for _ in range(epochs):
        results.append(by(spec_version, state))
        state = _next(state, results[-1], period)
    return tuple(results)


def _next(state: EpochState, result: EpochResult, period_blocks: int) -> EpochState:
    index = state.subnet_epoch_index
    return replace(
        state,
        block_number=state.block_number + period_blocks,
        last_update=[block + period_blocks for block in state.last_update],
        validator_permit=list(result.validator_permit),
        bonds={**state.bonds, **result.bonds},
        last_mechanism_step_block=state.block_number,
        subnet_epoch_index=None if index is None else index + 1,
        previous_consensus_u16=list(result.consensus_u16),
        weight_commits=None,
        timelocked_weight_commits=None,
    )
