"""Decoded tables: the chain's state and events in typed columns."""

from collections.abc import Iterator

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.chain import decode, epochs, stakes
from orchestration.defs.partitions import block_days
from orchestration.defs.raw.assets import (
    raw_chain__blocks,
    raw_chain__epoch_storage,
    raw_chain__events,
    raw_chain__stakes,
    raw_chain__storage,
    stake_events_of,
)
from orchestration.defs.resources import LakeResource
from orchestration.ledger import entries

_DECODED = {"partitions_def": block_days, "group_name": "chain", "kinds": {"parquet"}}


@dg.asset(deps=[raw_chain__blocks, raw_chain__storage, raw_chain__events], **_DECODED)
def chain__blocks(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
    """Every block, with the chain-wide state around its snapshots. Grain: block."""
    day = context.partition_key
    headers, events = lake.read("raw_chain__blocks", day), lake.read("raw_chain__events", day)
    rows = decode.chain_blocks(headers, events, _frames(lake, day))
    return lake.write("chain__blocks", rows, day)


@dg.asset(deps=[raw_chain__storage], **_DECODED)
def chain__subnet_blocks(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """State of every subnet before and after each snapshot block. Grain: block x netuid."""
    day = context.partition_key
    rows = decode.chain_subnet_blocks(_frames(lake, day))
    return lake.write("chain__subnet_blocks", rows, day)


@dg.asset(deps=[raw_chain__storage], **_DECODED)
def chain__pool_ticks(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """Where a pool's liquidity changed before each snapshot. Grain: block x netuid x tick."""
    day = context.partition_key
    return lake.write("chain__pool_ticks", decode.chain_pool_ticks(_frames(lake, day)), day)


@dg.asset(deps=[raw_chain__storage], **_DECODED)
def chain__pool_positions(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """Who lends what to a pool before each snapshot. Grain: block x netuid x position."""
    day = context.partition_key
    rows = decode.chain_pool_positions(_frames(lake, day))
    return lake.write("chain__pool_positions", rows, day)


@dg.asset(deps=[raw_chain__events], **_DECODED)
def chain__stake_events(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """Events that move stake or touch a pool, over all event versions. Grain: block x event."""
    day = context.partition_key
    lake.layouts(_specs(lake.read("raw_chain__events", day, ["spec_version"])))  # or no further
    return lake.write("chain__stake_events", stake_events_of(lake, day), day)


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=[
                raw_chain__stakes,
                chain__stake_events,
                chain__subnet_blocks,
                "chain__hyperparameters",
            ],
            description=said,
            group_name="chain",
            kinds={"parquet"},
        )
        for name, said in (
            (
                "chain__stake_ledger",
                "One signed entry for each effect on a stake. Grain: block x entry.",
            ),
            (
                "chain__stakes_by_day",
                "Every stake at the day's ends. Grain: day x coldkey x hotkey x netuid.",
            ),
            (
                "chain__stake_pools_by_day",
                "What stakes to a hotkey are shares of, at the day's ends. Grain: day x hotkey x "
                "netuid.",
            ),
        )
    ],
    partitions_def=block_days,
    name="chain__stakes",
)
def chain__stakes(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult]:
    """A day's ledger: what events say, what epochs paid, and what neither explains."""
    day = context.partition_key
    raw = lake.read("raw_chain__stakes", day)
    changes = stakes.stake_changes(raw, lake.layouts(_specs(raw)))
    known = ("chain__stake_events", "chain__subnet_blocks", "chain__hyperparameters")
    ledger = entries.stake_ledger(changes, *(lake.read(name, day) for name in known))
    yield lake.write("chain__stakes_by_day", ledger.stakes, day)
    yield lake.write("chain__stake_pools_by_day", ledger.pools, day)
    yield lake.write("chain__stake_ledger", ledger.entries, day)


@dg.asset(deps=[raw_chain__storage], **_DECODED)
def chain__hyperparameters(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """What subnets were set to at the day's start, and every change. Grain: block x netuid."""
    day = context.partition_key
    rows = epochs.chain_hyperparameters(_frames(lake, day))
    return lake.write("chain__hyperparameters", rows, day)


_EPOCH_TABLES = {
    "chain__epochs": (
        epochs.chain_epochs,
        "Every epoch at a snapshot, with what it read of its subnet. Grain: block x netuid.",
    ),
    "chain__epoch_neurons": (
        epochs.chain_epoch_neurons,
        "Every neuron of an epoch, before and after. Grain: block x netuid x mecid x uid.",
    ),
    "chain__epoch_kin": (
        epochs.chain_epoch_kin,
        "Parents and children an epoch saw. Grain: block x netuid x uid x parent or child.",
    ),
    "chain__epoch_weights": (
        epochs.chain_epoch_weights,
        "Rows of weights an epoch saw, in stored order. Grain: block x netuid x mecid x uid.",
    ),
    "chain__epoch_bonds": (
        epochs.chain_epoch_bonds,
        "Rows of bonds before and after an epoch. Grain: block x netuid x mecid x uid.",
    ),
}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=[raw_chain__epoch_storage, raw_chain__storage],
            description=said,
            group_name="chain",
            kinds={"parquet"},
        )
        for name, (_, said) in _EPOCH_TABLES.items()
    ],
    partitions_def=block_days,
)
def chain__epoch_tables(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult]:
    """What every epoch read and wrote, in five tables."""
    day = context.partition_key
    found = epochs.EpochFrames(lake.read("raw_chain__epoch_storage", day), _frames(lake, day))
    for name, (decoded, _) in _EPOCH_TABLES.items():
        yield lake.write(name, decoded(found), day)


def _frames(lake: LakeResource, day: str) -> decode.StateFrames:
    """The day's state, kept for the assets that follow: splitting a day takes seconds."""
    landed = lake.landed_at("raw_chain__storage", day)
    if (day, landed) not in _KEPT:
        raw = lake.read("raw_chain__storage", day)
        _KEPT.clear()
        _KEPT[day, landed] = decode.StateFrames(raw, lake.layouts(_specs(raw)))
    return _KEPT[day, landed]


_KEPT: dict[tuple[str, tuple[str, int]], decode.StateFrames] = {}


def _specs(raw: pa.Table) -> list[int]:
    return pc.unique(raw["spec_version"]).to_pylist()
