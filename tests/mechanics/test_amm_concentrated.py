"""Concentrated liquidity, specs 290 to 422: what the recording does not exercise."""

from dataclasses import replace
from math import isqrt

import pytest

from mechanics import amm
from mechanics.amm import (
    Asset,
    PoolState,
    Position,
    Side,
    v290_concentrated,
    v301_fees_reinvested,
    v334_proportional,
    v385_fee_to_author,
    v391_own_reserves,
)
from mechanics.amm import v290_concentrated as rule
from mechanics.amm.state import (
    InsufficientLiquidity,
    InvalidLiquidityValue,
    InvalidTickRange,
    LiquidityNotFound,
    PriceLimitExceeded,
    ReservesTooLow,
    TooManySwapSteps,
    UserLiquidityDisabled,
)
from mechanics.amm.ticks import MAX_TICK, MIN_TICK, sqrt_price_at, tick_at
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I64F64, U64F64, U96F32

ERAS = [
    v290_concentrated,
    v301_fees_reinvested,
    v334_proportional,
    v385_fee_to_author,
    v391_own_reserves,
]
POOL = PoolState(1, 10**12, 4 * 10**12, fee_rate_u16=33)
OPEN = rule.initialized(replace(POOL, is_user_liquidity_enabled=True))
STABLE = PoolState(0, 10**12, 5, fee_rate_u16=33)


@pytest.fixture
def lent() -> PoolState:
    """The pool with a user's liquidity around the price, and one above it."""
    pool = rule.add_liquidity(OPEN, 7, -14_000, -13_800, 10**12).pool
    return rule.add_liquidity(pool, 8, -13_700, -13_000, 10**11).pool


# ---------------------------------------------------------------------- price


def test_the_first_swap_finds_the_price_of_the_reserves():
    assert rule.spot_price(POOL) == U96F32(2**30)
    assert OPEN.current_liquidity == 2 * 10**12
    assert OPEN.protocol_position == Position(MIN_TICK, MAX_TICK, 2 * 10**12)
    assert OPEN.ticks.keys() == {MIN_TICK, MAX_TICK}
    assert OPEN.ticks[MIN_TICK].liquidity_net == -OPEN.ticks[MAX_TICK].liquidity_net == 2 * 10**12
    # The root is found to 1e-12 by bisection, and the price is its square.
    assert 0 <= OPEN.alpha_sqrt_price.bits - 2**63 < 2**64 // 10**12
    assert OPEN.current_tick == tick_at(OPEN.alpha_sqrt_price) == -13_864
    assert rule.initialized(OPEN) is OPEN


def test_an_initialised_pool_goes_by_its_price_not_its_reserves():
    pool = replace(OPEN, alpha_sqrt_price=U64F64(2**64 * 3))
    assert rule.spot_price(pool) == U96F32.of(9)
    assert rule.spot_price(STABLE) == U96F32.of(1)


# ---------------------------------------------------------------------- ticks


def test_the_outermost_ticks_are_rounded_up_to_64_bits():
    assert sqrt_price_at(MIN_TICK).bits == 4_295_048_017
    assert sqrt_price_at(MAX_TICK).bits == 79_226_673_515_401_279_992_447_579_062
    assert sqrt_price_at(0) == U64F64.of(1)


@pytest.mark.parametrize("tick", [MIN_TICK, -20_443, -1, 0, 1, 13_863, MAX_TICK - 1])
def test_a_tick_begins_at_its_price_and_ends_a_bit_before_the_next(tick):
    assert tick_at(sqrt_price_at(tick)) == tick
    assert tick_at(U64F64(sqrt_price_at(tick + 1).bits - 1)) == tick


def test_a_price_beyond_all_ticks_is_in_the_outermost():
    assert tick_at(U64F64(0)) == tick_at(U64F64(1)) == MIN_TICK
    assert tick_at(U64F64(2**128 - 1)) == MAX_TICK


# ---------------------------------------------------------------------- swaps


@pytest.mark.parametrize("era", ERAS)
def test_a_buy_pays_its_fee_in_tao_beside_the_reserves(era):
    # fee = floor(1e9 x 33 / 65,535); d = 999,496,453; out = d / (p (1 + d / TAO))
    swap = era.buy(POOL, 10**9)
    assert (swap.paid_in_rao, swap.fee_rao, swap.fee_asset) == (999_496_453, 503_547, Asset.TAO)
    assert swap.paid_out_rao == 3_993_993_829
    assert swap.pool.tao_reserve_rao == 10**12 + 999_496_453
    assert swap.pool.alpha_reserve_rao == 4 * 10**12 - 3_993_993_829
    target = OPEN.alpha_sqrt_price.bits + (999_496_453 << 64) // (2 * 10**12)
    assert swap.pool.alpha_sqrt_price.bits == target
    assert swap.pool.current_tick == tick_at(U64F64(target)) == -13_844


