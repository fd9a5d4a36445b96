"""``recomputed__pool_swaps`` and ``recomputed__pool_states``: every pool through a block, in order.

A pool starts as the parent block left it; the coinbase injects and sells for root, then every event
that touches the pool follows in the order of the block.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from mechanics import amm, replay
from mechanics.alpha_split import root_sell_flag, v342_root_sell_flag
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I96F32, U64F64
from orchestration.recompute.pools import (
    DUE_COLUMNS,
    INJECTION_COLUMNS,
    POOL_BEFORE_COLUMNS,
    Lent,
    Unexplained,
    injection_state,
    pool_before,
    refuse_another_subnet,
)
from orchestration.recompute.rows import Columns, Row, rows_of
from orchestration.schemas import RECOMPUTED__POOL_STATES, RECOMPUTED__POOL_SWAPS

ROOT = 0

_COLUMNS = [
    "block_number",
    "netuid",
    "pre_is_network_added",
    "is_network_added",
    "pre_network_registered_at_block",
    "network_registered_at_block",
    "burn_rao",
    "last_mechanism_step_block",
    "pre_pending_owner_cut_rao",
    "pre_pending_emission_rao",
    "pre_pending_alpha_swapped_rao",
    "pre_pending_root_divs_rao",
    "pre_pending_server_rao",
    "pre_pending_validator_rao",
    "pre_pending_root_alpha_rao",
    "pre_is_owner_cut_enabled",
    *dict.fromkeys((*INJECTION_COLUMNS, *POOL_BEFORE_COLUMNS)),
]
_EVENT_COLUMNS = [
    "block_number",
    "netuid",
    "event_index",
    "event_name",
    "tao_rao",
    "alpha_rao",
    "fee_rao",
    "is_pool_touching",
    "position_id",
    "tick_low",
    "tick_high",
    "liquidity_u64",
]
_CHANGES_ALPHA_OUT = ("AlphaRecycled",)


class Replayed(NamedTuple):
    """The two tables of a day."""

    swaps: pa.Table
    states: pa.Table


def recompute(
    subnet_blocks: pa.Table,
    blocks: pa.Table,
    emissions: pa.Table,
    stake_events: pa.Table,
    ticks: pa.Table,
    positions: pa.Table,
) -> Replayed:
    """One row per swap, and one per snapshot block and subnet.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        blocks: the same day of ``chain__blocks``.
        emissions: the same day of ``recomputed__subnet_emissions``, row for row but root.
        stake_events: the same day of ``chain__stake_events``.
        ticks: the same day of ``chain__pool_ticks``.
        positions: the same day of ``chain__pool_positions``.
    """
    swaps, states = Columns(RECOMPUTED__POOL_SWAPS), Columns(RECOMPUTED__POOL_STATES)
    lent = Lent(ticks, positions)
    events = _events(stake_events)
    due = rows_of(emissions, DUE_COLUMNS)
    is_root_sold = _root_sell_flags(subnet_blocks, emissions)
    network: Mapping[int, replay.Network] = _networks(subnet_blocks, blocks, is_root_sold)
    subnets = subnet_blocks.filter(pc.not_equal(subnet_blocks["netuid"], ROOT))
    for row, emission in zip(rows_of(subnets, _COLUMNS), due, strict=True):
        key = (row["block_number"], row["netuid"])
        _replay(row, emission, events.get(key, []), lent, network[key[0]], swaps, states)
    return Replayed(swaps.table(), states.table())


@dataclass(slots=True)
class _Pool:
    """A pool on its way through a block."""

    pool: amm.PoolState
    alpha_out_rao: int


def _replay(
    row: Row,
    emission: Row,
    events: list[Row],
    lent: Lent,
    network: replay.Network,
    swaps: Columns,
    states: Columns,
) -> None:
    key = {"block_number": row["block_number"], "netuid": row["netuid"]}
    spec = row["spec_version"]
    reason, era, state, coinbase, pending, drained = None, None, None, {}, {}, {}
    try:
        era = amm.ERAS.at(spec).name
        refuse_another_subnet(row)
        state = _Pool(pool_before(row, lent), row["pre_alpha_out_rao"])
        if spec > replay.LAST_SPEC_VERSION:
            done = _injection(row, emission, state)
            coinbase = _made_of(done)
            coinbase["coinbase_spot_price_u64f64_bits"] = _spot_price(spec, state.pool)
            coinbase |= _waiting(row, done, network)
        else:
            pending, coinbase = _coinbase(row, emission, network, state)
            coinbase["coinbase_spot_price_u64f64_bits"] = _spot_price(spec, state.pool)
        replay.require_known(spec)
        if row["last_mechanism_step_block"] == row["block_number"]:
            # The epoch of this block pays it all out.
            names = ("owner_cut", "emission", "alpha_swapped", "root_divs")
            drained = {f"drained_{name}_rao": pending[f"pending_{name}_rao"] for name in names}
            pending |= dict.fromkeys((n for n in pending if n.startswith("pending_")), 0)
    except (Unexplained, UnknownRule, BadState, amm.Refused) as unknown:
        reason = str(unknown)
    for event in events:
        if reason is None:
            try:
                made = _apply(spec, state, event, row)
            except (amm.Refused, UnknownRule, BadState, Unexplained) as refused:
                reason = f"the rules do not follow event {event['event_index']}: {refused}"
                made = None
        if not event["is_pool_touching"]:
            continue
        if reason is None:
            swaps.add(
                **key,
                event_index=event["event_index"],
                amm_era=era,
                alpha_sqrt_price_u64f64_bits=_bits(state.pool.alpha_sqrt_price),
                **made,
            )
        else:
            swaps.add(
                **key, event_index=event["event_index"], amm_era=era, unexplained_reason=reason
            )
    states.add(
        **key,
        amm_era=era,
        unexplained_reason=reason,
        **coinbase,
        **drained,
        **({} if reason else _end(state) | pending),
    )


def _injection(row: Row, emission: Row, state: _Pool) -> replay.Injected | None:
    """The injection of a candidate, which from spec 334 is all that the coinbase does to a pool."""
    if emission["unexplained_reason"]:
        raise Unexplained(emission["unexplained_reason"])
    if not emission["is_candidate"]:
        return None
    done = replay.injected(row["spec_version"], state.pool, injection_state(row, emission))
    state.pool = done.pool
    state.alpha_out_rao += done.settled.alpha_out_rao
    return done


_WAITING = {
    "pending_owner_cut_rao": "owner_cut_rao",
    "pending_emission_rao": "emission_rao",
    "pending_alpha_swapped_rao": "swapped_rao",
    "pending_server_rao": "server_rao",
    "pending_validator_rao": "validator_rao",
    "pending_root_alpha_rao": "root_rao",
}
"""What waits for an epoch from spec 334 on, and the part of the alpha minted that adds to it."""


def _waiting(
    row: Row, done: replay.Injected | None, network: replay.Network
) -> dict[str, int | None]:
    """What waits for an epoch at the end of the block; null where the spec has no such item."""
    before = {name: row[f"pre_{name}"] for name in _WAITING}
    if row["last_mechanism_step_block"] == row["block_number"]:
        return {name: None if rao is None else 0 for name, rao in before.items()}
    if done is None:
        return before
    split = replay.split_alpha(
        row["spec_version"],
        done,
        row["pre_alpha_out_rao"] + done.settled.alpha_out_rao,
        network,
        row["pre_is_owner_cut_enabled"],
    )
    return {
        name: None if rao is None else rao + getattr(split, _WAITING[name])
        for name, rao in before.items()
    }


def _made_of(done: replay.Injected | None) -> dict[str, int]:
    """What a pool took; nothing where the subnet is no candidate."""
    if done is None:
        return {
            "injected_tao_rao": 0,
            "injected_alpha_rao": 0,
            "chain_buy_tao_rao": 0,
            "chain_buy_alpha_rao": 0,
        }
    return {
        "injected_tao_rao": done.settled.tao_reserve_rao,
        "injected_alpha_rao": done.settled.alpha_reserve_rao,
        "chain_buy_tao_rao": done.outcome.paid_tao_rao,
        "chain_buy_alpha_rao": done.outcome.bought_alpha_rao,
    }


def _coinbase(
    row: Row, emission: Row, network: replay.Network, state: _Pool
) -> tuple[dict[str, int], dict[str, int]]:
    """The coinbase of a candidate: what is pending at the end of the block; what was injected."""
    names = ("owner_cut", "emission", "alpha_swapped", "root_divs")
    pending = {f"pending_{name}_rao": row[f"pre_pending_{name}_rao"] for name in names}
    if emission["unexplained_reason"]:
        raise Unexplained(emission["unexplained_reason"])
    if not emission["is_candidate"]:
        return pending | {"root_sale_tao_rao": 0}, _made_of(None)
    done = replay.coinbase(
        row["spec_version"],
        state.pool,
        state.alpha_out_rao,
        injection_state(row, emission),
        network,
    )
    state.pool, state.alpha_out_rao = done.pool, done.alpha_out_rao
    pending["pending_owner_cut_rao"] += done.split.owner_cut_rao
    pending["pending_emission_rao"] += done.split.emission_rao
    pending["pending_alpha_swapped_rao"] += done.split.swapped_rao
    pending["pending_root_divs_rao"] += done.root_tao_rao
    return pending | {"root_sale_tao_rao": done.root_tao_rao}, _made_of(done.injected)


def _apply(spec: int, state: _Pool, event: Row, row: Row) -> dict[str, int]:
    """One event; what the rules give for the figures it states."""
    name = event["event_name"]
    if not event["is_pool_touching"]:
        if name in _CHANGES_ALPHA_OUT:
            state.alpha_out_rao -= event["alpha_rao"]
        return {}
    if name == "StakeAdded":
        order = replay.Order(amm.Side.BUY, event["tao_rao"], event["fee_rao"] == 0)
        swap, state.alpha_out_rao = replay.swapped(spec, state.pool, state.alpha_out_rao, order)
        return _of_buy(state, swap)
    if name == "NeuronRegistered":
        swap, state.alpha_out_rao = replay.registered(
            spec, state.pool, state.alpha_out_rao, row["burn_rao"]
        )
        return _of_buy(state, swap)
    if name == "StakeRemoved":
        order = replay.Order(amm.Side.SELL, event["alpha_rao"], event["fee_rao"] == 0)
        swap, state.alpha_out_rao = replay.swapped(spec, state.pool, state.alpha_out_rao, order)
        state.pool = swap.pool
        return {
            "tao_rao": swap.paid_out_rao,
            "alpha_rao": swap.paid_in_rao + swap.fee_rao,
            "fee_tao_rao": 0,
            "fee_alpha_rao": swap.fee_rao,
        }
    provision = _provision(spec, state.pool, event)
    state.pool = provision.pool
    state.alpha_out_rao = replay.alpha_out_after_lending(
        state.alpha_out_rao, provision, is_added=_is_added(event)
    )
    return {
        "tao_rao": provision.tao_rao,
        "alpha_rao": provision.alpha_rao,
        "fee_tao_rao": provision.fee_tao_rao,
        "fee_alpha_rao": provision.fee_alpha_rao,
    }


def _is_added(event: Row) -> bool:
    """A removal says the liquidity it takes out without a sign, a modification with one."""
    return event["event_name"] != "LiquidityRemoved" and event["liquidity_u64"] > 0


def _of_buy(state: _Pool, swap: amm.Swap) -> dict[str, int]:
    state.pool = swap.pool
    return {
        "tao_rao": swap.paid_in_rao + swap.fee_rao,
        "alpha_rao": swap.paid_out_rao,
        "fee_tao_rao": swap.fee_rao,
        "fee_alpha_rao": 0,
    }


def _provision(spec: int, pool: amm.PoolState, event: Row) -> amm.Provision:
    market, position = amm.ERAS.at(spec).module, event["position_id"]
    if event["event_name"] == "LiquidityAdded":
        return market.add_liquidity(
            pool, position, event["tick_low"], event["tick_high"], event["liquidity_u64"]
        )
    if event["event_name"] == "LiquidityModified":
        return market.modify_position(pool, position, event["liquidity_u64"])
    if event["event_name"] == "LiquidityRemoved":
        return market.remove_liquidity(pool, position)
    raise Unexplained(f"no rule is known for {event['event_name']}")


def _end(state: _Pool) -> dict[str, int | None]:
    pool = state.pool
    return {
        "tao_reserve_rao": pool.tao_reserve_rao,
        "alpha_reserve_rao": pool.alpha_reserve_rao,
        "tao_provided_rao": pool.tao_provided_rao,
        "alpha_provided_rao": pool.alpha_provided_rao,
        "alpha_out_rao": state.alpha_out_rao,
        # The chain reads an absent price, liquidity or tick as 0.
        "alpha_sqrt_price_u64f64_bits": _bits(pool.alpha_sqrt_price) or 0,
        "current_liquidity_u64": pool.current_liquidity or 0,
        "current_tick": pool.current_tick or 0,
    }


def _spot_price(spec: int, pool: amm.PoolState) -> int:
    return U64F64.saturating_from(amm.ERAS.at(spec).module.spot_price(pool)).bits


def _bits(price: U64F64 | None) -> int | None:
    return None if price is None else price.bits


# ---------------------------------------------------------------------- what a block found


def _root_sell_flags(subnet_blocks: pa.Table, emissions: pa.Table) -> dict[int, bool]:
    """The root-sell flag of every block of a spec that has one."""
    subnets = subnet_blocks.filter(pc.not_equal(subnet_blocks["netuid"], ROOT))
    has_flag = pc.greater_equal(subnets["spec_version"], v342_root_sell_flag.FIRST_SPEC_VERSION)
    prices: dict[int, list[I96F32]] = defaultdict(list)
    names = ["block_number", "pre_subnet_mechanism", "pre_moving_price_i96f32_bits"]
    rows = rows_of(subnets.filter(has_flag), names)
    for row, due in zip(rows, rows_of(emissions.filter(has_flag), ["is_candidate"]), strict=True):
        is_stable = row["pre_subnet_mechanism"] == amm.STABLE
        price = I96F32.of(1) if is_stable else I96F32(row["pre_moving_price_i96f32_bits"])
        prices[row["block_number"]] += [price] if due["is_candidate"] else []
    return {block: root_sell_flag(of_block) for block, of_block in prices.items()}


def _networks(
    subnet_blocks: pa.Table, blocks: pa.Table, is_root_sold: Mapping[int, bool]
) -> dict[int, replay.Network]:
    is_root = pc.equal(subnet_blocks["netuid"], ROOT)
    of_root = rows_of(subnet_blocks.filter(is_root), ["block_number", "pre_tao_reserve_rao"])
    root_tao = {row["block_number"]: row["pre_tao_reserve_rao"] for row in of_root}
    snapshots = blocks.filter(pc.field("is_snapshot"))
    names = ["block_number", "pre_tao_weight_u64", "pre_subnet_owner_cut_u16"]
    return {
        row["block_number"]: replay.Network(
            tao_weight_u64=row["pre_tao_weight_u64"],
            subnet_owner_cut_u16=row["pre_subnet_owner_cut_u16"],
            root_tao_rao=root_tao[row["block_number"]],
            is_root_sold=is_root_sold.get(row["block_number"]),
        )
        for row in rows_of(snapshots, names)
    }


def _events(stake_events: pa.Table) -> dict[tuple[int, int], list[Row]]:
    """What changes a pool or SubnetAlphaOut, by block and subnet, in the order of the block."""
    events = defaultdict(list)
    for event in rows_of(stake_events, _EVENT_COLUMNS):
        if event["is_pool_touching"] or event["event_name"] in _CHANGES_ALPHA_OUT:
            events[event["block_number"], event["netuid"]].append(event)
    return events
