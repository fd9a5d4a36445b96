"""Epochs from raw bytes to verdicts: decoded as they lie, recomputed to the bit, one unit seen."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanics import yuma as law
from mechanics.engine import yuma as engine
from orchestration import refresh
from orchestration.chain import decode, epochs, land, metadata
from orchestration.chain.keys import map_key, netuid_key
from orchestration.chain.layout import (
    BONDS,
    LAST_UPDATE,
    OUTPUT_VECTORS,
    PARENTS,
    VALIDATOR_PERMIT,
    WEIGHTS,
    StorageItem,
)
from orchestration.chain.recording import Recording
from orchestration.chain.values import decode_vectors
from orchestration.errors import DecodeError, RecomputeError
from orchestration.lake import Lake
from orchestration.recompute import epochs as recompute
from orchestration.recompute.epoch_tables import REGISTERED_IN_THE_BLOCK
from orchestration.schemas import RAW_CHAIN__STORAGE
from orchestration.warehouse import Warehouse
from tests.conftest import Silent
from tests.mechanics.recorded_epochs import epochs as recorded_epochs

DAY = "2025-07-08"
NAMES = ("epochs", "epoch_neurons", "epoch_kin", "epoch_weights", "epoch_bonds")
QUANTITIES = {
    "Active",
    "ValidatorPermit",
    "StakeWeight",
    "Consensus",
    "Incentive",
    "Dividends",
    "ValidatorTrust",
    "Rank",
    "Trust",
    "PruningScores",
    "Emission",
    "AlphaDividendsPerSubnet",
    "TaoDividendsPerSubnet",
    "Bonds",
}


def ask(home: Path, sql: str) -> list[tuple]:
    with Warehouse(home).reading() as reader:
        return reader.sql(sql).fetchall()


# ---------------------------------------------------------------------- the books


def test_every_output_of_every_epoch_of_the_embedded_recording_is_exact(books):
    verdicts = ask(
        books.home, "select quantity, verdict, count(*) from rec_epochs group by all order by all"
    )
    assert {quantity for quantity, _, _ in verdicts} == QUANTITIES
    assert {(verdict, count) for _, verdict, count in verdicts} == {("exact", 343)}
    rows = ask(books.home, "select verdict, count(*) from rec_epoch_neurons group by all")
    assert rows == [("exact", 11_545)]
    by_day = ask(
        books.home,
        "select quantity, pairs_count, exact_count from rec_verdicts_by_day"
        " where quantity_era like 'v%' and residual_unit in ('u16', 'boolean')",
    )
    assert len(by_day) == 11
    assert {(pairs, exact) for _, pairs, exact in by_day} == {(11_545, 11_545)}


def test_epochs_of_every_kind_and_place_are_among_them(books):
    kinds = ask(
        books.home,
        "select is_yuma3, is_liquid_alpha, is_commit_reveal, count(*) from rec_epochs"
        " where quantity = 'Consensus' group by all order by all",
    )
    assert kinds == [
        (False, False, False, 191),
        (False, False, True, 33),
        (True, False, False, 32),
        (True, False, True, 28),
        (True, True, False, 59),
    ]
    later = ask(
        books.home,
        "select root_gain_source, count(*) from rec_epochs"
        " where quantity = 'Consensus' and place_in_block > 1 group by all",
    )
    assert later == [("recomputed", 81)]


def test_rewards_of_a_day_are_those_of_its_epochs_and_no_more_than_was_pending(books):
    (sums,) = ask(
        books.home,
        "select (select sum(reward_alpha_rao) from fct_neuron_rewards_by_day),"
        " (select sum(reward_alpha_rao) from fct_neuron_rewards_by_epoch),"
        " (select sum(drained_emission_rao) from staging.stg_recomputed__pool_states)",
    )
    by_day, by_epoch, pending = sums
    assert by_day == by_epoch
    assert 0 < by_epoch <= pending


def test_incentive_of_an_owner_hotkey_is_paid_to_nobody(books):
    rows = ask(
        books.home,
        "select count(*), count(*) filter (where incentive_paid_alpha_rao = 0),"
        " sum(withheld_alpha_rao) from fct_neuron_rewards_by_epoch"
        " where is_owner_hotkey and incentive_alpha_rao > 0",
    )
    ((count, unpaid, withheld),) = rows
    assert count == unpaid > 0
    burned = ask(books.home, "select sum(withheld_alpha_rao) from fct_subnet_consensus_by_epoch")
    assert burned == [(withheld,)]


def test_hyperparameters_stand_once_and_again_only_when_changed(books):
    """Netuid 25 was registered in block 700; nothing else was set in these blocks."""
    rows = ask(
        books.home,
        "select netuid, block_number, is_first_of_day from staging.stg_chain__hyperparameters"
        " order by netuid",
    )
    assert rows == [(netuid, 300, True) for netuid in range(1, 25)] + [(25, 700, False)]


# ---------------------------------------------------------------------- against another reader


def rows_by_uid(table: pa.Table, uids: str, shares: str) -> dict[tuple, dict[int, tuple]]:
    found: dict[tuple, dict[int, tuple]] = {}
    names = ("block_number", "netuid", "uid", uids, shares)
    for block, netuid, uid, targets, values in zip(
        *(table[name].to_pylist() for name in names), strict=True
    ):
        if targets is not None:
            row = tuple(zip(targets, values, strict=True))
            found.setdefault((block, netuid), {})[uid] = row
    return found


def test_what_is_decoded_is_what_another_reader_finds_in_the_storage(books, embedded):
    lake = Lake(books.home / "lake")
    tables = {name: lake.read(f"chain__{name}", DAY) for name in NAMES}
    weights = rows_by_uid(tables["epoch_weights"], "target_uids", "weights_u16")
    before = rows_by_uid(tables["epoch_bonds"], "pre_target_uids", "pre_bonds_u16")
    after = rows_by_uid(tables["epoch_bonds"], "target_uids", "bonds_u16")
    neurons = tables["epoch_neurons"].to_pylist()
    by_epoch: dict[tuple, list[dict]] = {}
    for row in neurons:
        by_epoch.setdefault((row["block_number"], row["netuid"]), []).append(row)
    seen = 0
    for epoch in recorded_epochs(embedded):
        state = epoch.state
        key = (state.block_number, state.netuid)
        assert weights.get(key, {}) == dict(state.weights), key
        assert before.get(key, {}) == dict(state.bonds), key
        assert after.get(key, {}) == dict(epoch.bonds), key
        rows = by_epoch[key]
        assert [row["pre_last_update_block"] for row in rows] == list(state.last_update)
        assert [row["pre_is_validator_permitted"] for row in rows] == list(state.validator_permit)
        registered = [row["pre_registered_at_block"] for row in rows]
        assert registered == list(state.block_at_registration)
        assert [row["incentive_u16"] for row in rows] == epoch.outputs["incentive_u16"]
        assert [row["emission_rao"] for row in rows] == epoch.outputs["emission_rao"]
        seen += 1
    assert seen == tables["epochs"].num_rows == 343


# ---------------------------------------------------------------------- a few blocks, by hand


class Taken(NamedTuple):
    """A recording's raw tables."""

    storage: pa.Table
    epochs: pa.Table


