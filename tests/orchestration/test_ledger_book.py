"""Cost and profit of positions: each method against its definition, and every identity."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import LedgerError
from orchestration.ledger import book
from orchestration.ledger.book import METHODS, Positions, post, zero_basis_cost
from orchestration.ledger.exact import mul_div, mul_div_up
from orchestration.ledger.kinds import Effect

OPEN, BUY, EARN, SELL, LOSE, OUT, IN, ADJUST = Effect
A, B, C = 0, 1, 2
MOST = 2**63 - 1


def posted(entries, before: Positions | None = None, count: int = 3, block: int = 1):
    """Posts (position, effect, alpha, tao) entries, all of one block."""
    columns = list(zip(*entries, strict=True)) or [(), (), (), ()]
    position, effect, alpha, tao = (np.array(column, np.int64) for column in columns)
    blocks = np.full(len(entries), block)
    return post(before or Positions.empty(count), position, blocks, effect, alpha, tao)


def total(result, name: str) -> list[int]:
    return result.positions.column(name).tolist()


def costs(result) -> list[list[int]]:
    """Cost realised to date by position, method after method."""
    return [total(result, f"{method}_cost_rao") for method in METHODS]


# ---------------------------------------------------------------------- arithmetic


@given(st.integers(0, MOST), st.integers(0, MOST), st.integers(1, MOST))
def test_a_quotient_of_126_bits_is_cut_and_nothing_else(a, b, c):
    if a * b // c < MOST:
        assert mul_div(a, b, c) == a * b // c
        assert mul_div_up(a, b, c) == -(-a * b // c)


# ---------------------------------------------------------------------- what each method says


def test_zero_basis_is_the_average_of_all_that_was_bought_and_no_more():
    assert zero_basis_cost(5, 10, 100) == 50
    assert zero_basis_cost(10, 10, 100) == 100
    assert zero_basis_cost(11, 10, 100) == 100
    assert zero_basis_cost(1, 3, 100) == 33
    assert zero_basis_cost(0, 0, 0) == 0


def test_bought_alpha_is_sold_before_earned_alpha_by_zero_basis():
    result = posted([(A, BUY, 10, 100), (A, EARN, 10, 400), (A, SELL, 15, 900)])
    assert costs(result) == [[100, 0, 0], [375, 0, 0], [100 + 200, 0, 0]]


def test_a_purchase_after_a_sale_restates_zero_basis_and_nothing_else():
    result = posted([(A, BUY, 10, 100), (A, SELL, 5, 80), (A, BUY, 10, 160)])
    # (100 + 160) / 20 for each of the 5 sold, of which 50 was booked at the sale
    assert result.cost_rao.tolist() == [[0, 50, 15], [0, 50, 0], [0, 50, 0]]


def test_what_a_quotient_cuts_stays_with_what_is_held():
    sold = [(A, SELL, 1, 50)] * 3
    result = posted([(A, BUY, 3, 100), *sold])
    assert result.cost_rao.tolist() == [[0, 33, 33, 34]] * 3


def test_fifo_sells_the_oldest_and_fair_value_the_average():
    result = posted([(A, BUY, 10, 100), (A, BUY, 10, 300), (A, SELL, 10, 500)])
    assert result.cost_rao[:, 2].tolist() == [200, 200, 100]


def test_a_loss_realises_its_cost():
    result = posted([(A, BUY, 10, 100), (A, LOSE, 4, 0)])
    assert result.cost_rao[:, 1].tolist() == [40, 40, 40]
    assert total(result, "lost_alpha_rao") == [4, 0, 0]


def test_a_basis_goes_along_from_account_to_account_to_the_sale():
    """A buys, hands on to B, B to C, and C sells: the profit is C's, against what A paid."""
    entries = [
        (A, BUY, 100, 1_000),
        (A, OUT, 100, 0),
        (B, IN, 100, 0),
        (B, OUT, 60, 0),
        (C, IN, 60, 0),
        (C, SELL, 60, 900),
    ]
    result = posted(entries)
    assert costs(result) == [[0, 0, 600]] * 3
    assert result.positions.zero_basis_rao().tolist() == [0, 400, 0]
    assert total(result, "fair_value_basis_rao") == [0, 400, 0]
    assert result.positions.lots.tao_rao.tolist() == [400]
    for method in METHODS:
        assert total(result, f"{method}_moved_in_rao") == [-1_000, 400, 600]


