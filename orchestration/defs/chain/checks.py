"""Gates at the door: a day that breaks its suite goes no further."""

import dagster as dg

from orchestration import settings
from orchestration.defs.chain.assets import (
    chain__blocks,
    chain__stake_events,
    chain__subnet_blocks,
)
from orchestration.defs.partitions import block_days
from orchestration.defs.resources import LakeResource
from orchestration.expectations import gate


def _meets_its_suite(asset: dg.AssetsDefinition | str) -> dg.AssetChecksDefinition:
    table = asset if isinstance(asset, str) else asset.key.to_user_string()
    others = [name for name in gate.SUITES[table].NEEDS if name != table]

    @dg.asset_check(
        asset=asset,
        name="meets_its_suite",
        description=f"The day's file meets the Great Expectations suite of {table}.",
        blocking=True,
        additional_deps=others,
        partitions_def=block_days,
    )
    def meets_its_suite(
        context: dg.AssetCheckExecutionContext, lake: LakeResource
    ) -> dg.AssetCheckResult:
        day = context.partition_key
        tables = {name: lake.read(name, day) for name in gate.SUITES[table].NEEDS}
        verdict = gate.judge(table, day, tables, settings.load().data_docs)
        return dg.AssetCheckResult(
            passed=verdict.passed,
            description=" ".join(verdict.broken) or "Every expectation is met.",
            metadata={"expectations": verdict.expectations, "broken": len(verdict.broken)},
        )

    return meets_its_suite


chain__blocks__meets_its_suite = _meets_its_suite(chain__blocks)
chain__subnet_blocks__meets_its_suite = _meets_its_suite(chain__subnet_blocks)
chain__stake_events__meets_its_suite = _meets_its_suite(chain__stake_events)
chain__stake_ledger__meets_its_suite = _meets_its_suite("chain__stake_ledger")