def landed(folder: Path, interval: int = 1) -> Taken:
    reader = Recording(folder)
    blocks = range(reader.first_state_block(), reader.finalized_head() + 1)
    headers = land.raw_blocks(reader, blocks)
    storage = pa.Table.from_batches(
        land.raw_storage(reader, headers, interval), schema=RAW_CHAIN__STORAGE
    )
    found = pa.Table.from_batches(
        land.raw_epoch_storage(reader, storage), schema=RAW_CHAIN__STORAGE
    )
    return Taken(storage, found)


@pytest.fixture(scope="module")
def taken(small) -> Taken:
    return landed(small)


@pytest.fixture(scope="module")
def layouts(small):
    raw = (small / "metadata" / "293_v14.scale").read_bytes()
    return {293: metadata.confirm(293, raw)}


def decoded(taken: Taken, layouts) -> dict[str, pa.Table]:
    found = epochs.EpochFrames(taken.epochs, decode.StateFrames(taken.storage, layouts))
    return {name: getattr(epochs, f"chain_{name}")(found) for name in NAMES}


@pytest.fixture(scope="module")
def tables(taken, layouts) -> dict[str, pa.Table]:
    return decoded(taken, layouts)


@pytest.fixture(scope="module")
def pools(books) -> pa.Table:
    return Lake(books.home / "lake").read("recomputed__pool_states", DAY)


