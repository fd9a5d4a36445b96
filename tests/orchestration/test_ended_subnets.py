"""Netuids used again, through a whole refresh: each of two subnets has books of its own."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from bittensor_core import ss58_decode

from orchestration.chain.keys import PREFIX_BYTES, netuid_key
from orchestration.chain.layout import (
    ALL_SHARES,
    EVENTS_PREFIX,
    HOTKEY_ALPHA,
    SHARES,
    SUBNET_ITEMS,
)
from orchestration.chain.metadata import Metadata
from orchestration.chain.recording import Recording
from orchestration.chain.values import compact as compact_of
from orchestration.settings import Settings
from tests.orchestration.test_refresh import ask, take
from tests.replay_node.capture import compact

SPEC, END = 293, 629
"""The block in which two subnets end, one block before the recording does."""
PAID, UNPAID = 3, 4
POT = 10**12 + 7
"""TAO that the end of the first pays; of the second no payment is told."""
SHARE_ITEMS = tuple(item.prefix for item in (HOTKEY_ALPHA, ALL_SHARES, SHARES))
REGISTERED_AT = next(item for item in SUBNET_ITEMS if item.item == "NetworkRegisteredAt")


def variants(recording: Recording) -> dict[str, bytes]:
    """What stands in front of the fields of each event: its pallet and its place in that."""
    types = Metadata(SPEC, recording.metadata(SPEC))._types
    events = next(t for t in types.values() if t.get("path", [])[-1:] == ["RuntimeEvent"])
    found = {}
    for pallet in events["def"]["variant"]["variants"]:
        own = types[pallet["fields"][0]["type"]]["def"].get("variant", {}).get("variants", [])
        for each in own:
            found[f"{pallet['name']}.{each['name']}"] = bytes([pallet["index"], each["index"]])
    return found


def parts_of(pot: int, alphas: Mapping[tuple, int]) -> dict[tuple, int]:
    """Parts in proportion, cut to whole rao; what that leaves goes to the largest remainders."""
    whole = sum(alphas.values())
    parts = {stake: pot * alpha // whole for stake, alpha in alphas.items()}
    by_rest = sorted(alphas, key=lambda stake: -(pot * alphas[stake] % whole))
    for stake in by_rest[: pot - sum(parts.values())]:
        parts[stake] += 1
    return parts


def with_two_ends(
    recording: Recording, paid: Mapping[tuple, int]
) -> Callable[[pa.Table], pa.Table]:
    """The recorded changes, but that two subnets end in a block and others take their places."""
    kinds = variants(recording)

    def told(name: str, fields: bytes) -> bytes:
        in_first_extrinsic = b"\0" + bytes(4)
        return in_first_extrinsic + kinds[name] + fields + b"\0"

    events = [
        told("Balances.Deposit", bytes(ss58_decode(coldkey)) + tao.to_bytes(8, "little"))
        for (coldkey, _), tao in paid.items()
    ]
    for netuid in (PAID, UNPAID):
        own = netuid.to_bytes(2, "little")
        events.append(told("SubtensorModule.NetworkRemoved", own))
        events.append(told("SubtensorModule.NetworkAdded", own + b"\1\0"))
    gone = [
        key
        for prefix in SHARE_ITEMS
        for key in next(iter(recording.keys(prefix, [END - 1])))
        if int.from_bytes(key[-2:], "little") in (PAID, UNPAID)
    ]

    def change(changes: pa.Table) -> pa.Table:
        rows = []
        for row in changes.to_pylist():
            key, block = row["key"], row["block_number"]
            if block >= END and key[:PREFIX_BYTES] in SHARE_ITEMS and key in set(gone):
                continue
            if block == END and key == EVENTS_PREFIX:
                count, header = compact_of(row["value"])
                more = compact(count + len(events)) + b"".join(events)
                row |= {"value": more + row["value"][header:]}
            rows.append(row)
        rows += [{"block_number": END, "key": key, "value": None} for key in gone]
        for netuid in (PAID, UNPAID):
            key = netuid_key(REGISTERED_AT.prefix, REGISTERED_AT.key, netuid)
            rows.append({"block_number": END, "key": key, "value": END.to_bytes(8, "little")})
        return pa.Table.from_pylist(rows, changes.schema)

    return change


@pytest.fixture(scope="module")
def held(small: Path, books: Settings) -> dict[int, dict[tuple, int]]:
    """What stakes on the two subnets are before their end, by (coldkey, hotkey)."""
    day = "2025-07-08"
    stakes: dict[int, dict[tuple, int]] = defaultdict(lambda: defaultdict(int))
    for row in books.lake.read("chain__stakes_by_day", day).to_pylist():
        stakes[row["netuid"]][row["coldkey_ss58"], row["hotkey_ss58"]] += row["pre_alpha_rao"]
    ledger = books.lake.read("chain__stake_ledger", day)
    for row in ledger.filter(pc.less(ledger["block_number"], END)).to_pylist():
        stakes[row["netuid"]][row["coldkey_ss58"], row["hotkey_ss58"]] += row["alpha_rao"]
    return {n: {s: a for s, a in stakes[n].items() if a} for n in (PAID, UNPAID)}


@pytest.fixture(scope="module")
def paid(held) -> dict[tuple, int]:
    return parts_of(POT, held[PAID])


@pytest.fixture
def ended(small, altered, at_home, paid) -> Settings:
    chosen = at_home(altered(storage_changes=with_two_ends(Recording(small), paid)))
    take(chosen)
    return chosen


def test_two_subnets_of_one_netuid_have_books_of_their_own(ended, held, paid):
    home = ended.home
    assert ask(
        home,
        "select netuid, subnet_generation, registered_at_block from dim_subnets"
        f" where netuid in ({PAID}, {UNPAID}) order by all",
    ) == [(PAID, 1, 0), (PAID, 2, END), (UNPAID, 1, 0), (UNPAID, 2, END)]

    # Nothing of the old one is held, and no lot of it is carried into the new one.
    assert ask(
        home,
        "select count(*) from fct_positions_by_day"
        f" where netuid in ({PAID}, {UNPAID}) and held_alpha_rao > 0",
    ) == [(0,)]
    lots = ended.lake.read("recomputed__position_lots", "2025-07-08")
    assert not {PAID, UNPAID} & set(lots["netuid"].to_pylist())
    assert ask(
        home,
        "select distinct verdict, residual_alpha_rao from rec_ledger_by_day"
        f" where netuid in ({PAID}, {UNPAID})",
    ) == [("exact", 0)]

    # The end of the one is a sale for what the chain said it paid, account by account.
    payments: dict[str, int] = defaultdict(int)
    for (coldkey, _), tao in paid.items():
        payments[coldkey] += tao
    sales = "select coldkey_ss58, cast(sum(tao_rao) as bigint) from fct_realized_pnl"
    sales += " where kind = 'dissolution' and method = 'fifo' and netuid = {} group by all"
    assert dict(ask(home, sales.format(PAID))) == payments
    assert sum(payments.values()) == POT
    # Of the other it is not known, and not nought.
    unknown = dict(ask(home, sales.format(UNPAID)))
    assert unknown.keys() == {coldkey for coldkey, _ in held[UNPAID]}
    assert set(unknown.values()) == {None}
    verdicts = (
        "select netuid, cost_verdict, bool_and(rpnl_rao is null), bool_and(cost_rao is not null),"
        " max(unpriced_reason) like '%no payments that follow%' from fct_realized_pnl"
        " where kind = 'dissolution' group by all order by all"
    )
    assert ask(home, verdicts) == [
        (PAID, "priced", False, True, None),
        (UNPAID, "unpriced", True, True, True),
    ]

    # A sum that an unknown goes into is unknown.
    subnets = (
        "select netuid, cost_verdict, sold_tao_rao is null, zero_basis_rpnl_rao is null,"
        " zero_basis_rpnl_rank is null, bought_tao_rao is null from fct_subnet_pnl_by_day"
        f" where netuid in ({PAID}, {UNPAID}) and subnet_generation = 1 order by 1"
    )
    assert ask(home, subnets) == [
        (PAID, "priced", False, False, False, False),
        (UNPAID, "unpriced", True, True, True, False),
    ]
