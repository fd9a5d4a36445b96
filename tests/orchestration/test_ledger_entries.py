"""A day's stake ledger: every stake closes to the rao, and every entry is called what it is."""

from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from orchestration.chain.recording import Recording
from orchestration.chain.stakes import STAKE_CHANGES
from orchestration.ledger.entries import stake_ledger
from orchestration.ledger.kinds import EFFECTS
from orchestration.schemas import (
    CHAIN__HYPERPARAMETERS,
    CHAIN__STAKE_EVENTS,
    CHAIN__SUBNET_BLOCKS,
)
from tests.mechanics.recorded_pools import fields

DAY = "2025-07-08"
SPEC = 293
POOL = ("H", 1)
NOT_RECORDED = {"unattributed", "unread", "opening", "dissolution"}
"""Kinds of entries that the recorded chain has no occasion for."""


def ends(stakes: pa.Table) -> dict[tuple[str, str, int], tuple[int, int]]:
    return {
        (row["coldkey_ss58"], row["hotkey_ss58"], row["netuid"]): (
            row["pre_alpha_rao"],
            row["alpha_rao"],
        )
        for row in stakes.to_pylist()
    }


def changed(entries: pa.Table) -> dict[tuple[str, str, int], int]:
    sums = entries.group_by(["coldkey_ss58", "hotkey_ss58", "netuid"]).aggregate(
        [("alpha_rao", "sum")]
    )
    return {
        (row["coldkey_ss58"], row["hotkey_ss58"], row["netuid"]): row["alpha_rao_sum"]
        for row in sums.to_pylist()
    }


def assert_every_stake_closes(entries: pa.Table, stakes: pa.Table) -> None:
    found, held = changed(entries), ends(stakes)
    assert found.keys() - held.keys() == {
        stake for stake in found.keys() - held.keys() if not found[stake]
    }
    for stake, (before, after) in held.items():
        assert before + found.get(stake, 0) == after, stake


# ---------------------------------------------------------------------- on recordings


@pytest.fixture(scope="module")
def day(books) -> tuple[pa.Table, pa.Table]:
    return tuple(books.lake.read(n, DAY) for n in ("chain__stake_ledger", "chain__stakes_by_day"))


def test_every_stake_of_the_embedded_recording_closes(day):
    assert_every_stake_closes(*day)
    assert len(ends(day[1])) == day[1].num_rows == 2_796


def test_nothing_of_the_embedded_recording_is_unattributed(day):
    kinds = Counter(day[0]["kind"].to_pylist())
    assert kinds["unattributed"] == 0
    assert kinds.keys() == EFFECTS.keys() - NOT_RECORDED


def test_roundings_are_a_rao_here_and_there(day):
    entries = day[0].filter(pc.equal(day[0]["kind"], "rounding"))
    assert 0 < entries.num_rows < 1_000
    assert max(abs(rao) for rao in entries["alpha_rao"].to_pylist()) <= 100


def test_trades_are_those_of_the_recorded_events(day, embedded: Path):
    """Counted from the recording's own decoded events, without the project's decoder."""
    recorded = defaultdict(int)
    for event in pq.read_table(embedded / "events.parquet").to_pylist():
        if event["variant"] in ("StakeAdded", "StakeRemoved") and event["block_number"] > 300:
            coldkey, hotkey, _, alpha, netuid, _ = fields(event)
            sign = 1 if event["variant"] == "StakeAdded" else -1
            recorded[event["block_number"], coldkey, hotkey, netuid] += sign * alpha
    entered = defaultdict(int)
    trades = ("buy", "sell", "swap", "move", "transfer")
    for entry in day[0].to_pylist():
        if entry["kind"].startswith(trades):
            place = (entry["coldkey_ss58"], entry["hotkey_ss58"], entry["netuid"])
            entered[(entry["block_number"], *place)] += entry["alpha_rao"]
    assert entered == recorded


def test_dividends_are_what_the_chain_says_it_shared_out(day, embedded: Path):
    """AlphaDividendsPerSubnet, to the rao that each of its sharers may lose."""
    entries = day[0]
    paid, sharers = Counter(), Counter()
    for entry in entries.filter(pc.equal(entries["kind"], "dividend")).to_pylist():
        pool = entry["block_number"], entry["netuid"], entry["hotkey_ss58"]
        paid[pool] += entry["alpha_rao"]
        sharers[pool] += 1
    said = _recorded_dividends(embedded, {pool[:2] for pool in paid})
    assert len(paid) > 2_000
    for pool, alpha in paid.items():
        assert abs(alpha - said[pool]) <= 2 * sharers[pool], pool


def _recorded_dividends(folder: Path, epochs: set) -> dict[tuple[int, int, str], int]:
    from bittensor_core import ss58_encode

    from orchestration.chain.keys import item_prefix

    prefix = item_prefix("SubtensorModule", "AlphaDividendsPerSubnet")
    reader, found = Recording(folder), {}
    for block, netuid in sorted(epochs):
        start = prefix + netuid.to_bytes(2, "little")
        (keys,) = reader.keys(start, [block])
        (values,) = reader.storage([(block, keys)])
        for key, value in zip(keys, values, strict=True):
            hotkey = ss58_encode(key[-32:], 42)
            found[block, netuid, hotkey] = int.from_bytes(value, "little")
    return found


def test_the_pools_of_stakes_are_those_recorded_and_have_a_little_more_than_their_stakes(
    day, books, embedded: Path
):
    from bittensor_core import ss58_decode

    from orchestration.chain.keys import item_prefix

    pools = books.lake.read("chain__stake_pools_by_day", DAY).to_pylist()
    held, holders = Counter(), Counter()
    for stake in day[1].to_pylist():
        held[stake["hotkey_ss58"], stake["netuid"]] += stake["alpha_rao"]
        holders[stake["hotkey_ss58"], stake["netuid"]] += 1
    assert held.keys() == {(row["hotkey_ss58"], row["netuid"]) for row in pools}
    prefix = item_prefix("SubtensorModule", "TotalHotkeyAlpha")
    reader = Recording(embedded)
    (keys,) = reader.keys(prefix, [900])
    (values,) = reader.storage([(900, keys)])
    recorded = {
        key[-34:]: int.from_bytes(value, "little") for key, value in zip(keys, values, strict=True)
    }
    for row in pools:
        place = row["hotkey_ss58"], row["netuid"]
        key = bytes(ss58_decode(place[0])) + place[1].to_bytes(2, "little")
        assert row["alpha_rao"] == recorded.get(key, 0), place
        assert 0 <= row["alpha_rao"] - held[place] <= 2 * holders[place], place
    assert sum(row["alpha_rao"] > 0 for row in pools) > 500


