"""Recomputed rows follow the rules of their spec, and say why where there is no rule."""

import pyarrow as pa
import pytest

from mechanics import emission, issuance
from mechanics.catalogue import MECHANISMS
from mechanics.fixed import I96F32, U96F32
from orchestration.lake import Lake
from orchestration.recompute import (
    exit_quotes,
    moving_prices,
    pool_prices,
    pool_replay,
    rows,
    subnet_emissions,
    subnet_injections,
)

DAY = "2025-07-08"


@pytest.fixture(scope="module")
def lake(books) -> Lake:
    return Lake(books.home / "lake")


@pytest.fixture(scope="module")
def state(lake) -> tuple[pa.Table, pa.Table]:
    return tuple(
        table.filter(pa.compute.less(table["block_number"], 340))
        for table in (lake.read("chain__subnet_blocks", DAY), lake.read("chain__blocks", DAY))
    )


def in_spec(table: pa.Table, spec: int) -> pa.Table:
    at = table.schema.get_field_index("spec_version")
    return table.set_column(
        at, table.schema.field(at), pa.array([spec] * table.num_rows, pa.int32())
    )


def test_every_pair_but_root_has_a_row_in_every_table(state, lake):
    subnets, blocks = state
    made = recomputed(subnets, blocks, lake)
    keys = subnets.filter(pa.compute.not_equal(subnets["netuid"], 0)).select(
        ["block_number", "netuid"]
    )
    for name in ("emissions", "injections", "prices", "states"):
        assert made[name].select(["block_number", "netuid"]).equals(keys)


def test_shares_are_the_rule_applied_to_the_parent_state(state):
    subnets, blocks = state
    emissions = subnet_emissions.recompute(subnets, blocks).to_pylist()
    of_block = [
        row for row in subnets.to_pylist() if row["block_number"] == 320 and row["netuid"] != 0
    ]
    (issued,) = (
        row["pre_total_issuance_rao"] for row in blocks.to_pylist() if row["block_number"] == 320
    )
    pre = emission.EmissionState(
        block_emission_rao=issuance.block_emission(293, issued),
        moving_price={
            r["netuid"]: I96F32(int(r["pre_moving_price_i96f32_bits"])) for r in of_block
        },
        mechanism={r["netuid"]: r["pre_subnet_mechanism"] for r in of_block},
        first_emission_block_number={
            r["netuid"]: r["pre_first_emission_block_number"] for r in of_block
        },
    )
    due = emission.ERAS.at(293).module.recompute(pre).tao
    found = {row["netuid"]: row for row in emissions if row["block_number"] == 320}
    assert len(due) == 24
    for netuid, tao in due.items():
        assert U96F32(int(found[netuid]["tao_emission_u96f32_bits"])) == tao


def recomputed(subnets: pa.Table, blocks: pa.Table, lake: Lake) -> dict[str, pa.Table]:
    """Every table that is recomputed from these."""
    lent = (lake.read("chain__pool_ticks", DAY), lake.read("chain__pool_positions", DAY))
    events = lake.read("chain__stake_events", DAY)
    emissions = subnet_emissions.recompute(subnets, blocks)
    swaps, states = pool_replay.recompute(subnets, blocks, emissions, events, *lent)
    return {
        "emissions": emissions,
        "injections": subnet_injections.recompute(subnets, emissions, states),
        "prices": pool_prices.recompute(subnets),
        "moving_prices": moving_prices.recompute(subnets, blocks, emissions, states),
        "swaps": swaps,
        "states": states,
        "exits": exit_quotes.recompute(blocks, subnets, *lent, events),
    }


VALUES = {
    "emissions": "tao_emission_rao",
    "injections": "tao_in_emission_rao",
    "prices": "spot_price_u64f64_bits",
    "moving_prices": "moving_price_i96f32_bits",
    "swaps": "tao_rao",
    "states": "tao_reserve_rao",
    "exits": "tao_out_rao",
}
SPECS = sorted(
    {e.first_spec_version for eras in MECHANISMS.values() for e in eras}
    | {e.last_spec_version for eras in MECHANISMS.values() for e in eras}
    | {298, 301, 320, 9_999}
)


@pytest.mark.parametrize("spec", SPECS)
def test_at_every_spec_a_figure_is_given_or_the_reason_why_not(state, lake, spec):
    """The state is of spec 293, so what other specs store is missing: that too is a reason."""
    few, few_blocks = (t.filter(pa.compute.less(t["block_number"], 304)) for t in state)
    for name, table in recomputed(in_spec(few, spec), few_blocks, lake).items():
        assert table.num_rows > 0 or name == "swaps"
        has_value = table[VALUES[name]].is_valid().to_pylist()
        has_reason = table["unexplained_reason"].is_valid().to_pylist()
        assert [not value for value in has_value] == has_reason, name


def test_a_spec_without_a_rule_is_unexplained_with_the_reason_and_no_value(state, lake):
    subnets, blocks = state
    for name, table in recomputed(in_spec(subnets, 9_999), blocks, lake).items():
        assert table[VALUES[name]].null_count == table.num_rows > 0, name
        for reason in set(table["unexplained_reason"].to_pylist()):
            assert "spec 9999" in reason


def test_a_pool_of_a_netuid_given_to_another_subnet_is_not_replayed(state, lake):
    subnets, blocks = state
    at = subnets.schema.get_field_index("network_registered_at_block")
    is_it = pa.compute.and_(
        pa.compute.equal(subnets["block_number"], 320), pa.compute.equal(subnets["netuid"], 6)
    )
    registered = pa.compute.if_else(is_it, 320, subnets["network_registered_at_block"])
    subnets = subnets.set_column(at, subnets.schema.field(at), registered)
    states = recomputed(subnets, blocks, lake)["states"].to_pylist()
    unexplained = [row for row in states if row["unexplained_reason"]]
    assert [(row["block_number"], row["netuid"]) for row in unexplained] == [(320, 6)]
    assert "another subnet was made under this netuid" in unexplained[0]["unexplained_reason"]


def test_exact_integers_survive_a_table():
    out = rows.Columns(pa.schema([("bits", pa.decimal128(38, 0)), ("rao", pa.int64())]))
    out.add(bits=10**37 + 1, rao=2**53 + 1)
    out.add(bits=-(10**37) - 1)
    table = out.table()
    assert rows.integers(table["bits"]) == [10**37 + 1, -(10**37) - 1]
    assert rows.integers(table["rao"]) == [2**53 + 1, None]
