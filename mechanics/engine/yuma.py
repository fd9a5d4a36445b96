"""The Yuma epoch on arrays: the matrices of the law's epoch compiled, its scalars the law's own.

What is per neuron (stake shares, activity, permits, commits, emissions) runs by the era's own
functions; here are the weights, medians, bonds and dividends.
"""

import numpy as np

from mechanics import yuma as law
from mechanics.engine.rows import Rows
from mechanics.engine.wide import compiled
from mechanics.yuma import epoch
from mechanics.yuma.epoch import Electorate, Rule, Tally
from mechanics.yuma.i32f32 import ONE, of_share
from mechanics.yuma.liquid_alpha import bounded_exponential
from mechanics.yuma.state import EpochResult, EpochState

_MILLION = 1_000_000
_GREATEST_NEURON_COUNT = 32_767
"""Sums of so many values of at most 1 stay below 2^48, which the division relies on."""

_ABSENT = -1
_PLAIN, _LIQUID = 0, 1


def recompute(spec_version: int, pre: EpochState) -> EpochResult:
    """The epoch of one mechanism, by the era in force.

    Rule
        That of ``mechanics.yuma.recompute``.

    Args
        spec_version: which.
        pre: the mechanism at that moment; fastest with weights and bonds as ``Rows``.

    Returns
        The law's result, to the bit; bonds as ``Rows``.

    Errors
        Those of the law, which computes what is outside the engine's domain: a row that names a
        uid twice, a bond to a uid beyond the neurons, a moving average above 1, crossed bounds of
        alpha, a total stake beyond 2^63 rao, no neurons or more than 32,767.

    Source
        ``mechanics.yuma.epoch``.
    """
    rule = law.ERAS.at(spec_version).module.RULE
    rule.check(pre)
    if not _is_in_domain(pre):
        return law.recompute(spec_version, pre)
    try:
        weights, bonds = Rows.of(pre.weights), Rows.of(pre.bonds)
    except (OverflowError, TypeError, ValueError):
        return law.recompute(spec_version, pre)
    electorate = epoch.elect(rule, pre)
    # A total stake beyond 2^63 rao wraps on chain, and shares leave 0 .. 1.
    if min(electorate.voting_stake) < 0 or max(electorate.voting_stake) > ONE:
        return law.recompute(spec_version, pre)
    tally = _count(rule, pre, electorate, weights, bonds)
    if tally is None:
        return law.recompute(spec_version, pre)
    return epoch.written(rule, pre, electorate, tally)


def _is_in_domain(pre: EpochState) -> bool:
    return (
        0 < pre.neuron_count <= _GREATEST_NEURON_COUNT
        and pre.bonds_moving_average_ppm <= _MILLION
        and pre.alpha_low_u16 <= pre.alpha_high_u16
    )


