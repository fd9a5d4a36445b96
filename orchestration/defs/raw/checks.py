"""Whether what is landed can be decoded, is fresh, and is all there; no check here blocks."""

import datetime as dt

import dagster as dg
import pyarrow.compute as pc

from orchestration import coverage, settings
from orchestration.chain import metadata
from orchestration.defs.partitions import block_days
from orchestration.defs.raw.assets import raw_chain__blocks, raw_chain__storage
from orchestration.defs.resources import LakeResource
from orchestration.errors import LayoutError


@dg.asset_check(
    asset=raw_chain__blocks,
    description="Every declared storage item is in each spec of the day, with the declared types.",
    additional_deps=[raw_chain__storage],
    partitions_def=block_days,
)
def layout_is_confirmed(
    context: dg.AssetCheckExecutionContext, lake: LakeResource
) -> dg.AssetCheckResult:
    """Does not block, so that the day is landed whole; its decode stops of itself."""
    day = context.partition_key
    # The state before the day's first block is of the runtime before it.
    specs = {
        spec
        for table in ("raw_chain__blocks", "raw_chain__storage")
        for spec in pc.unique(lake.read(table, day, ["spec_version"])["spec_version"]).to_pylist()
    }
    unlike: dict[int, str] = {}
    rows: list[dg.TableRecord] = []
    for spec in sorted(specs):
        try:
            lake.layouts([spec])
        except LayoutError as error:
            unlike[spec] = str(error)
            rows += _rows(lake, spec)
    return dg.AssetCheckResult(
        passed=not unlike,
        severity=dg.AssetCheckSeverity.ERROR,
        description=" ".join(unlike.values()) or "Every spec is laid out as declared.",
        metadata={"differences": dg.MetadataValue.table(rows, _COLUMNS)} if rows else {},
    )


_COLUMNS = dg.TableSchema(
    [dg.TableColumn(name) for name in ("spec_version", "item", "what", "declared", "found")]
)


def _rows(lake: LakeResource, spec: int) -> list[dg.TableRecord]:
    """Each difference of a spec; none where its metadata is too old or unreadable."""
    try:
        found = metadata.differences(lake.metadata_of([spec])[spec])
    except LayoutError:
        return []
    return [
        dg.TableRecord(
            {
                "spec_version": str(spec),
                "item": each.item,
                "what": each.what,
                "declared": each.declared,
                "found": each.found,
            }
        )
        for each in found
        if each.is_fatal
    ]


# ---------------------------------------------------------------------- watching over the lake


class Freshness(dg.Config):
    """How old the newest block may be."""

    hours: int = 3


# Dagster's own freshness policies go by when any day was last taken: a backfill would pass them.
@dg.asset_check(asset=raw_chain__blocks, description="The newest block landed is not too old.")
def newest_block_is_fresh(config: Freshness) -> dg.AssetCheckResult:
    chosen = settings.load()
    newest = coverage.read(chosen.lake, chosen.snapshot_interval).newest
    if newest is None:
        return dg.AssetCheckResult(passed=False, description="No block is landed yet.")
    age = dt.datetime.now(dt.UTC) - newest.last_block_at
    hours = age.total_seconds() / 3600
    block = f"Block {newest.blocks[-1]}"
    said = f"{block} is {hours:,.1f} hours old; at most {config.hours} are allowed."
    if not chosen.is_live:
        said = f"{block} is the newest landed; the source is a recording, which ends."
    return dg.AssetCheckResult(
        passed=age <= dt.timedelta(hours=config.hours) or not chosen.is_live,
        description=said,
        metadata={
            "block_number": newest.blocks[-1],
            "block_at": newest.last_block_at.isoformat(),
            "age_hours": hours,
        },
    )


@dg.asset_check(
    asset=raw_chain__blocks, description="Nothing is missing from the first landed day to the last."
)
def no_day_is_missing() -> dg.AssetCheckResult:
    chosen = settings.load()
    covered = coverage.read(chosen.lake, chosen.snapshot_interval, is_live=chosen.is_live)
    said = " ".join(gap.sentence for gap in covered.gaps)
    return dg.AssetCheckResult(
        passed=not covered.gaps,
        description=said or "There is no gap.",
        metadata={"days": len(covered.days), "gaps": len(covered.gaps)},
    )
