"""The moving price, era by era, to the bit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import moving_price
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I96F32, U64F64, U96F32
from mechanics.moving_price import MovingPriceState

ONE = 1 << 32
DEFAULT_ALPHA = I96F32(12885)

SUBNET = MovingPriceState(
    block_number=6_000_000,
    mechanism=1,
    moving_price=I96F32(0),
    spot_price=U96F32.of(1),
    subnet_moving_alpha=I96F32.of(1),
    network_registered_at_block=5_000_000,
    first_emission_block_number=5_500_001,
    ema_price_halving_blocks=201_600,
)


def written(spec: int, pre: MovingPriceState) -> I96F32:
    return moving_price.ERAS.at(spec).module.recompute(pre)


def moved(spec: int, pre: MovingPriceState, updates: int) -> I96F32:
    for _ in range(updates):
        pre = replace(pre, moving_price=written(spec, pre))
    return pre.moving_price


# Stated in the chain's own unit tests (pallets/subtensor/src/tests/coinbase.rs).
def test_a_weight_of_one_takes_the_spot_price_whole():
    assert written(233, SUBNET) == I96F32.of(1)


def test_a_subnet_long_started_moves_by_half_when_the_weight_is_a_half():
    pre = replace(
        SUBNET,
        subnet_moving_alpha=I96F32(ONE // 2),
        first_emission_block_number=500,
        block_number=144_000_500,
    )
    assert abs(written(258, pre).bits / ONE - 0.5) <= 0.001


def test_fourteen_updates_at_the_halving_age_reach_what_the_chains_test_states():
    pre = replace(
        SUBNET,
        subnet_moving_alpha=I96F32.saturating_from_f64(0x3FB999999999999A),  # 0.1
        first_emission_block_number=1,
        block_number=201_600,
    )
    assert abs(moved(258, pre, 14).bits / ONE - 0.512325) <= 0.001


def test_the_price_is_capped_at_one_from_234_on():
    pre = replace(SUBNET, spot_price=U96F32.of(3))
    assert written(233, pre) == I96F32.of(3)
    assert written(234, pre) == I96F32.of(1)


def test_a_young_subnet_moves_slower_from_246_on():
    pre = replace(SUBNET, block_number=5_100_800)
    assert written(245, pre) == I96F32.of(1)
    assert written(246, pre) == I96F32(ONE // 2)


def test_the_halving_blocks_are_the_subnets_own_from_252_on():
    pre = replace(SUBNET, block_number=5_100_800, ema_price_halving_blocks=302_400)
    assert written(251, pre) == I96F32(ONE // 2)
    assert written(252, pre) == I96F32(ONE // 4)
    with pytest.raises(BadState, match="ema_price_halving_blocks is missing"):
        written(252, replace(pre, ema_price_halving_blocks=None))


def test_the_age_counts_from_the_start_call_from_258_on():
    pre = replace(SUBNET, block_number=5_701_600)
    assert written(258, pre) == I96F32(ONE // 2)
    assert written(257, pre) == I96F32(ONE * 701_600 // (701_600 + 201_600))


def test_without_a_start_call_the_age_counts_from_block_zero():
    pre = replace(SUBNET, first_emission_block_number=None, block_number=201_600)
    assert written(258, pre) == I96F32(ONE // 2)


def test_a_subnet_not_yet_started_does_not_move():
    pre = replace(SUBNET, block_number=5_500_000)
    assert written(258, pre) == I96F32(0)


def test_the_weight_is_no_longer_cut_to_32_bits_from_423_on():
    # Half of 12,885 is 6,442.5, and this price lies between 6,000 / 6,442.5 and 6,000 / 6,442.
    pre = replace(
        SUBNET,
        subnet_moving_alpha=DEFAULT_ALPHA,
        block_number=5_500_000 + 201_600,
        spot_price=U96F32(ONE * 60_000 // 64_422),
    )
    assert written(422, pre) == I96F32(5_999)
    assert written(423, pre) == I96F32(6_000)


def test_a_steady_price_loses_the_last_bit_at_every_write():
    pre = replace(
        SUBNET,
        subnet_moving_alpha=DEFAULT_ALPHA,
        block_number=5_500_000 + 201_600,
        moving_price=I96F32(300_001),
        spot_price=U96F32(300_001),
    )
    for spec in (233, 258, 422, 423):
        assert written(spec, pre) == I96F32(300_000)


# (block, first emission, halving blocks, alpha, spot U64F64, old) -> new: of the chain's own code.
WIDE = [
    (894_913, 263_731, 201_600, 12_884, 14_720_147_876_833_264_593, 12_998, 20_790),
    (3_132_878, 3_132_877, 1, 12_884, 14_400_390, 0, 0),
]


@pytest.mark.parametrize(("block", "first", "halving", "alpha", "spot", "old", "new"), WIDE)
def test_the_chains_own_numbers_at_425(block, first, halving, alpha, spot, old, new):
    pre = MovingPriceState(
        block_number=block,
        mechanism=1,
        moving_price=I96F32(old),
        spot_price=U64F64(spot),
        subnet_moving_alpha=I96F32(alpha),
        network_registered_at_block=0,
        first_emission_block_number=first,
        ema_price_halving_blocks=halving,
    )
    assert written(425, pre) == I96F32(new)


def test_a_stable_subnets_old_price_counts_as_one():
    pre = replace(SUBNET, mechanism=0, subnet_moving_alpha=I96F32(0))
    for spec in (233, 258, 425):
        assert written(spec, pre) == I96F32.of(1)


@given(
    spec=st.sampled_from([234, 245, 246, 252, 258, 422, 423, 479]),
    old=st.integers(0, ONE),
    spot=st.integers(0, 3 * ONE),
    alpha=st.integers(0, ONE),
    age=st.integers(0, 3_000_000),
)
def test_the_moving_price_stays_between_the_old_one_and_the_spot_price(spec, old, spot, alpha, age):
    pre = replace(
        SUBNET,
        block_number=5_500_000 + age,
        moving_price=I96F32(old),
        spot_price=U96F32(spot),
        subnet_moving_alpha=I96F32(alpha),
    )
    capped = min(spot, ONE)
    # Two products are floored: up to two units in the last place are lost.
    assert min(old, capped) - 2 <= written(spec, pre).bits <= max(old, capped)


def test_no_rule_is_known_outside_what_was_read():
    for spec in (232, 480):
        with pytest.raises(UnknownRule, match=f"moving_price rule is known for spec {spec}"):
            moving_price.ERAS.at(spec)
