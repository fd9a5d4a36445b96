"""Days of runtimes after the recorded one go from raw bytes to verdicts.

The recorded chain is gone on with by the law (see ``tests.recordings.later``), under metadata of
the specs in question: Taoflow with its first EMAs (343), Taoflow among open subnets (385), price
and burn through the gate (440, 442). What is altered by a rao on the way is found.
"""

import datetime as dt
from pathlib import Path

import pytest

from orchestration import refresh, settings
from orchestration.warehouse import Warehouse
from tests.conftest import Silent
from tests.recordings.later import Stretch, go_on

ONE = 1 << 64
FIRST = 600
UPGRADE = 608
"""The first block of spec 440: its parent's state is of 385, which has not what the rule reads."""

FLOWS = {("SubnetEmaTaoFlow", n): (FIRST, (7 * n - 60) * 10**8 * ONE + n) for n in range(2, 25)}
COUNTERS = {("SubnetTaoFlow", n): (-1) ** n * n * 10**9 for n in range(1, 20)}
SHARED_OTHERWISE = {("SubtokenEnabled", 7): False, ("FlowNormExponent", None): 3 * ONE // 2}
ALTERED = {("SubnetTaoInEmission", 2): 12_345, ("SubnetEmaTaoFlow", 3): (603, 5 * ONE)}
BURNS = {
    ("SubnetEmissionEnabled", 3): False,
    ("MinerBurned", 4): 1 << 31,
    ("MinerBurned", 5): 1 << 32,
    ("SubtokenEnabled", 7): True,
}
NEW_BAR = {("EmissionGateBar", None): None, ("EmissionBarQuantile", None): 3 * ONE // 4}


@pytest.fixture(scope="module")
def home(small: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    metadata = shared / "mainnet" / "metadata"
    if not metadata.is_dir():
        pytest.skip("needs the metadata of ../shared/mainnet/metadata, which is not here")
    of_461 = metadata / "spec461_v14_localnode.scale"
    stretches = [
        Stretch(343, metadata / "spec343_v14.scale", 4, FLOWS | COUNTERS, {2: (4, 3 * 10**9)}),
        Stretch(
            385,
            metadata / "spec393_v14.scale",
            4,
            SHARED_OTHERWISE | ALTERED,
            {1: (5, 10**9)},
        ),
        Stretch(440, of_461, 2, BURNS),
        Stretch(440, of_461, 3, NEW_BAR, {1: (6, 2 * 10**9)}),
        Stretch(442, of_461, 2),
    ]
    folder = tmp_path_factory.mktemp("later")
    start = dt.datetime(2026, 7, 30, 23, 58, 24, tzinfo=dt.UTC)
    go_on(small, start, stretches, folder / "recording")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAOBOOKS_HOME", str(folder / "home"))
        patch.setenv("TAOBOOKS_SOURCE", f"recording:{folder / 'recording'}")
        chosen = settings.load()
        refresh.run(chosen, refresh.plan(chosen, None, None), Silent())
    return folder / "home"


def ask(home: Path, sql: str) -> list[tuple]:
    with Warehouse(home).reading() as reader:
        return reader.sql(sql).fetchall()


MODELS = {
    "SubnetTaoInEmission": "rec_subnet_tao_in_emissions_by_block",
    "SubnetAlphaInEmission": "rec_subnet_alpha_in_emissions_by_block",
    "SubnetAlphaOutEmission": "rec_subnet_alpha_out_emissions_by_block",
    "SubnetExcessTao": "rec_subnet_excess_tao_by_block",
    "SubnetMovingPrice": "rec_subnet_moving_prices_by_block",
    "SubnetEmaTaoFlow": "rec_subnet_ema_tao_flows_by_block",
    "SubnetTaoFlow": "rec_subnet_tao_flows_by_block",
}


@pytest.mark.parametrize("quantity", MODELS)
def test_every_figure_of_a_known_rule_is_exact_but_what_was_altered(home, quantity):
    rows = ask(
        home,
        f"select block_number, netuid, verdict from {MODELS[quantity]} where spec_version < 442"
        f" and block_number <> {UPGRADE}",
    )
    assert len(rows) >= 24 * 4
    altered = {(603, netuid) for item, netuid in ALTERED if item == quantity}
    assert {(block, netuid) for block, netuid, verdict in rows if verdict != "exact"} == altered
    assert {verdict for block, netuid, verdict in rows if (block, netuid) in altered} <= {"differs"}


def test_every_verdict_of_every_day_is_counted(home):
    counted = ask(
        home,
        "select quantity, spec_version, quantity_era, cast(sum(exact_count) as bigint),"
        " cast(sum(differs_count) as bigint) from rec_verdicts_by_day group by all",
    )
    found = {
        (quantity, spec): (era, exact, off) for quantity, spec, era, exact, off in counted if era
    }
    assert found["SubnetEmaTaoFlow", 343] == ("v342_unfiltered", 24 * 3 - 1, 1)
    assert found["SubnetEmaTaoFlow", 385] == ("v361_open_subnets", 24 * 4, 0)
    assert found["SubnetTaoInEmission", 343] == ("v342_excess_buys", 24 * 3 - 1, 1)
    assert found["SubnetMovingPrice", 385] == ("v258_from_start_call", 24 * 4, 0)
    assert found["SubnetTaoFlow", 385] == ("v385_author_fee", 24 * 4, 0)
    assert found["SubnetExcessTao", 440] == ("v439_reservoirs", 24 * 4, 0)
    assert found["SubnetExcessTao", 442] == ("v439_reservoirs", 24 * 2, 0)
    assert found["SubnetProtocolFlow", 440] == ("v411_protocol_flow", 24 * 4, 0)
    # The bar of the block before it was taken away: what the rule left is not what is found.
    assert found["EmissionGateBar", 440] == ("v440_gate", 3, 1)
    assert found["EmissionGateBar", 442] == ("v440_gate", 2, 0)
    for part in ("PendingOwnerCut", *SET_ASIDE):
        assert found[part, 343] == ("v334_proportional", 24 * 3, 0)
        assert found[part, 385] == ("v385_fee_to_author", 24 * 4, 0)
        assert found[part, 440] == ("v426_reservoirs", 24 * 4, 0)
    assert not {("PendingEmission", 343), ("AlphaSqrtPrice", 440)} & {row[:2] for row in counted}


SET_ASIDE = ("PendingServerEmission", "PendingValidatorEmission", "PendingRootAlphaDivs")


def test_roots_part_waits_or_is_recycled_as_the_moving_prices_say(home):
    """They sum to more than 1 in the recording, so that root is paid."""
    parts = ask(
        home,
        "select min(recomputed_pending_server_rao), min(recomputed_pending_root_alpha_rao)"
        " from rec_pool_states_by_block where spec_version = 385",
    )
    assert min(parts[0]) > 0


def test_what_is_judged_is_not_nothing(home):
    """Both branches of an injection, flows that were bought, and a bar taken anew."""
    ((capped, uncapped, bought),) = ask(
        home,
        "select count(*) filter (where excess_tao_rao > 0),"
        " count(*) filter (where tao_emission_rao > 0 and excess_tao_rao = 0),"
        " count(*) filter (where recorded_excess_tao_rao > 0)"
        " from staging.stg_recomputed__subnet_injections"
        " join staging.stg_recomputed__subnet_emissions"
        " using (block_number, netuid)",
    )
    assert min(capped, uncapped, bought) > 20
    assert ask(
        home,
        "select block_number, netuid from rec_subnet_tao_flows_by_block"
        " where observed_rao > 0 and spec_version < 421 order by block_number",
    )[:2] == [(602, 4), (605, 5)]
    bars = ask(home, "select observed_u64f64_bits from rec_emission_gate_bars_by_block")
    assert len(set(bars)) > 1


def test_the_block_of_an_upgrade_says_what_its_parent_had_not(home):
    reasons = ask(
        home,
        "select distinct unexplained_reason from rec_subnet_tao_in_emissions_by_block"
        f" where block_number = {UPGRADE}",
    )
    assert reasons == [("miner_burned[1] is missing",)]


def test_a_flow_that_no_rule_follows_says_so(home):
    reasons = ask(
        home,
        "select distinct verdict, unexplained_reason from rec_subnet_protocol_flows_by_block"
        " where spec_version = 442",
    )
    assert [verdict for verdict, _ in reasons] == ["unexplained"]
    assert "No flow rule is known for spec 442" in reasons[0][1]