def test_earned_alpha_leaves_before_bought_alpha_by_zero_basis():
    result = posted([(A, BUY, 10, 100), (A, EARN, 10, 50), (A, OUT, 12, 0), (B, IN, 12, 0)])
    assert result.carried_rao[0].tolist() == [0, 0, 20, 20]
    assert result.positions.zero_basis_rao().tolist() == [80, 20, 0]


def test_a_transfer_realises_nothing_at_either_end():
    """B has sold more than it bought: what comes in must not count as sold."""
    entries = [
        (A, BUY, 10, 100),
        (B, EARN, 10, 70),
        (B, SELL, 10, 90),
        (A, OUT, 10, 0),
        (B, IN, 10, 0),
    ]
    result = posted(entries)
    assert result.cost_rao[:, 3:].tolist() == [[0, 0]] * 3
    assert costs(result) == [[0, 0, 0], [0, 70, 0], [0, 70, 0]]


def test_a_move_executed_as_swaps_books_what_was_lost_as_cost_of_the_rest():
    result = posted([(A, BUY, 100, 1_000), (A, OUT, 100, 0), (A, IN, 90, 0), (A, SELL, 45, 800)])
    assert result.cost_rao[:, 3].tolist() == [500] * 3
    assert total(result, "held_alpha_rao")[A] == 45


def test_a_move_within_a_position_keeps_the_order_of_its_lots():
    entries = [(A, BUY, 10, 100), (A, BUY, 10, 300), (A, OUT, 10, 0), (A, IN, 8, 0)]
    result = posted([*entries, (A, SELL, 8, 500)])
    assert result.cost_rao[2].tolist() == [0, 0, 0, 0, 100]


def test_a_rounding_changes_what_is_held_and_not_what_it_cost():
    result = posted([(A, BUY, 10, 100), (A, ADJUST, -1, 0), (A, SELL, 9, 70)])
    assert costs(result) == [[100, 0, 0]] * 3
    result = posted([(A, BUY, 10, 100), (A, ADJUST, 1, 0), (A, SELL, 11, 70)])
    assert costs(result) == [[100, 0, 0]] * 3


# ---------------------------------------------------------------------- identities

AMOUNTS = st.one_of(st.integers(1, 30), st.integers(1, 10**15))


@st.composite
def ledgers(draw, count: int = 3):
    """Entries that are possible: nobody gives what it does not hold."""
    held = [0] * count
    entries = []
    for _ in range(draw(st.integers(1, 40))):
        who = draw(st.integers(0, count - 1))
        effect = draw(st.sampled_from([OPEN, BUY, BUY, EARN, SELL, SELL, LOSE, OUT, ADJUST]))
        if effect in (OPEN, BUY, EARN):
            alpha = draw(AMOUNTS)
            entries.append((who, effect, alpha, draw(st.integers(0, 10**15))))
            held[who] += alpha
        elif effect == ADJUST:
            change = draw(st.integers(-min(3, held[who]), 3))
            entries.append((who, effect, change, 0))
            held[who] += change
        elif held[who]:
            alpha = draw(st.one_of(st.just(held[who]), st.integers(1, held[who])))
            held[who] -= alpha
            if effect == OUT:
                other = draw(st.integers(0, count - 1))
                arrived = draw(st.one_of(st.just(alpha), st.integers(1, alpha)))
                entries += [(who, OUT, alpha, 0), (other, IN, arrived, 0)]
                held[other] += arrived
            else:
                tao = draw(st.integers(0, 10**15)) if effect == SELL else 0
                entries.append((who, effect, alpha, tao))
    return entries


