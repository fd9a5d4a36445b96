"""Concentrated liquidity against a chain that ran it: every part of every pool, to the bit."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from mechanics import amm
from mechanics.amm import PoolState, Side
from mechanics.amm.state import Asset
from tests.mechanics.recorded_pools import SPEC_VERSION, Chain, RecordedPools, fields, is_started

RULE = amm.ERAS.at(SPEC_VERSION).module
LIMIT_CALLS = ("add_stake_limit", "remove_stake_limit")
POOL_EVENTS = (
    "StakeAdded",
    "StakeRemoved",
    "NeuronRegistered",
    "LiquidityAdded",
    "LiquidityRemoved",
)


@pytest.fixture(scope="module")
def recording(embedded: Path) -> RecordedPools:
    return RecordedPools(embedded)


def injected(pool: PoolState, sold: int, chain: Chain, netuid: int) -> PoolState:
    """A pool after the block's injection and root sale."""
    if not is_started(chain, netuid):
        return pool
    tao = chain.number("SubnetTaoInEmission", netuid)
    alpha = chain.number("SubnetAlphaInEmission", netuid)
    pool = RULE.inject(pool, tao, alpha)
    return RULE.sell(pool, sold, drop_fees=True).pool if sold else pool


def netuid_of(event: dict) -> int:
    named = fields(event)
    if isinstance(named, dict):
        return named["netuid"]
    return named[0] if event["variant"] == "NeuronRegistered" else named[4]


def by_subnet(events: list[dict]) -> dict[int, list[dict]]:
    """A block's events that touch a pool, in order, by netuid; root has none."""
    touching = defaultdict(list)
    for event in events:
        if event["pallet"] in ("SubtensorModule", "Swap") and event["variant"] in POOL_EVENTS:
            touching[netuid_of(event)].append(event)
    touching.pop(0, None)
    return touching


def test_injection_and_root_sale_leave_every_untouched_pool_as_recorded(recording):
    checked = 0
    for before, sold, chain in recording.blocks(last=360):
        touched = by_subnet(recording.events[chain.block_number])
        for netuid in before.keys() - touched.keys():
            after = injected(before[netuid], sold[netuid], chain, netuid)
            assert after == chain.pool(netuid), (chain.block_number, netuid)
            checked += 1
    assert checked == 1324


def test_every_event_of_every_touched_pool_pays_and_leaves_what_is_recorded(recording):
    seen = Counter()
    for before, sold, chain in recording.blocks():
        for netuid, events in by_subnet(recording.events[chain.block_number]).items():
            pool = injected(before[netuid], sold[netuid], chain, netuid)
            for event in events:
                pool = after_event(recording, chain, pool, event)
                seen[event["variant"]] += 1
            assert pool == chain.pool(netuid), (chain.block_number, netuid)
            seen["pools"] += 1
    assert seen == {
        "pools": 1397,
        "StakeAdded": 860,
        "StakeRemoved": 639,
        "NeuronRegistered": 89,
        "LiquidityAdded": 2,
        "LiquidityRemoved": 1,
    }


def after_event(recording: RecordedPools, chain: Chain, pool: PoolState, event: dict) -> PoolState:
    variant, given = event["variant"], fields(event)
    if variant == "LiquidityAdded":
        ticks = given["tick_low"], given["tick_high"]
        done = RULE.add_liquidity(pool, given["position_id"], *ticks, given["liquidity"])
        assert (done.tao_rao, done.alpha_rao) == (given["tao"], given["alpha"])
        return done.pool
    if variant == "LiquidityRemoved":
        done = RULE.remove_liquidity(pool, given["position_id"])
        assert (done.tao_rao, done.alpha_rao) == (given["tao"], given["alpha"])
        fees = given["fee_tao"], given["fee_alpha"]
        assert (done.fee_tao_rao, done.fee_alpha_rao) == fees
        return done.pool
    if variant == "NeuronRegistered":
        # The price of registration buys alpha, without an event of its own.
        return RULE.buy(pool, chain.number("Burn", netuid_of(event))).pool
    _, _, tao, alpha, _, fee = given
    name, arguments = recording.call(event)
    limit = arguments["limit_price"] if name in LIMIT_CALLS else None
    # Of a move the sale is free of fees (captures/README.md section 6.2).
    drop_fees = fee == 0
    if variant == "StakeAdded":
        if limit is not None:
            most = RULE.most_bought_for(pool, limit)
            assert tao == min(arguments["amount_staked"], most)
        swap = RULE.buy(pool, tao, limit, drop_fees)
        assert (swap.paid_out_rao, swap.fee_rao, swap.fee_asset) == (alpha, fee, Asset.TAO)
    else:
        if limit is not None:
            most = RULE.most_sold_for(pool, limit)
            assert alpha == min(arguments["amount_unstaked"], most)
        swap = RULE.sell(pool, alpha, limit, drop_fees)
        assert (swap.paid_out_rao, swap.fee_rao, swap.fee_asset) == (tao, fee, Asset.ALPHA)
    return swap.pool


def test_the_recorded_swaps_include_some_that_cross_a_users_tick(recording, monkeypatch):
    crossed = Counter()
    step = RULE.step

    def watched(pool: PoolState, side: Side, *more: object) -> object:
        taken = step(pool, side, *more)
        crossed[side] += taken.is_crossing
        return taken

    monkeypatch.setattr(RULE, "step", watched)
    for before, sold, chain in recording.blocks():
        events = by_subnet(recording.events[chain.block_number]).get(9, [])
        if events:
            pool = injected(before[9], sold[9], chain, 9)
            for event in events:
                pool = after_event(recording, chain, pool, event)
    assert crossed[Side.BUY] >= 1
    assert crossed[Side.SELL] >= 1
