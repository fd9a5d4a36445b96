"""What leaving pays is the swap's own rule on the day's last pool, never size times price."""

from fractions import Fraction

import pyarrow.compute as pc
import pytest

from mechanics import amm
from orchestration.lake import Lake
from orchestration.recompute import exit_quotes
from orchestration.recompute.pools import DAY_END_TABLES, NOT_WHOLE, day_end
from tests.orchestration.test_position_exits import put

DAY = "2025-07-08"


@pytest.fixture(scope="module")
def tables(books):
    lake = Lake(books.home / "lake")
    return tuple(lake.read(name, DAY) for name in DAY_END_TABLES)


@pytest.fixture(scope="module")
def quotes(books) -> list[dict]:
    return Lake(books.home / "lake").read("recomputed__exit_quotes", DAY).to_pylist()


def pools(tables) -> dict[int, amm.PoolState]:
    end = day_end(*tables, ())
    return {netuid: end.pool(netuid) for netuid in end.rows}


def test_every_subnet_has_an_answer_to_every_question_at_the_days_end(quotes):
    assert {row["block_number"] for row in quotes} == {900}
    asked = len(exit_quotes.ASKED_TAO_RAO) + len(exit_quotes.ASKED_SLIPPAGE_PPM)
    assert len(quotes) == 25 * asked
    assert all(row["is_exact_price"] for row in quotes)
    reasons = {row["unexplained_reason"] for row in quotes}
    assert reasons <= {None, exit_quotes.MORE_THAN_THERE_IS}
    for row in quotes:
        assert (row["tao_out_rao"] is None) == (row["unexplained_reason"] is not None)


def test_a_quote_is_what_the_swap_pays(tables, quotes):
    rules = amm.ERAS.at(293).module
    for netuid, pool in pools(tables).items():
        for row in (r for r in quotes if r["netuid"] == netuid and r["alpha_in_rao"]):
            swap = rules.sell(pool, row["alpha_in_rao"])
            assert (swap.paid_out_rao, swap.fee_rao) == (row["tao_out_rao"], row["fee_alpha_rao"])


def test_a_size_is_worth_what_was_asked_at_the_spot_price(tables, quotes):
    for netuid, pool in pools(tables).items():
        price = amm.ERAS.at(293).module.spot_price(pool)
        for row in (
            r for r in quotes if r["netuid"] == netuid and r["asked_tao_rao"] and r["alpha_in_rao"]
        ):
            worth = Fraction(row["alpha_in_rao"] * price.bits, 1 << price.FRACTION)
            one_rao_of_alpha = Fraction(price.bits, 1 << price.FRACTION)
            assert 0 <= row["asked_tao_rao"] - worth < one_rao_of_alpha


def test_the_largest_sale_within_a_slippage_is_within_it_and_larger_bounds_sell_more(quotes):
    for netuid in {row["netuid"] for row in quotes}:
        bounded = sorted(
            (r for r in quotes if r["netuid"] == netuid and r["asked_slippage_ppm"]),
            key=lambda r: r["asked_slippage_ppm"],
        )
        sizes = [row["alpha_in_rao"] for row in bounded]
        assert sizes == sorted(set(sizes))
        for row in bounded:
            assert row["is_all_alpha"] or row["asked_slippage_ppm"] <= row["slippage_ppm"] + 1
            assert row["slippage_ppm"] <= row["asked_slippage_ppm"]


def test_nobody_sells_more_alpha_than_there_is_outside_the_pool(tables, quotes):
    rules = amm.ERAS.at(293).module
    for row in quotes:
        if row["unexplained_reason"] is None:
            assert row["alpha_in_rao"] <= row["alpha_out_rao"]
            assert row["is_all_alpha"] == (row["alpha_in_rao"] == row["alpha_out_rao"])
    blocks, subnets, *rest = tables
    most, of = 10**6, pools(tables)
    scarce = exit_quotes.recompute(blocks, put(subnets, alpha_out_rao=most), *rest).to_pylist()
    for row in scarce:
        if row["asked_slippage_ppm"]:
            assert (row["alpha_in_rao"], row["is_all_alpha"]) == (most, True)
            assert row["tao_out_rao"] == rules.sell(of[row["netuid"]], most).paid_out_rao
            assert row["slippage_ppm"] <= row["asked_slippage_ppm"]
        else:
            assert row["unexplained_reason"] == exit_quotes.MORE_THAN_THERE_IS
            assert row["tao_out_rao"] is row["alpha_in_rao"] is None


def test_of_a_size_that_the_pool_stops_short_there_is_no_quote(tables):
    """Where a user lends, the liquidity in use can be next to nothing."""
    blocks, subnets, *rest = tables
    thin = exit_quotes.recompute(blocks, put(subnets, current_liquidity_u64=1), *rest).to_pylist()
    stopped = [row for row in thin if row["unexplained_reason"] == NOT_WHOLE]
    assert {row["netuid"] for row in stopped} == {9}
    assert all(row["asked_tao_rao"] and row["tao_out_rao"] is None for row in stopped)


def test_a_pool_read_before_the_days_end_says_that_its_price_is_older(tables):
    blocks, subnets, *rest = tables
    earlier = subnets.filter(pc.less(subnets["block_number"], 900))
    older = exit_quotes.recompute(blocks, earlier, *rest)
    assert older["block_number"].unique().to_pylist() == [899]
    assert older["is_exact_price"].unique().to_pylist() == [False]
    assert exit_quotes.recompute(blocks, subnets.slice(0, 0), *rest).num_rows == 0


def test_a_subnet_made_in_the_last_block_has_no_pool_that_was_read(tables):
    blocks, subnets, *rest = tables
    made = put(subnets, pre_network_registered_at_block=12)
    rows = exit_quotes.recompute(blocks, made, *rest).to_pylist()
    assert rows
    assert all("made in this very block" in row["unexplained_reason"] for row in rows)


def test_a_spec_without_a_rule_says_so(tables):
    blocks, subnets, *rest = tables
    unknown = put(subnets, spec_version=9_999)
    rows = exit_quotes.recompute(blocks, unknown, *rest).to_pylist()
    assert rows
    assert all("spec 9999" in row["unexplained_reason"] for row in rows)
    assert all(row["tao_out_rao"] is None for row in rows)
