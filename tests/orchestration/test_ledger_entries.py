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
    assert kinds.keys() == EFFECTS.keys() - {"unattributed", "unread", "opening"}


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
        (rewritten("kind", "gift"), ["has_known_kinds"]),
        (rewritten("netuid", 99), ["is_of_known_subnets", "closes"]),
        (rewritten("block_number", 1), ["is_of_landed_blocks", "is_in_order"]),
        (lambda ledger: ledger.slice(1), ["closes"]),
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
