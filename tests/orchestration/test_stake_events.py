"""Stake events mean the same whatever version of the event said them."""

import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from orchestration.chain import land, metadata, stake_events
from orchestration.chain.recording import Recording
from orchestration.errors import DecodeError, LayoutError
from orchestration.schemas import RAW_CHAIN__EVENTS


class Spoken:
    """A confirmed layout that says given events, for specs nobody recorded."""

    def __init__(self, spec_version: int, *blocks: list[dict]) -> None:
        self.spec_version = spec_version
        self._blocks = blocks

    def decode_events(self, encoded: list[bytes]) -> list[list[dict]]:
        return [self._blocks[int(one)] for one in encoded]


def event(name: str, *fields, extrinsic: int | None = 1, pallet: str = "SubtensorModule", **named):
    return {
        "module_id": pallet,
        "event_id": name,
        "attributes": named or fields,
        "extrinsic_idx": extrinsic,
    }


def rows_at(spec: int, *events: dict) -> list[dict]:
    raw = pa.table([[9], [spec], [b"0"]], schema=RAW_CHAIN__EVENTS)
    return stake_events.chain_stake_events(raw, {spec: Spoken(spec, list(events))}).to_pylist()


def added(tao: int, *fee: int, netuid: int = 7, extrinsic: int = 1) -> dict:
    return event("StakeAdded", "cold", "hot", tao, 500, netuid, *fee, extrinsic=extrinsic)


def removed(tao: int, *fee: int, netuid: int = 7, extrinsic: int = 1) -> dict:
    return event("StakeRemoved", "cold", "hot", tao, 500, netuid, *fee, extrinsic=extrinsic)


def pool_side(row: dict) -> tuple:
    return row["pool_tao_in_rao"], row["pool_tao_out_rao"], row["fee_rao"], row["is_fee_in_alpha"]


def test_before_257_an_event_has_no_fee_field():
    bought, sold = rows_at(252, added(1000), removed(1000))
    assert pool_side(bought) == (1000, 0, None, None)
    assert pool_side(sold) == (0, 1000, None, None)


def test_from_257_the_flat_fee_is_in_tao_and_already_left_out_of_tao():
    bought, sold = rows_at(257, added(1000, 50), removed(1000, 50))
    assert pool_side(bought) == (1000, 0, 50, False)
    assert pool_side(sold) == (0, 1000, 50, False)


def test_from_290_a_buy_says_tao_with_the_fee_and_a_sale_has_its_fee_in_alpha():
    bought, sold = rows_at(293, added(1000, 50), removed(1000, 50))
    assert pool_side(bought) == (950, 0, 50, False)
    assert pool_side(sold) == (0, 1000, 50, True)


def test_up_to_293_a_move_inside_one_subnet_is_two_swaps():
    rows = rows_at(293, removed(1000, 0), added(1000, 0))
    assert [row["is_pool_touching"] for row in rows] == [True, True]


def test_from_297_a_move_inside_one_subnet_touches_no_pool():
    rows = rows_at(297, removed(1000, 0), added(1000, 0))
    assert [row["is_pool_touching"] for row in rows] == [False, False]
    assert [pool_side(row)[:2] for row in rows] == [(0, 0), (0, 0)]
    assert [row["tao_rao"] for row in rows] == [1000, 1000]


@pytest.mark.parametrize(
    "pair",
    [
        (removed(1000, 0, netuid=7), added(1000, 0, netuid=8)),
        (removed(1000, 0), added(1000, 5)),
        (removed(1000, 0, extrinsic=1), added(1000, 0, extrinsic=2)),
        (added(1000, 0), removed(1000, 0)),
    ],
)
def test_from_297_any_other_pair_is_two_swaps(pair):
    assert all(row["is_pool_touching"] for row in rows_at(297, *pair))


def test_root_has_no_pool():
    (row,) = rows_at(293, added(1000, 50, netuid=0))
    assert (row["is_pool_touching"], row["pool_tao_in_rao"]) == (False, 0)


def test_where_a_move_leads_is_kept():
    moved, transferred, swapped = rows_at(
        293,
        event("StakeMoved", "cold", "hot", 1, "hot2", 2, 10),
        event("StakeTransferred", "cold", "cold2", "hot", 1, 2, 10),
        event("StakeSwapped", "cold", "hot", 1, 2, 10),
    )
    where = ("dest_coldkey_ss58", "dest_hotkey_ss58", "dest_netuid")
    assert [moved[c] for c in where] == ["cold", "hot2", 2]
    assert [transferred[c] for c in where] == ["cold2", "hot", 2]
    assert [swapped[c] for c in where] == ["cold", "hot", 2]
    assert not any(row["is_pool_touching"] for row in (moved, transferred, swapped))


def test_a_registration_by_burn_buys_alpha_for_an_amount_it_does_not_say():
    recycled = event("RAORecycledForRegistrationSet", 7, 325)
    (row,) = rows_at(293, recycled, event("NeuronRegistered", 7, 3, "hot"))
    assert (row["is_pool_touching"], row["pool_tao_in_rao"]) == (True, None)


def test_a_registration_by_work_buys_nothing():
    elsewhere = event("RAORecycledForRegistrationSet", 8, 325)
    (row,) = rows_at(293, elsewhere, event("NeuronRegistered", 7, 3, "hot"))
    assert (row["is_pool_touching"], row["pool_tao_in_rao"]) == (False, 0)


def keys_of(row: dict) -> list:
    ends = ("coldkey_ss58", "hotkey_ss58", "netuid")
    return [row[name] for name in (*ends, *(f"dest_{name}" for name in ends))]