def changed(taken: Taken, key: bytes, change: Callable[[bytes | None], bytes | None]) -> Taken:
    """With every value of a key of an epoch changed."""
    rows = taken.epochs.to_pylist()
    assert any(row["key"] == key for row in rows)
    for row in rows:
        if row["key"] == key:
            row["value"] = change(row["value"])
    return Taken(taken.storage, pa.Table.from_pylist(rows, RAW_CHAIN__STORAGE))


def put(table: pa.Table, row: int, **cells: object) -> pa.Table:
    rows = table.to_pylist()
    rows[row] |= cells
    return pa.Table.from_pylist(rows, table.schema)


def exact(table: pa.Table, recomputed: pa.Table, name: str) -> list[bool]:
    return pc.fill_null(pc.equal(table[name], recomputed[name]), False).to_pylist()


def test_an_epoch_is_found_where_the_last_step_became_the_block(taken, tables, small):
    runs = land.epoch_runs(taken.storage)
    found = [(block, run.netuid) for block, due in runs.items() for run in due]
    rows = tables["epochs"].select(["block_number", "netuid"]).to_pylist()
    assert found == [(row["block_number"], row["netuid"]) for row in rows]
    recorded = [(e.state.block_number, e.state.netuid) for e in recorded_epochs(small)]
    assert found == recorded
    assert len(found) == 17


@pytest.mark.parametrize("interval", [5, 10])
def test_sampled_snapshots_have_the_epochs_of_their_blocks_and_those_are_exact(
    small, layouts, tables, pools, interval
):
    sampled = decoded(landed(small, interval), layouts)
    blocks = tables["epochs"]["block_number"].to_pylist()
    expected = [block for block in blocks if block % interval == 0 or block in (601, 630)]
    assert sampled["epochs"]["block_number"].to_pylist() == expected
    assert expected
    whole = tables["epoch_neurons"]
    kept = whole.filter(pc.is_in(whole["block_number"], pa.array(expected, pa.int64())))
    assert sampled["epoch_neurons"].equals(kept)
    done = recompute.recompute(*sampled.values(), pools)
    assert all(exact(kept, done.neurons, "incentive_u16"))


def test_a_key_that_did_not_change_is_landed_once(taken):
    rows = taken.epochs.select(["key", "value"]).to_pylist()
    last: dict[bytes, bytes | None] = {}
    for row in rows:
        assert row["key"] not in last or last[row["key"]] != row["value"]
        last[row["key"]] = row["value"]


# ---------------------------------------------------------------------- one unit


def incentive_of(netuid: int) -> bytes:
    item = next(i for i in OUTPUT_VECTORS if i.item == "Incentive")
    return netuid_key(item.prefix, item.key, netuid)


def one_u16_more(netuid: int, block: int, uid: int) -> Callable[[pa.Table], pa.Table]:
    """Adds 1 to what an epoch wrote as the incentive of a neuron."""
    key = incentive_of(netuid)

    def change(changes: pa.Table) -> pa.Table:
        rows = changes.to_pylist()
        of_block = [r for r in rows if r["key"] == key and r["block_number"] == block]
        (row,) = of_block
        value = bytearray(row["value"])
        header = 1 << (value[0] & 3)
        at = header + 2 * uid
        number = int.from_bytes(value[at : at + 2], "little")
        value[at : at + 2] = (number + 1).to_bytes(2, "little")
        row["value"] = bytes(value)
        return pa.Table.from_pylist(rows, changes.schema)

    return change


def test_one_u16_in_one_observed_value_turns_exactly_that_row_to_differs(altered, at_home, tables):
    incentives = tables["epoch_neurons"].filter(
        pc.greater(tables["epoch_neurons"]["incentive_u16"], 0)
    )
    row = incentives.slice(5, 1).to_pylist()[0]
    block, netuid, uid = row["block_number"], row["netuid"], row["uid"]
    chosen = at_home(altered(storage_changes=one_u16_more(netuid, block, uid)))
    refresh.run(chosen, refresh.plan(chosen, None, None), Silent())
    differing = ask(
        chosen.home,
        "select block_number, netuid, uid, cast(residual_incentive_u16 as bigint),"
        " incentive_u16_verdict, consensus_u16_verdict, bonds_verdict"
        " from rec_epoch_neurons where verdict <> 'exact'",
    )
    assert differing == [(block, netuid, uid, -1, "differs", "exact", "exact")]
    epoch = ask(
        chosen.home,
        "select block_number, netuid, quantity, differs_count, first_differing_uid,"
        " cast(worst_absolute_residual as bigint) from rec_epochs where verdict <> 'exact'",
    )
    assert epoch == [(block, netuid, "Incentive", 1, uid, 1)]
    day = ask(
        chosen.home,
        "select differs_count, first_differing_block_number from rec_verdicts_by_day"
        " where quantity = 'Incentive'",
    )
    assert day == [(1, block)]