def test_an_owner_cut_is_what_was_set_aside_for_it(day, books):
    """To the rao by which the take beside it may be cut otherwise."""
    entries = day[0].filter(pc.equal(day[0]["kind"], "owner_cut")).to_pylist()
    subnets = {
        (row["block_number"], row["netuid"]): row
        for row in books.lake.read("chain__subnet_blocks", DAY).to_pylist()
    }
    for entry in entries:
        subnet = subnets[entry["block_number"], entry["netuid"]]
        added = subnet["alpha_out_emission_rao"] * 11_796 // 65_535
        cut = subnet["pre_pending_owner_cut_rao"] + added
        assert abs(entry["alpha_rao"] - cut) <= 1, entry
    assert len(entries) > 300


def test_what_is_earned_is_worth_its_spot_price(day):
    for entry in day[0].to_pylist():
        if EFFECTS[entry["kind"]].name == "EARN":
            worth = entry["alpha_rao"] * int(entry["price_u64f64_bits"]) >> 64
            assert entry["worth_rao"] == worth
            if entry["netuid"] == 0:
                assert worth == entry["alpha_rao"]


def test_nobody_ever_gives_more_than_it_holds(day):
    """In the order of the entries, over the hotkeys of each position."""
    held = defaultdict(int)
    for (coldkey, _, netuid), (before, _) in ends(day[1]).items():
        held[coldkey, netuid] += before
    for entry in day[0].to_pylist():
        position = entry["coldkey_ss58"], entry["netuid"]
        held[position] += entry["alpha_rao"]
        assert held[position] >= 0, entry


@pytest.fixture(scope="module")
def taken(embedded):
    """The ledger of some blocks of the embedded recording, taken as a day of their own."""
    from orchestration.chain import decode, epochs, land, metadata, stake_events, stakes
    from orchestration.schemas import RAW_CHAIN__STAKES

    reader = Recording(embedded)
    layouts = {SPEC: metadata.confirm(SPEC, reader.metadata(SPEC))}

    def take(blocks: range, interval: int = 1):
        headers = land.raw_blocks(reader, blocks)
        events = stake_events.chain_stake_events(land.raw_events(reader, headers), layouts)
        storage = pa.Table.from_batches(list(land.raw_storage(reader, headers, interval)))
        ran = stakes.epochs_run(storage, blocks)
        raw = pa.Table.from_batches(
            list(stakes.raw_stakes(reader, headers, events, ran)), RAW_CHAIN__STAKES
        )
        frames = decode.StateFrames(storage, layouts)
        return stake_ledger(
            stakes.stake_changes(raw, layouts),
            events,
            decode.chain_subnet_blocks(frames),
            epochs.chain_hyperparameters(frames),
        )

    return take


def test_a_day_that_is_cut_in_two_closes_at_the_seam(taken):
    """What ends a day begins the next: landed through to the block before it."""
    first, second, both = taken(range(300, 331)), taken(range(331, 351)), taken(range(300, 351))
    assert_every_stake_closes(first.entries, first.stakes)
    assert_every_stake_closes(second.entries, second.stakes)
    evening = {stake: after for stake, (_, after) in ends(first.stakes).items() if after}
    morning = {stake: before for stake, (before, _) in ends(second.stakes).items() if before}
    assert evening == morning
    plain = pc.not_equal(both.entries["kind"], "rounding")
    joined = pa.concat_tables([first.entries, second.entries])
    names = ["block_number", "kind", "coldkey_ss58", "hotkey_ss58", "netuid", "alpha_rao"]
    assert (
        joined.filter(pc.not_equal(joined["kind"], "rounding")).select(names).to_pylist()
        == both.entries.filter(plain).select(names).to_pylist()
    )


def test_what_epochs_between_snapshots_paid_is_said_to_be_unread(taken):
    """Epochs of the recording are 10 to 100 blocks apart: at interval 60 many are between."""
    sampled, whole = taken(range(300, 375), 60), taken(range(300, 375))
    assert_every_stake_closes(sampled.entries, sampled.stakes)
    # The day's ends are those of a full reading, though neither is a multiple of 60.
    assert sampled.stakes.equals(whole.stakes)
    kinds = Counter(sampled.entries["kind"].to_pylist())
    assert kinds["unread"] > 300
    assert kinds["unattributed"] == 0
    reasons = pc.unique(sampled.entries["unattributed_reason"].drop_null()).to_pylist()
    assert reasons == ["epochs between snapshots were not read"]
    gains = sampled.entries.filter(pc.equal(sampled.entries["kind"], "unread"))
    for entry in gains.select(["alpha_rao", "unpriced_reason"]).to_pylist():
        assert (entry["alpha_rao"] > 0) == (entry["unpriced_reason"] is not None)


def test_an_epoch_is_read_that_another_in_the_block_of_a_snapshot_followed(taken):
    """Of subnet 5 epochs ran in 365 and 396, then in 427, which is 7 times 61."""
    result = taken(range(370, 441), 61)
    assert_every_stake_closes(result.entries, result.stakes)
    kinds = Counter(result.entries["kind"].to_pylist())
    assert kinds["unattributed"] == 0
    of = result.entries.filter(
        pc.and_(
            pc.equal(result.entries["netuid"], 5), pc.equal(result.entries["block_number"], 396)
        )
    )
    assert {"dividend", "incentive"} <= set(of["kind"].to_pylist())


# ---------------------------------------------------------------------- by hand