def test_a_swap_of_a_key_says_whose_keys_and_on_which_subnet():
    swapped, on_one, coldkey, dearer = rows_at(
        293,
        event("HotkeySwapped", coldkey="cold", old_hotkey="old", new_hotkey="new"),
        event(
            "HotkeySwappedOnSubnet", coldkey="cold", old_hotkey="old", new_hotkey="new", netuid=7
        ),
        event("ColdkeySwapped", old_coldkey="old", new_coldkey="new"),
        event("ColdkeySwapped", old_coldkey="old", new_coldkey="new", swap_cost=5),
    )
    assert keys_of(swapped) == ["cold", "old", None, "cold", "new", None]
    assert keys_of(on_one) == ["cold", "old", 7, "cold", "new", 7]
    assert keys_of(coldkey) == keys_of(dearer) == ["old", None, None, "new", None, None]
    assert not any(row["is_pool_touching"] for row in (swapped, on_one, coldkey, dearer))


def paid(who: str, amount: int, extrinsic: int | None = 1) -> dict:
    return event("Deposit", pallet="Balances", who=who, amount=amount, extrinsic=extrinsic)


def test_what_the_end_of_a_subnet_pays_is_kept_and_no_other_deposit():
    rows = rows_at(
        343,
        paid("elsewhere", 9, extrinsic=0),
        paid("A", 50),
        paid("B", 20),
        event("NetworkRemoved", 7),
        event("NetworkAdded", 7, 1),
        paid("the fee that was not used", 3),
        paid("elsewhere", 9, extrinsic=2),
    )
    told = [(row["event_name"], row["coldkey_ss58"], row["netuid"], row["tao_rao"]) for row in rows]
    assert told == [
        ("Deposit", "A", 7, 50),
        ("Deposit", "B", 7, 20),
        ("NetworkRemoved", None, 7, None),
        ("NetworkAdded", None, 7, None),
    ]
    assert [row["event_index"] for row in rows] == [1, 2, 3, 4]


def test_the_ends_of_two_subnets_in_one_extrinsic_are_told_apart():
    rows = rows_at(
        343, paid("A", 5), event("NetworkRemoved", 7), paid("A", 6), event("NetworkRemoved", 8)
    )
    assert [(row["netuid"], row["tao_rao"]) for row in rows] == [
        (7, 5),
        (7, None),
        (8, 6),
        (8, None),
    ]


def test_later_specs_say_when_all_that_a_subnet_was_is_cleared():
    (row,) = rows_at(439, event("NetworkDissolveCleanupCompleted", netuid=7, extrinsic=None))
    assert (row["event_name"], row["netuid"]) == ("NetworkDissolveCleanupCompleted", 7)


def test_events_of_other_kinds_make_no_row():
    assert (
        rows_at(293, event("WeightsSet", 1, 2), event("Deposit", pallet="Balances", who="x")) == []
    )


@pytest.mark.parametrize("fields", [("cold", "hot", 1, 2), ("cold", "hot", 1, 2, 3, 4, 5)])
def test_a_form_no_version_has_is_named_with_its_place(fields):
    with pytest.raises(DecodeError) as caught:
        rows_at(293, event("StakeAdded", *fields))
    for part in ("StakeAdded", "block 9", "event 0", "spec 293", f"{len(fields)} fields"):
        assert part in str(caught.value)


# ---------------------------------------------------------------------- on the recorded chain


@pytest.fixture(scope="module")
def recorded(embedded):
    reader = Recording(embedded)
    raw = land.raw_events(reader, reader.headers(range(300, 901)))
    return raw, metadata.confirm(293, reader.metadata(293))


def test_every_recorded_stake_event_is_there_as_another_decoder_read_it(recorded, embedded):
    """events.parquet of the recording was decoded by other software."""
    raw, layout = recorded
    rows = stake_events.chain_stake_events(raw, {293: layout})
    theirs = pq.read_table(embedded / "events.parquet")
    named = pa.array(["StakeAdded", "StakeRemoved"])
    theirs = theirs.filter(pc.is_in(theirs["variant"], value_set=named))
    ours = rows.filter(pc.is_in(rows["event_name"], value_set=named))
    assert ours.num_rows == theirs.num_rows > 1000
    columns = ("coldkey_ss58", "hotkey_ss58", "tao_rao", "alpha_rao", "netuid", "fee_rao")
    for our, their in zip(ours.to_pylist(), theirs.to_pylist(), strict=True):
        assert our["block_number"] == their["block_number"]
        assert our["event_index"] == their["event_index"]
        assert our["extrinsic_index"] == their["extrinsic_index"]
        assert [str(our[c]) for c in columns] == json.loads(their["attributes"])


def test_no_stake_event_is_lost(recorded, embedded):
    raw, layout = recorded
    rows = stake_events.chain_stake_events(raw, {293: layout})
    theirs = pq.read_table(embedded / "events.parquet")
    for name in stake_events.EVENT_NAMES:
        count = pc.sum(pc.equal(theirs["variant"], name)).as_py()
        assert pc.sum(pc.equal(rows["event_name"], name)).as_py() == count, name


def test_events_cut_short_are_named_with_their_block(recorded):
    raw, layout = recorded
    rows = raw.to_pylist()[:10]
    rows[6]["events"] = rows[6]["events"][:-3]
    with pytest.raises(DecodeError, match="events of block 306 "):
        stake_events.chain_stake_events(
            pa.Table.from_pylist(rows, RAW_CHAIN__EVENTS), {293: layout}
        )


def test_events_of_an_unconfirmed_spec_are_not_decoded(recorded):
    raw, _ = recorded
    with pytest.raises(LayoutError, match="spec 293 was not confirmed, so the events of block 300"):
        stake_events.chain_stake_events(raw, {})
