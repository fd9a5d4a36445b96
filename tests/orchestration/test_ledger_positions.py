"""A ledger posted day after day: to tables and back, without a gap and without a rao astray."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from orchestration import refresh
from orchestration.errors import LedgerError
from orchestration.ledger.positions import Day, post_day
from orchestration.schemas import (
    CHAIN__STAKE_LEDGER,
    CHAIN__STAKES_BY_DAY,
    RECOMPUTED__POOL_PRICES,
)
from tests.conftest import Silent
from tests.orchestration.test_refresh import ask

HALF = 1 << 63
"""0.5 as U64F64 bits."""


def ledger(*entries: tuple) -> pa.Table:
    """(block, kind, coldkey, alpha, tao or worth) entries of netuid 1, in order."""
    rows = []
    for index, (block, kind, coldkey, alpha, tao) in enumerate(entries):
        is_earned = kind in ("dividend", "incentive")
        row = dict.fromkeys(CHAIN__STAKE_LEDGER.names)
        row |= {"block_number": block, "entry_index": index, "kind": kind}
        row |= {"coldkey_ss58": coldkey, "hotkey_ss58": "H", "netuid": 1}
        row |= {"subnet_registered_at_block": 7, "alpha_rao": alpha}
        rows.append(row | {"tao_rao": 0 if is_earned else tao})
        if is_earned:
            rows[-1]["worth_rao"] = tao
        rows[-1]["unpriced_reason"] = "not said" if tao is None else None
    return pa.Table.from_pylist(rows, CHAIN__STAKE_LEDGER)


def stakes(start: int, end: int, **held: tuple[int, int]) -> pa.Table:
    rows = [
        {
            "coldkey_ss58": coldkey,
            "hotkey_ss58": "H",
            "netuid": 1,
            "subnet_registered_at_block": 7,
            "pre_block_number": start,
            "block_number": end,
            "pre_alpha_rao": before,
            "alpha_rao": after,
            "unexplained_reason": None,
        }
        for coldkey, (before, after) in held.items()
    ]
    return pa.Table.from_pylist(rows, CHAIN__STAKES_BY_DAY)


def prices(block: int, bits: int | None = HALF) -> pa.Table:
    row = dict.fromkeys(RECOMPUTED__POOL_PRICES.names) | {"block_number": block, "netuid": 1}
    row["pre_spot_price_u64f64_bits"] = None if bits is None else Decimal(bits)
    return pa.Table.from_pylist([row], RECOMPUTED__POOL_PRICES)


def position(day: Day, coldkey: str) -> dict:
    (row,) = [r for r in day.positions.to_pylist() if r["coldkey_ss58"] == coldkey]
    return row


NONE = ledger()


def test_what_is_held_when_the_books_begin_is_entered_at_its_worth():
    day = post_day(None, NONE, stakes(10, 20, A=(101, 101)), prices(11))
    found = position(day, "A")
    assert (found["opened_alpha_rao"], found["opened_tao_rao"]) == (101, 50)
    assert found["zero_basis_rao"] == found["fair_value_basis_rao"] == found["fifo_basis_rao"] == 50
    assert (found["books_begin_at_block"], found["block_number"]) == (10, 20)
    assert day.lots.to_pylist()[0]["acquired_block_number"] == 10


COSTS = ("zero_basis_rao", "fair_value_basis_rao", "fifo_basis_rao")


def test_what_is_held_without_a_price_has_a_cost_that_is_not_known():
    entries = ledger((12, "sell", "A", -1, 9), (13, "buy", "A", 2, -4))
    day = post_day(None, entries, stakes(10, 20, A=(101, 102)), prices(11, None))
    found = position(day, "A")
    assert found["unpriced_purchases_count"] == 1
    assert [found[name] for name in ("opened_tao_rao", "bought_tao_rao", *COSTS)] == [None] * 5
    assert found["sold_tao_rao"] == 9
    assert {row["tao_rao"] for row in day.lots.to_pylist()} == {None}
    (sale,) = [row for row in day.realized.to_pylist() if row["kind"] == "sell"]
    assert (sale["tao_rao"], sale["zero_basis_cost_rao"], sale["fifo_cost_rao"]) == (9, None, None)
    assert "worth was not known" in sale["unpriced_reason"]


def test_what_was_earned_without_a_price_costs_nothing_by_zero_basis_alone():
    entries = ledger((12, "buy", "A", 5, -20), (13, "dividend", "A", 5, None))
    found = position(post_day(None, entries, stakes(10, 20, A=(0, 10)), prices(11)), "A")
    assert (found["earned_tao_rao"], found["unpriced_earnings_count"]) == (None, 1)
    assert [found[name] for name in COSTS] == [20, None, None]
    assert found["bought_tao_rao"] == 20


def test_alpha_earned_without_a_price_takes_its_cost_along_and_not_its_income():
    entries = ledger(
        (12, "dividend", "A", 5, None),
        (13, "dividend", "B", 3, 7),
        (14, "transfer_out", "A", -2, 0),
        (14, "transfer_in", "B", 2, 0),
    )
    day = post_day(None, entries, stakes(10, 20, A=(0, 3), B=(0, 5)), prices(11))
    found = position(day, "B")
    assert (found["earned_tao_rao"], found["unpriced_earnings_count"]) == (7, 0)
    assert found["unpriced_earned_moves_count"] == 1
    assert [found[name] for name in COSTS] == [0, None, None]


def test_what_unread_epochs_paid_is_worth_what_is_not_known():
    entries = ledger((12, "buy", "A", 5, -20), (13, "unread", "A", 5, 0), (14, "sell", "A", -1, 9))
    at = entries.schema.get_field_index("unpriced_reason")
    reasons = pa.array([None, "not read", None], pa.string())
    entries = entries.set_column(at, entries.schema.field(at), reasons)
    day = post_day(None, entries, stakes(10, 20, A=(0, 9)), prices(11))
    found = position(day, "A")
    assert (found["earned_tao_rao"], found["unpriced_earnings_count"]) == (None, 1)
    assert [found[name] for name in COSTS] == [16, None, None]
    assert (found["adjusted_alpha_rao"], found["sold_tao_rao"]) == (5, 9)
    (sale,) = day.realized.to_pylist()
    assert (sale["zero_basis_cost_rao"], sale["fifo_cost_rao"]) == (4, None)


def test_the_end_of_a_subnet_that_does_not_say_what_it_paid_is_no_sale_for_nothing():
    entries = ledger((12, "buy", "A", 5, -20), (13, "sell", "A", -1, 6))
    ended = ledger(
        (12, "buy", "A", 5, -20), (13, "sell", "A", -1, 6), (14, "dissolution", "A", -4, None)
    )
    assert (
        position(post_day(None, entries, stakes(10, 20, A=(0, 4)), prices(11)), "A")["sold_tao_rao"]
        == 6
    )
    day = post_day(None, ended, stakes(10, 20, A=(0, 0)), prices(11))
    found = position(day, "A")
    assert (found["sold_tao_rao"], found["unpriced_sales_count"]) == (None, 1)
    assert (found["zero_basis_cost_rao"], found["fifo_cost_rao"]) == (20, 20)
    sale, end = day.realized.to_pylist()
    assert (sale["tao_rao"], sale["fifo_cost_rao"], sale["unpriced_reason"]) == (6, 4, None)
    assert (end["tao_rao"], end["fifo_cost_rao"], end["unpriced_reason"]) == (None, 16, "not said")


def test_what_a_subnet_left_and_a_later_day_clears_is_still_of_that_subnet():
    first = post_day(None, ledger((12, "buy", "A", 5, -20)), stakes(10, 20, A=(0, 5)), prices(11))
    # On the next day the netuid has no subnet: its rows say 0.
    cleared, held = ledger((22, "dissolution", "A", -5, 30)), stakes(20, 30, A=(5, 0))
    cleared, held = (
        table.set_column(
            table.schema.get_field_index("subnet_registered_at_block"),
            table.schema.field("subnet_registered_at_block"),
            pa.array([0] * table.num_rows, pa.int64()),
        )
        for table in (cleared, held)
    )
    day = post_day(first, cleared, held, prices(21))
    (end,) = day.realized.to_pylist()
    assert (end["subnet_registered_at_block"], end["tao_rao"], end["fifo_cost_rao"]) == (7, 30, 20)
    found = position(day, "A")
    assert (found["subnet_registered_at_block"], found["held_alpha_rao"]) == (7, 0)


def test_a_cost_that_is_not_known_goes_where_the_alpha_goes_and_over_the_day_s_end():
    entries = ledger(
        (12, "transfer_out", "A", -40, 0),
        (12, "transfer_in", "B", 40, 0),
        (13, "buy", "C", 10, -5),
    )
    held = stakes(10, 20, A=(100, 60), B=(0, 40), C=(0, 10))
    first = post_day(None, entries, held, prices(11, None))
    assert position(first, "B")["unpriced_moves_count"] == 1
    assert [position(first, "B")[name] for name in COSTS] == [None] * 3
    assert position(first, "B")["bought_tao_rao"] == 0
    assert [position(first, "C")[name] for name in COSTS] == [5] * 3
    later = ledger((22, "sell", "B", -40, 9), (23, "sell", "C", -4, 9))
    held = stakes(20, 30, A=(60, 60), B=(40, 0), C=(10, 6))
    second = post_day(first, later, held, prices(21))
    of_b, of_c = second.realized.to_pylist()
    assert (of_b["tao_rao"], of_b["zero_basis_cost_rao"]) == (9, None)
    assert (of_c["tao_rao"], of_c["zero_basis_cost_rao"], of_c["unpriced_reason"]) == (9, 2, None)
    assert [position(second, "A")[name] for name in COSTS] == [None] * 3


def test_a_chain_of_transfers_brings_the_first_cost_to_the_last_sale():
    entries = ledger(
        (12, "buy", "A", 100, -1_000),
        (13, "transfer_out", "A", -100, 0),
        (13, "transfer_in", "B", 100, 0),
        (14, "transfer_out", "B", -100, 0),
        (14, "transfer_in", "C", 100, 0),
        (15, "sell", "C", -60, 900),
    )
    held = stakes(10, 20, A=(0, 0), B=(0, 0), C=(0, 40))
    (row,) = post_day(None, entries, held, prices(11)).realized.to_pylist()
    assert (row["coldkey_ss58"], row["alpha_rao"], row["tao_rao"]) == ("C", 60, 900)
    assert {row[f"{m}_cost_rao"] for m in ("zero_basis", "fair_value", "fifo")} == {600}


ENTRIES = (
    (12, "buy", "A", 100, -1_000),
    (13, "dividend", "A", 30, 90),
    (14, "transfer_out", "A", -50, 0),
    (14, "transfer_in", "B", 50, 0),
    (15, "sell", "A", -40, 700),
    (16, "buy", "A", 10, -400),
    (17, "rounding", "B", -1, 0),
    (18, "sell", "B", -20, 300),
    (19, "burn", "A", -5, 0),
)


@pytest.mark.parametrize("seam", [12, 13, 14, 15, 16, 17, 18])
def test_two_days_come_to_what_one_comes_to(seam):
    """Through the tables and back, wherever the day is cut."""
    whole = post_day(None, ledger(*ENTRIES), stakes(10, 20, A=(0, 45), B=(0, 29)), prices(11))
    held = {"A": 0, "B": 0}
    for block, _, coldkey, alpha, _ in ENTRIES:
        held[coldkey] += alpha if block <= seam else 0
    evening = stakes(10, seam, **{who: (0, alpha) for who, alpha in held.items()})
    first = post_day(None, ledger(*(e for e in ENTRIES if e[0] <= seam)), evening, prices(11))
    morning = stakes(seam, 20, A=(held["A"], 45), B=(held["B"], 29))
    second = post_day(first, ledger(*(e for e in ENTRIES if e[0] > seam)), morning, prices(99))
    assert second.positions == whole.positions
    assert second.lots == whole.lots
    amounts = [name for name in whole.realized.schema.names if name != "entry_index"]
    joined = pa.concat_tables([first.realized, second.realized])
    assert joined.select(amounts).to_pylist() == whole.realized.select(amounts).to_pylist()


def test_a_day_that_does_not_go_on_from_the_one_before_begins_the_books_anew():
    first = post_day(None, NONE, stakes(10, 20, A=(100, 100)), prices(11))
    later = post_day(first, NONE, stakes(30, 40, A=(160, 160)), prices(31))
    found = position(later, "A")
    assert (found["books_begin_at_block"], found["opened_alpha_rao"]) == (30, 160)


def test_a_day_that_begins_otherwise_than_the_one_before_ended_is_refused():
    first = post_day(None, NONE, stakes(10, 20, A=(100, 100)), prices(11))
    with pytest.raises(LedgerError, match=r"100 rao .* and at 101 at block 20"):
        post_day(first, NONE, stakes(20, 30, A=(101, 101)), prices(21))


def test_a_day_posted_twice_is_refused_or_begins_anew_never_doubled():
    entries, held = ledger((12, "buy", "A", 5, -9)), stakes(10, 20, A=(0, 5))
    once = post_day(None, entries, held, prices(11))
    assert post_day(once, entries, held, prices(11)).positions == once.positions


def test_a_sale_of_more_than_is_held_is_refused():
    with pytest.raises(LedgerError, match="more alpha than the position holds"):
        post_day(None, ledger((12, "sell", "A", -5, 9)), stakes(10, 20, A=(4, 0)), prices(11))


def test_a_day_no_rule_is_known_for_has_no_positions():
    unknown = stakes(10, 20, A=(1, 1)).to_pylist()
    unknown[0] |= {"pre_alpha_rao": None, "alpha_rao": None, "unexplained_reason": "no rule"}
    day = post_day(None, NONE, pa.Table.from_pylist(unknown, CHAIN__STAKES_BY_DAY), prices(11))
    assert {len(getattr(day, f.name)) for f in dataclasses.fields(day)} == {0}


# ---------------------------------------------------------------------- in a refresh


def over_midnight(first_of_second_day: int) -> Callable[[pa.Table], pa.Table]:
    def change(blocks: pa.Table) -> pa.Table:
        rows = blocks.to_pylist()
        for row in rows:
            if row["block_number"] >= first_of_second_day:
                row["timestamp_ms"] += 86_400_000
        return pa.Table.from_pylist(rows, blocks.schema)

    return change


def test_days_follow_each_other_in_a_refresh_and_a_changed_day_is_posted_again(altered, at_home):
    chosen = at_home(altered(blocks=over_midnight(616)))
    refresh.run(chosen, refresh.plan(chosen, None, None), Silent())
    lake = chosen.lake
    days = lake.days("recomputed__positions_by_day")
    assert days == ["2025-07-08", "2025-07-09"]
    first, second = (lake.read("recomputed__positions_by_day", day) for day in days)
    assert pc.unique(first["block_number"]).to_pylist() == [615]
    assert pc.unique(second["books_begin_at_block"]).to_pylist() == [600]
    assert ask(
        chosen.home, "select verdict, count(*) > 2000 from rec_ledger_by_day group by verdict"
    ) == [("exact", True)]

    # Another first day (here: none of its entries) is another second day.
    posted = lake.facts("recomputed__positions_by_day", days[1])["posted_from"]
    for table in ("chain__stake_ledger", "chain__stakes_by_day"):
        none = lake.read(table, days[0]).slice(0, 0)
        lake.write(table, none, days[0], lake.facts(table, days[0]))
    from orchestration.defs.recomputed.assets import recomputed__positions
    from orchestration.defs.resources import LakeResource

    list(recomputed__positions(dg.build_asset_context(), LakeResource()))
    assert lake.facts("recomputed__positions_by_day", days[1])["posted_from"] != posted
    again = lake.read("recomputed__positions_by_day", days[1])
    assert pc.unique(again["books_begin_at_block"]).to_pylist() == [615]
