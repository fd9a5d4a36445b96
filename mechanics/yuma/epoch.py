"""The epoch of one mechanism of a subnet: the order of its steps, and those that never changed.

The epoch that runs on chain is the sparse one: rows of weights and bonds keep their stored order,
and an entry of 0 is not the same as none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mechanics.yuma import sparse
from mechanics.yuma.i32f32 import FRACTION, ONE, U64_MAX, clamped, of_share, to_share, total
from mechanics.yuma.liquid_alpha import LiquidAlpha, ema_by_liquid_alpha
from mechanics.yuma.sparse import Matrix
from mechanics.yuma.state import EpochResult, EpochState, Row
from mechanics.yuma.vectors import (
    Vector,
    divided,
    masked,
    max_upscaled_to_u16,
    multiplied,
    normalized,
    normalized_by,
    normalized_i64f64,
)

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """The parts of an epoch that differ between eras; an era replaces those it changes.

    Attributes:
        check: refuses numbers and vectors that no chain of the era can have.
        check_rows: the same for weights and bonds.
        activity_cutoff_blocks: how long a neuron may be silent, blocks.
        counted_stake: stake that counts, I64F64 bits, shape (n,).
        old_permits: permits that decide whose weights and stake count in this epoch.
        new_permits: permits for the epochs to come, from stake shares.
        self_weight_uid: the uid that may keep a weight to itself.
        commit_blocks: block of each uid's earliest pending commit, None where commits do not mask.
        bond_cutoffs: for each row, the block up to which a registration drops bonds to the uid.
        column_alphas: alphas of Yuma 2's moving average by column, None for one alpha for all.
        liquid_alpha: how Yuma 3 takes alphas by bond; None where the spec has no Yuma 3.
        period_blocks: blocks from one epoch to the next, as far as the tempo decides it.
        writes_rank_trust_pruning, writes_stake_weight, writes_all_bond_rows: what is stored.
    """

    check: Callable[[EpochState], None]
    check_rows: Callable[[EpochState], None]
    activity_cutoff_blocks: Callable[[EpochState], int]
    counted_stake: Callable[[EpochState], Vector]
    old_permits: Callable[[EpochState], list[bool]]
    new_permits: Callable[[EpochState, Vector], list[bool]]
    self_weight_uid: Callable[[EpochState], int | None]
    commit_blocks: Callable[[EpochState], Vector | None]
    bond_cutoffs: Callable[[EpochState], Vector]
    column_alphas: Callable[[EpochState, Vector], Vector | None]
    liquid_alpha: LiquidAlpha | None
    period_blocks: Callable[[EpochState], int]
    writes_rank_trust_pruning: bool
    writes_stake_weight: bool
    writes_all_bond_rows: bool

    def is_yuma3(self, pre: EpochState) -> bool:
        """Whether bonds are absolute and dividends by stake."""
        return self.liquid_alpha is not None and pre.yuma3_on


@dataclass(frozen=True, slots=True)
class Electorate:
    """Who counts in an epoch; vectors by uid, I32F32 bits.

    Attributes:
        active: not silent for longer than the activity cutoff.
        stake: shares of the stake that counts.
        voting_stake: shares among the active holders of a permit.
        old_permits, new_permits: before and after.
    """

    active: list[bool]
    stake: Vector
    voting_stake: Vector
    old_permits: list[bool]
    new_permits: list[bool]


@dataclass(frozen=True, slots=True)
class Tally:
    """What the votes of an epoch come to; vectors by uid, I32F32 bits.

    Attributes:
        consensus: the stake-weighted median of the weights to a uid.
        validator_trust: the sum of a row after clipping.
        pre_ranks, ranks: stake times weight before and after clipping.
        incentive: ranks over their sum.
        dividends: shares of the validators.
        bonds: rows to be written, (uid, share of 65,535), by uid.
    """

    consensus: Vector
    validator_trust: Vector
    pre_ranks: Vector
    ranks: Vector
    incentive: Vector
    dividends: Vector
    bonds: Mapping[int, Row]


def recompute(rule: Rule, pre: EpochState) -> EpochResult:
    """The epoch by a rule.

    Rule
        Stake shares, permits and activity say whose weights count. Consensus is the stake-weighted
        median of the weights to each uid; weights above it are clipped. Incentive is stake times
        clipped weight, over its sum. Bonds follow the weights by a moving average; dividends are
        bonds times incentive, over their sum. Incentive and dividends share the emission.

    Args
        rule: the era's.
        pre: the mechanism at that moment.

    Returns
        Shares of 65,535 and rao, by uid.

    Errors
        BadState for a state that no chain can have; UnknownRule where the state asks for a rule
        that is not known.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism.
    """
    rule.check(pre)
    rule.check_rows(pre)
    electorate = elect(rule, pre)
    return written(rule, pre, electorate, count(rule, pre, electorate))


def elect(rule: Rule, pre: EpochState) -> Electorate:
    """Who counts: stake shares, activity and permits.

    Rule
        active: last_update + cutoff >= block. Stake shares are cut toward zero in I64F64, then to
        32 fraction bits. The voting stake is that of active holders of an old permit, over its sum.

    Args
        rule: the era's.
        pre: the mechanism at that moment.

    Returns
        I32F32 bits by uid.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism.
    """
    cutoff = rule.activity_cutoff_blocks(pre)
    updates = updates_of(pre)
    inactive = [min(update + cutoff, U64_MAX) < pre.block_number for update in updates]
    stake = [bits >> FRACTION for bits in normalized_i64f64(rule.counted_stake(pre))]
    old_permits = rule.old_permits(pre)
    voting_stake = masked(masked(stake, inactive), [not permit for permit in old_permits])
    return Electorate(
        active=[not silent for silent in inactive[: pre.neuron_count]],
        stake=stake,
        voting_stake=normalized(voting_stake),
        old_permits=old_permits,
        new_permits=rule.new_permits(pre, stake),
    )


def updates_of(pre: EpochState) -> Vector:
    """LastUpdate, padded with 0 for uids that have none."""
    missing = pre.neuron_count - len(pre.last_update)
    return [*pre.last_update, *([0] * missing)]


def count(rule: Rule, pre: EpochState, electorate: Electorate) -> Tally:
    """What the votes come to: consensus, incentive, bonds and dividends.

    Args
        rule: the era's.
        pre: the mechanism at that moment.
        electorate: who counts.

    Returns
        I32F32 bits by uid, and bond rows.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism.
    """
    n = pre.neuron_count
    voting_stake = electorate.voting_stake
    weights = counted_weights(rule, pre, electorate.old_permits)
    consensus = sparse.column_medians(voting_stake, weights, n, of_share(pre.kappa_u16))
    clipped = sparse.column_clipped(weights, consensus)
    ranks = sparse.column_products(clipped, voting_stake, n)
    incentive = normalized(ranks)
    targets = sparse.interpolated(weights, clipped, n, of_share(pre.bonds_penalty_u16))
    if rule.is_yuma3(pre):
        bonds, dividends = yuma3(rule, pre, targets, consensus, incentive, voting_stake)
    else:
        bonds, dividends = yuma2(rule, pre, targets, consensus, incentive, voting_stake)
    return Tally(
        consensus=consensus,
        validator_trust=sparse.row_sums(clipped),
        pre_ranks=sparse.column_products(weights, voting_stake, n),
        ranks=ranks,
        incentive=incentive,
        dividends=dividends,
        bonds={
            uid: tuple((j, to_share(value)) for j, value in bonds[uid])
            if electorate.new_permits[uid]
            else ()
            for uid in written_uids(rule, electorate)
        },
    )


def written_uids(rule: Rule, electorate: Electorate) -> list[int]:
    """The uids whose bond row is written: in older eras those with an old or a new permit."""
    n = len(electorate.new_permits)
    if rule.writes_all_bond_rows:
        return list(range(n))
    pairs = zip(electorate.new_permits, electorate.old_permits, strict=True)
    return [uid for uid, (new, old) in enumerate(pairs) if new or old]


def counted_weights(rule: Rule, pre: EpochState, permits: list[bool]) -> Matrix:
    """The weights that count, each row over its sum.

    Rule
        An entry (i, j) counts when i and j are below n, i has an old permit, i is not j (but for
        the one uid that may), i was updated after j registered, and i's earliest pending commit
        is not older than j's registration.

    Args
        rule: the era's.
        pre: the mechanism at that moment.
        permits: the old ones.

    Returns
        I32F32 bits in stored order, zeros kept, shape (n, n).

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism,
        get_weights_sparse.
    """
    n = pre.neuron_count
    weights: Matrix = [
        [(j, value << FRACTION) for j, value in pre.weights.get(i, ()) if j < n] for i in range(n)
    ]
    weights = sparse.rows_masked(weights, [not permit for permit in permits])
    weights = sparse.diagonal_masked(weights, rule.self_weight_uid(pre))
    weights = sparse.masked(weights, updates_of(pre), pre.block_at_registration, int.__le__)
    commit_blocks = rule.commit_blocks(pre)
    if commit_blocks is not None:
        weights = sparse.masked(weights, commit_blocks, pre.block_at_registration, int.__lt__)
    return sparse.row_normalized(weights)


def kept_bonds(rule: Rule, pre: EpochState) -> Matrix:
    """The bonds before, without those to uids that registered since: whole numbers of 65,535."""
    bonds: Matrix = [
        [(j, value << FRACTION) for j, value in pre.bonds.get(i, ())]
        for i in range(pre.neuron_count)
    ]
    return sparse.masked(bonds, rule.bond_cutoffs(pre), pre.block_at_registration, int.__le__)


def plain_alpha(pre: EpochState) -> int:
    """1 - BondsMovingAverage, I32F32 bits."""
    return clamped(ONE - clamped((pre.bonds_moving_average_ppm << FRACTION) // _MILLION))


def yuma2(
    rule: Rule,
    pre: EpochState,
    targets: Matrix,
    consensus: Vector,
    incentive: Vector,
    voting_stake: Vector,
) -> tuple[Matrix, Vector]:
    """Bonds relative to the column, and dividends from bonds alone.

    Rule
        Old bonds and stake-weighted targets are each divided by column sums, averaged, and divided
        again; d_i = sum_j b_ij incentive_j, over its sum. Stored bonds are over the column's
        greatest. An inactive validator keeps what its old bonds earn.

    Args
        rule, pre: as for ``recompute``.
        targets: the weights that bonds follow, shape (n, n).
        consensus, incentive, voting_stake: I32F32 bits, shape (n,).

    Returns
        Bonds for storage, shape (n, n), and dividends, shape (n,), I32F32 bits.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism,
        compute_ema_bonds_normal_sparse.
    """
    n = pre.neuron_count
    before = sparse.column_normalized(kept_bonds(rule, pre), n)
    delta = sparse.column_normalized(sparse.row_scaled(targets, voting_stake), n)
    alphas = rule.column_alphas(pre, consensus)
    if alphas is None:
        alphas = [plain_alpha(pre)] * n
    else:
        # Liquid alpha 1 takes the last of two entries of a column where the plain average adds.
        delta = [list(dict(row).items()) for row in delta]
    bonds = sparse.column_normalized(sparse.ema(delta, before, alphas), n)
    dividends = normalized(sparse.row_products(bonds, incentive))
    return sparse.column_max_upscaled(bonds, n), dividends


def yuma3(
    rule: Rule,
    pre: EpochState,
    targets: Matrix,
    consensus: Vector,
    incentive: Vector,
    voting_stake: Vector,
) -> tuple[Matrix, Vector]:
    """Absolute bonds, and dividends from stake tilted by bonds.

    Rule
        Bonds are shares of 65,535, averaged with the targets as they are. With t_i = sum_j
        (b_ij / sum_k b_kj) incentive_j, dividends are t_i times voting stake, over their sum. With
        liquid alpha, unless the consensus it looks at is all zero, each bond has its own alpha, and
        a bond without a target ends.

    Args
        rule, pre: as for ``recompute``.
        targets: the weights that bonds follow, shape (n, n).
        consensus, incentive, voting_stake: I32F32 bits, shape (n,).

    Returns
        Bonds for storage, shape (n, n), and dividends, shape (n,), I32F32 bits.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism,
        compute_bonds_sparse.
    """
    n = pre.neuron_count
    before: Matrix = [
        [(j, of_share(whole >> FRACTION)) for j, whole in row] for row in kept_bonds(rule, pre)
    ]
    liquid = rule.liquid_alpha
    compared = liquid.compared(pre, consensus) if pre.liquid_alpha_on else []
    if any(compared):
        bonds = ema_by_liquid_alpha(liquid, pre, targets, before, compared)
    else:
        bonds = sparse.ema(targets, before, [plain_alpha(pre)] * n)
    tilted = sparse.column_scaled(sparse.column_normalized(bonds, n), incentive)
    return bonds, normalized(multiplied(sparse.row_sums(tilted), voting_stake))


def written(rule: Rule, pre: EpochState, electorate: Electorate, tally: Tally) -> EpochResult:
    """What the epoch writes and pays.

    Rule
        With E the sum of incentive and dividends: server emission is incentive / E of the alpha,
        validator emission dividends / E, emission the sum over E, each floored to rao. With E = 0
        validators share by voting stake, or by stake when none votes. Shares of 65,535 are floored.

    Args
        rule, pre, electorate, tally: the steps before.

    Returns
        Shares of 65,535 and rao, by uid.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: epoch_mechanism;
        for rank, trust and pruning scores subtensor v293, the same function.
    """
    incentive, dividends = tally.incentive, tally.dividends
    combined = [clamped(a + b) for a, b in zip(incentive, dividends, strict=True)]
    whole = total(combined)
    if whole:
        servers = normalized_by(incentive, whole)
        validators = normalized_by(dividends, whole)
        combined = normalized_by(combined, whole)
    else:
        servers = incentive
        by_stake = electorate.voting_stake if total(electorate.voting_stake) else electorate.stake
        validators = combined = by_stake
    older = rule.writes_rank_trust_pruning
    ratios = divided(tally.ranks, tally.pre_ranks) if older else []
    return EpochResult(
        active=tuple(electorate.active),
        validator_permit=tuple(electorate.new_permits),
        stake_rao=tuple(min(bits >> 2 * FRACTION, U64_MAX) for bits in pre.stake_i64f64_bits),
        stake_weight_u16=_shares(electorate.stake) if rule.writes_stake_weight else None,
        consensus_u16=_shares(tally.consensus),
        incentive_u16=_shares(incentive),
        dividends_u16=_shares(dividends),
        validator_trust_u16=_shares(tally.validator_trust),
        rank_u16=_shares(incentive) if older else None,
        trust_u16=_shares(ratios) if older else None,
        pruning_scores_u16=tuple(max_upscaled_to_u16(combined)) if older else None,
        server_emission_rao=_emissions(servers, pre.emission_rao),
        validator_emission_rao=_emissions(validators, pre.emission_rao),
        emission_rao=_emissions(combined, pre.emission_rao),
        bonds=tally.bonds,
    )


def _shares(values: Vector) -> tuple[int, ...]:
    return tuple(to_share(bits) for bits in values)


def _emissions(shares: Vector, emission_rao: int) -> tuple[int, ...]:
    """Floored parts of the emission, the product in I96F32."""
    parts = [share * emission_rao >> FRACTION for share in shares]
    return tuple([0 if part < 0 else min(part, U64_MAX) for part in parts])
