"""Recomputed tables: what the rules say the chain should have done, from the parent's state."""

import datetime as dt
import hashlib
from collections.abc import Iterator

import dagster as dg

from orchestration import code
from orchestration.coverage import DERIVED_TABLES
from orchestration.defs.chain.assets import (
    chain__blocks,
    chain__subnet_blocks,
)
from orchestration.defs.partitions import block_days
from orchestration.defs.resources import LakeResource
from orchestration.ledger import positions
from orchestration.recompute import (
    epochs,
    eras,
    exit_quotes,
    moving_prices,
    pool_prices,
    pool_replay,
    position_exits,
    subnet_emissions,
    subnet_flows,
    subnet_injections,
)
from orchestration.recompute.pools import DAY_END_TABLES

_RECOMPUTED = {"group_name": "recomputed", "kinds": {"parquet"}}


@dg.asset(deps=[chain__subnet_blocks, chain__blocks], partitions_def=block_days, **_RECOMPUTED)
def recomputed__subnet_emissions(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """TAO due to every subnet by the rules then in force. Grain: block x netuid."""
    day = context.partition_key
    subnets, blocks = lake.read("chain__subnet_blocks", day), lake.read("chain__blocks", day)
    return lake.write(
        "recomputed__subnet_emissions", subnet_emissions.recompute(subnets, blocks), day
    )


_REPLAYED = (
    "chain__subnet_blocks",
    "chain__blocks",
    "recomputed__subnet_emissions",
    "chain__stake_events",
    "chain__pool_ticks",
    "chain__pool_positions",
)


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name, deps=_REPLAYED, description=said, group_name="recomputed", kinds={"parquet"}
        )
        for name, said in (
            ("recomputed__pool_swaps", "What each swap pays by the rules. Grain: block x event."),
            (
                "recomputed__pool_states",
                "Every pool at the end of each block, replayed. Grain: block x netuid.",
            ),
        )
    ],
    partitions_def=block_days,
    name="recomputed__pools",
)
def recomputed__pools(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult]:
    """Every pool through each block in order: injection, root sale, then what touches it."""
    day = context.partition_key
    replayed = pool_replay.recompute(*(lake.read(name, day) for name in _REPLAYED))
    yield lake.write("recomputed__pool_swaps", replayed.swaps, day)
    yield lake.write("recomputed__pool_states", replayed.states, day)


_INJECTED = ("chain__subnet_blocks", "recomputed__subnet_emissions", "recomputed__pool_states")


