"""Whether the runtimes of a landed day are laid out as declared; its bytes stay in any case."""

import dagster as dg
import pyarrow.compute as pc

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