def _count(
    rule: Rule, pre: EpochState, electorate: Electorate, weights: Rows, bonds: Rows
) -> Tally | None:
    """The law's ``count``; None where rows name a uid twice or a bond one beyond the neurons."""
    n = pre.neuron_count
    registered = np.array(pre.block_at_registration, dtype=np.uint64)
    voting = np.array(electorate.voting_stake, dtype=np.int64)
    permits = np.zeros(n, dtype=np.bool_)
    permits[: len(electorate.old_permits)] = electorate.old_permits[:n]
    self_uid = rule.self_weight_uid(pre)
    commits = rule.commit_blocks(pre)
    has_commits = commits is not None
    votes = _votes(
        *_spans(weights, n),
        weights.uids,
        weights.shares,
        permits,
        _ABSENT if self_uid is None else self_uid,
        np.array(epoch.updates_of(pre)[:n], dtype=np.uint64),
        registered,
        has_commits,
        np.array(commits if has_commits else (), dtype=np.uint64),
        voting,
        of_share(pre.kappa_u16),
    )
    is_plain, entries, consensus, trust, pre_ranks, ranks, incentive = votes
    if not is_plain:
        return None
    consensus_bits = consensus.tolist()
    targets = _targets(n, *entries, consensus, of_share(pre.bonds_penalty_u16))
    cutoffs = np.array(rule.bond_cutoffs(pre)[:n], dtype=np.uint64)
    before = (*_spans(bonds, n), bonds.uids, bonds.shares, cutoffs, registered)
    if rule.is_yuma3(pre):
        liquid = rule.liquid_alpha
        compared = liquid.compared(pre, consensus_bits) if pre.liquid_alpha_on else []
        kind = _LIQUID if any(compared) else _PLAIN
        is_plain, moved, dividends = _yuma3(
            n,
            *targets,
            *before,
            voting,
            incentive,
            epoch.plain_alpha(pre),
            kind,
            np.array(compared if kind else (), dtype=np.int64),
            of_share(pre.alpha_low_u16),
            of_share(pre.alpha_high_u16),
            liquid.slope(pre),
            liquid.exponential is bounded_exponential,
        )
    else:
        kind = _PLAIN
        alphas = rule.column_alphas(pre, consensus_bits)
        alphas = [epoch.plain_alpha(pre)] * n if alphas is None else alphas
        is_plain, moved, dividends = _yuma2(
            n, *targets, *before, voting, incentive, np.array(alphas, dtype=np.int64)
        )
    if not is_plain:
        return None
    lengths, uids, shares = _stored(
        n, moved, kind, targets, np.array(electorate.new_permits, dtype=np.bool_)
    )
    owners = np.array(epoch.written_uids(rule, electorate), dtype=np.int64)
    starts = np.zeros(len(owners) + 1, dtype=np.int64)
    np.cumsum(lengths[owners], out=starts[1:])
    return Tally(
        consensus=consensus_bits,
        validator_trust=trust.tolist(),
        pre_ranks=pre_ranks.tolist(),
        ranks=ranks.tolist(),
        incentive=incentive.tolist(),
        dividends=dividends.tolist(),
        bonds=Rows(owners, starts, uids, shares),
    )