# ---------------------------------------------------------------------- root, and what is unknown


def test_later_epochs_of_a_block_need_the_root_dividends_of_the_earlier(tables, pools, monkeypatch):
    table = tables["epoch_neurons"]
    done = recompute.recompute(*tables.values(), pools).neurons
    assert all(exact(table, done, "emission_rao"))
    assert set(done["root_gain_source"].to_pylist()) == {None, "recomputed"}
    monkeypatch.setattr(recompute._RootGains, "add", lambda self, epoch, payouts: None)
    without = recompute.recompute(*tables.values(), pools).neurons
    stakes = [n["root_stake_rao"].to_pylist() for n in (done, without)]
    assert stakes[0] != stakes[1]


def test_without_the_pending_alpha_what_is_paid_is_unexplained_and_the_rest_exact(tables, pools):
    unknown = pools.set_column(
        pools.schema.get_field_index("drained_emission_rao"),
        pools.schema.field("drained_emission_rao"),
        pa.nulls(pools.num_rows, pa.int64()),
    )
    done = recompute.recompute(*tables.values(), unknown).neurons
    for name in ("emission_rao", "alpha_dividends_rao", "tao_dividends_rao"):
        assert done[name].null_count == done.num_rows
    assert done["payout_unexplained_reason"].null_count == 0
    assert set(done["root_gain_source"].to_pylist()) == {None, "observed"}
    for name in ("incentive_u16", "dividends_u16", "consensus_u16", "pruning_score_u16"):
        assert all(exact(tables["epoch_neurons"], done, name)), name


def with_column(table: pa.Table, name: str, value: object) -> pa.Table:
    at = table.schema.get_field_index(name)
    field = table.schema.field(at)
    return table.set_column(at, field, pa.array([value] * table.num_rows, field.type))


@pytest.mark.parametrize("variant", [None, 0, 1])
def test_withheld_incentive_leaves_alpha_out_where_the_subnet_recycles(tables, pools, variant):
    """As spec 320 has it; the recorded subnets are of before, and burn."""
    epochs = with_column(tables["epochs"], "spec_version", 320)
    epochs = with_column(epochs, "pre_is_commit_reveal", False)
    epochs = with_column(epochs, "pre_recycle_or_burn", variant)
    others = [table for name, table in tables.items() if name != "epochs"]
    done = recompute.recompute(epochs, *others, pools).neurons.to_pylist()
    withheld: dict[tuple[int, int], int] = {}
    recycled: dict[tuple[int, int], set[int]] = {}
    for row in done:
        key = (row["block_number"], row["netuid"])
        recycled.setdefault(key, set()).add(row["recycled_alpha_rao"])
        if row["server_emission_rao"] is not None:
            left = row["server_emission_rao"] - row["incentive_paid_rao"]
            withheld[key] = withheld.get(key, 0) + left
    assert sum(withheld.values()) > 0
    is_recycling = variant == 1
    assert recycled == {key: {rao if is_recycling else 0} for key, rao in withheld.items()}
    unknown = with_column(pools, "drained_emission_rao", None)
    done = recompute.recompute(epochs, *others, unknown).neurons
    assert set(done["recycled_alpha_rao"].to_pylist()) == {None if is_recycling else 0}


def test_a_neuron_that_registered_in_the_block_is_unexplained_and_stays(tables, pools):
    table = put(tables["epoch_neurons"], 7, is_registered_in_block=True)
    done = recompute.recompute(*(tables | {"epoch_neurons": table}).values(), pools)
    reasons = done.neurons["unexplained_reason"].to_pylist()
    assert reasons[7] == REGISTERED_IN_THE_BLOCK
    assert reasons.count(None) == len(reasons) - 1