@given(ledgers())
def test_every_balance_is_what_came_less_what_went(entries):
    result = posted(entries)
    came = ("opened", "bought", "earned", "moved_in", "adjusted")
    went = ("sold", "lost", "moved_out")
    sums = sum(np.array(total(result, f"{name}_alpha_rao")) for name in came)
    sums = sums - sum(np.array(total(result, f"{name}_alpha_rao")) for name in went)
    assert sums.tolist() == total(result, "held_alpha_rao")
    owners, lots = result.positions.lots_in_order()
    in_lots = np.zeros(3, np.int64)
    np.add.at(in_lots, owners, result.positions.lots.alpha_rao[lots])
    assert in_lots.tolist() == total(result, "held_alpha_rao")


@given(ledgers())
def test_cost_is_never_lost_or_made(entries):
    """Paid (and by B and B' earned) = cost of what went + cost of what is held, over all."""
    result = posted(entries)
    paid = sum(total(result, "opened_tao_rao")) + sum(total(result, "bought_tao_rao"))
    earned = sum(total(result, "earned_tao_rao"))
    spent = [sum(method) for method in costs(result)]
    left = [
        int(result.positions.zero_basis_rao().sum()),
        sum(total(result, "fair_value_basis_rao")),
        int(result.positions.lots.tao_rao.sum()),
    ]
    assert [spent[0] + left[0], spent[1] + left[1], spent[2] + left[2]] == [
        paid,
        paid + earned,
        paid + earned,
    ]
    assert min(left) >= 0
    assert (result.positions.zero_basis_rao() >= 0).all()
    assert (result.positions.lots.tao_rao >= 0).all()


@given(ledgers())
def test_moves_conserve_cost_and_realise_none(entries):
    result = posted(entries)
    for method in METHODS:
        assert sum(total(result, f"{method}_moved_in_rao")) == 0
    moves = [i for i, (_, effect, _, _) in enumerate(entries) if effect in (OUT, IN, ADJUST)]
    assert not result.cost_rao[:, moves].any()


@given(ledgers())
def test_each_position_keeps_its_own_account_of_cost(entries):
    result = posted(entries)
    paid = np.array(total(result, "opened_tao_rao")) + total(result, "bought_tao_rao")
    value = paid + total(result, "earned_tao_rao")
    held = (result.positions.zero_basis_rao(), np.array(total(result, "fair_value_basis_rao")))
    for method, came, left in zip(METHODS[:2], (paid, value), held, strict=True):
        brought = np.array(total(result, f"{method}_moved_in_rao"))
        assert (came + brought - total(result, f"{method}_cost_rao") == left).all()


@given(ledgers())
def test_a_closed_book_earns_no_less_by_zero_basis_than_by_fair_value(entries):
    held = np.array(total(posted(entries), "held_alpha_rao"))
    closing = [(who, SELL, int(alpha), 7) for who, alpha in enumerate(held) if alpha]
    if closing:
        result = posted([*entries, *closing])
        zero, fair, fifo = costs(result)
        assert sum(zero) <= sum(fair) == sum(fifo)
        assert sum(fair) - sum(zero) == sum(total(result, "earned_tao_rao"))


@given(ledgers(), st.data())
def test_a_day_needs_only_the_end_of_the_day_before(entries, data):
    at = data.draw(st.integers(0, len(entries)))
    if at < len(entries) and entries[at][1] == IN:
        at -= 1
    whole = posted(entries)
    first = posted(entries[:at], block=1)
    second = posted(entries[at:], first.positions, block=2)
    assert second.positions.numbers.tolist() == whole.positions.numbers.tolist()
    for name in ("alpha_rao", "tao_rao", "following"):
        one, two = (getattr(result.positions.lots, name) for result in (second, whole))
        assert one.tolist() == two.tolist()
    joined = np.concatenate([first.cost_rao, second.cost_rao], axis=1)
    assert joined.tolist() == whole.cost_rao.tolist()


