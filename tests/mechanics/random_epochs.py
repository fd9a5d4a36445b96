"""Epoch states that try the corners: ties, zeros, unsorted rows, short vectors, every extreme."""

from random import Random

from mechanics.yuma import ERAS, Commit, EpochState
from mechanics.yuma.state import AUTO, CURRENT, Row

SPECS = [era.first_spec_version for era in ERAS] + [425, ERAS.at(446).last_spec_version]

BLOCK = 7_000_000
_ODDS = ([0, 0.1, 0.5], [0, 0.2, 0.6], [0.5, 0.9, 1])
"""How many neurons of a state registered late, were updated at an edge, and hold a permit."""

_U64_MAX = 2**64 - 1


def random_state(random: Random, spec_version: int, greatest_n: int = 14) -> EpochState:
    """A state that a chain of the spec could hold, or nearly so."""
    n = random.choice([1, 2, 3, 5, 8, random.randint(3, greatest_n), greatest_n])
    tempo = random.choice([1, 10, 99, 360])
    has_free_lengths = spec_version >= 320
    last_step = random.choice([0, BLOCK - tempo, BLOCK - tempo - 1])
    edges = [BLOCK - tempo - 1, BLOCK - tempo, BLOCK - tempo + 1, last_step, last_step + 1, 0]
    late, stale, permitted = (random.choice(odds) for odds in _ODDS)
    registered = [
        random.choice([*edges, random.randint(0, BLOCK)]) if random.random() < late else 5
        for _ in range(n)
    ]
    updates = [
        random.choice([BLOCK, BLOCK - 1, BLOCK - 4_999, BLOCK - 5_001, *registered])
        if random.random() < stale
        else BLOCK - random.randint(0, 300)
        for _ in range(n)
    ]
    permits = [random.random() < permitted for _ in range(n)]
    if has_free_lengths and random.random() < 0.15:
        updates = updates[: random.randint(0, n)] if random.random() < 0.5 else [*updates, 7]
        permits = permits[: random.randint(0, n)] if random.random() < 0.5 else [*permits, True]
    low, high = sorted(random.choice([0, 1_638, 45_875, 58_982, 65_535]) for _ in range(2))
    if random.random() < 0.02:
        low, high = high, low
    has_yuma3 = spec_version >= 273
    return EpochState(
        netuid=random.randint(1, 128),
        block_number=BLOCK,
        neuron_count=n,
        tempo=tempo,
        emission_rao=random.choice([0, 1, 10**9, 148 * 10**9, 2**63, _U64_MAX]),
        last_update=updates,
        block_at_registration=registered,
        stake_i64f64_bits=_stakes(random, n),
        stake_threshold_rao=random.choice([0, 0, 0, 0, 10**9, 10**14]),
        owner_uid=random.choice([None, random.randrange(n), random.randrange(n), n, 65_535]),
        validator_permit=permits,
        max_allowed_validators=random.choice([0, 1, 2, n, max(n - 1, 0), 64, 128]),
        weights=_rows(random, n, beyond=0.03),
        bonds=_rows(random, n, beyond=0.03 if has_free_lengths else 0),
        kappa_u16=random.choice([0, 1, 32_767, 32_767, 32_768, 65_535, random.randint(0, 65_535)]),
        bonds_penalty_u16=random.choice([0, 65_535, 65_535, 1, 65_534, random.randint(0, 65_535)]),
        bonds_moving_average_ppm=random.choice(
            [0, 900_000, 900_000, 975_000, 1_000_000, random.randint(0, 1_000_001)]
        ),
        activity_cutoff_blocks=random.choice([0, 360, 5_000, 5_000, 5_000])
        if spec_version < 423
        else None,
        activity_cutoff_factor_milli=(
            random.choice([0, 13_889, 500_000, 500_000, 500_000]) if spec_version >= 423 else None
        ),
        liquid_alpha_on=random.random() < 0.7,
        alpha_low_u16=low,
        alpha_high_u16=high,
        yuma3_on=has_yuma3 and random.random() < 0.7,
        alpha_sigmoid_steepness=_steepness(random, spec_version),
        last_mechanism_step_block=last_step,
        commit_reveal_weights_enabled=spec_version >= 297 and random.random() < 0.4,
        reveal_period_epochs=random.choice([0, 1, 3]),
        subnet_epoch_index=100 if spec_version >= 423 else None,
        weight_commits=_commits(random, n, spec_version, registered),
        timelocked_weight_commits=_commits(random, n, spec_version, registered),
        liquid_alpha_consensus_mode=random.randint(CURRENT, AUTO),
        previous_consensus_u16=_previous_consensus(random, n),
    )


def _stakes(random: Random, n: int) -> list[int]:
    kind = random.random()
    if kind < 0.03:
        return [0] * n
    if kind < 0.3:  # ties
        shared = random.choice([1, 10**12, 10**15])
        return [random.choice([0, shared, shared, 2 * shared]) << 64 for _ in range(n)]
    if kind < 0.32:  # the sum passes 2^127
        return [random.choice([0, 2**127 - 1, 2**126]) for _ in range(n)]
    if kind < 0.36:  # less than one rao
        return [random.getrandbits(random.choice([1, 30, 64])) for _ in range(n)]
    return [
        random.choice([0, 1, 1]) * random.getrandbits(random.choice([90, 100, 114]))
        for _ in range(n)
    ]


def _rows(random: Random, n: int, beyond: float) -> dict[int, Row]:
    owners = [uid for uid in range(n) if random.random() < 0.8]
    if random.random() < beyond:
        owners.append(n + random.randint(0, 3))
    return {owner: _row(random, n, beyond) for owner in owners}


def _row(random: Random, n: int, beyond: float) -> Row:
    density = random.choice([0.3, 0.9, 1])
    uids = [uid for uid in range(n) if random.random() < density]
    if random.random() < beyond:
        uids.append(n + random.randint(0, 2))
    if random.random() < 0.4:
        random.shuffle(uids)
    if uids and random.random() < 0.01:
        uids.append(random.choice(uids))
    shares = random.choice([[0, 65_535], [0, 1, 2], [65_535], [13_107, 13_107, 26_214], None])
    return tuple(
        (uid, random.randint(0, 65_535) if shares is None else random.choice(shares))
        for uid in uids
    )


def _steepness(random: Random, spec_version: int) -> int:
    if spec_version < 283:
        return random.choice([0, 1, 10, 40, 42, 1_000, 65_535, random.randint(0, 100)])
    corners = [0, 10, 100, 200, -200, 1_000, -1_000, 4_000, 4_100, 4_300, 4_400, 32_767, -32_768]
    return random.choice([*corners, random.randint(-32_768, 32_767), random.randint(-4_500, 4_500)])


def _commits(
    random: Random, n: int, spec_version: int, registered: list[int]
) -> dict[int, list[Commit]]:
    def commit() -> Commit:
        epoch = random.choice([96, 97, 98, 99, 100]) if spec_version >= 423 else None
        near = random.choice(registered) + random.randint(-1, 1)
        return Commit(epoch, max(random.choice([near, BLOCK - random.randint(0, 2_000)]), 0))

    uids = [uid for uid in range(n + 1) if random.random() < 0.3]
    return {uid: [commit() for _ in range(random.randint(0, 3))] for uid in uids}


def _previous_consensus(random: Random, n: int) -> list[int]:
    length = random.choice([0, n, n, n, max(n - 1, 0), n + 1])
    return [random.choice([0, 1, 30_000, 65_535]) for _ in range(length)]