def test_an_epoch_of_an_unknown_spec_is_unexplained_and_every_neuron_stays(tables, pools):
    rows = [row | {"spec_version": 999} for row in tables["epochs"].to_pylist()]
    later = pa.Table.from_pylist(rows, tables["epochs"].schema)
    done = recompute.recompute(*(tables | {"epochs": later}).values(), pools)
    assert done.neurons.num_rows == tables["epoch_neurons"].num_rows
    assert done.bonds.num_rows == tables["epoch_bonds"].num_rows
    assert done.neurons["unexplained_reason"].null_count == 0
    assert done.bonds["bonds_u16"].null_count == done.bonds.num_rows


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"spec_version": 297, "pre_is_commit_reveal": True}, "the commits that wait"),
        ({"spec_version": 470}, "Null consensus"),
        (
            {
                "pre_is_yuma3": True,
                "pre_is_liquid_alpha": True,
                "pre_alpha_sigmoid_steepness": None,
            },
            "steepness",
        ),
    ],
)
def test_an_epoch_that_reads_what_is_not_decoded_says_so(tables, pools, change, reason):
    changed = put(tables["epochs"], 3, **change)
    done = recompute.recompute(*(tables | {"epochs": changed}).values(), pools).neurons
    row = tables["epochs"].to_pylist()[3]
    for block, netuid, said in zip(
        *(done[n].to_pylist() for n in ("block_number", "netuid", "unexplained_reason")),
        strict=True,
    ):
        is_it = (block, netuid) == (row["block_number"], row["netuid"])
        assert (said is not None and reason in said) == is_it


# ---------------------------------------------------------------------- bad input


def with_row(tables: dict[str, pa.Table], name: str, **lists: list[int]) -> dict[str, pa.Table]:
    """With something put at the end of the first row of a table that has any entry."""
    column = next(iter(lists))
    rows = tables[name].to_pylist()
    row = next(i for i, r in enumerate(rows) if r[column] and len(r[column]) > 3)
    rows[row] |= {field: [*rows[row][field], *more] for field, more in lists.items()}
    return tables | {name: pa.Table.from_pylist(rows, tables[name].schema)}


def test_a_weight_to_a_uid_that_there_is_not_counts_for_nothing(tables, pools):
    more = with_row(tables, "epoch_weights", target_uids=[60_000], weights_u16=[65_535])
    plain, changed = (recompute.recompute(*t.values(), pools) for t in (tables, more))
    assert changed.neurons.equals(plain.neurons)
    assert changed.bonds.equals(plain.bonds)


def test_a_uid_twice_in_a_row_is_taken_as_the_law_takes_it(tables, pools, monkeypatch):
    neurons = tables["epoch_neurons"].to_pylist()
    leader = max(neurons, key=lambda row: (row["dividends_u16"], row["validator_trust_u16"]))
    key = ("block_number", "netuid", "uid")
    rows = tables["epoch_weights"].to_pylist()
    row = next(i for i, r in enumerate(rows) if all(r[k] == leader[k] for k in key))
    twice = rows[row]["target_uids"] + rows[row]["target_uids"][:1]
    shares = [*rows[row]["weights_u16"], 30_000]
    weights = put(tables["epoch_weights"], row, target_uids=twice, weights_u16=shares)
    more = tables | {"epoch_weights": weights}
    by_engine = recompute.recompute(*more.values(), pools)
    monkeypatch.setattr(engine, "recompute", law.recompute)
    by_law = recompute.recompute(*more.values(), pools)
    assert by_engine.neurons.equals(by_law.neurons)
    assert not by_engine.neurons.equals(recompute.recompute(*tables.values(), pools).neurons)


def test_a_bond_to_a_uid_that_there_is_not_is_refused_by_netuid_block_and_field(tables, pools):
    more = with_row(tables, "epoch_bonds", pre_target_uids=[60_000], pre_bonds_u16=[1])
    rows = tables["epoch_bonds"].to_pylist()
    row = next(r for r in rows if r["pre_target_uids"] and len(r["pre_target_uids"]) > 3)
    with pytest.raises(RecomputeError) as refused:
        recompute.recompute(*more.values(), pools)
    sentence = str(refused.value)
    assert f"netuid {row['netuid']} at block {row['block_number']} cannot be: bonds" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("item", [LAST_UPDATE, VALIDATOR_PERMIT])