def change(block, item, number=None, coldkey=None, hotkey="H", netuid=1, spec=SPEC):
    row = dict.fromkeys(STAKE_CHANGES.names)
    row |= {"block_number": block, "spec_version": spec, "item": item, "number": number}
    return row | {"hotkey_ss58": hotkey, "coldkey_ss58": coldkey, "netuid": netuid}


def pool(block, alpha, spec=SPEC, **shares):
    """A pool as storage has it, one share a rao where nothing else is said."""
    return [
        change(block, "TotalHotkeyAlpha", alpha, spec=spec),
        change(block, "TotalHotkeyShares", sum(shares.values()) << 64, spec=spec),
        *(change(block, "Alpha", n << 64, coldkey=who, spec=spec) for who, n in shares.items()),
    ]


def event(block, index, name, **more):
    row = dict.fromkeys(CHAIN__STAKE_EVENTS.names) | {"is_pool_touching": False}
    row |= {"block_number": block, "event_index": index, "event_name": name, "spec_version": SPEC}
    row |= {"extrinsic_index": 1, "coldkey_ss58": "A", "hotkey_ss58": "H", "netuid": 1}
    return row | {"pool_tao_out_rao": 0, "fee_rao": 0} | more


def ledger(changes, events=(), subnets=(), tempos=()):
    changes = pa.Table.from_pylist(
        [c | {"number": None if c["number"] is None else _decimal(c["number"])} for c in changes],
        STAKE_CHANGES,
    )
    events = pa.Table.from_pylist(list(events), CHAIN__STAKE_EVENTS)
    return stake_ledger(
        changes,
        events,
        pa.Table.from_pylist(list(subnets), CHAIN__SUBNET_BLOCKS),
        pa.Table.from_pylist(
            [
                {"block_number": block, "netuid": 1, "tempo_blocks": tempo}
                for block, tempo in tempos
            ],
            pa.schema([(f.name, f.type) for f in CHAIN__HYPERPARAMETERS]),
        ),
    )


def _decimal(number):
    from decimal import Decimal

    return Decimal(number)


def said(result) -> list[tuple]:
    return [
        (row["block_number"], row["kind"], row["coldkey_ss58"], row["alpha_rao"], row["tao_rao"])
        for row in result.entries.to_pylist()
    ]


def test_a_transfer_is_a_pair_that_names_the_other_side():
    result = ledger(
        [*pool(1, 100, A=100), *pool(2, 100, A=40, B=60)],
        [
            event(2, 0, "StakeRemoved", alpha_rao=60, tao_rao=6),
            event(2, 1, "StakeAdded", alpha_rao=60, tao_rao=6, coldkey_ss58="B"),
            event(
                2, 2, "StakeTransferred", dest_coldkey_ss58="B", dest_hotkey_ss58="H", dest_netuid=1
            ),
        ],
    )
    assert said(result) == [(2, "transfer_out", "A", -60, 0), (2, "transfer_in", "B", 60, 0)]
    assert result.entries["counterparty_ss58"].to_pylist() == ["B", "A"]
    assert ends(result.stakes) == {("A", *POOL): (100, 40), ("B", *POOL): (0, 60)}


def test_a_transfer_of_which_nothing_arrives_is_a_sale_and_a_purchase_of_nothing():
    ends_of_it = {"dest_coldkey_ss58": "B", "dest_hotkey_ss58": "H", "dest_netuid": 1}
    result = ledger(
        [*pool(1, 100, A=100), *pool(2, 99, A=99)],
        [
            event(2, 0, "StakeRemoved", alpha_rao=1, tao_rao=0),
            event(2, 1, "StakeAdded", alpha_rao=0, tao_rao=0, coldkey_ss58="B"),
            event(2, 2, "StakeTransferred", **ends_of_it),
        ],
    )
    assert said(result) == [(2, "sell", "A", -1, 0), (2, "buy", "B", 0, 0)]


def test_a_change_that_nothing_says_is_unattributed_and_says_so():
    result = ledger([*pool(1, 100, A=100), *pool(2, 150, A=150)])
    assert said(result) == [(2, "unattributed", "A", 50, 0)]
    assert "no event" in result.entries["unattributed_reason"][0].as_py()


def test_an_event_that_storage_does_not_follow_is_made_good_and_named():
    result = ledger(
        [*pool(1, 100, A=100), *pool(2, 100, A=100)],
        [event(2, 0, "StakeAdded", alpha_rao=60, tao_rao=6)],
    )
    assert said(result) == [(2, "buy", "A", 60, -6), (2, "unattributed", "A", -60, 0)]


def test_events_that_leave_a_stake_as_it_was_are_entered_all_the_same():
    result = ledger(
        [*pool(1, 100, A=100), *pool(4, 110, A=110)],
        [
            event(2, 0, "StakeAdded", alpha_rao=60, tao_rao=6),
            event(2, 1, "StakeRemoved", alpha_rao=60, tao_rao=5),
            event(4, 0, "StakeAdded", alpha_rao=10, tao_rao=1),
        ],
    )
    assert said(result) == [
        (2, "buy", "A", 60, -6),
        (2, "sell", "A", -60, 5),
        (4, "buy", "A", 10, -1),
    ]


def sampled(*blocks: tuple[int, int, int], registered_at: int = 0) -> list[dict]:
    """Snapshots of netuid 1: (block, its last epoch before the block, its last epoch after)."""
    return [
        dict.fromkeys(CHAIN__SUBNET_BLOCKS.names)
        | {"block_number": block, "netuid": 1, "spec_version": SPEC}
        | {"is_network_added": True, "pre_is_network_added": True}
        | {"network_registered_at_block": registered_at}
        | {"pre_network_registered_at_block": registered_at}
        | {"pre_last_mechanism_step_block": before, "last_mechanism_step_block": after}
        for block, before, after in blocks
    ]


