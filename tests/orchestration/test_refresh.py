"""A refresh from end to end: every figure has a verdict, and nothing is ever half done.

The whole path runs here as a user runs it; bad sources end in one sentence, leave what was landed
and published, and a killed refresh run again gives the bytes of an undisturbed one.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pytest

from orchestration import code, coverage, refresh, settings
from orchestration.chain import metadata
from orchestration.chain.keys import netuid_key
from orchestration.chain.layout import GLOBAL_ITEMS, SUBNET_ITEMS
from orchestration.chain.recording import Recording
from orchestration.definitions import defs
from orchestration.errors import TaobooksError
from orchestration.examples import EXAMPLES
from orchestration.ledger.kinds import EFFECTS
from orchestration.lock import day_lock, held
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse
from tests.conftest import PROJECT, Silent
from tests.orchestration.test_ledger_entries import NOT_RECORDED, assert_every_stake_closes

DAY = "2025-07-08"
EMISSIONS = ("SubnetTaoInEmission", "SubnetAlphaInEmission", "SubnetAlphaOutEmission")
POOL = (
    "SubnetTAO",
    "SubnetAlphaIn",
    "SubnetTaoProvided",
    "SubnetAlphaInProvided",
    "SubnetAlphaOut",
    "AlphaSqrtPrice",
    "CurrentLiquidity",
    "CurrentTick",
    "PendingOwnerCut",
    "PendingEmission",
    "PendingAlphaSwapped",
    "PendingRootDivs",
)


def ask(home: Path, sql: str) -> list[tuple]:
    with Warehouse(home).reading() as reader:
        return reader.sql(sql).fetchall()


def verdicts(home: Path) -> dict[str, tuple[int, int, int, int]]:
    return {
        quantity: counts
        for quantity, *counts in ask(
            home,
            "select quantity, cast(sum(exact_count) as bigint), cast(sum(differs_count) as bigint),"
            " cast(sum(unexplained_count) as bigint), cast(sum(unobserved_count) as bigint)"
            " from rec_verdicts_by_day group by quantity",
        )
    }


def take(chosen: Settings) -> None:
    refresh.run(chosen, refresh.plan(chosen, None, None), Silent())


def digests(lake: Path) -> dict[str, str]:
    return {
        str(path.relative_to(lake)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(lake.rglob("*"))
        if path.is_file()
    }


def contents(home: Path) -> dict[str, str]:
    """Every table of the warehouse, as one digest of its rows."""
    with Warehouse(home).reading() as reader:
        names = reader.sql(
            "select schema_name || '.' || table_name from duckdb_tables() order by 1"
        ).fetchall()
        return {
            name: hashlib.sha256(
                repr(sorted(reader.sql(f"select * from {name}").fetchall(), key=repr)).encode()
            ).hexdigest()
            for (name,) in names
        }


# ---------------------------------------------------------------------- what is shown


def test_every_emission_of_the_embedded_recording_is_exact(books):
    found = verdicts(books.home)
    pairs = ask(
        books.home, "select count(*) from staging.stg_chain__subnet_blocks where netuid > 0"
    )
    for quantity in EMISSIONS:
        assert found[quantity] == [pairs[0][0], 0, 0, 0], quantity


def test_every_moving_price_and_swap_of_the_embedded_recording_is_exact(books):
    found = verdicts(books.home)
    exact, *others = found["SubnetMovingPrice"]
    assert others == [0, 0, 0]
    # netuid 25 is registered in block 700: it has no pool before that block.
    for quantity in POOL:
        assert found[quantity] == [exact - 1, 0, 1, 0], quantity
    swaps = ask(
        books.home,
        "select event_name, verdict, count(*) from rec_pool_swaps group by all order by all",
    )
    assert swaps == [
        ("LiquidityAdded", "exact", 2),
        ("LiquidityRemoved", "exact", 1),
        ("NeuronRegistered", "unobserved", 89),
        ("StakeAdded", "exact", 860),
        ("StakeAdded", "unexplained", 1),  # in block 300, whose parent was not recorded
        ("StakeRemoved", "exact", 639),
    ]


def test_every_subnet_of_the_embedded_recording_closes_in_tao_and_in_alpha(books):
    found = verdicts(books.home)
    assert found["PoolCash"] == found["AlphaOutHeld"] == [25, 0, 0, 0]
    parts = ask(
        books.home,
        "select sum(paid_tao_rao <> 0), sum(lent_tao_rao <> 0), sum(registration_tao_rao <> 0),"
        " sum(injected_tao_rao <> 0), sum(root_sale_tao_rao <> 0) from rec_subnet_cash_by_day",
    )
    assert parts == [(25, 1, 24, 25, 25)]


def test_what_is_not_explained_says_why(books):
    for model in ("rec_pool_states_by_block", "rec_subnet_moving_prices_by_block"):
        reasons = ask(
            books.home,
            f"select count(*) from {model}"
            " where (verdict = 'unexplained') <> (unexplained_reason is not null)",
        )
        assert reasons == [(0,)], model
    (reason,) = ask(
        books.home,
        "select block_number, netuid, unexplained_reason from rec_pool_states_by_block"
        " where verdict = 'unexplained'",
    )
    assert reason[:2] == (700, 25)
    assert "made in this block" in reason[2]


def test_net_protocol_flow_is_user_flow_less_injection_and_root_sales(books):
    ((flow, expected),) = ask(
        books.home,
        "select sum(flow_net_protocol_rao), sum(flow_chain_user_rao)"
        " - (select sum(tao_in_emission_rao) from fct_subnet_emissions_by_day)"
        " + (select sum(root_sale_tao_rao) from staging.stg_recomputed__pool_states)"
        " from fct_stake_flows_by_day where flow_net_protocol_reason is null",
    )
    assert flow == expected


def test_the_example_queries_answer(books):
    for example in EXAMPLES:
        assert ask(books.home, example.sql), example.question


def test_the_whole_capture_is_exact(localnet_a, at_home):
    """All 4,000 blocks at interval 1."""
    chosen = at_home(localnet_a)
    take(chosen)
    found = verdicts(chosen.home)
    for quantity in EMISSIONS:
        assert found[quantity] == [102_503, 0, 0, 0], quantity
    assert found["SubnetMovingPrice"] == [102_503, 0, 0, 0]
    # Three subnets are registered in the run.
    for quantity in POOL:
        assert found[quantity] == [102_500, 0, 3, 0], quantity
    swaps = ask(
        chosen.home,
        "select event_name, verdict, count(*) from rec_pool_swaps group by all order by all",
    )
    assert swaps == [
        ("LiquidityAdded", "exact", 12),
        ("LiquidityRemoved", "exact", 9),
        ("NeuronRegistered", "unobserved", 628),
        ("StakeAdded", "exact", 6_087),
        ("StakeRemoved", "exact", 4_842),
    ]
    epochs = ask(
        chosen.home, "select verdict, quantity, count(*) from rec_epochs group by all order by all"
    )
    assert [(verdict, count) for verdict, _, count in epochs] == [("exact", 2_760)] * 14
    # The uids at which a neuron registered in the block of the epoch.
    neurons = ask(
        chosen.home, "select verdict, count(*) from rec_epoch_neurons group by all order by all"
    )
    assert neurons == [("exact", 96_353), ("unexplained", 11)]
    kinds = ask(
        chosen.home,
        "select is_yuma3, is_liquid_alpha, count(*), count(*) filter (where is_commit_reveal)"
        " from rec_epochs where quantity = 'Consensus' group by all order by all",
    )
    assert kinds == [(False, False, 1_881, 237), (True, False, 455, 189), (True, True, 424, 0)]
    day = [chosen.lake.read(n, DAY) for n in ("chain__stake_ledger", "chain__stakes_by_day")]
    assert_every_stake_closes(*day)
    kinds = set(day[0]["kind"].to_pylist())
    assert kinds == EFFECTS.keys() - NOT_RECORDED
    assert ask(chosen.home, "select distinct verdict from rec_ledger_by_day") == [("exact",)]
    assert found["PoolCash"] == found["AlphaOutHeld"] == [27, 0, 0, 0]
    # The surge of netuid 6 and the spiral of netuid 17: money in and out of the pool, and who won.
    ranks = ask(
        chosen.home,
        "select flows.netuid, flows.flow_chain_user_rao > 0, pool_cash_rao < 0,"
        " zero_basis_rpnl_rank <= 2, zero_basis_rpnl_rank >= 26"
        " from fct_subnet_pnl_by_day as pnl inner join fct_stake_flows_by_day as flows"
        " using (block_date, netuid, subnet_generation) where netuid in (6, 17) order by 1",
    )
    assert ranks == [(6, True, True, True, False), (17, False, False, False, True)]


# ---------------------------------------------------------------------- a watchful eye


def change_of(item: str, netuid: int, block: int, add: int) -> Callable[[pa.Table], pa.Table]:
    """Adds to a u64 the chain stored at the end of one block, and of that block only."""
    found = next(i for i in SUBNET_ITEMS if i.item == item)
    key = netuid_key(found.prefix, found.key, netuid)

    def change(changes: pa.Table) -> pa.Table:
        rows = changes.to_pylist()
        of_key = {row["block_number"]: row for row in rows if row["key"] == key}
        assert {block, block + 1} <= of_key.keys(), "the value must change again in the next block"
        value = int.from_bytes(of_key[block]["value"], "little")
        of_key[block]["value"] = (value + add).to_bytes(8, "little")
        return pa.Table.from_pylist(rows, changes.schema)

    return change


def test_a_rao_too_much_in_a_pool_or_in_alpha_out_is_a_residual_of_that_subnet(altered, at_home):
    keys = {
        netuid_key(item.prefix, item.key, 4)
        for item in SUBNET_ITEMS
        if item.item in ("SubnetTAO", "SubnetAlphaOut")
    }

    def a_rao_more_at_the_end(changes: pa.Table) -> pa.Table:
        rows = changes.to_pylist()
        found = [row for row in rows if row["key"] in keys and row["block_number"] == 630]
        assert len(found) == 2
        for row in found:
            row["value"] = (int.from_bytes(row["value"], "little") + 1).to_bytes(8, "little")
        return pa.Table.from_pylist(rows, changes.schema)

    chosen = at_home(altered(storage_changes=a_rao_more_at_the_end))
    take(chosen)
    for model, residual in (
        ("rec_subnet_cash_by_day", "residual_pool_tao_rao"),
        ("rec_subnet_alpha_by_day", "residual_alpha_out_rao"),
    ):
        differing = ask(
            chosen.home, f"select netuid, {residual} from {model} where verdict <> 'exact'"
        )
        assert differing == [(4, -1)], model


def test_one_rao_turns_exactly_that_row_to_differs(altered, at_home):
    chosen = at_home(
        altered(storage_changes=change_of("SubnetTaoInEmission", netuid=6, block=612, add=1))
    )
    take(chosen)
    found = verdicts(chosen.home)
    assert found["SubnetTaoInEmission"] == [30 * 24 - 1, 1, 0, 0]
    assert found["SubnetAlphaInEmission"] == [30 * 24, 0, 0, 0]
    rows = ask(
        chosen.home,
        "select block_number, netuid, cast(residual_rao as bigint)"
        " from rec_subnet_tao_in_emissions_by_block where verdict <> 'exact'",
    )
    assert rows == [(612, 6, -1)]
    day = ask(
        chosen.home,
        "select first_differing_block_number, cast(worst_absolute_residual as bigint)"
        " from rec_verdicts_by_day where quantity = 'SubnetTaoInEmission'",
    )
    assert day == [(612, 1)]


# ---------------------------------------------------------------------- twice, and after a kill


def run_as_a_user(home: Path, source: Path, *arguments: str, **more) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", *(arguments or ("refresh",))],
        cwd=PROJECT,
        env=os.environ | {"TAOBOOKS_HOME": str(home), "TAOBOOKS_SOURCE": f"recording:{source}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


@pytest.fixture(scope="module")
def undisturbed(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAOBOOKS_HOME", str(home))
        patch.setenv("TAOBOOKS_SOURCE", f"recording:{small}")
        take(settings.load())
    return home


@pytest.fixture
def filled(small, undisturbed, at_home) -> Settings:
    """A home of the test's own that holds the small recording, landed and published."""
    chosen = at_home(small)
    shutil.copytree(undisturbed, chosen.home, symlinks=True)
    return chosen


