"""What leaving pays is the swap's own rule on the day's last pool, never size times price."""

from fractions import Fraction

import pytest

from mechanics import amm
from orchestration.lake import Lake
from orchestration.recompute import exit_quotes
from orchestration.recompute.pools import Lent, pool_before
from orchestration.recompute.rows import rows_of, subnets_only

DAY = "2025-07-08"


@pytest.fixture(scope="module")
def tables(books):
    lake = Lake(books.home / "lake")
    names = ("chain__subnet_blocks", "chain__pool_ticks", "chain__pool_positions")
    return tuple(lake.read(name, DAY) for name in names)


@pytest.fixture(scope="module")
def quotes(books) -> list[dict]:
    return Lake(books.home / "lake").read("recomputed__exit_quotes", DAY).to_pylist()


def pools(tables) -> dict[int, amm.PoolState]:
    subnets, ticks, positions = tables
    lent = Lent(ticks, positions)
    rows = rows_of(subnets_only(subnets), exit_quotes._COLUMNS)
    return {row["netuid"]: pool_before(row, lent) for row in rows if row["block_number"] == 900}


def test_every_subnet_has_an_answer_to_every_question_at_the_days_end(quotes):
    assert {row["block_number"] for row in quotes} == {900}
    asked = len(exit_quotes.ASKED_TAO_RAO) + len(exit_quotes.ASKED_SLIPPAGE_PPM)
    assert len(quotes) == 25 * asked
    assert all(row["unexplained_reason"] is None for row in quotes)


def test_a_quote_is_what_the_swap_pays(tables, quotes):
    rules = amm.ERAS.at(293).module
    for netuid, pool in pools(tables).items():
        for row in (r for r in quotes if r["netuid"] == netuid):
            swap = rules.sell(pool, row["alpha_in_rao"])
            assert (swap.paid_out_rao, swap.fee_rao) == (row["tao_out_rao"], row["fee_alpha_rao"])


def test_a_size_is_worth_what_was_asked_at_the_spot_price(tables, quotes):
    for netuid, pool in pools(tables).items():
        price = amm.ERAS.at(293).module.spot_price(pool)
        for row in (r for r in quotes if r["netuid"] == netuid and r["asked_tao_rao"]):
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
            assert row["slippage_ppm"] <= row["asked_slippage_ppm"] <= row["slippage_ppm"] + 1


def test_a_spec_without_a_rule_says_so(tables):
    import pyarrow as pa

    subnets, ticks, positions = tables
    at = subnets.schema.get_field_index("spec_version")
    unknown = pa.array([9_999] * subnets.num_rows, pa.int32())
    subnets = subnets.set_column(at, subnets.schema.field(at), unknown)
    rows = exit_quotes.recompute(subnets, ticks, positions).to_pylist()
    assert rows
    assert all("spec 9999" in row["unexplained_reason"] for row in rows)
    assert all(row["tao_out_rao"] is None for row in rows)