@dg.asset(deps=_INJECTED, partitions_def=block_days, **_RECOMPUTED)
def recomputed__subnet_injections(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """What each subnet's part of a block was turned into. Grain: block x netuid."""
    day = context.partition_key
    rows = subnet_injections.recompute(*(lake.read(name, day) for name in _INJECTED))
    return lake.write("recomputed__subnet_injections", rows, day)


_FLOWING = (
    "chain__subnet_blocks",
    "recomputed__subnet_emissions",
    "chain__stake_events",
    "recomputed__pool_states",
)


@dg.asset(deps=_FLOWING, partitions_def=block_days, **_RECOMPUTED)
def recomputed__subnet_flows(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """The flow counters each block should have left. Grain: block x netuid."""
    day = context.partition_key
    rows = subnet_flows.recompute(*(lake.read(name, day) for name in _FLOWING))
    return lake.write("recomputed__subnet_flows", rows, day)


@dg.asset(
    deps=[
        chain__subnet_blocks,
        chain__blocks,
        recomputed__subnet_emissions,
        "recomputed__pool_states",
    ],
    partitions_def=block_days,
    **_RECOMPUTED,
)
def recomputed__moving_prices(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """The EMA price each block should have written. Grain: block x netuid."""
    day = context.partition_key
    tables = (
        lake.read(name, day)
        for name in (
            "chain__subnet_blocks",
            "chain__blocks",
            "recomputed__subnet_emissions",
            "recomputed__pool_states",
        )
    )
    return lake.write("recomputed__moving_prices", moving_prices.recompute(*tables), day)


@dg.asset(deps=[chain__subnet_blocks], partitions_def=block_days, **_RECOMPUTED)
def recomputed__pool_prices(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """Spot price of every pool before and after each block. Grain: block x netuid."""
    day = context.partition_key
    rows = pool_prices.recompute(lake.read("chain__subnet_blocks", day))
    return lake.write("recomputed__pool_prices", rows, day)


_EPOCHS = (
    "chain__epochs",
    "chain__epoch_neurons",
    "chain__epoch_kin",
    "chain__epoch_weights",
    "chain__epoch_bonds",
    "recomputed__pool_states",
)


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name, deps=_EPOCHS, description=said, group_name="recomputed", kinds={"parquet"}
        )
        for name, said in (
            (
                "recomputed__epoch_neurons",
                "What an epoch should have written and paid. Grain: block x netuid x mecid x uid.",
            ),
            (
                "recomputed__epoch_bonds",
                "The bonds it should have left. Grain: block x netuid x mecid x uid.",
            ),
        )
    ],
    partitions_def=block_days,
)
def recomputed__epochs(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult]:
    """Every epoch by the rules, those of a block in order."""
    day = context.partition_key
    done = epochs.recompute(*(lake.read(name, day) for name in _EPOCHS))
    yield lake.write("recomputed__epoch_neurons", done.neurons, day)
    yield lake.write("recomputed__epoch_bonds", done.bonds, day)


@dg.asset(
    deps=DAY_END_TABLES,
    partitions_def=block_days,
    **_RECOMPUTED,
)
def recomputed__exit_quotes(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult:
    """What leaving a subnet would pay at the end of the day. Grain: day x netuid x question."""
    day = context.partition_key
    rows = exit_quotes.recompute(*(lake.read(name, day) for name in DAY_END_TABLES))
    return lake.write("recomputed__exit_quotes", rows, day)


@dg.asset(**_RECOMPUTED)
def recomputed__eras(lake: LakeResource) -> dg.MaterializeResult:
    """Every rule we know and the specs it was in force for. Grain: mechanism x era."""
    return lake.write("recomputed__eras", eras.eras(), None)


_POSTED = ("chain__stake_ledger", "chain__stakes_by_day", "recomputed__pool_prices")
_BOOKS = {
    "recomputed__realized_pnl": "What each sale or loss had cost, by every method. Grain: entry.",
    "recomputed__position_lots": "Lots held at the end of a day. Grain: day x position x lot.",
    "recomputed__positions_by_day": "What a position has come to. Grain: day x coldkey x netuid.",
}


@dg.multi_asset(
    specs=[
        # Of all that is made of a day: only a whole day is posted.
        dg.AssetSpec(
            name, deps=DERIVED_TABLES, description=said, group_name="recomputed", kinds={"parquet"}
        )
        for name, said in _BOOKS.items()
    ],
    name="recomputed__positions",
    pool="warehouse",
)
def recomputed__positions(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult]:
    """The ledger posted day after day, from the first that changed or whose day before did.

    Where the day before is not there, the books begin anew: ``books_begin_at_block`` says where.
    """
    written = {name: dg.MaterializeResult(asset_key=name) for name in _BOOKS}
    before, day_before, chained = None, None, ""
    for day in lake.publishable_days():
        own = [lake.digest(name, day) for name in _POSTED]
        chained = hashlib.sha256(" ".join([chained, *own]).encode()).hexdigest()
        said = {"posted_from": chained, "take": lake.said(_POSTED[0], day, "take") or ""}
        if any(lake.said(name, day, "posted_from") != chained for name in _BOOKS):
            if before is None and day_before is not None:
                before = _posted(lake, day_before)
            before = positions.post_day(before, *(lake.read(name, day) for name in _POSTED))
            for name, rows in zip(
                _BOOKS, (before.realized, before.lots, before.positions), strict=True
            ):
                written[name] = lake.write(name, rows, day, **said)
        else:
            before = None
        if day_before is not None and not _is_next(day_before, day):
            context.log.warning(
                f"No day between {day_before} and {day}: the books begin anew with {day}."
            )
        day_before = day
    yield from written.values()


def _is_next(day: str, following: str) -> bool:
    return dt.date.fromisoformat(following) - dt.date.fromisoformat(day) == dt.timedelta(days=1)


def _posted(lake: LakeResource, day: str) -> positions.Day:
    realized, lots, held = (lake.read(name, day) for name in _BOOKS)
    return positions.Day(held, lots, realized)


_QUOTED = ("recomputed__positions_by_day", *DAY_END_TABLES)


@dg.asset(deps=_QUOTED, **_RECOMPUTED)
def recomputed__position_exits(lake: LakeResource) -> dg.MaterializeResult:
    """What selling each position whole would pay at a day's end. Grain: day x coldkey x netuid."""
    written = dg.MaterializeResult(asset_key="recomputed__position_exits")
    for day in lake.publishable_days():
        own = [lake.digest(name, day) for name in _QUOTED]
        made_from = hashlib.sha256(" ".join([code.digest(), *own]).encode()).hexdigest()
        said = {"made_from": made_from, "take": lake.said(_QUOTED[0], day, "take") or ""}
        if lake.said("recomputed__position_exits", day, "made_from") != made_from:
            rows = position_exits.recompute(*(lake.read(name, day) for name in _QUOTED))
            written = lake.write("recomputed__position_exits", rows, day, **said)
    return written