@given(ledgers())
def test_positions_without_moves_follow_the_definitions(entries):
    """A second hand: the definitions, word for word, in fractions and lists."""
    entries = [e for e in entries if e[1] in (BUY, EARN, SELL)]
    held, kept = [0, 0, 0], []
    for who, effect, alpha, tao in entries:
        if effect == SELL:
            alpha = min(alpha, held[who])
        held[who] += -alpha if effect == SELL else alpha
        if alpha:
            kept.append((who, effect, alpha, tao))
    result = posted(kept)
    for who in range(3):
        zero, fair, fifo = _by_definition([e[1:] for e in kept if e[0] == who])
        assert [method[who] for method in costs(result)] == [zero, fair, fifo]


def _by_definition(trades) -> tuple[int, int, int]:
    bought_alpha = sum(a for e, a, _ in trades if e == BUY)
    bought_tao = sum(t for e, _, t in trades if e == BUY)
    sold = sum(a for e, a, _ in trades if e == SELL)
    zero = bought_tao if sold >= bought_alpha else sold * Fraction(bought_tao, bought_alpha)
    held, basis, fair, fifo, lots = 0, 0, 0, 0, []
    for effect, alpha, tao in trades:
        if effect != SELL:
            held, basis = held + alpha, basis + tao
            lots.append([alpha, tao])
            continue
        cost = basis if alpha == held else basis * alpha // held
        held, basis, fair = held - alpha, basis - cost, fair + cost
        while alpha:
            part = min(alpha, lots[0][0])
            cost = lots[0][1] if part == lots[0][0] else lots[0][1] * part // lots[0][0]
            lots[0][0] -= part
            lots[0][1] -= cost
            alpha, fifo = alpha - part, fifo + cost
            if not lots[0][0]:
                lots.pop(0)
    return int(zero), fair, fifo


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([(A, BUY, 10, 5), (A, SELL, 11, 5)], "Entry 1 .* more alpha than the position holds"),
        ([(A, BUY, 10, 5), (A, LOSE, 11, 0)], "more alpha than the position holds"),
        ([(A, BUY, 10, 5), (A, OUT, 11, 0), (B, IN, 11, 0)], "more alpha than the position holds"),
        ([(A, ADJUST, -1, 0)], "more alpha than the position holds"),
        ([(A, BUY, -1, 5)], "negative"),
        ([(A, BUY, 1, -5)], "negative"),
        ([(A, BUY, 1, 5), (A, OUT, 1, 0)], "half of a move"),
        ([(A, BUY, 1, 5), (A, OUT, 1, 0), (B, BUY, 1, 0)], "half of a move"),
        ([(B, IN, 1, 0)], "half of a move"),
        ([(A, BUY, MOST, 1), (A, BUY, 1, 1)], "exceed"),
        ([(A, BUY, 1, MOST), (A, EARN, 1, 1)], "exceed"),
        ([(A, 9, 1, 1)], "not known"),
        ([(5, BUY, 1, 1)], "not in the books"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_posted(entries, why):
    before = posted([(A, BUY, 0, 0)], block=0).positions
    kept = before.numbers.copy()
    with pytest.raises(LedgerError, match=why):
        posted(entries, before)
    assert (before.numbers == kept).all()


def test_a_day_delivered_twice_is_refused():
    first = posted([(A, BUY, 1, 1)], block=7)
    with pytest.raises(LedgerError, match="twice or out of order"):
        posted([(A, BUY, 1, 1)], first.positions, block=7)


def test_entries_out_of_order_are_refused():
    columns = ([0, 0], [3, 2], [BUY, BUY], [1, 1], [1, 1])
    with pytest.raises(LedgerError, match="out of order"):
        post(Positions.empty(1), *(np.array(column, np.int64) for column in columns))


def test_numbers_have_a_name_each():
    assert len(book.NUMBERS) == len(set(book.NUMBERS))
    assert book.NUMBERS[book.HELD] == "held_alpha_rao"
    assert book.NUMBERS[book.FIRST_TOTAL] == book.TOTALS[0]