@pytest.mark.parametrize(
    ("snapshots", "tempos", "kind"),
    [
        # the last epoch of the gap was 30 after the one before, and epochs are 10 apart
        ([(10, 5, 5), (50, 35, 35)], [(9, 10)], "unread"),
        # it was the next one after the last of before
        ([(10, 5, 5), (50, 35, 35)], [(9, 30)], "unattributed"),
        # none ran
        ([(10, 5, 5), (50, 5, 5)], [(9, 10)], "unattributed"),
        # the only one that ran was in a snapshot
        ([(10, 5, 5), (50, 5, 50)], [(9, 10)], "unattributed"),
        # epochs are 30 apart, but were otherwise before
        ([(10, 5, 5), (50, 35, 35)], [(9, 10), (49, 30)], "unread"),
        # every block was read
        ([(n, 5, 5) for n in range(10, 21)], [(9, 1)], "unattributed"),
    ],
)
def test_a_change_is_unread_only_where_an_epoch_may_have_run_unseen(snapshots, tempos, kind):
    result = ledger(
        [*pool(9, 100, A=100), *pool(snapshots[-1][0], 150, A=150)],
        subnets=sampled(*snapshots),
        tempos=tempos,
    )
    assert [row[1] for row in said(result)] == [kind]


def test_what_changed_after_the_unread_epochs_is_no_less_unattributed():
    """The stake was read, and had changed, in block 55: no epoch since is unread."""
    result = ledger(
        [*pool(9, 100, A=100), *pool(55, 150, A=150), *pool(90, 170, A=170)],
        subnets=sampled((10, 5, 5), (50, 35, 35), (90, 65, 65)),
        tempos=[(9, 20)],
    )
    assert [row[:2] for row in said(result)] == [(55, "unattributed"), (90, "unattributed")]
    result = ledger(
        [*pool(9, 100, A=100), *pool(55, 150, A=150), *pool(90, 170, A=170)],
        subnets=sampled((10, 5, 5), (50, 35, 35), (90, 65, 65)),
        tempos=[(9, 10)],
    )
    assert [row[:2] for row in said(result)] == [(55, "unread"), (90, "unread")]


def test_root_is_paid_by_the_unread_epochs_of_any_subnet():
    on_root = [row | {"netuid": 0} for row in (*pool(9, 100, A=100), *pool(50, 150, A=150))]
    result = ledger(on_root, subnets=sampled((10, 5, 5), (50, 35, 35)), tempos=[(9, 10)])
    assert [row[1] for row in said(result)] == ["unread"]


def epoch_block(block: int) -> dict:
    """Netuid 1 in a block with its epoch: the price of alpha is 0.25."""
    row = dict.fromkeys(CHAIN__SUBNET_BLOCKS.names)
    row |= {"block_number": block, "netuid": 1, "spec_version": SPEC, "is_network_added": True}
    row |= {"network_registered_at_block": 7, "last_mechanism_step_block": block}
    row |= {"pre_subnet_mechanism": 1, "tao_reserve_rao": 1, "alpha_reserve_rao": 1}
    return row | {"is_swap_v3_initialized": True, "alpha_sqrt_price_u64f64_bits": _decimal(1 << 63)}


def paid(own: int, shared: int, owner_hotkey: str = "other", **after: int):
    """A pool of 1,000 for the owner O and 1,000 for N when an epoch adds to it."""
    return ledger(
        [
            *pool(1, 2_000, O=1_000, N=1_000),
            change(1, "Owner", coldkey="O", netuid=None),
            change(1, "Delegates", 13_107, netuid=None),  # a fifth
            change(1, "SubnetOwnerHotkey", hotkey=owner_hotkey),
            *pool(2, 2_000 + own + shared, **after),
            change(2, "AlphaDividendsPerSubnet", shared),
        ],
        subnets=[epoch_block(2)],
    )


def test_an_epoch_pays_all_stakers_and_the_owner_apart():
    # 3,000 rao over 2,400 shares: a share of 1 is 1.25, and the owner's 400 new ones 500.
    result = paid(500, 500, O=1_400, N=1_000)
    assert said(result) == [
        (2, "validator_take", "O", 125, 0),
        (2, "incentive", "O", 375, 0),
        (2, "dividend", "N", 250, 0),
        (2, "dividend", "O", 250, 0),
    ]
    assert result.entries["worth_rao"].to_pylist() == [31, 93, 62, 62]
    assert set(result.entries["subnet_registered_at_block"].to_pylist()) == {7}


def test_what_the_owner_of_the_subnet_is_paid_is_its_cut():
    result = paid(500, 500, owner_hotkey="H", O=1_400, N=1_000)
    assert [row[1] for row in said(result)][:2] == ["validator_take", "owner_cut"]


def test_a_take_alone_is_no_incentive():
    result = paid(100, 400, O=1_083, N=1_000)
    assert {row[1]: row[3] for row in said(result) if row[2] == "O"}["validator_take"] == 100
    assert not any(row[1] == "incentive" for row in said(result))


def test_shares_that_come_from_nowhere_are_not_called_a_dividend():
    """The pool gains 400 and its shares are worth 1,200 more than that."""
    changes = [*pool(1, 2_000, O=1_000, N=1_000), change(1, "Owner", coldkey="O", netuid=None)]
    changes += [change(2, "TotalHotkeyAlpha", 2_400), change(2, "Alpha", 2_000 << 64, coldkey="N")]
    changes.append(change(2, "AlphaDividendsPerSubnet", 400))
    result = ledger(changes, subnets=[epoch_block(2)])
    assert {row[1] for row in said(result)} == {"unattributed"}


def test_a_rounding_goes_before_the_sale_that_needs_it():
    result = ledger(
        [
            *pool(1, 128, A=64, B=64),
            *pool(2, 130, A=64, B=64),
            *pool(3, 65, B=64),
            change(3, "Alpha", None, coldkey="A"),
        ],
        [event(3, 0, "StakeRemoved", alpha_rao=65, tao_rao=5)],
    )
    shares = [row for row in said(result) if row[2] == "A"]
    assert shares == [(3, "rounding", "A", 1, 0), (3, "sell", "A", -65, 5)]
    assert (3, "rounding", "B", 1, 0) in said(result)  # at the day's end


