"""What a whole position would be sold for is the swap's own rule on the pool the day ended with."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mechanics import amm
from mechanics.amm import Side
from mechanics.amm.ticks import MAX_TICK, MIN_TICK
from mechanics.quote import quote
from orchestration.lake import Lake
from orchestration.recompute import position_exits
from orchestration.recompute.pools import (
    DAY_END_TABLES,
    NOT_WHOLE,
    POOL_AROUND_COLUMNS,
    Lent,
    pool_after,
    pool_before,
)
from orchestration.recompute.rows import rows_of, subnets_only

DAY = "2025-07-08"
NAMES = ("recomputed__positions_by_day", *DAY_END_TABLES)
LENDING = ("LiquidityAdded", "LiquidityModified", "LiquidityRemoved")
COLUMNS = ["block_number", "netuid", "alpha_out_rao", *POOL_AROUND_COLUMNS]


@pytest.fixture(scope="module")
def tables(books) -> list[pa.Table]:
    lake = Lake(books.home / "lake")
    return [lake.read(name, DAY) for name in NAMES]


def pools(tables, block: int) -> dict[int, dict]:
    at = tables[2].filter(pc.equal(tables[2]["block_number"], block))
    return {row["netuid"]: row for row in rows_of(subnets_only(at), COLUMNS)}


def lending(tables, block: int, netuid: int) -> list[dict]:
    events = tables[5].to_pylist()
    return [
        event
        for event in events
        if (event["block_number"], event["netuid"]) == (block, netuid)
        and event["event_name"] in LENDING
    ]


def test_every_position_is_sold_as_the_law_sells_it(tables):
    held, *_ = tables
    exits = {
        (row["coldkey_ss58"], row["netuid"]): row
        for row in position_exits.recompute(*tables).to_pylist()
    }
    rows, lent = pools(tables, 900), Lent(*tables[3:5])
    holding = [row for row in held.to_pylist() if row["held_alpha_rao"] and row["netuid"]]
    assert len(exits) == len(holding) > 1_000
    for row in holding:
        found = exits[row["coldkey_ss58"], row["netuid"]]
        pool = pool_after(rows[row["netuid"]], lent, [])
        sold = quote(pool, Side.SELL, row["held_alpha_rao"], 293)
        assert sold.taken_rao == row["held_alpha_rao"] == found["held_alpha_rao"]
        assert found["tao_out_rao"] == sold.paid_out_rao
        assert (found["block_number"], found["amm_era"]) == (900, sold.era)
        assert found["is_exact_price"]


def test_a_price_that_is_older_than_the_days_end_says_so(tables):
    """As where not every block is a snapshot, and the last one is not."""
    held, blocks, subnets, *rest = tables
    earlier = subnets.filter(pc.less(subnets["block_number"], 900))
    older = position_exits.recompute(held, blocks, earlier, *rest)
    assert older["block_number"].unique().to_pylist() == [899]
    assert older["is_exact_price"].unique().to_pylist() == [False]
    assert older["tao_out_rao"].null_count < older.num_rows
    none = position_exits.recompute(held, blocks, subnets.slice(0, 0), *rest)
    assert none.num_rows == older.num_rows
    assert none["block_number"].null_count == none["tao_out_rao"].null_count == none.num_rows
    assert none["unexplained_reason"].unique().to_pylist() == [position_exits.NO_POOL]
    assert none["is_exact_price"].unique().to_pylist() == [False]


def without_fees(pool: amm.PoolState) -> amm.PoolState:
    """What a quote reads: injections change the two outermost ticks, which no swap crosses."""
    ticks = {
        index: amm.Tick(tick.liquidity_net, tick.liquidity_gross)
        for index, tick in pool.ticks.items()
        if index not in (MIN_TICK, MAX_TICK)
    }
    none = amm.PoolState(0, 0, 0)
    return replace(
        pool,
        ticks=ticks,
        protocol_position=None,
        positions={},
        fee_global_tao=none.fee_global_tao,
        fee_global_alpha=none.fee_global_alpha,
    )


def test_the_pool_after_a_block_is_the_pool_before_the_next_also_where_liquidity_was_lent(tables):
    lent = Lent(*tables[3:5])
    is_lending = pc.is_in(tables[5]["event_name"], value_set=pa.array(LENDING))
    blocks = set(tables[5].filter(is_lending)["block_number"].to_pylist())
    assert len(blocks) >= 2
    for block in (*blocks, 650):
        following = pools(tables, block + 1)
        for netuid, row in pools(tables, block).items():
            after = pool_after(row, lent, lending(tables, block, netuid))
            assert without_fees(after) == without_fees(pool_before(following[netuid], lent))


def put(table: pa.Table, **values: object) -> pa.Table:
    for name, value in values.items():
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.array([value] * table.num_rows, field.type))
    return table


def test_what_has_no_value_says_why(tables):
    held, blocks, subnets, *rest = tables
    unknown = position_exits.recompute(held, blocks, put(subnets, spec_version=9_999), *rest)
    assert all("spec 9999" in why for why in unknown["unexplained_reason"].to_pylist())
    other = put(held, subnet_registered_at_block=12)
    replaced = position_exits.recompute(other, blocks, subnets, *rest)
    assert set(replaced["unexplained_reason"].to_pylist()) == {position_exits.NO_POOL}
    empty = position_exits.recompute(held, blocks, put(subnets, tao_reserve_rao=0), *rest)
    assert set(empty["unexplained_reason"].to_pylist()) == {position_exits.REFUSED}
    for table in (unknown, replaced, empty):
        assert table["tao_out_rao"].null_count == table.num_rows > 0


def test_a_sale_that_the_pool_stops_short_has_no_value(tables):
    """Where a user lends, the liquidity in use can be next to nothing."""
    held, blocks, subnets, *rest = tables
    thin = position_exits.recompute(held, blocks, put(subnets, current_liquidity_u64=1), *rest)
    where = pc.equal(thin["unexplained_reason"], NOT_WHOLE)
    assert set(thin.filter(where)["netuid"].to_pylist()) == {9}
    assert thin.filter(where)["tao_out_rao"].null_count == pc.sum(where).as_py() > 0