def test_refreshing_again_gives_the_same_bytes(filled, undisturbed):
    shutil.rmtree(filled.lake.root / "chain__subnet_blocks")
    take(filled)
    assert digests(filled.lake.root) == digests(undisturbed / "lake")
    assert contents(filled.home) == contents(undisturbed)


KILLED_AT = ("recomputed__subnet_injections", "build")


@pytest.mark.parametrize("moment", KILLED_AT)
def test_a_kill_at_any_moment_is_made_good_by_the_same_command(
    moment, small, undisturbed, tmp_path
):
    home = tmp_path / "home"
    victim = run_as_a_user(home, small, start_new_session=True)
    place = home / "build" if moment == "build" else home / "lake" / moment
    deadline = time.monotonic() + 120
    while not (place.is_dir() and any(place.rglob("*"))):
        assert victim.poll() is None, victim.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate()
    again = run_as_a_user(home, small)
    _, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    assert digests(home / "lake") == digests(undisturbed / "lake")
    assert contents(home) == contents(undisturbed)


def test_a_kill_between_any_two_writes_is_made_good(small, undisturbed, at_home, monkeypatch):
    """One rename after the other is the last thing the process does."""
    chosen = at_home(small)
    replace = Path.replace
    left = 0

    def dying(self: Path, target):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", dying)
    for survived in range(0, 100, 5):
        left = survived
        try:
            take(chosen)
        except (KeyboardInterrupt, TaobooksError):
            assert not Warehouse(chosen.home).path.exists()
        else:
            break
    assert survived >= 10
    assert digests(chosen.lake.root) == digests(undisturbed / "lake")
    assert contents(chosen.home) == contents(undisturbed)