def test_a_spec_whose_shares_are_not_known_has_no_ledger_and_says_why():
    result = ledger([*pool(1, 100, spec=9_999, A=100), *pool(2, 150, spec=9_999, A=150)])
    assert result.entries.num_rows == 0
    (row,) = result.stakes.to_pylist()
    assert row["alpha_rao"] is None
    assert "9999" in row["unexplained_reason"]


def test_an_empty_day_has_no_entries():
    result = ledger([])
    assert (result.entries.num_rows, result.stakes.num_rows) == (0, 0)


# ---------------------------------------------------------------------- keys that are swapped


def of_pool(rows: list[dict], hotkey: str, netuid: int = 1) -> list[dict]:
    return [row | {"hotkey_ss58": hotkey, "netuid": netuid} for row in rows]


def gone(block: int, hotkey: str, *coldkeys: str, netuid: int = 1) -> list[dict]:
    """A pool whose keys the chain removed."""
    rows = [change(block, item) for item in ("TotalHotkeyAlpha", "TotalHotkeyShares")]
    rows += [change(block, "Alpha", coldkey=who) for who in coldkeys]
    return of_pool(rows, hotkey, netuid)


def moves(result) -> list[tuple]:
    names = ("kind", "coldkey_ss58", "hotkey_ss58", "netuid", "alpha_rao", "counterparty_ss58")
    return [tuple(row[name] for name in names) for row in result.entries.to_pylist()]


def hotkey_swapped(block: int, netuid: int | None = None, name: str = "HotkeySwapped") -> dict:
    ends = {"hotkey_ss58": "H", "dest_hotkey_ss58": "N", "netuid": netuid, "dest_netuid": netuid}
    return event(block, 3, name, dest_coldkey_ss58="A", **ends)


def test_a_hotkey_that_is_swapped_takes_every_stake_along():
    result = ledger(
        [
            *pool(1, 100, A=60, B=40),
            *of_pool(pool(1, 30, A=30), "H", 0),
            *gone(2, "H", "A", "B"),
            *of_pool(pool(2, 100, A=60, B=40), "N"),
            *gone(2, "H", "A", netuid=0),
            *of_pool(pool(2, 30, A=30), "N", 0),
        ],
        [hotkey_swapped(2)],
    )
    assert moves(result) == [
        ("move_out", "A", "H", 0, -30, None),
        ("move_in", "A", "N", 0, 30, None),
        ("move_out", "A", "H", 1, -60, None),
        ("move_in", "A", "N", 1, 60, None),
        ("move_out", "B", "H", 1, -40, None),
        ("move_in", "B", "N", 1, 40, None),
    ]
    assert_every_stake_closes(result.entries, result.stakes)
    assert set(result.entries["event_index"].to_pylist()) == {3}


def test_a_hotkey_that_is_swapped_on_one_subnet_leaves_the_others():
    changes = [
        *pool(1, 100, A=100),
        *of_pool(pool(1, 30, A=30), "H", 2),
        *gone(2, "H", "A"),
        *of_pool(pool(2, 100, A=100), "N"),
        *gone(2, "H", "A", netuid=2),
    ]
    result = ledger(changes, [hotkey_swapped(2, 1, "HotkeySwappedOnSubnet")])
    assert [row[:5] for row in moves(result)] == [
        ("move_out", "A", "H", 1, -100),
        ("move_in", "A", "N", 1, 100),
        ("unattributed", "A", "H", 2, -30),
    ]


def test_an_epoch_in_the_block_of_a_swap_is_paid_to_the_new_hotkey():
    result = ledger(
        [
            *pool(1, 64, A=32, B=32),
            *gone(2, "H", "A", "B"),
            *of_pool(pool(2, 128, A=32, B=32), "N"),
            change(2, "Owner", hotkey="N", coldkey="A", netuid=None),
            change(2, "AlphaDividendsPerSubnet", 64, hotkey="N"),
        ],
        [hotkey_swapped(2)],
        subnets=[epoch_block(2)],
    )
    assert [row[:5] for row in moves(result)] == [
        ("dividend", "A", "N", 1, 32),
        ("dividend", "B", "N", 1, 32),
        ("move_out", "A", "H", 1, -32),
        ("move_in", "A", "N", 1, 32),
        ("move_out", "B", "H", 1, -32),
        ("move_in", "B", "N", 1, 32),
    ]


def test_a_coldkey_that_is_swapped_hands_over_every_stake():
    ends_of_it = {"hotkey_ss58": None, "dest_coldkey_ss58": "B", "netuid": None}
    result = ledger(
        [
            *pool(1, 100, A=60, C=40),
            *of_pool(pool(1, 30, A=20, B=10), "G", 2),
            change(2, "Alpha", coldkey="A"),
            change(2, "Alpha", 60 << 64, coldkey="B"),
            *of_pool(
                [change(2, "Alpha", coldkey="A"), change(2, "Alpha", 30 << 64, coldkey="B")], "G", 2
            ),
        ],
        [event(2, 3, "ColdkeySwapped", **ends_of_it)],
    )
    assert moves(result) == [
        ("transfer_out", "A", "G", 2, -20, "B"),
        ("transfer_in", "B", "G", 2, 20, "A"),
        ("transfer_out", "A", "H", 1, -60, "B"),
        ("transfer_in", "B", "H", 1, 60, "A"),
    ]
    assert_every_stake_closes(result.entries, result.stakes)


class TenBlocks:
    """A chain of blocks 1 to 10 that has a state up to block 4 and another from block 5 on."""

    is_far = False

    def __init__(self, before: dict[bytes, bytes], after: dict[bytes, bytes]) -> None:
        self._before, self._after = before, after

    def first_state_block(self) -> int:
        return 1

    def headers(self, blocks: range) -> pa.Table:
        return pa.table({"block_number": list(blocks), "spec_version": [SPEC] * len(blocks)})

    def _at(self, block: int) -> dict[bytes, bytes]:
        return self._before if block < 5 else self._after

    def keys(self, prefix: bytes, blocks):
        for block in blocks:
            yield sorted(key for key in self._at(block) if key.startswith(prefix))

    def storage(self, requests):
        for block, keys in requests:
            yield [self._at(block).get(key) for key in keys]


