"""Swaps and prices of the real chain against the rules; each test states the error it finds."""

import csv
import json
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mechanics import amm
from mechanics.amm import PoolState, Side
from mechanics.fixed import U64F64
from mechanics.quote import Quote, quote

FEE_RATE_U16 = 33
"""The default from spec 297."""


@pytest.fixture(scope="module")
def mainnet(shared: Path) -> Path:
    return shared / "mainnet"


def answer(path: Path) -> list[dict]:
    return json.loads(path.read_text())["data"]


# ---------------------------------------------------------------------- constant product


def test_v2_prices_are_the_ratio_of_the_reserves_cut_to_32_bits(mainnet):
    """144 pools at spec 261, from root (stable) to empty ones: 0 to 1 bit below the ratio."""
    rule = amm.ERAS.at(261).module
    pools = [
        pool
        for name in ("dtao_pool_latest_v1", "dtao_pool_history_v1")
        for pool in answer(mainnet / "taostats_api" / f"{name}.json")
    ]
    for pool in pools:
        mechanism = 0 if pool["netuid"] == 0 else 1
        state = PoolState(mechanism, int(pool["total_tao"]), int(pool["alpha_in_pool"]))
        assert 0 <= Fraction(pool["price"]) * 2**32 - rule.spot_price(state).bits < 1
    assert len(pools) == 144


def test_v2_slippage_is_one_over_one_plus_the_reserve(mainnet):
    """The explorer's answer for 1 TAO into subnet 19, without the flat fee.

    The reserves are not in the answer: the TAO that its slippage implies, 3,147.03, and the alpha
    that its price implies give its output to 20 rao in 19,492,475,077, the price having ten digits,
    and its slippage to 5 parts in 10^9, the spot price on chain having 32 bits.
    """
    [told] = answer(mainnet / "taostats_api" / "dtao_slippage_v1.json")
    out, expected = int(told["output_tokens"]), int(told["expected_output_tokens"])
    assert int(told["diff"]) == expected - out
    tao = 10**9 * out // (expected - out)
    pool = PoolState(1, tao, int(tao / Fraction(told["alpha_price"])))
    found = quote(pool, Side.BUY, 10**9, 246, drop_fees=True)
    assert abs(found.paid_out_rao - out) <= 20
    assert abs(found.slippage * 100 - Fraction(told["slippage"])) < Fraction(5, 10**7)


# ---------------------------------------------------------------------- concentrated liquidity


class Seen:
    """A swap as the explorer shows it."""

    def __init__(self, row: dict) -> None:
        self.row = row
        self.side = Side.BUY if row["action"] == "DELEGATE" else Side.SELL
        self.tao_rao, self.alpha_rao = int(row["amount"]), int(row["alpha"])
        self.fee_rao = int(row["fee"])
        self.cost = Fraction(row["slippage"]) / 100
        self.at = datetime.fromisoformat(row["timestamp"])
        self.offered, self.got = (
            (self.tao_rao, self.alpha_rao)
            if self.side is Side.BUY
            else (self.alpha_rao, self.tao_rao)
        )

    @property
    def spot_price(self) -> Fraction:
        """TAO per alpha before the swap, as the cost the explorer states implies it."""
        paid = Fraction(self.tao_rao, self.alpha_rao)
        return paid * (1 - self.cost) if self.side is Side.BUY else paid / (1 - self.cost)

    def pool(self) -> PoolState:
        """A pool with that price and the depth that the cost beyond the fee implies."""
        price = self.spot_price
        net = self.offered - self.fee_rao
        ideal = net / price if self.side is Side.BUY else net * price
        impact = 1 - self.got / ideal
        depth = net * (1 - impact) / impact
        tao = depth if self.side is Side.BUY else depth * price
        sqrt_bits = isqrt(int(price * 2**128))
        return PoolState(
            1,
            int(tao),
            int(tao / price),
            is_v3_initialized=True,
            alpha_sqrt_price=U64F64(sqrt_bits),
            fee_rate_u16=FEE_RATE_U16,
            current_liquidity=int(tao * 2**64 / sqrt_bits),
            current_tick=amm.v290_concentrated.tick_at(U64F64(sqrt_bits)),
        )

    def quoted(self, spec: int) -> Quote:
        return quote(self.pool(), self.side, self.offered, spec)


@pytest.fixture(scope="module")
def swaps(mainnet) -> list[Seen]:
    """27 swaps of spec 301 to 365, oldest first; transfers and root are none."""
    rows = answer(mainnet / "taostats_api" / "delegation_v1.json")
    rows += answer(mainnet / "one_account" / "contract_stake_events.json")
    seen = [Seen(row) for row in rows if row["netuid"] != 0 and row["is_transfer"] is None]
    return sorted(seen, key=lambda swap: swap.at)


def test_v3_fees_are_33_of_65535_to_the_rao(swaps):
    rule = amm.ERAS.at(345).module
    pool = PoolState(1, 1, 1, fee_rate_u16=FEE_RATE_U16)
    for swap in swaps:
        assert rule.swap_fee(pool, swap.offered, drop_fees=False) == swap.fee_rao, swap.row
    assert len(swaps) == 27


def test_moves_between_accounts_pay_no_fee_and_touch_no_pool(mainnet):
    """Since spec 297; what is shown as their cost is the rounding of the price, under 0.06 %."""
    rows = answer(mainnet / "one_account" / "contract_stake_events.json")
    moved = [Seen(row) for row in rows if row["is_transfer"]]
    assert {swap.fee_rao for swap in moved} == {0}
    assert max(abs(swap.cost) for swap in moved) < Fraction(6, 10**4)


