"""As v425, through a gate that favours subnets whose share is above a bar and starves those below.

Against v425: each share s is multiplied by 1 / (1 + (bar / s)^h), a half at the bar, and the shares
are brought back to a sum of 1. The bar is taken from the shares themselves and kept for 360 blocks:
the one at which the largest shares reach a quantile of the sum, or, where the chain holds a rank,
the one at that rank. The rank came with a spec after 440; which one is not known, and where the
chain has no EmissionBarRank it counts as 0, the quantile.
"""

from collections.abc import Mapping
from typing import NamedTuple

from mechanics.emission import v425_price_burn as v425
from mechanics.emission.state import Emissions, EmissionState, GateState
from mechanics.emission.v425_price_burn import candidates, normalized, tao_by_share
from mechanics.eras import given
from mechanics.fixed import U64F64, U96F32
from mechanics.transcendental import safe_pow

FIRST_SPEC_VERSION = 440
# Specs 480 and 481 announce weights of which the formulas are not public.
LAST_SPEC_VERSION = 479
SOURCE = (
    "RaoFoundation/subtensor@f8ff769a (July 2026; quantile since spec 440), "
    "pallets/subtensor/src/coinbase/subnet_emissions.rs: get_shares, "
    "maybe_update_emission_gate_bar, apply_emission_gate"
)

BAR_UPDATE_INTERVAL_BLOCKS = 360


class GatedShares(NamedTuple):
    """Shares after the gate, and the bar after the block."""

    shares: dict[int, U64F64]
    bar: U64F64


def recompute(pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block, and the bar: ``emission_shares``."""
    shares, bar = emission_shares(pre, candidates(pre))
    emission = U96F32.of(pre.block_emission_rao)
    return Emissions(
        tao=tao_by_share(emission, shares, pre.is_emission_enabled),
        emission_gate_bar=bar,
    )


def emission_shares(pre: EmissionState, netuids: list[int]) -> GatedShares:
    """Each candidate's share of the block's TAO, before disabled subnets' are redistributed.

    Rule
        The shares of v425; ``updated_bar`` of them; ``gated`` by that bar.

    Args
        pre: the state before the block.
        netuids: the candidates, shape (n,).

    Returns
        Dimensionless, shape (n,).

    Errors
        BadState when what is read is missing.

    Source
        RaoFoundation/subtensor@f8ff769a (July 2026), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: get_shares.
    """
    gate = given(pre.gate, "gate")
    ungated = v425.emission_shares(pre, netuids)
    bar = updated_bar(gate, ungated, given(pre.block_number, "block_number"))
    return GatedShares(gated(ungated, bar, gate.exponent), bar)


def updated_bar(gate: GateState, shares: Mapping[int, U64F64], block_number: int) -> U64F64:
    """The bar after the block.

    Rule
        Taken anew when the block number is a multiple of 360, or while there is none. By rank N:
        the N-th largest positive share, the smallest positive one if there are fewer. By quantile
        q: from the largest share down, the one at which the sum reaches q, or the last. A bar of 0
        is not written.

    Args
        gate: the bar before the block, the quantile and the rank.
        shares: dimensionless, before the gate, by netuid, shape (n,).
        block_number: the block being made.

    Returns
        A share; 0 while no share was ever positive.

    Errors
        None.

    Source
        RaoFoundation/subtensor@f8ff769a (July 2026), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: maybe_update_emission_gate_bar.
    """
    if gate.bar and block_number % BAR_UPDATE_INTERVAL_BLOCKS:
        return gate.bar
    falling = sorted(shares.values(), reverse=True)
    found = (
        _at_rank(falling, gate.bar_rank) if gate.bar_rank else _at_mass(falling, gate.bar_quantile)
    )
    return found or gate.bar


def _at_rank(falling: list[U64F64], rank: int) -> U64F64:
    positive = [share for share in falling if share]
    return positive[min(rank, len(positive)) - 1] if positive else U64F64.of(0)


def _at_mass(falling: list[U64F64], quantile: U64F64) -> U64F64:
    mass = U64F64.of(0)
    for share in falling:
        mass = mass + share
        if mass >= quantile:
            return share
    return falling[-1] if falling else U64F64.of(0)


def gated(shares: Mapping[int, U64F64], bar: U64F64, exponent: U64F64) -> dict[int, U64F64]:
    """The shares after the gate.

    Rule
        s_i = s_i (1 / (1 + safe_pow(bar / s_i, h))), then over the sum of all. Without a bar, and
        when every product is 0, the shares stand as they were. A share so far above the bar that
        the power overflows (over 1,056 times, with h = 3) is starved as one far below it is.

    Args
        shares: dimensionless, by netuid, shape (n,).
        bar: a share.
        exponent: h.

    Returns
        Dimensionless, shape (n,), cut toward zero.

    Errors
        None.

    Source
        RaoFoundation/subtensor@f8ff769a (July 2026), pallets/subtensor/src/coinbase/
        subnet_emissions.rs: apply_emission_gate.
    """
    if not bar:
        return dict(shares)
    one = U64F64.of(1)
    passed = {
        n: share * one.safe_div(one + safe_pow(bar.safe_div(share), exponent)) if share else share
        for n, share in shares.items()
    }
    return normalized(passed) or dict(shares)