ACCOUNTS = {name: bytes([ord(name)]) * 32 for name in "ABHNG"}


def stored(*stakes: tuple[str, str, int, int]) -> dict[bytes, bytes]:
    """The share pools of (hotkey, coldkey, netuid, alpha), one share a rao."""
    from orchestration.chain import layout
    from orchestration.chain import stakes as landing

    found: dict[bytes, int] = defaultdict(int)
    for hotkey, coldkey, netuid, alpha in stakes:
        hot, cold = ACCOUNTS[hotkey], ACCOUNTS[coldkey]
        found[landing._key(layout.HOTKEY_ALPHA, hot, netuid)] += alpha
        found[landing._key(layout.ALL_SHARES, hot, netuid)] += alpha << 64
        found[landing._key(layout.SHARES, hot, cold, netuid)] += alpha << 64
    return {
        key: value.to_bytes(8 if key.startswith(layout.HOTKEY_ALPHA.prefix) else 16, "little")
        for key, value in found.items()
    }


@pytest.mark.parametrize(
    ("name", "ends", "after", "moved"),
    [
        (
            "HotkeySwapped",
            {"hotkey_ss58": "H", "dest_hotkey_ss58": "N", "netuid": None},
            [("N", "A", 1, 60), ("N", "B", 1, 40), ("N", "A", 0, 7), ("G", "A", 1, 5)],
            {
                ("move_out", "A", "H", 1, -60),
                ("move_in", "B", "N", 1, 40),
                ("move_in", "A", "N", 0, 7),
            },
        ),
        (
            "HotkeySwappedOnSubnet",
            {"hotkey_ss58": "H", "dest_hotkey_ss58": "N", "netuid": 1},
            [("N", "A", 1, 60), ("N", "B", 1, 40), ("H", "A", 0, 7), ("G", "A", 1, 5)],
            {("move_out", "A", "H", 1, -60), ("move_in", "B", "N", 1, 40)},
        ),
        (
            "ColdkeySwapped",
            {"hotkey_ss58": None, "dest_coldkey_ss58": "N", "netuid": None},
            [("H", "N", 1, 60), ("H", "B", 1, 40), ("H", "N", 0, 7), ("G", "N", 1, 5)],
            {("transfer_out", "A", "H", 1, -60), ("transfer_in", "N", "G", 1, 5)},
        ),
        (
            "NetworkRemoved",
            {"coldkey_ss58": None, "hotkey_ss58": None, "netuid": 1},
            [("H", "A", 0, 7)],
            {("dissolution", "A", "H", 1, -60), ("dissolution", "A", "G", 1, -5)},
        ),
    ],
)
def test_the_stakes_that_a_swap_or_an_end_moves_are_read_at_its_block(name, ends, after, moved):
    """Though its event names none of them: they are known from the day's start."""
    from bittensor_core import ss58_encode

    from orchestration.chain import metadata, stakes
    from orchestration.settings import EMBEDDED_RECORDING

    before = [("H", "A", 1, 60), ("H", "B", 1, 40), ("H", "A", 0, 7), ("G", "A", 1, 5)]
    address = {name: ss58_encode(account, 42) for name, account in ACCOUNTS.items()}
    own = event(5, 3, name) | ends
    for column in ("coldkey_ss58", "hotkey_ss58", "dest_coldkey_ss58", "dest_hotkey_ss58"):
        own[column] = address.get(own[column])
    events = pa.Table.from_pylist([own], CHAIN__STAKE_EVENTS)
    reader = TenBlocks(stored(*before), stored(*after))
    raw = pa.Table.from_batches(stakes.raw_stakes(reader, reader.headers(range(2, 11)), events, {}))
    assert pc.unique(raw["block_number"]).to_pylist() == [1, 5]  # at 10 nothing is news
    layouts = {SPEC: metadata.confirm(SPEC, Recording(EMBEDDED_RECORDING).metadata(SPEC))}
    result = ledger(stakes.stake_changes(raw, layouts).to_pylist(), [own], two_subnets())
    names = {ss58: name for name, ss58 in address.items()}
    found = set()
    for row in result.entries.to_pylist():
        whose = (names[row["coldkey_ss58"]], names[row["hotkey_ss58"]], row["netuid"])
        found.add((row["kind"], *whose, row["alpha_rao"]))
    assert moved <= found
    assert not {row[0] for row in found} & {"unattributed", "unread"}
    assert_every_stake_closes(result.entries, result.stakes)


# ---------------------------------------------------------------------- subnets that end


def ended(*payments: tuple[str, int], index: int = 9, block: int = 20) -> list[dict]:
    """What the end of netuid 1 paid, its end, and the subnet that takes its place."""
    deposits = [
        event(block, at, "Deposit", coldkey_ss58=who, hotkey_ss58=None, tao_rao=tao)
        for at, (who, tao) in enumerate(payments)
    ]
    nobody = {"coldkey_ss58": None, "hotkey_ss58": None}
    removed = event(block, index, "NetworkRemoved", **nobody)
    return [*deposits, removed, event(block, index + 1, "NetworkAdded", **nobody)]


def two_subnets() -> list[dict]:
    """Snapshots of a netuid at blocks 10 and 30: registered at 7, and anew at 20."""
    (before,) = sampled((10, 5, 5), registered_at=7)
    (after,) = sampled((30, 20, 20), registered_at=20)
    return [before, after]


def by_subnet(result) -> list[tuple]:
    names = ("kind", "coldkey_ss58", "subnet_registered_at_block", "alpha_rao", "tao_rao")
    return [tuple(row[name] for name in names) for row in result.entries.to_pylist()]


STAKED = [
    *pool(9, 100, A=60, B=40),
    *of_pool(pool(9, 20, A=20), "G"),
    *gone(20, "H", "A", "B"),
    *gone(20, "G", "A"),
]