def test_v3_pays_what_was_paid_where_price_and_depth_are_as_the_cost_implies(swaps):
    """Price and depth are two unknowns out of two figures; fee, curve and rounding must fit.

    All 27 payouts come within a rao: the price is cut to 64 bits, the liquidity to a whole number.
    The cost comes within 5 parts in 10^8, the chain's spot price having 32 bits.
    """
    for swap in swaps:
        found = swap.quoted(345)
        assert found.fee_rao == swap.fee_rao
        assert abs(found.paid_out_rao - swap.got) <= 1
        assert abs(found.cost - swap.cost) < Fraction(5, 10**8)


def test_v3_moves_the_price_to_where_the_next_swap_finds_it(swaps):
    """Three pairs on subnet 64, 1 to 6 minutes apart: the price after the one is that before the
    other to 2 parts in 10^6, what emission and others did in 5 to 28 blocks. The sale of 115 alpha
    moved it by 99 parts in 10^6, of which 0.3 are missed.
    """
    rule = amm.ERAS.at(345).module
    misses, moves = [], []
    ours = [swap for swap in swaps if swap.row["netuid"] == 64]
    for first, second in pairwise(ours):
        if (second.at - first.at).total_seconds() > 600:
            continue
        trade = rule.buy if first.side is Side.BUY else rule.sell
        price = rule.spot_price(trade(first.pool(), first.offered).pool)
        misses.append(abs(Fraction(price.bits, 2**32) / second.spot_price - 1))
        moves.append(abs(first.spot_price / second.spot_price - 1))
    assert len(misses) == 3
    assert max(misses) < Fraction(2, 10**6)
    assert moves[-1] > Fraction(98, 10**6)
    assert misses[-1] < moves[-1] / 200


def test_the_price_a_cost_implies_is_the_price_that_was_sampled(mainnet, swaps):
    """Four swaps of subnet 64 within the price candles: inside the candle or the next.

    Blocks are told from times, at 12 s back from block 6,925,136, which can be a candle off.
    """
    known, at = 6_925_136, datetime.fromisoformat("2025-11-20T16:44:36+00:00")
    candles = pq.read_table(
        mainnet / "prices" / "alpha_price_hourly_ohlc.parquet", filters=[("netuid", "=", 64)]
    ).to_pylist()
    checked = 0
    for swap in swaps:
        block = known + (swap.at - at).total_seconds() / 12
        near = [c for c in candles if c["block"] <= block + 300 and block < c["block"] + 600]
        if swap.row["netuid"] != 64 or not near:
            continue
        low, high = min(c["low"] for c in near), max(c["high"] for c in near)
        assert low <= swap.spot_price * 10**9 <= high
        checked += 1
    assert checked == 4


def test_v3_prices_are_not_the_ratio_of_the_reserves(mainnet):
    """Block 7,801,029, spec 391: half of 128 pools are off by 5 parts in 10^4, one by 14 %.

    The price is state, and the reserves hold fees, scraps and capped injections it knows not of;
    what is printed has 8 digits of price and 4 of reserves.
    """
    path = mainnet / "taoflow" / "chain_history_2026-03-22_block7801029.csv"
    rule = amm.ERAS.at(391).module
    off = []
    for row in csv.DictReader(path.open()):
        if row["netuid"] == "0":
            continue
        price = Fraction(row["price"])
        pool = PoolState(
            1,
            int(Fraction(row["tao_in"]) * 10**9),
            int(Fraction(row["alpha_in"]) * 10**9),
            is_v3_initialized=True,
            alpha_sqrt_price=U64F64(isqrt(int(price * 2**128))),
        )
        assert abs(Fraction(rule.spot_price(pool).bits, 2**32) - price) < Fraction(1, 2**31)
        off.append(abs(price * pool.alpha_reserve_rao / pool.tao_reserve_rao - 1))
    assert len(off) == 128
    assert Fraction(4, 10**4) < sorted(off)[64] < Fraction(6, 10**4)
    assert max(off) > Fraction(14, 100)


# ---------------------------------------------------------------------- weighted pool


def test_weighted_prices_of_2026_go_with_equal_weights(mainnet):
    """20,992 readings of July and August 2026 (spec 439 on), as if every weight were a half.

    Half are within 1.6 parts in 10^7, the price having nine digits; nine tenths within 5 parts in
    10^6; the rest, 5 % at most, are pools that traded between the reading of price and reserves.
    """
    columns = ["netuid", "price", "tao_pool", "alpha_pool"]
    readings = pq.read_table(mainnet / "pools_2026" / "dashboard.parquet", columns=columns)
    rule = amm.ERAS.at(440).module
    off = []
    for reading in readings.to_pylist():
        tao, alpha = (round(reading[name] * 10**9) for name in ("tao_pool", "alpha_pool"))
        price = Fraction(round(reading["price"] * 10**12), 10**12)
        found = rule.spot_price(PoolState(1, tao, alpha, quote_weight_perquintill=5 * 10**17))
        off.append(abs(Fraction(found.bits, 2**64) / price - 1))
    off.sort()
    assert len(off) == 20_992
    assert off[len(off) // 2] < Fraction(16, 10**8)
    assert off[len(off) * 9 // 10] < Fraction(5, 10**6)
    assert off[-1] < Fraction(6, 100)