def test_a_second_refresh_at_the_same_time_is_told_so(small, tmp_path):
    home = tmp_path / "home"
    first = run_as_a_user(home, small)
    deadline = time.monotonic() + 120
    while not (home / "refresh.lock").exists() or not (home / "refresh.lock").read_text():
        assert first.poll() is None, first.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    second = run_as_a_user(home, small)
    _, errors = second.communicate(timeout=120)
    assert second.returncode == 1
    assert f"Another process (pid {first.pid}) is refreshing" in errors
    assert "Traceback" not in errors
    first.kill()
    first.communicate()


# ---------------------------------------------------------------------- bad sources


def refused(chosen: Settings) -> str:
    with pytest.raises(TaobooksError) as caught:
        take(chosen)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


def test_a_missing_block_ends_in_one_sentence(altered, at_home):
    chosen = at_home(altered(blocks=lambda t: pa.concat_tables([t.slice(0, 7), t.slice(8)])))
    assert "lacks block 607" in refused(chosen)


def broken_link(blocks: pa.Table) -> pa.Table:
    parents = blocks["parent_hash"].to_pylist()
    parents[9] = b"\x11" * 32
    at = blocks.schema.get_field_index("parent_hash")
    return blocks.set_column(at, blocks.field(at), pa.array(parents, blocks.field(at).type))