def test_the_end_of_a_subnet_is_a_sale_for_what_the_chain_says_it_paid():
    result = ledger(STAKED, ended(("A", 30), ("A", 10), ("B", 20)), two_subnets())
    assert by_subnet(result) == [
        ("dissolution", "A", 7, -20, 10),
        ("dissolution", "A", 7, -60, 30),
        ("dissolution", "B", 7, -40, 20),
    ]
    assert result.entries["unpriced_reason"].null_count == 3
    assert set(result.stakes["subnet_registered_at_block"].to_pylist()) == {7}
    assert_every_stake_closes(result.entries, result.stakes)


def test_the_lock_that_the_owner_gets_back_is_not_what_its_alpha_brought():
    payments = (("A", 30), ("A", 10), ("B", 20), ("B", 1_000))
    result = ledger(STAKED, ended(*payments), two_subnets())
    assert [row[4] for row in by_subnet(result)] == [10, 30, 20]


def test_what_the_end_of_a_subnet_paid_as_stake_on_root_is_its_price():
    """Of the first specs that paid: stake of so much TAO with the same hotkey."""
    on_root = {"netuid": 0, "fee_rao": 0}
    restaked = [
        event(20, 0, "StakeAdded", coldkey_ss58="A", tao_rao=40, alpha_rao=40, **on_root),
        event(20, 1, "StakeAdded", coldkey_ss58="B", tao_rao=20, alpha_rao=20, **on_root),
    ]
    changes = [*STAKED, *of_pool(pool(20, 60, A=40, B=20), "H", 0)]
    result = ledger(changes, [*restaked, *ended(("B", 1_000))[1:]], two_subnets())
    assert by_subnet(result) == [
        ("buy", "A", 0, 40, -40),
        ("buy", "B", 0, 20, -20),
        ("dissolution", "A", 7, -20, 0),
        ("dissolution", "A", 7, -60, 40),
        ("dissolution", "B", 7, -40, 20),
    ]


@pytest.mark.parametrize(
    "payments",
    [
        (),  # none is stated
        (("A", 40), ("B", 30)),  # of other shares
        (("A", 40), ("D", 5), ("B", 20)),  # to one that had none
    ],
)
def test_what_the_end_of_a_subnet_paid_is_null_where_it_is_not_said(payments):
    result = ledger(STAKED, ended(*payments), two_subnets())
    assert [row[3:] for row in by_subnet(result)] == [(-20, None), (-60, None), (-40, None)]
    reasons = pc.unique(result.entries["unpriced_reason"]).to_pylist()
    assert reasons == [
        "the chain states no payments that follow the shares of the subnet that ended"
    ]


def test_two_subnets_of_one_netuid_are_kept_apart_in_the_block_and_the_day():
    """A bought in the old one and then in the new one, in the very block of its end."""
    trades = [
        event(20, 0, "StakeAdded", alpha_rao=60, tao_rao=6, extrinsic_index=0),
        event(20, 12, "StakeAdded", alpha_rao=7, tao_rao=5, extrinsic_index=2),
        event(25, 0, "StakeAdded", alpha_rao=3, tao_rao=4),
    ]
    (buy_old, buy_new, later), end = trades, ended(("A", 60), ("B", 20), index=9)
    for at, row in enumerate(end[:2]):
        row["event_index"] = at + 1
    changes = [*pool(9, 100, A=60, B=40), change(20, "Alpha", coldkey="B")]
    changes += [*pool(20, 7, A=7), *pool(25, 10, A=10)]
    result = ledger(changes, [buy_old, *end, buy_new, later], two_subnets())
    assert by_subnet(result) == [
        ("buy", "A", 7, 60, -6),
        ("dissolution", "A", 7, -120, 60),
        ("dissolution", "B", 7, -40, 20),
        ("buy", "A", 20, 7, -5),
        ("buy", "A", 20, 3, -4),
    ]
    held = {
        (row["coldkey_ss58"], row["subnet_registered_at_block"]): (
            row["pre_alpha_rao"],
            row["alpha_rao"],
        )
        for row in result.stakes.to_pylist()
    }
    assert held == {("A", 7): (60, 0), ("A", 20): (0, 10), ("B", 7): (40, 0)}
    pools = [
        (row["subnet_registered_at_block"], row["pre_alpha_rao"], row["alpha_rao"])
        for row in result.pools.to_pylist()
    ]
    assert pools == [(7, 100, 0), (20, 0, 10)]


def test_a_subnet_that_came_and_went_between_two_snapshots_is_known_by_its_events():
    nobody = {"coldkey_ss58": None, "hotkey_ss58": None}
    events = [
        event(15, 1, "NetworkRemoved", **nobody),
        event(16, 1, "NetworkAdded", **nobody),
        event(17, 1, "StakeAdded", alpha_rao=5, tao_rao=5),
        *ended(block=20),
    ]
    result = ledger([*pool(9, 0), *pool(17, 5, A=5), *gone(20, "H", "A")], events, two_subnets())
    assert [row[:4] for row in by_subnet(result)] == [
        ("buy", "A", 16, 5),
        ("dissolution", "A", 16, -5),
    ]


def test_what_a_rounding_came_to_is_of_the_subnet_that_ended():
    changes = [*pool(9, 64, A=32, B=32), *pool(12, 66, A=32, B=32), *gone(20, "H", "A", "B")]
    result = ledger(changes, ended(("A", 30), ("B", 30)), two_subnets())
    assert by_subnet(result) == [
        ("rounding", "A", 7, 1, 0),
        ("dissolution", "A", 7, -33, 30),
        ("rounding", "B", 7, 1, 0),
        ("dissolution", "B", 7, -33, 30),
    ]
    assert_every_stake_closes(result.entries, result.stakes)


def test_a_subnet_that_ends_and_leaves_its_stakes_pays_for_none():
    """As up to spec 319."""
    result = ledger([*pool(9, 100, A=100), *pool(30, 100, A=100)], ended(), two_subnets())
    assert by_subnet(result) == []


# ---------------------------------------------------------------------- fees


