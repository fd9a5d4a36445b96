"""One epoch of Yuma 3, with and without liquid alpha, by the engine and by the law."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from benchmarks import Row, median_seconds
from mechanics.engine import yuma as engine
from mechanics.engine.rows import Rows
from mechanics.yuma import EpochState, recompute
from mechanics.yuma.liquid_alpha import bounded_exponential

SPEC_VERSION = 425
SIZES = ((64, 16), (256, 64), (1_024, 64))
"""Neurons, and validators among them; every validator weighs and bonds to every neuron."""

TARGETS = {(256, False): 3, (256, True): 12}
"""Milliseconds on one core."""


def rows() -> Iterator[Row]:
    for neurons, validators in SIZES:
        for is_liquid in (False, True):
            state = full_subnet(neurons, validators, is_liquid)
            by_engine = median_seconds(
                lambda state=state: engine.recompute(SPEC_VERSION, state), 15
            )
            by_law = median_seconds(lambda state=state: _by_law(state), 1)
            what = f"{validators} validators x {neurons} neurons, Yuma 3"
            yield Row(
                f"{what}, liquid alpha" if is_liquid else what,
                by_engine * 1_000,
                "ms",
                TARGETS.get((neurons, is_liquid)),
                f"the law {by_law * 1_000:.0f} ms, {by_law / by_engine:.0f} times as long",
            )


def _by_law(state: EpochState) -> None:
    """One epoch by the law, which keeps exponentials from one epoch to the next."""
    bounded_exponential.cache_clear()
    recompute(SPEC_VERSION, state)


def full_subnet(neurons: int, validators: int, is_liquid: bool) -> EpochState:
    """A subnet in which every validator has a weight and a bond to every neuron."""
    random = Random(neurons)

    def row() -> tuple[tuple[int, int], ...]:
        return tuple((uid, random.randint(1, 65_535)) for uid in range(neurons))

    block = 7_000_000
    state = EpochState(
        netuid=1,
        block_number=block,
        neuron_count=neurons,
        tempo=360,
        emission_rao=148_000_000_000,
        last_update=[block - random.randint(1, 360) for _ in range(neurons)],
        block_at_registration=[random.randint(1, block - 100_000) for _ in range(neurons)],
        stake_i64f64_bits=[
            random.randint(10**12, 10**15) << 64 if uid < validators else 0
            for uid in range(neurons)
        ],
        validator_permit=[uid < validators for uid in range(neurons)],
        max_allowed_validators=validators,
        weights={uid: row() for uid in range(validators)},
        bonds={uid: row() for uid in range(validators)},
        kappa_u16=32_767,
        bonds_penalty_u16=65_535,
        bonds_moving_average_ppm=900_000,
        activity_cutoff_factor_milli=13_889,
        liquid_alpha_on=is_liquid,
        alpha_low_u16=45_875,
        alpha_high_u16=58_982,
        yuma3_on=True,
        last_mechanism_step_block=block - 360,
    )
    return replace(state, weights=Rows.of(state.weights), bonds=Rows.of(state.bonds))


def main() -> None:
    for row in rows():
        print(f"{row.what}: {row.figure:.2f} {row.unit} ({row.note})")


if __name__ == "__main__":
    main()
