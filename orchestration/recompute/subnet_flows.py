"""``recomputed__subnet_flows``: what the flow counters of every subnet should be after a block.

The coinbase takes a candidate's counters into their EMAs and clears them; what the block's swaps
move counts for the next. What the events do not tell is a reason, not a guess.
"""

from collections import defaultdict
from collections.abc import Iterator

import pyarrow as pa

from mechanics import flow
from mechanics.eras import BadState, Era, UnknownRule
from mechanics.flow import Cause, Flows, Movement, v385_author_fee, v411_protocol_flow
from orchestration.recompute.pools import Unexplained, refuse_another_subnet
from orchestration.recompute.rows import Columns, Row, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__SUBNET_FLOWS

_COLUMNS = [
    "block_number",
    "netuid",
    "spec_version",
    "pre_is_network_added",
    "is_network_added",
    "pre_network_registered_at_block",
    "network_registered_at_block",
    "pre_tao_flow_rao",
    "pre_protocol_flow_rao",
    "root_sell_tao_rao",
]
_DUE = ["is_tao_flow_consumed", "is_protocol_flow_consumed", "unexplained_reason"]
_POOL = ["injected_tao_rao", "chain_buy_tao_rao", "unexplained_reason"]
_EVENT_COLUMNS = [
    "block_number",
    "netuid",
    "event_name",
    "fee_rao",
    "is_pool_touching",
    "pool_tao_in_rao",
    "pool_tao_out_rao",
]

AUTHOR_FEE_IS_NOT_STATED = "no event states what the fee of a sale was sold for"
BURN_IS_NOT_STATED = "no event states what a registration burned"
ADD_STAKE_BURN_IS_NOT_READ = "whether AddStakeBurn counts has not been read"
ROOT_SALES_ARE_NOT_KEPT = "the spec has no SubnetRootSellTao, which tells what claims sold"


def recompute(
    subnet_blocks: pa.Table, emissions: pa.Table, stake_events: pa.Table, pool_states: pa.Table
) -> pa.Table:
    """One row per snapshot block and subnet.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        emissions: the same day of ``recomputed__subnet_emissions``, row for row but root.
        stake_events: the same day of ``chain__stake_events``.
        pool_states: the same day of ``recomputed__pool_states``, row for row but root.
    """
    out = Columns(RECOMPUTED__SUBNET_FLOWS)
    events = defaultdict(list)
    for event in rows_of(stake_events, _EVENT_COLUMNS):
        if event["is_pool_touching"]:
            events[event["block_number"], event["netuid"]].append(event)
    rows = rows_of(subnets_only(subnet_blocks), _COLUMNS)
    dues, pools = rows_of(emissions, _DUE), rows_of(pool_states, _POOL)
    for row, due, pool in zip(rows, dues, pools, strict=True):
        key = {"block_number": row["block_number"], "netuid": row["netuid"]}
        try:
            era = flow.ERAS.at(row["spec_version"])
        except UnknownRule as unknown:
            reason = str(unknown)
            out.add(**key, unexplained_reason=reason, protocol_unexplained_reason=reason)
            continue
        of_block = events.get((row["block_number"], row["netuid"]), [])
        out.add(
            **key,
            flow_era=era.name,
            **_tao_flow(era, row, due, of_block),
            **_protocol_flow(era, row, due, pool),
        )
    return out.table()


def _tao_flow(era: Era, row: Row, due: Row, events: list[Row]) -> dict[str, int | str]:
    try:
        before_rao = _before(row, due, "tao")
        counted = Flows(tao_flow_rao=before_rao)
        for moved in _movements(era, events):
            counted = era.module.recompute(counted, moved)
    except (Unexplained, BadState) as unknown:
        return {"unexplained_reason": str(unknown)}
    return {"tao_flow_rao": counted.tao_flow_rao}


def _protocol_flow(era: Era, row: Row, due: Row, pool: Row) -> dict[str, int | str]:
    """The protocol's counter: from spec 411, by what the replay gives and claims were seen to."""
    if era.first_spec_version < v411_protocol_flow.FIRST_SPEC_VERSION:
        return {"protocol_unexplained_reason": "the spec has no SubnetProtocolFlow"}
    try:
        counted = Flows(protocol_flow_rao=_before(row, due, "protocol"))
        if pool["injected_tao_rao"] is None:
            raise Unexplained(pool["unexplained_reason"])
        if row["root_sell_tao_rao"] is None:
            raise Unexplained(ROOT_SALES_ARE_NOT_KEPT)
        for cause, moved_rao in (
            (Cause.CHAIN_BUY, pool["chain_buy_tao_rao"]),
            (Cause.INJECTION, pool["injected_tao_rao"]),
            (Cause.ROOT_CLAIM, row["root_sell_tao_rao"]),
        ):
            counted = era.module.recompute(counted, Movement(cause, moved_rao))
    except (Unexplained, BadState) as unknown:
        return {"protocol_unexplained_reason": str(unknown)}
    return {"protocol_flow_rao": counted.protocol_flow_rao}


def _before(row: Row, due: Row, whose: str) -> int:
    """A counter once the coinbase has consumed it, or not."""
    refuse_another_subnet(row)
    if due["unexplained_reason"]:
        raise Unexplained(due["unexplained_reason"])
    if due[f"is_{whose}_flow_consumed"]:
        return 0
    if row[f"pre_{whose}_flow_rao"] is None:
        raise BadState(f"{whose}_flow_rao", "is missing")
    return row[f"pre_{whose}_flow_rao"]


def _movements(era: Era, events: list[Row]) -> Iterator[Movement]:
    """What the block's swaps moved, in its order."""
    for event in events:
        name = event["event_name"]
        if name == "StakeAdded":
            yield Movement(Cause.STAKING, event["pool_tao_in_rao"])
        elif name == "StakeRemoved":
            yield Movement(Cause.UNSTAKING, event["pool_tao_out_rao"])
            if era.first_spec_version >= v385_author_fee.FIRST_SPEC_VERSION and event["fee_rao"]:
                raise Unexplained(AUTHOR_FEE_IS_NOT_STATED)
        elif name == "NeuronRegistered":
            if era.first_spec_version >= v411_protocol_flow.FIRST_SPEC_VERSION:
                raise Unexplained(BURN_IS_NOT_STATED)
        elif name == "AddStakeBurn":
            raise Unexplained(ADD_STAKE_BURN_IS_NOT_READ)
