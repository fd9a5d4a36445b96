"""Raw tables: headers, state and events of a day, as the source gave them."""

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.chain import land, stake_events, stakes
from orchestration.defs.partitions import block_days
from orchestration.defs.resources import ChainResource, LakeResource

_RAW = {"partitions_def": block_days, "group_name": "raw", "kinds": {"parquet"}}


@dg.asset(**_RAW)
def raw_chain__blocks(
    context: dg.AssetExecutionContext, chain: ChainResource, lake: LakeResource
) -> dg.MaterializeResult:
    """Headers as the chain gave them, linked parent to child. Grain: block."""
    day, reader = context.partition_key, chain.reader()
    head = reader.finalized_head()  # before the blocks: a day that it is beyond does not grow
    blocks = chain.blocks_of_day(day)
    headers = land.raw_blocks(reader, blocks)
    lake.claim(reader)
    specs = set(pc.unique(headers["spec_version"]).to_pylist())
    has_state_before = blocks[0] > reader.first_state_block()
    if has_state_before:
        # The state before the day is of the runtime before it.
        before = reader.headers(range(blocks[0] - 1, blocks[0]))
        specs.add(before["spec_version"][0].as_py())
    lake.keep_metadata(reader, sorted(specs))
    return lake.write_headers(
        day,
        headers,
        chain.snapshot_interval,
        is_over=blocks[-1] < head,
        is_from_its_first=has_state_before,
    )


@dg.asset(deps=[raw_chain__blocks], **_RAW)
def raw_chain__storage(
    context: dg.AssetExecutionContext, chain: ChainResource, lake: LakeResource
) -> dg.MaterializeResult:
    """State at snapshots: every key at the day's first, then changes. Grain: block x key."""
    day = context.partition_key
    headers, reader = lake.read("raw_chain__blocks", day), chain.reader_of(day, lake)
    interval = lake.landed_day(day).snapshot_interval
    batches = land.raw_storage(reader, headers, interval, context.log.info)
    return lake.write("raw_chain__storage", batches, day)


@dg.asset(deps=[raw_chain__blocks], **_RAW)
def raw_chain__events(
    context: dg.AssetExecutionContext, chain: ChainResource, lake: LakeResource
) -> dg.MaterializeResult:
    """System.Events of every block, as stored. Grain: block."""
    day = context.partition_key
    events = land.raw_events(chain.reader_of(day, lake), lake.read("raw_chain__blocks", day))
    return lake.write("raw_chain__events", events, day)


@dg.asset(deps=[raw_chain__storage], **_RAW)
def raw_chain__epoch_storage(
    context: dg.AssetExecutionContext, chain: ChainResource, lake: LakeResource
) -> dg.MaterializeResult:
    """State around every epoch at a snapshot, of its subnet alone. Grain: block x key."""
    day = context.partition_key
    storage = lake.read("raw_chain__storage", day)
    batches = land.raw_epoch_storage(chain.reader_of(day, lake), storage, context.log.info)
    return lake.write("raw_chain__epoch_storage", batches, day)


@dg.asset(deps=[raw_chain__blocks, raw_chain__events, raw_chain__storage], **_RAW)
def raw_chain__stakes(
    context: dg.AssetExecutionContext, chain: ChainResource, lake: LakeResource
) -> dg.MaterializeResult:
    """Share pools at the day's ends and wherever stake moves, as stored. Grain: block x key."""
    day = context.partition_key
    headers, events = lake.read("raw_chain__blocks", day), stake_events_of(lake, day)
    first, last = (headers["block_number"][at].as_py() for at in (0, -1))
    epochs = stakes.epochs_run(lake.read("raw_chain__storage", day), range(first, last + 1))
    reader = chain.reader_of(day, lake)
    batches = stakes.raw_stakes(reader, headers, events, epochs, context.log.info)
    return lake.write("raw_chain__stakes", batches, day)


def stake_events_of(lake: LakeResource, day: str) -> pa.Table:
    """The day's stake events, kept for the assets that follow: decoding a day takes seconds.

    By the metadata alone: landing needs them to know which stakes move.
    """
    landed = lake.landed_at("raw_chain__events", day)
    if (day, landed) not in _KEPT:
        raw = lake.read("raw_chain__events", day)
        specs = pc.unique(raw["spec_version"]).to_pylist()
        _KEPT.clear()
        _KEPT[day, landed] = stake_events.chain_stake_events(raw, lake.metadata_of(specs))
    return _KEPT[day, landed]


_KEPT: dict[tuple[str, tuple[str, int]], pa.Table] = {}