@pytest.mark.parametrize("era", ERAS)
def test_a_sale_pays_its_fee_in_alpha_beside_the_reserves(era):
    swap = era.sell(POOL, 10**9)
    assert (swap.paid_in_rao, swap.fee_rao, swap.fee_asset) == (999_496_453, 503_547, Asset.ALPHA)
    assert swap.paid_out_rao == 249_811_691
    assert swap.pool.alpha_reserve_rao == 4 * 10**12 + 999_496_453
    assert swap.pool.tao_reserve_rao == 10**12 - 249_811_691


@pytest.mark.parametrize("era", ERAS)
def test_a_limit_stops_the_price_and_the_fee_is_taken_of_what_was_used(era):
    swap = era.buy(POOL, 10**12, limit_price_rao=260_000_000)
    assert (swap.paid_in_rao, swap.paid_out_rao) == (19_803_902_687, 77_677_297_114)
    # floor(19,803,902,687 x 33 / 65,502)
    assert swap.fee_rao == 9_977_234
    assert abs(era.spot_price(swap.pool).bits - 260_000_000 * 2**32 // 10**9) <= 1
    assert era.most_bought_for(POOL, 260_000_000) == 19_803_902_687 + 9_977_234
    sale = era.sell(POOL, 10**13, limit_price_rao=240_000_000)
    assert (sale.paid_in_rao, sale.paid_out_rao) == (82_482_904_541, 20_204_102_863)
    assert era.most_sold_for(POOL, 240_000_000) == 82_482_904_541 + sale.fee_rao


@pytest.mark.parametrize("era", ERAS)
def test_a_limit_that_is_passed_already_is_refused(era):
    with pytest.raises(PriceLimitExceeded, match="limit_price_rao"):
        era.buy(POOL, 10**9, limit_price_rao=249_999_999)
    with pytest.raises(PriceLimitExceeded):
        era.sell(POOL, 10**9, limit_price_rao=250_000_001)
    with pytest.raises(PriceLimitExceeded):
        era.most_sold_for(POOL, 250_000_001)


@pytest.mark.parametrize("era", ERAS)
def test_a_reserve_below_a_million_rao_pays_nothing(era):
    assert era.sell(replace(POOL, tao_reserve_rao=1_000_000), 10**12).paid_out_rao
    with pytest.raises(ReservesTooLow, match="tao_reserve_rao"):
        era.sell(replace(POOL, tao_reserve_rao=999_999), 10**12)
    with pytest.raises(ReservesTooLow, match="alpha_reserve_rao"):
        era.buy(replace(POOL, alpha_reserve_rao=999_999), 10**6)


def test_what_the_curve_promises_must_be_there():
    pool = replace(OPEN, tao_reserve_rao=10**9)
    with pytest.raises(InsufficientLiquidity, match="tao_reserve_rao"):
        rule.sell(pool, 10**11)


@pytest.mark.parametrize("era", ERAS)
def test_a_stable_subnet_swaps_one_to_one_without_a_fee(era):
    for trade in (era.buy, era.sell):
        swap = trade(STABLE, 10**9)
        assert (swap.paid_in_rao, swap.paid_out_rao, swap.fee_rao) == (10**9, 10**9, 0)
    assert era.most_bought_for(STABLE, 10**9) == era.most_sold_for(STABLE, 10**9) == 2**64 - 1
    assert era.most_bought_for(STABLE, 10**9 - 1) == era.most_sold_for(STABLE, 10**9 + 1) == 0


def test_where_tao_times_root_price_passes_64_bits_the_chain_pays_too_much():
    """(L s + d) s saturates: no real pool is near, and no rule of ours mends it."""
    pool = PoolState(1, 9_464_475_371_743_418, 1_390_595_047, fee_rate_u16=0)
    bought = rule.buy(pool, 10**12)
    assert bought.paid_out_rao > 10**12 * pool.alpha_reserve_rao // pool.tao_reserve_rao


def test_nothing_offered_is_nothing_paid():
    swap = rule.buy(OPEN, 0)
    assert (swap.paid_in_rao, swap.paid_out_rao, swap.fee_rao, swap.pool) == (0, 0, 0, OPEN)


# ---------------------------------------------------------------------- users' liquidity


def test_a_user_pays_for_the_part_of_the_range_on_either_side(lent):
    inside = rule.add_liquidity(OPEN, 7, -14_000, -13_800, 10**12)
    assert (inside.tao_rao, inside.alpha_rao) == rule.token_amounts(
        Position(-14_000, -13_800, 10**12), OPEN.alpha_sqrt_price
    )
    assert min(inside.tao_rao, inside.alpha_rao) > 0
    assert inside.pool.current_liquidity == 3 * 10**12
    above = rule.add_liquidity(OPEN, 8, -13_700, -13_000, 10**11)
    assert above.tao_rao == 0
    assert above.pool.current_liquidity == 2 * 10**12
    below = rule.add_liquidity(OPEN, 9, -20_000, -15_000, 10**11)
    assert below.alpha_rao == 0
    assert lent.tao_provided_rao == inside.tao_rao
    assert lent.alpha_provided_rao == inside.alpha_rao + above.alpha_rao


def test_a_buy_crosses_out_of_one_range_and_into_the_next(lent):
    swap = rule.buy(lent, 3 * 10**10)
    assert -13_700 <= swap.pool.current_tick < -13_000
    assert swap.pool.current_liquidity == 2 * 10**12 + 10**11
    # Up to -13,800 there are 3e12, up to -13,700 2e12, then 2.1e12.
    edges = [OPEN.alpha_sqrt_price, sqrt_price_at(-13_800), sqrt_price_at(-13_700)]
    taken = [
        (liquidity * (high.bits - low.bits)) >> 64
        for liquidity, low, high in zip([3 * 10**12, 2 * 10**12], edges, edges[1:], strict=False)
    ]
    fees = [delta * 33 // 65_502 for delta in taken]
    rest = 3 * 10**10 - sum(taken) - sum(fees)
    last_fee = rest * 33 // 65_535
    assert (swap.fee_rao, swap.paid_in_rao) == (sum(fees) + last_fee, sum(taken) + rest - last_fee)
    end = edges[2].bits + ((rest - last_fee) << 64) // (21 * 10**11)
    assert swap.pool.alpha_sqrt_price.bits == end


def test_a_sale_back_over_a_tick_returns_the_liquidity(lent):
    bought = rule.buy(lent, 3 * 10**10)
    back = rule.sell(bought.pool, bought.paid_out_rao)
    assert back.pool.current_tick < -13_800
    assert back.pool.current_liquidity == 3 * 10**12
    assert back.paid_out_rao < 3 * 10**10


def test_what_is_paid_out_is_taken_from_what_users_provided_first(lent):
    swap = rule.buy(lent, 10**9)
    assert swap.paid_out_rao < lent.alpha_provided_rao
    assert swap.pool.alpha_reserve_rao == lent.alpha_reserve_rao
    assert swap.pool.alpha_provided_rao == lent.alpha_provided_rao - swap.paid_out_rao
    assert swap.pool.tao_reserve_rao == lent.tao_reserve_rao + swap.paid_in_rao
    assert swap.pool.tao_provided_rao == lent.tao_provided_rao
    own = v391_own_reserves.buy(lent, 10**9).pool
    assert own.alpha_reserve_rao == lent.alpha_reserve_rao - swap.paid_out_rao
    assert own.alpha_provided_rao == lent.alpha_provided_rao


def test_a_user_earns_the_part_of_the_fee_its_liquidity_has(lent):
    swap = rule.buy(lent, 10**9)
    left = rule.remove_liquidity(swap.pool, 7)
    # A third of the liquidity; FeeGlobal counts 1,000 less of it.
    assert left.fee_tao_rao == swap.fee_rao * 10**12 // (3 * 10**12 - 1_000)
    assert left.fee_alpha_rao == 0
    assert left.pool.current_liquidity == 2 * 10**12
    assert left.pool.ticks.keys() == {MIN_TICK, MAX_TICK, -13_700, -13_000}
    assert left.pool.positions.keys() == {8}
    away = rule.remove_liquidity(swap.pool, 8)
    assert (away.fee_tao_rao, away.pool.current_liquidity) == (0, 3 * 10**12)


def test_fees_stay_with_the_side_of_the_tick_they_were_earned_on(lent):
    """What is earned below a range, before or after it is crossed, is not the range's."""
    bought = rule.buy(lent, 3 * 10**10)
    inside = rule.remove_liquidity(bought.pool, 8)
    # Only the last stretch, of 2.1e12 liquidity, was in the range of position 8.
    last = rule.buy(lent, 3 * 10**10).pool.fee_global_tao.bits
    earned = last - bought.pool.ticks[-13_700].fees_out_tao.bits
    assert inside.fee_tao_rao == 10**11 * earned >> 64


def test_a_position_can_be_changed_and_is_paid_its_fees(lent):
    swap = rule.buy(lent, 10**9)
    more = rule.modify_position(swap.pool, 7, 10**11)
    assert more.pool.positions[7].liquidity == 11 * 10**11
    assert more.pool.current_liquidity == 31 * 10**11
    assert more.fee_tao_rao == rule.remove_liquidity(swap.pool, 7).fee_tao_rao
    assert more.pool.tao_provided_rao == swap.pool.tao_provided_rao
    less = rule.modify_position(more.pool, 7, -(10**12))
    assert less.pool.positions[7].liquidity == 10**11
    assert less.fee_tao_rao == 0
    gone = rule.modify_position(less.pool, 7, -(10**11 - 999))
    assert 7 not in gone.pool.positions
    assert -14_000 not in gone.pool.ticks


@pytest.mark.parametrize(
    ("refusal", "change"),
    [
        (UserLiquidityDisabled, lambda: rule.add_liquidity(rule.initialized(POOL), 1, 0, 9, 10**6)),
        (InvalidTickRange, lambda: rule.add_liquidity(OPEN, 1, 9, 9, 10**6)),
        (InvalidTickRange, lambda: rule.add_liquidity(OPEN, 1, MIN_TICK - 1, 9, 10**6)),
        (InvalidLiquidityValue, lambda: rule.add_liquidity(OPEN, 1, 0, 9, 999)),
        (LiquidityNotFound, lambda: rule.remove_liquidity(OPEN, 1)),
        (LiquidityNotFound, lambda: rule.modify_position(OPEN, 1, 10**6)),
    ],
)
def test_what_the_chain_refuses_of_a_user_is_refused(refusal, change):
    with pytest.raises(refusal):
        change()


def test_a_position_gives_no_more_than_it_has(lent):
    with pytest.raises(InsufficientLiquidity):
        rule.modify_position(lent, 8, -(10**11) - 1)
    with pytest.raises(InvalidLiquidityValue):
        rule.modify_position(lent, 8, -999)
    with pytest.raises(BadState, match="position_id"):
        rule.add_liquidity(lent, 8, 0, 9, 10**6)


def test_a_swap_crosses_at_most_a_thousand_ticks():
    pool = OPEN
    for number in range(502):
        low = -13_800 + 20 * number
        pool = rule.add_liquidity(pool, number, low, low + 10, 10**6).pool
    with pytest.raises(TooManySwapSteps):
        rule.buy(pool, 10**14)


# ---------------------------------------------------------------------- injection, by era


def holdings(pool: PoolState) -> tuple[int, int]:
    return rule.token_amounts(pool.protocol_position, pool.alpha_sqrt_price)


def test_an_injection_adds_to_the_protocols_liquidity_and_keeps_the_price():
    tao, alpha = holdings(OPEN)
    after = rule.inject(OPEN, 10**9, 3 * 10**9)
    liquidity = isqrt((tao + 10**9) * (alpha + 3 * 10**9))
    assert after.current_liquidity == after.protocol_position.liquidity == liquidity
    assert after.ticks[MIN_TICK].liquidity_net == liquidity
    assert after.alpha_sqrt_price == OPEN.alpha_sqrt_price
    assert after.tao_reserve_rao == OPEN.tao_reserve_rao + 10**9
    assert after.alpha_reserve_rao == OPEN.alpha_reserve_rao + 3 * 10**9


def test_an_adjustment_leaves_the_reserves_to_be_counted_later():
    adjusted = rule.adjust_liquidity(OPEN, 10**9, 3 * 10**9)
    assert adjusted.pool.tao_reserve_rao == OPEN.tao_reserve_rao
    assert (adjusted.tao_rao, adjusted.alpha_rao) == (10**9, 3 * 10**9)
    assert adjusted.applied() == rule.inject(OPEN, 10**9, 3 * 10**9)


@pytest.mark.parametrize("era", ERAS)
def test_before_the_first_swap_an_injection_only_fills_the_reserves(era):
    assert era.inject(POOL, 5, 7) == replace(
        POOL, tao_reserve_rao=10**12 + 5, alpha_reserve_rao=4 * 10**12 + 7
    )


def test_from_301_the_protocols_fees_are_lent_again():
    traded = rule.sell(rule.buy(OPEN, 10**10).pool, 10**10).pool
    tao, alpha = holdings(traded)
    liquidity = traded.current_liquidity
    fee_tao = liquidity * traded.fee_global_tao.bits >> 64
    fee_alpha = liquidity * traded.fee_global_alpha.bits >> 64
    assert fee_tao >= 10**10 * 33 // 65_535
    after = v301_fees_reinvested.inject(traded, 10**9, 4 * 10**9)
    tao, alpha = tao + fee_tao + 10**9, alpha + fee_alpha + 4 * 10**9
    assert after.current_liquidity == isqrt(tao * alpha)
    assert after.protocol_position.fees_tao == I64F64.saturating_from(traded.fee_global_tao)
    assert after.tao_reserve_rao == traded.tao_reserve_rao + 10**9
    assert rule.inject(traded, 10**9, 4 * 10**9).protocol_position.fees_tao == I64F64(0)


def test_from_334_only_amounts_in_proportion_are_lent_and_the_rest_waits():
    price = OPEN.alpha_sqrt_price * OPEN.alpha_sqrt_price
    worth = (U64F64.of(10**9) * price).to_u64_sat()
    rich = v334_proportional.inject(OPEN, 10**9, 10**9)
    assert (rich.tao_scrap_rao, rich.alpha_scrap_rao) == (10**9 - worth, 0)
    tao, alpha = holdings(OPEN)
    assert rich.current_liquidity == isqrt((tao + worth) * (alpha + 10**9))
    poor = v334_proportional.inject(rich, 0, 10**10)
    lent = U64F64.of(10**9 - worth).safe_div(price).to_u64_sat()
    assert (poor.tao_scrap_rao, poor.alpha_scrap_rao) == (0, 10**10 - lent)
    assert poor.alpha_reserve_rao == rich.alpha_reserve_rao + 10**10


def test_from_385_the_fee_is_the_authors_and_lenders_earn_nothing():
    before, after = v334_proportional.buy(POOL, 10**9), v385_fee_to_author.buy(POOL, 10**9)
    assert (before.author_fee_rao, after.author_fee_rao) == (0, before.fee_rao)
    assert before.pool.fee_global_tao.bits > 0
    assert after.pool == replace(before.pool, fee_global_tao=U64F64(0))


@pytest.mark.parametrize("era", [v385_fee_to_author, v391_own_reserves])
def test_the_author_sells_a_fee_in_alpha_without_a_fee(era):
    sale = era.sell(POOL, 10**10)
    again = era.sell(sale.pool, sale.fee_rao, drop_fees=True)
    assert era.author_paid(sale) == again.pool != sale.pool
    bought = era.buy(POOL, 10**10)
    assert era.author_paid(bought) == bought.pool


def test_from_385_a_swap_that_would_pay_nothing_is_refused():
    dear = PoolState(1, 4 * 10**12, 10**9, fee_rate_u16=33)
    assert v334_proportional.buy(dear, 100).paid_out_rao == 0
    with pytest.raises(ReservesTooLow, match="alpha_reserve_rao"):
        v385_fee_to_author.buy(dear, 100)
    cheap = PoolState(1, 10**9, 4 * 10**12, fee_rate_u16=33)
    with pytest.raises(ReservesTooLow, match="tao_reserve_rao"):
        v385_fee_to_author.sell(cheap, 100)


# ---------------------------------------------------------------------- bad states, eras


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alpha_sqrt_price", None),
        ("current_liquidity", None),
        ("current_liquidity", 0),
        ("current_tick", None),
        ("fee_rate_u16", None),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_an_initialised_pool_without_a_part_is_refused_by_name(side, field, value):
    trade = rule.buy if side is Side.BUY else rule.sell
    with pytest.raises(BadState) as bad:
        trade(replace(OPEN, **{field: value}), 10**9)
    assert bad.value.field == field


def test_the_eras_hold_for_their_specs():
    starts = {290: 0, 300: 0, 301: 1, 333: 1, 334: 2, 384: 2, 385: 3, 390: 3, 391: 4, 422: 4}
    for spec, number in starts.items():
        assert amm.ERAS.at(spec).module is ERAS[number], spec
    for spec in (232, 278, 289, 462):
        with pytest.raises(UnknownRule):
            amm.ERAS.at(spec)