def test_a_broken_parent_link_ends_in_one_sentence(altered, at_home):
    assert "Block 609 names 0x1111" in refused(at_home(altered(blocks=broken_link)))


def later_spec(blocks: pa.Table) -> pa.Table:
    specs = [293] * 20 + [999] * (blocks.num_rows - 20)
    at = blocks.schema.get_field_index("spec_version")
    return blocks.set_column(at, blocks.field(at), pa.array(specs, blocks.field(at).type))


def test_an_unknown_spec_version_ends_in_one_sentence(altered, at_home):
    assert "has no metadata of spec 999" in refused(at_home(altered(blocks=later_spec)))


def three_days_of_three_specs(blocks: pa.Table) -> pa.Table:
    """Ten blocks a day; specs 294 and 295 begin in the middle of the second."""
    rows = blocks.to_pylist()
    for row in rows:
        block = row["block_number"]
        row["timestamp_ms"] += 86_400_000 * min((block - 600) // 10, 2)
        row["spec_version"] = 293 if block < 613 else 294 if block < 617 else 295
    return pa.Table.from_pylist(rows, blocks.schema)


def with_other_runtimes(recording: Path) -> Path:
    """The recording with metadata of specs 294 and 295; in 294 the TAO of a pool is a u32."""
    known = (recording / "metadata" / "293_v14.scale").read_bytes()
    # Its name, then: default, map, one hasher, Identity, key of type 40 (u16), value of type 6.
    entry = b"\x24SubnetTAO\x01\x01\x04\x06\xa0"
    assert known.count(entry + b"\x18") == 1
    (recording / "metadata" / "295_v14.scale").write_bytes(known)
    (recording / "metadata" / "294_v14.scale").write_bytes(
        known.replace(entry + b"\x18", entry + b"\x10")
    )
    return recording


def test_a_runtime_laid_out_otherwise_stops_its_day_and_no_other(altered, at_home, monkeypatch):
    chosen = at_home(with_other_runtimes(altered(blocks=three_days_of_three_specs)))
    days = ["2025-07-08", "2025-07-09", "2025-07-10"]
    sentence = refused(chosen)
    assert sentence.startswith("2025-07-09: Spec 294 is not laid out as declared")
    assert "SubtensorModule.SubnetTAO: value type is u32, declared as u64" in sentence
    covered = coverage.read(chosen.lake, 1)

    # The bytes are landed, nothing is decoded of them, and the books are of the other two days.
    for table in coverage.RAW_TABLES:
        assert chosen.lake.days(table) == days, table
    assert chosen.lake.days("chain__subnet_blocks") == [days[0], days[2]]
    assert [(gap.days, gap.is_of_source) for gap in covered.gaps] == [((days[1],), False)]
    dates = "select cast(block_date as varchar) from dim_days order by 1"
    assert ask(chosen.home, dates) == [(days[0],), (days[2],)]
    begun = "select distinct books_begin_at_block from fct_positions_by_day order by 1"
    assert ask(chosen.home, begun) == [(600,), (619,)]
    (verdict,) = verdicts_on(chosen, "raw_chain__blocks", "layout_is_confirmed", days[1])
    assert not verdict.passed
    assert not verdict.blocking
    assert verdict.severity == dg.AssetCheckSeverity.ERROR
    (row,) = verdict.metadata["differences"].records
    assert row.data == {
        "spec_version": "294",
        "item": "SubtensorModule.SubnetTAO",
        "what": "value type",
        "declared": "u64",
        "found": "u32",
    }
    assert refresh.failed_days(chosen, days) == {days[1]: sentence}

    # Once the layout is known the day is made from what is landed.
    monkeypatch.setattr(metadata, "differences", lambda metadata: [])
    planned = refresh.plan(chosen, None, None)
    assert planned == refresh.Plan([days[2]], [days[0]], [days[1]])
    watcher = Silent()
    with refresh.opened(chosen) as instance:
        refresh.execute("derive_day", instance, watcher, days[1])
    assert not set(watcher.steps) & set(coverage.RAW_TABLES)
    assert coverage.publishable_days(chosen.lake) == days
    assert verdicts_on(chosen, "raw_chain__blocks", "layout_is_confirmed", days[1])[-1].passed
    assert not coverage.read(chosen.lake, 1).gaps


def test_the_ui_shows_each_run_under_its_job(books, repository):
    with dg.DagsterInstance.from_config(str(books.dagster_home)) as instance:
        of_location = dg.RunsFilter(tags={".dagster/repository": "__repository__@taobooks"})
        runs = instance.get_runs(of_location)
        assert len(runs) == len(instance.get_runs()) == 2
    for run in runs:
        assert run.status == dg.DagsterRunStatus.SUCCESS
        assert run.remote_job_origin.location_name == "taobooks"
        assert run.remote_job_origin.repository_origin.repository_name == repository.name
        assert run.remote_job_origin.job_name == run.job_name
    assert {run.job_name for run in runs} == {"land_day", "build_warehouse"}


def test_a_run_that_fails_before_its_first_step_is_under_its_job_too(small, at_home):
    chosen = at_home(small)
    with (
        held(day_lock(chosen.home, DAY), "testing"),
        refresh.opened(chosen) as instance,
        pytest.raises(TaobooksError, match="is at work on"),
    ):
        refresh.execute("land_day", instance, Silent(), DAY)
    with refresh.opened(chosen) as instance:
        (run,) = instance.get_runs()
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert run.remote_job_origin.job_name == "land_day"


def verdicts_on(chosen: Settings, asset: str, check: str, day: str) -> list:
    """Every judgement of a check on a day, oldest first."""
    with dg.DagsterInstance.from_config(str(chosen.dagster_home)) as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": day}))
        found = [
            entry.dagster_event.asset_check_evaluation_data
            for run in reversed(runs)
            for entry in instance.all_logs(
                run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
            )
        ]
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    return [verdict for verdict in found if verdict.asset_check_key == key]


def short_value(changes: pa.Table) -> pa.Table:
    item = next(i for i in SUBNET_ITEMS if i.item == "SubnetTAO")
    key = netuid_key(item.prefix, item.key, 5)
    rows = changes.to_pylist()
    for row in rows:
        if (row["block_number"], row["key"]) == (613, key):
            row["value"] = row["value"][:5]
    return pa.Table.from_pylist(rows, changes.schema)


def test_an_undecodable_value_ends_in_one_sentence(altered, at_home):
    sentence = refused(at_home(altered(storage_changes=short_value)))
    assert "SubtensorModule.SubnetTAO at block 613, netuid 5" in sentence
    assert "has 5 bytes instead of 8" in sentence


def more_stake_than_tao(changes: pa.Table) -> pa.Table:
    item = next(i for i in GLOBAL_ITEMS if i.item == "TotalIssuance")
    rows = changes.to_pylist()
    for row in rows:
        if row["key"] == item.prefix:
            row["value"] = (1).to_bytes(8, "little")
    return pa.Table.from_pylist(rows, changes.schema)


def test_a_day_that_breaks_its_suite_goes_no_further(altered, undisturbed, at_home):
    chosen = at_home(altered(storage_changes=more_stake_than_tao))
    sentence = refused(chosen)
    assert "the TAO in all pools together is no more than was issued" in sentence
    assert "goes no further" in sentence
    assert chosen.lake.days("chain__subnet_blocks") == [DAY]
    assert chosen.lake.days("recomputed__subnet_emissions") == []
    assert not Warehouse(chosen.home).path.exists()


def test_after_a_bad_source_the_landed_and_the_published_stay_as_they_were(
    filled, altered, at_home
):
    before = digests(filled.lake.root)
    published = Warehouse(filled.home).path.read_bytes()
    refused(at_home(altered(blocks=broken_link)))
    assert digests(filled.lake.root) == before
    assert Warehouse(filled.home).path.read_bytes() == published


@pytest.mark.usefixtures("filled")
def test_another_chain_is_refused_a_lake_that_holds_one(altered, at_home):
    other = altered()
    manifest = json.loads((other / "manifest.json").read_text())
    manifest |= {"genesis_hash": "0x" + "77" * 32, "name": "other"}
    (other / "manifest.json").write_text(json.dumps(manifest))
    sentence = refused(at_home(other))
    assert "holds the chain localnet_a" in sentence
    assert "source is other" in sentence


def test_a_warehouse_that_does_not_build_leaves_the_published_one(filled):
    published = Warehouse(filled.home).path.read_bytes()
    blocks = filled.lake.read("chain__blocks", DAY)
    twice = pa.concat_tables([blocks, blocks])
    filled.lake.write("chain__blocks", twice, DAY, filled.lake.facts("chain__blocks", DAY))
    with pytest.raises(TaobooksError) as caught:
        refresh.run(filled, refresh.Plan([], []), Silent())
    assert "The published warehouse stays the last good one" in str(caught.value)
    assert Warehouse(filled.home).path.read_bytes() == published
    with duckdb.connect(Warehouse(filled.home).path, read_only=True) as reader:
        assert reader.sql("select count(*) from dim_days").fetchone() == (1,)


# ---------------------------------------------------------------------- which days


def test_a_complete_day_is_left_and_the_last_one_taken_again(filled, small, at_home, monkeypatch):
    assert refresh.plan(filled, None, None) == refresh.Plan([DAY], [])
    # With a later head the day is over, landed, and left as it is.
    monkeypatch.setattr(Recording, "finalized_head", lambda self: 631)
    assert refresh.plan(filled, None, None) == refresh.Plan([], [DAY])
    assert refresh.plan(at_home(small, snapshot_interval="5"), None, None).days == [DAY]
    filled.lake.path("recomputed__pool_prices", DAY).unlink()
    assert refresh.plan(filled, None, None) == refresh.Plan([], [], [DAY])


def test_a_day_made_by_other_code_is_made_again_from_its_landed_bytes(
    filled, undisturbed, monkeypatch
):
    monkeypatch.setattr(Recording, "finalized_head", lambda self: 631)
    monkeypatch.setattr(code, "digest", lambda: "0123456789abcdef")
    planned = refresh.plan(filled, None, None)
    assert planned == refresh.Plan([], [], [DAY])
    watcher = Silent()
    refresh.run(filled, planned, watcher)
    assert not set(watcher.steps) & set(coverage.RAW_TABLES)
    assert filled.lake.facts("recomputed__pool_states", DAY)["code"] == "0123456789abcdef"
    assert refresh.plan(filled, None, None) == refresh.Plan([], [DAY])
    assert contents(filled.home) == contents(undisturbed)


@pytest.mark.parametrize("table", ["raw_chain__storage", "chain__subnet_blocks"])
def test_a_damaged_partition_of_a_complete_day_is_made_again(filled, table, monkeypatch):
    monkeypatch.setattr(Recording, "finalized_head", lambda self: 631)
    path = filled.lake.path(table, DAY)
    path.write_bytes(path.read_bytes()[:-100])
    planned = refresh.plan(filled, None, None)
    assert (planned.days or planned.derived) == [DAY]


def test_a_day_is_taken_and_the_warehouse_built_in_one_run(small, at_home):
    """What the tip schedule runs."""
    chosen = at_home(small)
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs().get_repository_def().get_job("take_day")
        result = job.execute_in_process(instance=instance, partition_key=DAY)
    assert result.success
    assert verdicts(chosen.home)["SubnetTaoInEmission"] == [30 * 24, 0, 0, 0]


def test_sampled_snapshots_are_as_good_a_proof(small, at_home):
    chosen = at_home(small, snapshot_interval="10")
    take(chosen)
    # At 601, whose parent is the first with state, 610, 620 and 630.
    assert verdicts(chosen.home)["SubnetTaoInEmission"] == [4 * 24, 0, 0, 0]
    assert ask(
        chosen.home, "select blocks_count, snapshot_blocks_count, is_without_holes from dim_days"
    ) == [(31, 4, True)]
