"""The pools' cases as the chain's own unit tests state them, each within its stated tolerance."""

import ast
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from mechanics.amm import PoolState, v233_constant_product, v290_concentrated, v423_balancer
from mechanics.amm import v424_bounded_input as balancer
from mechanics.amm.power import pow_ratio_scaled
from mechanics.amm.state import PERQUINTILL, Refused
from mechanics.amm.ticks import MAX_TICK, MIN_TICK, sqrt_price_at, sqrt_ratio_q96
from mechanics.fixed import U64F64

TABLE = Path(__file__).parents[1] / "vectors" / "amm/unit_cases.json"
CASES = json.loads(TABLE.read_text(), parse_float=Fraction)["cases"]


def cases(topic: str, regime: str = "") -> pytest.MarkDecorator:
    chosen = [c for c in CASES if c["topic"] == topic and c["id"].startswith(regime)]
    assert chosen
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case["id"])


def perquintill(weight: Fraction | str | int) -> int:
    return int(Fraction(weight) * PERQUINTILL)


def fixed(value: Fraction | int) -> U64F64:
    return U64F64(round(Fraction(value) * 2**64))


def fraction(value: U64F64) -> Fraction:
    return Fraction(value.bits, 2**64)


def pool_of(inputs: dict, **more) -> PoolState:
    weight = inputs.get("quote_weight", inputs.get("quote_weight_before", Fraction(1, 2)))
    return PoolState(
        1,
        inputs.get("tao_reserve", 0),
        inputs.get("alpha_reserve", 0),
        quote_weight_perquintill=perquintill(weight),
        **more,
    )


@cases("limit_amount_add")
def test_a_limit_caps_what_a_v2_buy_may_spend(case):
    pool = PoolState(1, case["inputs"]["subnet_tao"], case["inputs"]["subnet_alpha_in"])
    most = v233_constant_product.most_bought_for(pool, case["inputs"]["limit_price_rao"])
    assert most == case["expected"]["max_amount"]


@cases("limit_amount_remove")
def test_a_limit_caps_what_a_v2_sale_may_sell(case):
    pool = PoolState(1, case["inputs"]["subnet_tao"], case["inputs"]["subnet_alpha_in"])
    most = v233_constant_product.most_sold_for(pool, case["inputs"]["limit_price_rao"])
    assert most == case["expected"]["max_amount"]


@cases("sqrt_ratio_at_tick_q96")
def test_a_tick_begins_at_its_ratio(case):
    assert sqrt_ratio_q96(case["inputs"]["tick"]) == int(case["expected"]["sqrt_ratio_q64_96"])


@cases("convert_deltas", "v3")
def test_v3_pays_along_its_liquidity(case):
    given = case["inputs"]
    bounded = {
        "tick -443636 bounded": sqrt_price_at(MIN_TICK),
        "tick +443636 bounded": sqrt_price_at(MAX_TICK),
    }
    at = given["sqrt_price"]
    price = bounded[at] if isinstance(at, str) else fixed(at)
    liquidity, delta = U64F64.of(given["liquidity"]), given["delta_in"]
    out = v290_concentrated.bought(liquidity, price, delta)
    assert abs(out - case["expected"]["buy_alpha_out"]) <= 2
    out = v290_concentrated.sold(liquidity, price, delta)
    assert abs(out - case["expected"]["sell_tao_out"]) <= 2


@cases("swap", "v3")
def test_v3_swaps_within_one_per_cent_of_the_stated(case):
    given = case["inputs"]
    pool = pool_of(given, fee_rate_u16=given["fee_rate_u16"])
    limit_price_rao = int(given["limit_price"] * 10**9)
    swap = v290_concentrated.buy(pool, given["amount"], limit_price_rao)
    expected = case["expected"]["amount_out"]
    assert abs(swap.paid_out_rao - expected) <= Fraction(expected, 100)


@cases("exp_grid")
def test_the_balancer_leaves_what_the_formula_leaves(case):
    given, expected = case["inputs"], case["expected"]
    quote = given["quote_weight_perquintill"]
    base, reserve, delta = PERQUINTILL - quote, given["x"], given["dx"]
    for powers, paid_out in (
        ((base, quote), expected["dy_base_quote"]),
        ((quote, base), expected["dy_quote_base"]),
    ):
        paid = given["y"] * (1 - fraction(balancer.left(reserve, delta, *powers)))
        assert abs(paid - Fraction(paid_out)) <= Fraction(1, 1000)


@cases("exp_scaled")
def test_a_power_of_the_balancer_is_as_stated(case):
    given = case["inputs"]
    quote = perquintill(given["quote_weight"])
    powers = (PERQUINTILL - quote, quote)
    up, down = powers if given["base_quote"] else powers[::-1]
    left = fraction(balancer.left(given["reserve"], given["d_reserve"], up, down))
    assert abs(left - case["expected"]["value"]) <= case["tolerance"]


@cases("pow_ratio_scaled")
def test_a_power_in_parts_is_exact(case):
    given = case["inputs"]
    power = pow_ratio_scaled(
        given["base_num"],
        given["base_den"],
        given["exp_num"],
        given["exp_den"],
        given["precision"],
        given["scale"],
    )
    assert power == case["expected"]["value"]


