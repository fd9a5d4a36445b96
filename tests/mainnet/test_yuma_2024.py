"""Yuma 2 against a real subnet: netuid 2 of finney after block 3,705,440, 256 neurons."""

import csv
from pathlib import Path

import pytest

from mechanics.yuma import EpochState, recompute, sparse
from mechanics.yuma.i32f32 import ONE, of_share
from mechanics.yuma.vectors import normalized

NEURONS = 256
TEMPO = 360
BLOCK = 3_705_440
EPOCH_BLOCK = BLOCK - (BLOCK + 3) % (TEMPO + 1) - 1
"""The last block up to BLOCK with (block + netuid + 1) mod (tempo + 1) = tempo."""


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    path = shared / "mainnet" / "yuma_2024"
    if not path.is_dir():
        pytest.skip("needs the observations ../shared/mainnet/yuma_2024, which are not here")
    return path


@pytest.fixture(scope="module")
def neurons(folder: Path) -> list[dict[str, str]]:
    with (folder / "netuid2_neurons.csv").open() as file:
        return list(csv.DictReader(file))


def column(neurons: list[dict[str, str]], name: str) -> list[int]:
    return [int(neuron[name]) for neuron in neurons]


def rows(folder: Path, what: str) -> dict[int, list[tuple[int, int]]]:
    read: dict[int, list[tuple[int, int]]] = {uid: [] for uid in range(NEURONS)}
    with (folder / f"netuid2_{what}.csv").open() as file:
        for entry in csv.DictReader(file):
            share = int(entry[f"{what}_u16"])
            read[int(entry["validator_uid"])].append((int(entry["target_uid"]), share))
    return read


def test_dividends_are_normalized_bonds_times_incentive_within_a_step_and_a_half(folder, neurons):
    """What is stored is cut to shares of 65,535, by up to a step for each of some 5,000 bonds and
    256 incentives: what is computed from them is off by 1.44 steps at the most."""
    bonds = [[(j, share << 32) for j, share in row] for row in rows(folder, "bonds").values()]
    incentive = [of_share(share) for share in column(neurons, "incentive_u16")]
    relative = sparse.column_normalized(bonds, NEURONS)
    dividends = normalized(sparse.row_products(relative, incentive))
    errors = [
        abs(computed * 65_535 / ONE - observed)
        for computed, observed in zip(dividends, column(neurons, "dividends_u16"), strict=True)
    ]
    assert max(errors) < 1.5
    assert sum(error > 1 for error in errors) <= 3


def test_consensus_is_approximate_because_weights_were_set_after_the_epoch(folder, neurons):
    updates = column(neurons, "last_update")
    permits = [share == 1 for share in column(neurons, "validator_permit")]
    voters = [
        uid
        for uid in range(NEURONS)
        if permits[uid] and updates[uid] + 5_000 >= EPOCH_BLOCK and rows(folder, "weights")[uid]
    ]
    since = [uid for uid in voters if updates[uid] > EPOCH_BLOCK]
    # The weights seen by the epoch are gone for those who set new ones in the blocks after it.
    assert (len(voters), len(since)) == (21, 18)
    result = recompute(
        233,
        EpochState(
            netuid=2,
            block_number=EPOCH_BLOCK,
            neuron_count=NEURONS,
            tempo=TEMPO,
            emission_rao=sum(column(neurons, "emission_rao")),
            last_update=updates,
            block_at_registration=[0] * NEURONS,
            stake_i64f64_bits=[rao << 64 for rao in column(neurons, "stake_rao")],
            validator_permit=permits,
            max_allowed_validators=64,
            weights=rows(folder, "weights"),
            bonds=rows(folder, "bonds"),
            kappa_u16=32_767,
            bonds_penalty_u16=0,
            bonds_moving_average_ppm=900_000,
            activity_cutoff_blocks=5_000,
            liquid_alpha_on=False,
            alpha_low_u16=45_875,
            alpha_high_u16=58_982,
        ),
    )
    observed = column(neurons, "consensus_u16")
    apart = sum(abs(a - b) for a, b in zip(result.consensus_u16, observed, strict=True))
    assert 0 < apart / sum(observed) < 0.02
