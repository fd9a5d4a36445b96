"""The code location loads, and is shaped as we say it is."""

import json

import dagster as dg
import pytest

from orchestration.defs.partitions import block_days
from orchestration.expectations.gate import NOT_CUT_BY_DAY, SUITES
from orchestration.schemas import TABLES


@pytest.fixture(scope="module")
def graph(repository):
    return repository.asset_graph


RANK = {"raw": 0, "chain": 1, "recomputed": 2, "staging": 3, "intermediate": 4, "marts": 5}


def test_data_flows_one_way(graph):
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        for parent in node.parent_keys:
            assert RANK[graph.get(parent).group_name] <= RANK[node.group_name], (parent, key)


def test_every_table_of_the_lake_is_one_asset_of_its_name(graph):
    names = {key.to_user_string() for key in graph.materializable_asset_keys}
    assert TABLES.keys() <= names
    lake = {n for n in names if n.startswith(("raw_", "chain__", "recomputed__"))}
    assert lake == TABLES.keys()


def test_every_asset_says_what_it_is_and_its_grain(graph):
    for key in graph.materializable_asset_keys:
        said = graph.get(key).description or ""
        assert len(said) > 20, key
        if key.to_user_string() in TABLES:
            assert "Grain: " in said, key


MADE_AT_ONCE = (
    "raw_market__tao_prices",
    "recomputed__eras",
    # A file a day too, but a day goes on from the day before: made with the warehouse.
    "recomputed__realized_pnl",
    "recomputed__position_lots",
    "recomputed__positions_by_day",
    "recomputed__position_exits",
)


def test_days_begin_with_dtao_and_every_landed_table_is_cut_by_day(graph):
    assert block_days.get_first_partition_key() == "2025-02-13"
    for name in TABLES:
        is_cut = graph.get(dg.AssetKey(name)).partitions_def == block_days
        assert is_cut == (name not in MADE_AT_ONCE), name


def test_each_decoded_table_has_a_gate_that_blocks(repository):
    checks = repository.asset_graph.asset_check_keys
    for name in SUITES:
        key = dg.AssetCheckKey(dg.AssetKey(name), "meets_its_suite")
        assert key in checks
        assert repository.asset_graph.get_check_spec(key).blocking


def test_recomputed_tables_come_after_the_gates(repository):
    """A blocking check holds back what its asset's children do."""
    job = repository.get_job("land_day")
    steps = [node.name for node in job.graph.nodes_in_topological_order]
    gates = [step for step in steps if "meets_its_suite" in step]
    assert len(gates) == len(SUITES) - len(NOT_CUT_BY_DAY) == 10


def test_prices_come_before_the_warehouse_with_their_gate(repository):
    job = repository.get_job("build_warehouse")
    steps = [node.name for node in job.graph.nodes_in_topological_order]
    gate = next(step for step in steps if step.endswith("meets_its_suite"))
    assert steps.index("raw_market__tao_prices") < steps.index(gate) < steps.index("warehouse")


def test_the_tip_is_taken_and_watched_every_hour(repository):
    for name, job in (("tip_schedule", "take_day"), ("watch_schedule", "watch")):
        schedule = repository.get_schedule_def(name)
        assert schedule.job_name == job
        assert schedule.cron_schedule.endswith(" * * * *")
        assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
        assert repository.get_job(job).executor_def.name == "in_process"


def test_what_watches_the_lake_does_not_judge_a_day_that_is_being_taken(repository):
    watching = {node.name for node in repository.get_job("watch").graph.nodes}
    assert watching == {
        "raw_chain__blocks_newest_block_is_fresh",
        "raw_chain__blocks_no_day_is_missing",
    }
    for job in ("land_day", "derive_day", "build_warehouse", "take_day"):
        assert not watching & {node.name for node in repository.get_job(job).graph.nodes}, job


def test_the_warehouse_has_one_writer(repository):
    job = repository.get_job("build_warehouse")
    pools = {node.name: node.definition.pool for node in job.graph.nodes}
    assert pools["warehouse"] == pools["recomputed__positions"] == "warehouse"


def test_the_instance_sends_nothing_and_lets_one_writer_in(tmp_path):
    import yaml

    from orchestration.refresh import DAGSTER_YAML

    config = yaml.safe_load(DAGSTER_YAML)
    assert config["telemetry"] == {"enabled": False}
    assert config["nux"] == {"enabled": False}
    assert config["concurrency"]["pools"]["default_limit"] == 1
    assert config["concurrency"]["runs"]["max_concurrent_runs"] > 1
    (limit,) = config["concurrency"]["runs"]["tag_concurrency_limits"]
    assert (limit["key"], limit["limit"]) == ("dagster/partition", 1)


def test_every_model_is_shown_by_its_description_with_its_sql_under_it(graph):
    from orchestration.defs.warehouse.project import manifest

    nodes = json.loads(manifest().read_text())["nodes"].values()
    for model in (node for node in nodes if node["resource_type"] == "model"):
        shown = graph.get(dg.AssetKey(model["name"])).description
        words, _, made = shown.partition("\n\n```sql\n")
        assert words == " ".join(model["description"].split())
        assert made.strip() == f"{model['raw_code'].strip()}\n```"


def test_everything_a_person_sees_in_the_ui_says_what_it_is(repository):
    graph = repository.asset_graph
    for key in graph.asset_check_keys:
        assert (graph.get_check_spec(key).description or "").endswith("."), key
    for schedule in repository.schedule_defs:
        assert schedule.description, schedule.name
    for job in repository.get_all_jobs():
        assert job.description or job.name.startswith("__"), job.name


def test_a_check_of_dbt_is_described_by_the_rule_it_holds_to(graph):
    said = {
        graph.get_check_spec(key).description
        for key in graph.asset_check_keys
        if key.asset_key == dg.AssetKey("dim_subnets")
    }
    assert "No two rows have the same netuid, subnet_generation." in said
    assert "In every row: netuid > 0." in said