@pytest.mark.parametrize(
    ("change", "held"),
    [(lambda value: None, "has 0 values"), (lambda value: shortened(value), "values for")],
)
def test_a_missing_or_short_vector_is_refused_by_netuid_block_and_field(
    taken, layouts, tables, item, change, held
):
    row = tables["epochs"].to_pylist()[0]
    key = netuid_key(item.prefix, item.key, row["netuid"])
    with pytest.raises(DecodeError) as refused:
        decoded(changed(taken, key, change), layouts)
    sentence = str(refused.value)
    assert item.name in sentence
    assert f"netuid {row['netuid']} at block {row['block_number'] - 1} " in sentence
    assert held in sentence


def shortened(value: bytes) -> bytes:
    """The vector without its last element."""
    header = 1 << (value[0] & 3)
    count = int.from_bytes(value[:header], "little") >> 2
    width = (len(value) - header) // count
    return ((count - 1 << 2) | (value[0] & 3)).to_bytes(header, "little") + value[header:-width]


@pytest.mark.parametrize("item", [WEIGHTS, BONDS])
def test_a_row_that_is_no_vector_is_refused_by_netuid_uid_block_and_field(
    taken, layouts, tables, item
):
    name = "epoch_weights" if item is WEIGHTS else "epoch_bonds"
    row = tables[name].to_pylist()[2]
    uids = (row["uid"]).to_bytes(2, "little")
    key = map_key(item.prefix, item.key, row["netuid"].to_bytes(2, "little"), uids)
    with pytest.raises(DecodeError) as refused:
        decoded(changed(taken, key, lambda value: value[:-1]), layouts)
    sentence = str(refused.value)
    assert f"{item.name} at block" in sentence
    assert f"netuid {row['netuid']}, uid {row['uid']} cannot be read" in sentence


# ---------------------------------------------------------------------- vectors


def scale(count: int) -> bytes:
    if count < 64:
        return (count << 2).to_bytes(1, "little")
    if count < 2**14:
        return (count << 2 | 1).to_bytes(2, "little")
    return (count << 2 | 2).to_bytes(4, "little")


KINDS = {
    "Vec<bool>": (st.integers(0, 1), 1),
    "Vec<u16>": (st.integers(0, 2**16 - 1), 2),
    "Vec<u64>": (st.integers(0, 2**64 - 1), 8),
}


def item_of(kind: str) -> StorageItem:
    return StorageItem(("x",), "P", "I", (), kind, ((233, "00"),))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(data=st.data())
def test_a_decoded_vector_is_what_was_encoded(kind, data):
    numbers, width = KINDS[kind]
    vectors = data.draw(st.lists(st.none() | st.lists(numbers, max_size=70), max_size=8))
    raw = [
        None if v is None else scale(len(v)) + b"".join(n.to_bytes(width, "little") for n in v)
        for v in vectors
    ]
    padded = pa.array([b"\xff", *raw], pa.binary()).slice(1)
    found = decode_vectors(item_of(kind), padded)
    starts = found.starts.tolist()
    parts = [found.flat[a:b].tolist() for a, b in pairwise(starts)]
    assert parts == [v or [] for v in vectors]


@pytest.mark.parametrize("count", [0, 63, 64, 16_383, 16_384, 20_000])
def test_every_form_of_a_length_is_read(count):
    raw = scale(count) + bytes(2 * count)
    found = decode_vectors(item_of("Vec<u16>"), pa.array([raw, scale(1) + b"\7\0"], pa.binary()))
    assert found.lengths.tolist() == [count, 1]
    assert found.flat[-1] == 7


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"\x08\1\0", "says 2 elements of 2 bytes and holds 2 bytes"),
        (b"\x04\1\0\0", "says 1 elements of 2 bytes and holds 3 bytes"),
        (b"\x03\0\0\0\0", "holds"),
        (b"\x01", "says"),
    ],
)
def test_bytes_that_are_no_vector_are_refused_with_their_place(raw, what):
    with pytest.raises(ValueError, match=what) as refused:
        decode_vectors(item_of("Vec<u16>"), pa.array([b"\x04\1\0", raw], pa.binary()))
    assert refused.value.args[0] == 1


def test_kin_are_shares_and_accounts():
    account = bytes(range(32))
    raw = scale(1) + (2**64 - 1).to_bytes(8, "little") + account
    found = decode_vectors(PARENTS, pa.array([raw], pa.binary()))
    assert found.flat["share"].tolist() == [2**64 - 1]
    assert found.flat["account"].tolist() == [account]
    assert np.array_equal(found.starts, [0, 1])
