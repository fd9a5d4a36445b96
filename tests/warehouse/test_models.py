"""The models' own unit tests: arithmetic on rows made by hand."""

import json
import shutil

import pytest

from orchestration.defs.warehouse.project import dbt
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse


@pytest.fixture(scope="module")
def results(books: Settings, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """Every unit test, run on a copy of the warehouse: they read its column types."""
    place = tmp_path_factory.mktemp("unit")
    copy = place / "warehouse.duckdb"
    shutil.copyfile(Warehouse(books.home).path, copy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAOBOOKS_LAKE", str(books.lake.root))
        patch.setenv("TAOBOOKS_WAREHOUSE_BUILD", str(copy))
        dbt().cli(
            ["test", "--select", "test_type:unit", "--quiet"],
            target_path=place / "target",
            raise_on_error=False,
        ).wait()
    return json.loads((place / "target" / "run_results.json").read_text())["results"]


def test_every_unit_test_passes(results):
    failed = [f"{r['unique_id']}: {r['message']}" for r in results if r["status"] != "pass"]
    assert not failed


def test_every_model_with_arithmetic_of_its_own_has_one(results):
    tested = {result["unique_id"].split(".")[2] for result in results}
    assert {
        "fct_subnet_emissions_by_day",
        "fct_emission_dominance_by_day",
        "fct_stake_flows_by_day",
        "fct_pools_by_day",
        "fct_exit_liquidity_by_day",
        "rec_pool_swaps",
        "rec_subnet_tao_in_emissions_by_block",
        "rec_epoch_neurons",
        "rec_epochs",
        "int_chain_flows_by_day",
        "int_days",
        "int_protocol_flows_by_day",
    } <= tested
