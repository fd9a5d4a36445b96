"""Gates at the door: a day that breaks its suite goes no further."""

from collections.abc import Sequence

import dagster as dg

from orchestration import settings
from orchestration.defs.partitions import block_days
from orchestration.defs.resources import LakeResource
from orchestration.expectations import gate


def _meets_its_suite(table: str) -> dg.AssetChecksDefinition:
    others = [name for name in gate.SUITES[table].NEEDS if name != table]

    @dg.asset_check(
        asset=table,
        name="meets_its_suite",
        description=f"The day's file meets the Great Expectations suite of {table}.",
        blocking=True,
        additional_deps=others,
        partitions_def=block_days,
    )
    def meets_its_suite(
        context: dg.AssetCheckExecutionContext, lake: LakeResource
    ) -> dg.AssetCheckResult:
        return _judged(
            table,
            context.partition_key,
            lake,
            "The day goes no further and the published warehouse stays as it was; take the day "
            "again from another source.",
        )

    return meets_its_suite


def _judged(table: str, day: str, lake: LakeResource, otherwise: str) -> dg.AssetCheckResult:
    """The verdict of the suite; what it breaks is said with what comes of it."""
    cut = None if day == gate.WHOLE else day
    tables = {name: lake.read(name, cut) for name in gate.SUITES[table].NEEDS}
    verdict = gate.judge(table, day, tables, settings.load().data_docs)
    return dg.AssetCheckResult(
        passed=verdict.passed,
        description=" ".join([*verdict.broken, otherwise])
        if verdict.broken
        else "Every expectation is met.",
        metadata={
            "expectations": len(verdict.found),
            "broken": _listed(verdict.broken) if verdict.broken else "none",
            # A browser follows no link from the UI to a file; this can be copied into it.
            "page": dg.MetadataValue.path(verdict.page.absolute()),
            "found": dg.MetadataValue.table(
                [
                    dg.TableRecord({"expected": expected, "found": found})
                    for expected, found in verdict.found
                ]
            ),
        },
    )


def _listed(sentences: Sequence[str]) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md("\n".join(f"- {each}" for each in sentences))


@dg.asset_check(
    asset="raw_market__tao_prices",
    name="meets_its_suite",
    description="The prices meet the Great Expectations suite of raw_market__tao_prices.",
    blocking=True,
)
def prices_meet_their_suite(lake: LakeResource) -> dg.AssetCheckResult:
    return _judged(
        "raw_market__tao_prices",
        gate.WHOLE,
        lake,
        "The published warehouse stays as it was; mend the file, or take it or the address away.",
    )


gates = [_meets_its_suite(table) for table in gate.SUITES if table not in gate.NOT_CUT_BY_DAY]
