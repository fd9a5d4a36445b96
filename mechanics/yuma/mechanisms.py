"""The mechanisms of a subnet: how they share its emission, and how their epochs add up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mechanics.eras import BadState, UnknownRule, unsigned
from mechanics.yuma import recompute
from mechanics.yuma.i32f32 import U16_MAX, U64_MAX
from mechanics.yuma.state import EpochResult, EpochState

FIRST_SPEC_VERSION = 320
LAST_PADDED_SPLIT_SPEC_VERSION = 425
"""The last spec whose source pads or cuts a split of another length than the mechanisms; a later
source ignores such a split, but from which spec on is not known."""

_WEIGHT_FRACTION = 64
_ONE = 1 << _WEIGHT_FRACTION

Recompute = Callable[[int, EpochState], EpochResult]


@dataclass(frozen=True, slots=True)
class SubnetResult:
    """What a subnet's epochs add up to; vectors by uid, shape (n,), as ``EpochResult`` has them.

    Attributes:
        mechanisms: the result of each mechanism; their incentive and bonds are stored for each.
        stake_rao: the sum over the mechanisms, as the chain adds it.
    """

    mechanisms: tuple[EpochResult, ...]
    active: tuple[bool, ...]
    validator_permit: tuple[bool, ...]
    stake_rao: tuple[int, ...]
    stake_weight_u16: tuple[int, ...] | None
    consensus_u16: tuple[int, ...]
    dividends_u16: tuple[int, ...]
    validator_trust_u16: tuple[int, ...]
    rank_u16: tuple[int, ...] | None
    trust_u16: tuple[int, ...] | None
    pruning_scores_u16: tuple[int, ...] | None
    server_emission_rao: tuple[int, ...]
    validator_emission_rao: tuple[int, ...]
    emission_rao: tuple[int, ...]


def recompute_subnet(
    spec_version: int,
    mechanisms: Sequence[EpochState],
    emission_rao: int,
    split: Sequence[int] | None = None,
    by: Recompute = recompute,
) -> SubnetResult:
    """The epochs of all mechanisms of a subnet, and what is stored for the subnet.

    Rule
        Each mechanism has its part of the emission and its own epoch, all with the permits from
        before. Server and validator emissions and stake add up, activity and permits are joined by
        or. Shares of 65,535 and the emission add up by weight, part / emission, the sum floored
        after every mechanism; without emission the first weighs 1, the others 0.

    Args
        spec_version: which.
        mechanisms: the state of each, in order; their ``emission_rao`` is not read.
        emission_rao: pending server, validator and root alpha of the subnet, without owner cut.
        split: MechanismEmissionSplit, shares of 65,535, None where it is not set.
        by: the law, or the engine.

    Returns
        Shares of 65,535 and rao, by uid.

    Errors
        BadState for no mechanism, or more than one before spec 320; UnknownRule as ``recompute``
        and ``split_emission``.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/subnets/mechanism.rs:
        epoch_with_mechanisms, weighted_acc_u16, weighted_acc_alpha.
    """
    if not mechanisms or (len(mechanisms) > 1 and spec_version < FIRST_SPEC_VERSION):
        raise BadState("mechanisms", f"are {len(mechanisms)} at spec {spec_version}")
    unsigned(emission_rao, "emission_rao")
    parts = split_emission(spec_version, emission_rao, len(mechanisms), split)
    results = tuple(
        by(spec_version, replace(state, emission_rao=part))
        for state, part in zip(mechanisms, parts, strict=True)
    )
    weights = emission_weights(parts, emission_rao)

    def weighed(field: str, greatest: int = U16_MAX) -> tuple[int, ...] | None:
        vectors = [getattr(result, field) for result in results]
        if vectors[0] is None:
            return None
        summed = [0] * len(vectors[0])
        for vector, weight in zip(vectors, weights, strict=True):
            summed = [
                accumulated(a, b, weight, greatest) for a, b in zip(summed, vector, strict=True)
            ]
        return tuple(summed)

    def added(field: str) -> tuple[int, ...]:
        columns = zip(*(getattr(result, field) for result in results), strict=True)
        return tuple(min(sum(column), U64_MAX) for column in columns)

    def joined(field: str) -> tuple[bool, ...]:
        columns = zip(*(getattr(result, field) for result in results), strict=True)
        return tuple(any(column) for column in columns)

    return SubnetResult(
        mechanisms=results,
        active=joined("active"),
        validator_permit=joined("validator_permit"),
        stake_rao=added("stake_rao"),
        stake_weight_u16=weighed("stake_weight_u16"),
        consensus_u16=weighed("consensus_u16"),
        dividends_u16=weighed("dividends_u16"),
        validator_trust_u16=weighed("validator_trust_u16"),
        rank_u16=weighed("rank_u16"),
        trust_u16=weighed("trust_u16"),
        pruning_scores_u16=weighed("pruning_scores_u16"),
        server_emission_rao=added("server_emission_rao"),
        validator_emission_rao=added("validator_emission_rao"),
        emission_rao=weighed("emission_rao", U64_MAX),
    )


def split_emission(
    spec_version: int, emission_rao: int, count: int, split: Sequence[int] | None
) -> list[int]:
    """The emission of each mechanism.

    Rule
        emission x share / 65,535 where a split is set, emission / count where not, both cut to
        whole rao; the split is cut or padded with 0 to the mechanisms. What is left goes to the
        first.

    Args
        spec_version: which.
        emission_rao: rao of alpha.
        count: number of mechanisms, at least 1.
        split: shares of 65,535, or None.

    Returns
        rao of alpha, shape (count,), which add up to the emission.

    Errors
        UnknownRule for a split of another length after spec 425.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/subnets/mechanism.rs: split_emissions.
    """
    if split is None:
        parts = [emission_rao // count] * count
    else:
        if len(split) != count and spec_version > LAST_PADDED_SPLIT_SPEC_VERSION:
            known = f"splits of any length up to spec {LAST_PADDED_SPLIT_SPEC_VERSION}"
            raise UnknownRule("emission split of another length", spec_version, known)
        padded = [*split[:count], *([0] * (count - len(split)))]
        parts = [emission_rao * share // U16_MAX for share in padded]
    parts[0] += max(emission_rao - sum(parts), 0)
    return parts


def emission_weights(parts: Sequence[int], emission_rao: int) -> list[int]:
    """Each part over the emission, U64F64 bits cut toward zero; 1 and then 0 without emission."""
    if emission_rao == 0:
        return [_ONE] + [0] * (len(parts) - 1)
    return [(part << _WEIGHT_FRACTION) // emission_rao for part in parts]


def accumulated(before: int, value: int, weight: int, greatest: int) -> int:
    """A whole number plus a weighed one, floored, not above the greatest of its type."""
    return min((before << _WEIGHT_FRACTION) + value * weight >> _WEIGHT_FRACTION, greatest)
