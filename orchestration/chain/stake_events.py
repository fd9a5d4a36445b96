"""Events that move stake, touch a pool, or begin or end a subnet, over all versions of each event.

Field orders and meanings: StakeAdded and StakeRemoved have no fee field before spec 257; from spec
290 (V3 pools) StakeAdded.tao includes the fee, which is in TAO, and StakeRemoved's fee is in alpha.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

import pyarrow as pa

from orchestration.chain.metadata import ConfirmedLayout, Metadata
from orchestration.errors import DecodeError, LayoutError
from orchestration.schemas import CHAIN__STAKE_EVENTS

ROOT = 0
FIRST_V3_SPEC = 290
FIRST_SPEC_WITHOUT_SAME_SUBNET_SWAPS = 297
"""From here a move inside one subnet emits a removed/added pair with fee 0 and touches no pool."""

_BLOCKS_A_BATCH = 200
"""Blocks decoded at once: some 20 MB of Python objects on mainnet."""

Row = dict[str, Any]
Decoder = ConfirmedLayout | Metadata
"""What tells a spec's events apart. Landing has only the metadata: it asks for the stakes that the
events name, whether or not the layout is confirmed."""


def chain_stake_events(raw: pa.Table, layouts: Mapping[int, Decoder]) -> pa.Table:
    """``chain__stake_events``: one row per event that moves stake or touches a pool.

    Args:
        raw: a day of ``raw_chain__events``.
        layouts: the confirmed layout of every spec of the day, or its metadata alone.

    Raises:
        LayoutError: a spec's layout was not confirmed.
        DecodeError: events do not decode, or one has a form no known version has.
    """
    batches = []
    for start in range(0, raw.num_rows, _BLOCKS_A_BATCH):
        rows = [
            row
            for block in _decoded(raw.slice(start, _BLOCKS_A_BATCH), layouts)
            for row in _rows_of(*block)
        ]
        batches.append(pa.RecordBatch.from_pylist(rows, schema=CHAIN__STAKE_EVENTS))
    return pa.Table.from_batches(batches, schema=CHAIN__STAKE_EVENTS)


def _decoded(
    raw: pa.Table, layouts: Mapping[int, Decoder]
) -> Iterator[tuple[int, int, list[dict]]]:
    """(block, spec, events) of each block, decoded together where the spec is the same."""
    numbers, specs = raw["block_number"].to_pylist(), raw["spec_version"].to_pylist()
    encoded = raw["events"].to_pylist()
    for spec in sorted(set(specs)):
        if spec not in layouts:
            raise LayoutError(
                f"The layout of spec {spec} was not confirmed, so the events of block "
                f"{numbers[specs.index(spec)]} are not decoded; land that spec's metadata first."
            )
        rows = [row for row, found in enumerate(specs) if found == spec]
        try:
            decoded = layouts[spec].decode_events([encoded[row] for row in rows])
        except ValueError as error:
            raise _first_undecodable(
                layouts[spec], [(numbers[row], encoded[row]) for row in rows], error
            ) from None
        for row, events in zip(rows, decoded, strict=True):
            yield numbers[row], spec, events


def _first_undecodable(
    layout: Decoder, blocks: list[tuple[int, bytes]], error: ValueError
) -> DecodeError:
    where = f"one of blocks {blocks[0][0]} to {blocks[-1][0]}"
    for number, encoded in blocks:
        try:
            layout.decode_events([encoded])
        except ValueError as own:
            where, error = f"block {number}", own
            break
    return DecodeError(
        f"The events of {where} (spec {layout.spec_version}) do not decode: {error}; "
        "land the day again from another source."
    )


def _rows_of(block: int, spec: int, events: list[dict]) -> list[Row]:
    rows = []
    burned = _burned_registrations(events)
    ended = _ended_subnets(events)
    for index, event in enumerate(events):
        form = _FORMS.get((event["module_id"], event["event_id"]))
        if index in ended:
            form = partial(_paid_at_the_end, ended[index])
        if form is None:
            continue
        try:
            fields = form(event["attributes"])
        except (KeyError, TypeError, ValueError) as error:
            raise DecodeError(
                f"{event['event_id']} in block {block}, event {index}, has a form unknown for spec "
                f"{spec} ({event['attributes']!r}: {error}); add it to "
                "orchestration/chain/stake_events.py."
            ) from None
        row = dict.fromkeys(CHAIN__STAKE_EVENTS.names)
        row |= {
            "block_number": block,
            "event_index": index,
            "extrinsic_index": event.get("extrinsic_idx"),
            "spec_version": spec,
            "event_name": event["event_id"],
            "is_pool_touching": False,
            "pool_tao_in_rao": 0,
            "pool_tao_out_rao": 0,
        }
        rows.append(row | fields)
    for row in rows:
        if row["event_name"] != "NeuronRegistered" or _place(row) in burned:
            _settle_pool_side(row)
    if spec >= FIRST_SPEC_WITHOUT_SAME_SUBNET_SWAPS:
        _clear_same_subnet_pairs(rows)
    return rows


def _ended_subnets(events: list[dict]) -> dict[int, int]:
    """The netuid of every Deposit that stands before the NetworkRemoved of its extrinsic.

    A subnet's end pays its stakers one by one, and says whom and how much in nothing else.
    """
    found, deposits, extrinsic = {}, [], None
    for index, event in enumerate(events):
        if event.get("extrinsic_idx") != extrinsic:
            deposits, extrinsic = [], event.get("extrinsic_idx")
        if (event["module_id"], event["event_id"]) == ("Balances", "Deposit"):
            deposits.append(index)
        elif (event["module_id"], event["event_id"]) == ("SubtensorModule", "NetworkRemoved"):
            # One of an unknown form is refused by name when its own row is made.
            with suppress(KeyError, TypeError, ValueError):
                netuid = _subnet_changed(event["attributes"])["netuid"]
                found |= dict.fromkeys(deposits, netuid)
            deposits = []
    return found


def _burned_registrations(events: list[dict]) -> set[tuple[int | None, int]]:
    """(extrinsic, netuid) of registrations by burn: one by proof of work burns and buys nothing.

    Only do_burned_registration counts what was recycled, with an event of its own.
    """
    return {
        (event.get("extrinsic_idx"), int(event["attributes"][0]))
        for event in events
        if event["event_id"] == "RAORecycledForRegistrationSet"
    }


def _place(row: Row) -> tuple[int | None, int]:
    return row["extrinsic_index"], row["netuid"]


def _settle_pool_side(row: Row) -> None:
    """What the swap behind an event did to the pool of its subnet; root has no pool."""
    if row["netuid"] in (None, ROOT):
        return
    name, is_v3 = row["event_name"], row["spec_version"] >= FIRST_V3_SPEC
    if name == "StakeAdded":
        row["is_pool_touching"] = True
        row["pool_tao_in_rao"] = row["tao_rao"] - (row["fee_rao"] if is_v3 else 0)
        row["is_fee_in_alpha"] = False if row["fee_rao"] is not None else None
    elif name == "StakeRemoved":
        row["is_pool_touching"] = True
        row["pool_tao_out_rao"] = row["tao_rao"]
        row["is_fee_in_alpha"] = is_v3 if row["fee_rao"] is not None else None
    elif name in ("NeuronRegistered", "AddStakeBurn"):
        # The burn buys alpha; NeuronRegistered does not say for how much.
        row["is_pool_touching"] = True
        row["pool_tao_in_rao"] = row["tao_rao"]
    elif name in ("LiquidityAdded", "LiquidityModified", "LiquidityRemoved"):
        row["is_pool_touching"] = True


def _clear_same_subnet_pairs(rows: list[Row]) -> None:
    """A removed/added pair of one extrinsic and subnet with fee 0 on both stands for no swap."""
    for removed, added in pairwise(rows):
        if (
            removed["event_name"] == "StakeRemoved"
            and added["event_name"] == "StakeAdded"
            and removed["extrinsic_index"] == added["extrinsic_index"]
            and removed["netuid"] == added["netuid"]
            and removed["fee_rao"] == added["fee_rao"] == 0
        ):
            for row in (removed, added):
                row |= {"is_pool_touching": False, "pool_tao_in_rao": 0, "pool_tao_out_rao": 0}


def _stake_changed(fields: tuple) -> Row:
    if len(fields) not in (5, 6):
        raise ValueError(f"{len(fields)} fields instead of 5 or 6")
    coldkey, hotkey, tao, alpha, netuid, *fee = fields
    return {
        "coldkey_ss58": coldkey,
        "hotkey_ss58": hotkey,
        "netuid": int(netuid),
        "tao_rao": int(tao),
        "alpha_rao": int(alpha),
        "fee_rao": int(fee[0]) if fee else None,
    }


def _stake_moved(fields: tuple) -> Row:
    coldkey, hotkey, netuid, dest_hotkey, dest_netuid, tao = fields
    return {
        "coldkey_ss58": coldkey,
        "hotkey_ss58": hotkey,
        "netuid": int(netuid),
        "dest_coldkey_ss58": coldkey,
        "dest_hotkey_ss58": dest_hotkey,
        "dest_netuid": int(dest_netuid),
        "tao_rao": int(tao),
    }


def _stake_transferred(fields: tuple) -> Row:
    coldkey, dest_coldkey, hotkey, netuid, dest_netuid, tao = fields
    return {
        "coldkey_ss58": coldkey,
        "hotkey_ss58": hotkey,
        "netuid": int(netuid),
        "dest_coldkey_ss58": dest_coldkey,
        "dest_hotkey_ss58": hotkey,
        "dest_netuid": int(dest_netuid),
        "tao_rao": int(tao),
    }


def _stake_swapped(fields: tuple) -> Row:
    coldkey, hotkey, netuid, dest_netuid, tao = fields
    return {
        "coldkey_ss58": coldkey,
        "hotkey_ss58": hotkey,
        "netuid": int(netuid),
        "dest_coldkey_ss58": coldkey,
        "dest_hotkey_ss58": hotkey,
        "dest_netuid": int(dest_netuid),
        "tao_rao": int(tao),
    }


def _hotkey_swapped(fields: Mapping) -> Row:
    """HotkeySwapped, of all subnets, and HotkeySwappedOnSubnet."""
    netuid = int(fields["netuid"]) if "netuid" in fields else None
    return {
        "coldkey_ss58": fields["coldkey"],
        "hotkey_ss58": fields["old_hotkey"],
        "netuid": netuid,
        "dest_coldkey_ss58": fields["coldkey"],
        "dest_hotkey_ss58": fields["new_hotkey"],
        "dest_netuid": netuid,
    }


def _coldkey_swapped(fields: Mapping) -> Row:
    return {
        "coldkey_ss58": fields["old_coldkey"],
        "dest_coldkey_ss58": fields["new_coldkey"],
    }


def _subnet_changed(fields: int | tuple | Mapping) -> Row:
    """NetworkAdded, NetworkRemoved and NetworkDissolveCleanupCompleted."""
    if isinstance(fields, Mapping):
        return {"netuid": int(fields["netuid"])}
    # An event's only field stands alone.
    return {"netuid": int(fields[0] if isinstance(fields, tuple | list) else fields)}


def _paid_at_the_end(netuid: int, fields: Mapping) -> Row:
    return {
        "coldkey_ss58": fields["who"],
        "netuid": netuid,
        "tao_rao": int(fields["amount"]),
    }


def _neuron_registered(fields: tuple) -> Row:
    netuid, _uid, hotkey = fields
    return {"netuid": int(netuid), "hotkey_ss58": hotkey}


def _alpha_destroyed(fields: tuple) -> Row:
    coldkey, hotkey, alpha, netuid = fields
    return {
        "coldkey_ss58": coldkey,
        "hotkey_ss58": hotkey,
        "alpha_rao": int(alpha),
        "netuid": int(netuid),
    }


def _add_stake_burn(fields: Mapping) -> Row:
    return {
        "netuid": int(fields["netuid"]),
        "hotkey_ss58": fields["hotkey"],
        "tao_rao": int(fields["amount"]),
        "alpha_rao": int(fields["alpha"]),
    }


def _liquidity_changed(fields: Mapping) -> Row:
    """LiquidityAdded, -Modified and -Removed; only the latter two pay out fees."""
    fees = {f"{name}_rao": int(fields[name]) for name in ("fee_tao", "fee_alpha") if name in fields}
    return fees | {
        "coldkey_ss58": fields["coldkey"],
        "hotkey_ss58": fields["hotkey"],
        "netuid": int(fields["netuid"]),
        "tao_rao": int(fields["tao"]),
        "alpha_rao": int(fields["alpha"]),
        "position_id": int(fields["position_id"]),
        "tick_low": int(fields["tick_low"]),
        "tick_high": int(fields["tick_high"]),
        "liquidity_u64": int(fields["liquidity"]),
    }


_FORMS: dict[tuple[str, str], Callable[[Any], Row]] = {
    ("SubtensorModule", "StakeAdded"): _stake_changed,
    ("SubtensorModule", "StakeRemoved"): _stake_changed,
    ("SubtensorModule", "StakeMoved"): _stake_moved,
    ("SubtensorModule", "StakeTransferred"): _stake_transferred,
    ("SubtensorModule", "StakeSwapped"): _stake_swapped,
    ("SubtensorModule", "NeuronRegistered"): _neuron_registered,
    ("SubtensorModule", "AlphaRecycled"): _alpha_destroyed,
    ("SubtensorModule", "AlphaBurned"): _alpha_destroyed,
    ("SubtensorModule", "AddStakeBurn"): _add_stake_burn,
    ("SubtensorModule", "HotkeySwapped"): _hotkey_swapped,
    ("SubtensorModule", "HotkeySwappedOnSubnet"): _hotkey_swapped,
    ("SubtensorModule", "ColdkeySwapped"): _coldkey_swapped,
    ("SubtensorModule", "NetworkAdded"): _subnet_changed,
    ("SubtensorModule", "NetworkRemoved"): _subnet_changed,
    ("SubtensorModule", "NetworkDissolveCleanupCompleted"): _subnet_changed,
    ("Swap", "LiquidityAdded"): _liquidity_changed,
    ("Swap", "LiquidityModified"): _liquidity_changed,
    ("Swap", "LiquidityRemoved"): _liquidity_changed,
}

EVENT_NAMES = tuple(name for _, name in _FORMS)
"""Every one of these makes a row; a Deposit does where the end of a subnet pays it."""