@cases("delta_to_target")
def test_a_price_is_reached_by_exactly_so_much(case):
    given = case["inputs"]
    pool = pool_of(given)
    reach = balancer.quote_delta_in if given["side"] == "buy" else balancer.base_delta_in
    delta = reach(pool, fixed(given["current_price"]), fixed(given["target_price"]))
    assert delta == case["expected"]["delta"]


@cases("base_needed_for_quote")
def test_so_much_alpha_is_needed_for_so_much_tao(case):
    pool = pool_of(case["inputs"])
    needed = balancer.alpha_needed_for(pool, case["inputs"]["tao_delta"])
    assert needed == case["expected"]["alpha_needed"]


@cases("mul_perquintill_round")
def test_parts_of_a_value_are_rounded_to_the_nearest(case):
    parts = perquintill(case["inputs"]["p"])
    product = balancer.mul_perquintill_round(parts, int(case["inputs"]["value"]))
    assert product == int(case["expected"]["result"])


@cases("price")
def test_the_balancer_price_is_weights_times_reserves(case):
    price = fraction(balancer.spot_price(pool_of(case["inputs"])))
    assert abs(price - case["expected"]["price"]) <= Fraction(case["tolerance"])


@cases("convert_deltas", "bal")
def test_the_balancer_pays_what_the_formula_pays(case):
    pool, delta = pool_of(case["inputs"]), case["inputs"]["delta_in"]
    base, quote = balancer.weights(pool)
    rest = 1 - fraction(balancer.left(pool.alpha_reserve_rao, delta, base, quote))
    assert abs(int(pool.tao_reserve_rao * rest) - case["expected"]["sell_tao_out"]) <= 2
    rest = 1 - fraction(balancer.left(pool.tao_reserve_rao, delta, quote, base))
    assert abs(int(pool.alpha_reserve_rao * rest) - case["expected"]["buy_alpha_out"]) <= 2


@cases("swap", "bal")
def test_the_balancer_swaps_as_stated(case):
    given, expected = case["inputs"], case["expected"]
    trades: dict[str, Callable] = {"buy": balancer.buy, "sell": balancer.sell}
    pool = pool_of(given, fee_rate_u16=given["fee_rate_u16"])
    swap = trades[given["side"]](pool, given["amount"])
    assert abs(swap.paid_out_rao - expected["amount_out"]) <= 1
    assert abs(swap.fee_rao - expected["fee"]) <= 1
    assert abs(swap.paid_in_rao - expected["paid_in_reserve_delta"]) <= 1


@cases("adjust_liquidity")
def test_an_injection_changes_the_weights_and_keeps_the_price(case):
    given, expected = case["inputs"], case["expected"]
    pool = balancer.inject(pool_of(given), given["tao_delta"], given["alpha_delta"])
    weight = Fraction(pool.quote_weight_perquintill, PERQUINTILL)
    price = fraction(balancer.spot_price(pool))
    for found, stated in (
        (weight, Fraction(expected["quote_weight_after"])),
        (price, Fraction(expected["price_after"])),
    ):
        assert abs(found - stated) <= stated / 10**12


@cases("swap_guard")
def test_more_than_a_thousand_reserves_are_refused(case):
    given = case["inputs"]
    trade = balancer.buy if given["side"] == "buy" else balancer.sell
    with pytest.raises(Refused) as refused:
        trade(pool_of(given), given["amount"], None, given["drop_fees"])
    assert type(refused.value).__name__ == case["expected"]["error"]


@cases("migration")
def test_a_pool_keeps_its_price_when_it_becomes_weighted(case):
    given, expected = case["inputs"], case["expected"]
    sqrt_price = fixed(given["alpha_sqrt_price"])
    pool = v423_balancer.migrated(
        pool_of(given, is_v3_initialized=True, alpha_sqrt_price=sqrt_price)
    )
    assert abs(fraction(v423_balancer.spot_price(pool)) - expected["price"]) <= Fraction(1, 10)
    weight = Fraction(pool.quote_weight_perquintill, PERQUINTILL)
    assert abs(weight - expected["quote_weight"]) <= Fraction(1, 10**9)


@cases("init")
def test_a_new_weighted_pool_has_equal_weights(case):
    given = case["inputs"]
    pool = v423_balancer.initialized(PoolState(1, given["tao_reserve"], given["alpha_reserve"]))
    assert Fraction(pool.quote_weight_perquintill, PERQUINTILL) == case["expected"]["quote_weight"]
    price = fraction(balancer.spot_price(pool))
    assert abs(price - case["expected"]["price"]) <= case["tolerance"]


def test_every_case_of_the_table_is_checked_by_one_of_these():
    tree = ast.parse(Path(__file__).read_text())
    called = {
        (call.args[0].value, call.args[1].value if len(call.args) > 1 else "")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "cases"
    }
    unchecked = [
        case["id"]
        for case in CASES
        if not any(case["topic"] == t and case["id"].startswith(r) for t, r in called)
    ]
    assert unchecked == []