def _spans(rows: Rows, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Begin and end of each uid's row, shape (n,); equal where it has none."""
    begins, ends = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    owners = rows.owners
    is_below = owners < n
    begins[owners[is_below]] = rows.starts[:-1][is_below]
    ends[owners[is_below]] = rows.starts[1:][is_below]
    return begins, ends


# ---------------------------------------------------------------------- numbers


@compiled
def _product(a, b):
    """The product of two numbers from 0 to 1, floored: only 1 x 1 needs more than 64 bits."""
    if a == ONE:
        return b
    return np.int64((np.uint64(a) * np.uint64(b)) >> np.uint64(32))


@compiled
def _quotient(a, b):
    """The quotient of 0 <= a and 0 < b < 2^48, cut; in two steps of 16 bits where a >= 1."""
    dividend, divisor = np.uint64(a), np.uint64(b)
    if a < ONE:
        return np.int64((dividend << np.uint64(32)) // divisor)
    whole = dividend // divisor
    rest = dividend - whole * divisor
    for _ in range(2):
        rest <<= np.uint64(16)
        digit = rest // divisor
        rest -= digit * divisor
        whole = (whole << np.uint64(16)) | digit
    return np.int64(whole)


@compiled
def _normalize(values):
    """Values from 0 over their sum, in place."""
    whole = np.int64(0)
    for value in values:
        whole += value
    if whole != 0:
        for i in range(len(values)):
            values[i] = _quotient(values[i], whole)


@compiled
def _exponential(power, is_bounded):
    """e to a power by the library's 30-term series; 0 where it overflows.

    A term that is 0 leaves all later ones 0. From 22 on the sum does not fit, whatever the power.
    """
    bound = np.int64(20 * ONE)
    if is_bounded:
        power = min(max(power, -bound), bound)
    if power == 0:
        return np.int64(ONE)
    if power == ONE:
        return np.int64(22_802_600 << 9)
    x = abs(power)
    if x >= 22 * ONE:
        return np.int64(0)
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    limit = np.uint64(1) << np.uint64(63)
    x_high, x_low = np.uint64(x) >> shift, np.uint64(x) & low
    result, term = np.uint64(x + ONE), np.uint64(x)
    for i in range(2, 32):
        term_high, term_low = term >> shift, term & low
        middle = term_high * x_low + term_low * x_high
        whole = term_high * x_high + (middle >> shift)
        if whole >= np.uint64(1) << np.uint64(31):
            return np.int64(0)
        term = (term_high * x_high << shift) + middle + (term_low * x_low >> shift)
        if term >= limit:
            return np.int64(0)
        term //= np.uint64(i)
        if term == 0:
            break
        result += term
        if result >= limit:
            return np.int64(0)
    if power > 0:
        return np.int64(result)
    everything = np.uint64(0xFFFFFFFFFFFFFFFF)
    inverse = everything // result
    if everything % result == result - np.uint64(1):
        inverse += np.uint64(1)
    return np.int64(inverse)


@compiled
def _alpha(consensus, weight, bond, low, high, slope, is_bounded):
    """The law's ``bond_alpha``."""
    distance = weight - consensus if weight >= bond else bond - weight
    offset = min(max(distance, 0), ONE) - (ONE >> 1)
    # The offset has at most 31 bits, so both products of the halves of the slope fit.
    power = (slope >> 32) * offset + (((slope & 0xFFFFFFFF) * offset) >> 32)
    exponential = _exponential(power, is_bounded)
    greatest = np.int64(0x7FFFFFFFFFFFFFFF)
    divisor = exponential + ONE if exponential <= greatest - ONE else greatest
    everything = np.uint64(0xFFFFFFFFFFFFFFFF)
    sigmoid = everything // np.uint64(divisor)
    if everything % np.uint64(divisor) == np.uint64(divisor - 1):
        sigmoid += np.uint64(1)
    alpha = low + _product(np.int64(sigmoid), high - low)
    return max(min(alpha, high), low)


# ---------------------------------------------------------------------- votes


@compiled
def _votes(
    begins,
    ends,
    uids,
    shares,
    permits,
    self_uid,
    updates,
    registered,
    has_commits,
    commits,
    voting,
    kappa,
):
    """Weights that count, consensus, trust and ranks.

    The entries are (uid of the row, where rows begin, columns, values), in stored order.
    """
    n = len(permits)
    owners = np.empty(n, dtype=np.int64)
    starts = np.zeros(n + 1, dtype=np.int64)
    room = 0
    for i in range(n):
        if permits[i]:
            room += ends[i] - begins[i]
    columns = np.empty(room, dtype=np.int64)
    values = np.empty(room, dtype=np.int64)
    last_row = np.full(n, -1, dtype=np.int64)
    is_plain = True
    rows = filled = 0
    for i in range(n):
        if not permits[i] or begins[i] == ends[i]:
            continue
        whole = np.int64(0)
        for k in range(begins[i], ends[i]):
            j = np.int64(uids[k])
            if j >= n or (j == i and i != self_uid) or updates[i] <= registered[j]:
                continue
            if has_commits and commits[i] < registered[j]:
                continue
            is_plain = is_plain and last_row[j] != i
            last_row[j] = i
            columns[filled] = j
            values[filled] = np.int64(shares[k])
            whole += values[filled]
            filled += 1
        if whole > 0:
            for k in range(starts[rows], filled):
                values[k] = (values[k] << 32) // whole
        owners[rows] = i
        rows += 1
        starts[rows] = filled
    owners, starts = owners[:rows], starts[: rows + 1]
    columns, values = columns[:filled], values[:filled]
    consensus = _medians(n, owners, starts, columns, values, voting, kappa)
    trust = np.zeros(n, dtype=np.int64)
    pre_ranks = np.zeros(n, dtype=np.int64)
    ranks = np.zeros(n, dtype=np.int64)
    for row in range(rows):
        i = owners[row]
        for k in range(starts[row], starts[row + 1]):
            j = columns[k]
            clipped = min(values[k], consensus[j])
            trust[i] += clipped
            pre_ranks[j] += _product(voting[i], values[k])
            ranks[j] += _product(voting[i], clipped)
    incentive = ranks.copy()
    _normalize(incentive)
    entries = (owners, starts, columns, values)
    return is_plain, entries, consensus, trust, pre_ranks, ranks, incentive


@compiled
def _medians(n, owners, starts, columns, values, voting, kappa):
    """The stake-weighted median of each column, by the chain's own partitions about a pivot."""
    consensus = np.zeros(n, dtype=np.int64)
    count = 0
    for i in range(n):
        count += voting[i] > 0
    if count == 0:
        return consensus
    places = np.full(n, -1, dtype=np.int64)
    stake = np.empty(count, dtype=np.int64)
    count = 0
    for i in range(n):
        if voting[i] > 0:
            places[i] = count
            stake[count] = voting[i]
            count += 1
    _normalize(stake)
    whole = np.int64(0)
    for share in stake:
        whole += share
    minority = whole - kappa
    scores = np.zeros((n, count), dtype=np.int64)
    for row in range(len(owners)):
        place = places[owners[row]]
        if place >= 0:
            for k in range(starts[row], starts[row + 1]):
                scores[columns[k], place] = values[k]
    of_scores = np.empty(count, dtype=np.int64)
    for j in range(n):
        consensus[j] = _median(scores[j], stake, of_scores, whole, minority)
    return consensus


@compiled
def _median(scores, stake, of_scores, whole, minority):
    """The law's ``weighted_median``; the scores are reordered."""
    count = len(scores)
    of_scores[:] = stake
    low_edge, high_edge = np.int64(0), whole
    while count > 1:
        pivot = scores[count // 2]
        lower, upper, low_stake, high_stake = 0, 0, np.int64(0), np.int64(0)
        for k in range(count):
            if scores[k] < pivot:
                low_stake += of_scores[k]
                lower += 1
            elif scores[k] > pivot:
                high_stake += of_scores[k]
                upper += 1
        takes_lower = lower > 0 and minority < low_edge + low_stake
        takes_upper = upper > 0 and high_edge - high_stake <= minority
        if not (takes_lower or takes_upper):
            return pivot
        kept = 0
        for k in range(count):
            if (takes_lower and scores[k] < pivot) or (not takes_lower and scores[k] > pivot):
                scores[kept] = scores[k]
                of_scores[kept] = of_scores[k]
                kept += 1
        count = kept
        if takes_lower:
            high_edge = low_edge + low_stake
        else:
            low_edge = high_edge - high_stake
    return scores[0]


@compiled
def _targets(n, owners, starts, columns, values, consensus, penalty):
    """The weights that bonds follow: as they are, clipped, or between, then sorted by column."""
    if penalty == 0:
        return owners, starts, columns, values
    new_starts = np.zeros_like(starts)
    new_columns = np.empty_like(columns)
    new_values = np.empty_like(values)
    dense = np.zeros(n, dtype=np.int64)
    filled = 0
    for row in range(len(owners)):
        for k in range(starts[row], starts[row + 1]):
            j, value = columns[k], values[k]
            clipped = min(value, consensus[j])
            if penalty == ONE:
                if clipped > 0 or value == 0:
                    new_columns[filled], new_values[filled] = j, clipped
                    filled += 1
            else:
                # The law floors a product that is not positive: here the ceiling of its size.
                lost = np.uint64(penalty) * np.uint64(value - clipped)
                rest = np.int64((lost & np.uint64(0xFFFFFFFF)) != 0)
                dense[j] = value - np.int64(lost >> np.uint64(32)) - rest
        if penalty != ONE:
            for j in range(n):
                if dense[j] > 0:
                    new_columns[filled], new_values[filled] = j, dense[j]
                    filled += 1
                dense[j] = 0
        new_starts[row + 1] = filled
    return owners, new_starts, new_columns[:filled], new_values[:filled]


# ---------------------------------------------------------------------- bonds


@compiled
def _yuma2(
    n,
    owners,
    starts,
    columns,
    values,
    begins,
    ends,
    uids,
    shares,
    cutoffs,
    registered,
    voting,
    incentive,
    alphas,
):
    """Bonds for storage as (uids of rows, dense values, -1 where there is none), and dividends."""
    rows, places = _bond_rows(n, owners, begins, ends)
    before = np.full((len(rows), n), _ABSENT, dtype=np.int64)
    is_plain = _load(n, rows, begins, ends, uids, shares, cutoffs, registered, before)
    bond_sums = np.zeros(n, dtype=np.int64)
    for place in range(len(rows)):
        for j in range(n):
            bond_sums[j] += max(before[place, j], 0)
    delta_sums = np.zeros(n, dtype=np.int64)
    for row in range(len(owners)):
        for k in range(starts[row], starts[row + 1]):
            delta_sums[columns[k]] += _product(values[k], voting[owners[row]])
    moved = np.zeros((len(rows), n), dtype=np.int64)
    for row in range(len(owners)):
        i = owners[row]
        for k in range(starts[row], starts[row + 1]):
            j = columns[k]
            delta = _product(values[k], voting[i])
            if delta_sums[j] != 0:
                delta = _quotient(delta, delta_sums[j])
            moved[places[i], j] = _product(alphas[j], delta)
    for place in range(len(rows)):
        for j in range(n):
            if before[place, j] > 0:
                bond = (before[place, j] << 32) // bond_sums[j]
                moved[place, j] += _product(ONE - alphas[j], bond)
    _mark_absent(moved)
    _normalize_columns(moved)
    dividends = np.zeros(n, dtype=np.int64)
    greatest = np.zeros(n, dtype=np.int64)
    for place in range(len(rows)):
        for j in range(n):
            if moved[place, j] > 0:
                dividends[rows[place]] += _product(incentive[j], moved[place, j])
                greatest[j] = max(greatest[j], moved[place, j])
    _normalize(dividends)
    for place in range(len(rows)):
        for j in range(n):
            if moved[place, j] > 0:
                moved[place, j] = _quotient(moved[place, j], greatest[j])
    return is_plain, (rows, moved), dividends


@compiled
def _yuma3(
    n,
    owners,
    starts,
    columns,
    values,
    begins,
    ends,
    uids,
    shares,
    cutoffs,
    registered,
    voting,
    incentive,
    alpha,
    kind,
    compared,
    low,
    high,
    slope,
    is_bounded,
):
    """Bonds for storage as (uids of rows, dense values, -1 where there is none), and dividends."""
    rows, places = _bond_rows(n, owners, begins, ends)
    before = np.full((len(rows), n), _ABSENT, dtype=np.int64)
    is_plain = _load(n, rows, begins, ends, uids, shares, cutoffs, registered, before)
    for place in range(len(rows)):
        for j in range(n):
            before[place, j] = (max(before[place, j], 0) << 32) // 65_535
    moved = np.zeros((len(rows), n), dtype=np.int64)
    if kind == _PLAIN:
        for place in range(len(rows)):
            for j in range(n):
                moved[place, j] = _product(ONE - alpha, before[place, j])
        for row in range(len(owners)):
            place = places[owners[row]]
            for k in range(starts[row], starts[row + 1]):
                moved[place, columns[k]] += _product(alpha, values[k])
    elif is_plain:
        seen = np.zeros(n, dtype=np.int64)
        for row in range(len(owners)):
            i = owners[row]
            place = places[i]
            seen[:] = 0
            _see(n, i, begins, ends, uids, shares, cutoffs, registered, seen)
            furthest = -1
            for k in range(starts[row], starts[row + 1]):
                j, target = columns[k], values[k]
                weight = target if j > furthest else 0
                furthest = max(furthest, j)
                of_bond = _alpha(compared[j], weight, seen[j], low, high, slope, is_bounded)
                bond = _product(ONE - of_bond, before[place, j]) + _product(of_bond, target)
                moved[place, j] = min(bond, ONE)
    _mark_absent(moved)
    relative = moved.copy()
    _normalize_columns(relative)
    dividends = np.zeros(n, dtype=np.int64)
    for place in range(len(rows)):
        tilt = np.int64(0)
        for j in range(n):
            if relative[place, j] > 0:
                tilt += _product(relative[place, j], incentive[j])
        dividends[rows[place]] = _product_of_sums(tilt, voting[rows[place]])
    _normalize(dividends)
    return is_plain, (rows, moved), dividends


@compiled
def _product_of_sums(a, b):
    """The product of a, which may pass 1, and b from 0 to 1."""
    return (a >> 32) * b + _product(a & 0xFFFFFFFF, b)


@compiled
def _bond_rows(n, owners, begins, ends):
    """Uids that have weights that count or bonds, and the place of each, -1 for the others."""
    places = np.full(n, -1, dtype=np.int64)
    for i in owners:
        places[i] = 0
    count = 0
    for i in range(n):
        if places[i] == 0 or begins[i] < ends[i]:
            places[i] = count
            count += 1
    rows = np.empty(count, dtype=np.int64)
    for i in range(n):
        if places[i] >= 0:
            rows[places[i]] = i
    return rows, places


@compiled
def _load(n, rows, begins, ends, uids, shares, cutoffs, registered, before):
    """Shares of the bonds that are kept; whether every one is to a neuron and named once."""
    for place in range(len(rows)):
        i = rows[place]
        for k in range(begins[i], ends[i]):
            j = np.int64(uids[k])
            if j >= n:
                return False
            if cutoffs[i] <= registered[j]:
                continue
            if before[place, j] != _ABSENT:
                return False
            before[place, j] = np.int64(shares[k])
    return True


@compiled
def _see(n, i, begins, ends, uids, shares, cutoffs, registered, seen):
    """The law's ``seen_in_order`` of a row of kept bonds."""
    furthest = -1
    for k in range(begins[i], ends[i]):
        j = np.int64(uids[k])
        if cutoffs[i] <= registered[j]:
            continue
        if j > furthest:
            seen[j] = (np.int64(shares[k]) << 32) // 65_535
            furthest = j


@compiled
def _mark_absent(moved):
    """What is 0 after the moving average leaves no entry; what becomes 0 later is one."""
    for place in range(moved.shape[0]):
        for j in range(moved.shape[1]):
            if moved[place, j] == 0:
                moved[place, j] = _ABSENT


@compiled
def _normalize_columns(moved):
    """Columns over their sums, in place."""
    sums = np.zeros(moved.shape[1], dtype=np.int64)
    for place in range(moved.shape[0]):
        for j in range(moved.shape[1]):
            sums[j] += max(moved[place, j], 0)
    for place in range(moved.shape[0]):
        for j in range(moved.shape[1]):
            if moved[place, j] > 0:
                moved[place, j] = _quotient(moved[place, j], sums[j])


@compiled
def _stored(n, moved, kind, targets, permits):
    """Lengths of the rows by uid, and their columns and shares of 65,535, for uids with a permit.

    Liquid alpha keeps the order of the weights; every other average is sorted by column.
    """
    rows, bonds = moved
    owners, starts, columns, _ = targets
    lengths = np.zeros(n, dtype=np.int64)
    room = 0
    for place in range(len(rows)):
        if permits[rows[place]]:
            room += n
    uids = np.empty(room, dtype=np.uint16)
    shares = np.empty(room, dtype=np.uint16)
    filled = row = 0
    for place in range(len(rows)):
        i = rows[place]
        while row < len(owners) and owners[row] < i:
            row += 1
        if not permits[i]:
            continue
        begin = filled
        if kind == _PLAIN:
            for j in range(n):
                if bonds[place, j] != _ABSENT:
                    uids[filled], shares[filled] = j, bonds[place, j] * 65_535 >> 32
                    filled += 1
        elif row < len(owners) and owners[row] == i:
            for k in range(starts[row], starts[row + 1]):
                j = columns[k]
                if bonds[place, j] != _ABSENT:
                    uids[filled], shares[filled] = j, bonds[place, j] * 65_535 >> 32
                    filled += 1
        lengths[i] = filled - begin
    return lengths, uids[:filled], shares[:filled]