def fees(result) -> list[tuple]:
    names = ("kind", "alpha_rao", "tao_rao", "fee_rao", "is_fee_in_alpha", "fee_goes_to")
    return [tuple(row[name] for name in names) for row in result.entries.to_pylist()]


def traded(spec: int, fee: int | None, is_sale_fee_in_alpha: bool | None) -> list:
    """A purchase and a sale of one extrinsic each, as a spec's events have them."""
    of = {"spec_version": spec, "fee_rao": fee, "alpha_rao": 1_000, "tao_rao": 90_000}
    bought = event(2, 0, "StakeAdded", extrinsic_index=1, **of, is_fee_in_alpha=fee and False)
    sold = event(2, 1, "StakeRemoved", extrinsic_index=2, **of)
    sold["is_fee_in_alpha"] = is_sale_fee_in_alpha
    found = fees(ledger([*pool(1, 5_000, spec=spec, A=5_000)], [bought, sold]))
    return [row for row in found if row[0] in ("buy", "sell")]


def test_before_257_the_flat_fee_is_told_by_no_event_and_paid_all_the_same():
    assert traded(252, None, None) == [
        ("buy", 1_000, -140_000, 50_000, False, "pool"),
        ("sell", -1_000, 90_000, 50_000, False, "pool"),
    ]


def test_before_257_each_end_of_a_move_pays_half_of_the_flat_fee():
    of = {"spec_version": 252, "fee_rao": None, "extrinsic_index": 1}
    ends_of_it = {"dest_coldkey_ss58": "A", "dest_hotkey_ss58": "H", "dest_netuid": 2}
    events = [
        event(2, 0, "StakeRemoved", alpha_rao=1_000, tao_rao=90_000, **of),
        event(2, 1, "StakeAdded", alpha_rao=800, tao_rao=65_000, **of | {"netuid": 2}),
        event(2, 2, "StakeSwapped", tao_rao=65_000, **of | ends_of_it),
    ]
    result = ledger([*pool(1, 5_000, spec=252, A=5_000)], events)
    assert [row for row in fees(result) if row[0] != "unattributed"] == [
        ("swap_out", -1_000, 90_000, 25_000, False, "pool"),
        ("swap_in", 800, -90_000, 25_000, False, "pool"),
    ]


def test_before_257_a_trade_of_nothing_may_not_have_paid_the_fee():
    bought = event(2, 0, "StakeAdded", spec_version=252, fee_rao=None, alpha_rao=0, tao_rao=0)
    assert fees(ledger([*pool(1, 5, spec=252, A=5)], [bought])) == [("buy", 0, 0, None, None, None)]


@pytest.mark.parametrize(
    ("spec", "fee_goes_to", "paid", "given"),
    [
        (257, "pool", -90_050, -1_000),
        (290, "liquidity", -90_000, -1_000),
        (384, "liquidity", -90_000, -1_000),
        (385, "block_author", -90_000, -1_000),
        (396, "block_author", -90_000, -1_000),
        (397, "block_author", -90_000, -1_050),
    ],
)
def test_a_fee_is_part_of_what_was_paid_or_given_whatever_the_event_leaves_out(
    spec, fee_goes_to, paid, given
):
    bought, sold = traded(spec, 50, spec >= 290)
    assert bought == ("buy", 1_000, paid, 50, False, fee_goes_to)
    assert sold == ("sell", given, 90_000, 50, spec >= 290, fee_goes_to)


# ---------------------------------------------------------------------- the gate


def altered_ledger(books, change) -> list[str]:
    """The sentences of the gate over the day's ledger with its rows changed."""
    from orchestration.expectations import chain__stake_ledger as suite

    tables = {name: books.lake.read(name, DAY) for name in suite.NEEDS}
    tables["chain__stake_ledger"] = change(tables["chain__stake_ledger"])
    frame = suite.measure(tables, None)
    checks = [name for name in frame.columns if name not in suite.PLACE]
    return [name for name in checks if not frame[name].all()]


def rewritten(column: str, value, row: int = 10):
    def change(ledger: pa.Table) -> pa.Table:
        values = ledger[column].to_pylist()
        values[row] = value(values[row]) if callable(value) else value
        at = ledger.schema.get_field_index(column)
        return ledger.set_column(at, ledger.schema.field(at), pa.array(values, ledger[column].type))

    return change


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda ledger: ledger, []),
        (rewritten("alpha_rao", lambda rao: rao + 1), ["closes"]),
        (rewritten("alpha_rao", lambda rao: -rao), ["has_right_signs", "closes"]),
        (rewritten("tao_rao", 5), ["has_right_signs"]),
        (rewritten("tao_rao", None), ["has_tao_or_a_reason"]),
        (rewritten("kind", "gift"), ["has_known_kinds"]),
        (rewritten("netuid", 99), ["is_of_known_subnets", "closes"]),
        (rewritten("block_number", 1), ["is_of_landed_blocks", "is_in_order"]),
        (lambda ledger: ledger.slice(1), ["closes"]),
        (lambda ledger: ledger.slice(0, 0), ["closes"]),
        (lambda ledger: pa.concat_tables([ledger, ledger]), ["is_in_order", "closes"]),
        (lambda ledger: ledger.take(list(range(ledger.num_rows))[::-1]), ["is_in_order"]),
    ],
    ids=lambda value: "-".join(value) or "as it is" if isinstance(value, list) else "",
)
def test_a_ledger_that_cannot_be_is_stopped_at_the_door(books, change, broken):
    assert altered_ledger(books, change) == broken


def test_the_gate_judged_the_day_with_its_suite(books):
    from orchestration.expectations import gate

    suite = gate.SUITES["chain__stake_ledger"]
    tables = {name: books.lake.read(name, DAY) for name in suite.NEEDS}
    assert gate.judge("chain__stake_ledger", DAY, tables, books.data_docs).passed
    tables["chain__stake_ledger"] = rewritten("alpha_rao", 5)(tables["chain__stake_ledger"])
    verdict = gate.judge("chain__stake_ledger", DAY, tables, books.data_docs)
    assert not verdict.passed
    assert "to the rao" in verdict.broken[0]
