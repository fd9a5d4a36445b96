"""Posts entries to positions under every cost-basis method, exactly and a day after the other.

A position is one account's alpha of one subnet, its hotkeys merged, known here by a number. By

* **zero basis** (A), alpha costs the average of all that was bought, capped at what was bought.
  What was earned costs nothing; it is sold after bought alpha and leaves by transfer before it. A
  purchase after a sale changes the average of what was sold: the restatement is recorded too.
* **fair value** (B), it costs its moving average; alpha earned enters at its worth when it came.
* **fifo** (B'), the same with lots, the oldest sold first; what is handed on is the newest there.

Every quotient is cut and what is cut stays with what is held, so that cost is never lost or made.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.errors import LedgerError
from orchestration.ledger.exact import compiled, mul_div, mul_div_up
from orchestration.ledger.kinds import Effect

METHODS = ("zero_basis", "fair_value", "fifo")

# Columns of a position's numbers.
HELD = 0
UNSOLD_ALPHA = 1  # zero basis: alpha of the average, less what was carried away
UNSOLD_TAO = 2
SOLD_OF_AVERAGE = 3  # zero basis: sold since the average began
FAIR_BASIS = 4
OLDEST_LOT = 5
NEWEST_LOT = 6
FIRST_TOTAL = 7
TOTALS = (
    "opened_alpha_rao",
    "opened_tao_rao",
    "bought_alpha_rao",
    "bought_tao_rao",
    "earned_alpha_rao",
    "earned_tao_rao",
    "sold_alpha_rao",
    "sold_tao_rao",
    "lost_alpha_rao",
    "moved_out_alpha_rao",
    "moved_in_alpha_rao",
    "adjusted_alpha_rao",
    *(f"{method}_cost_rao" for method in METHODS),
    *(f"{method}_moved_in_rao" for method in METHODS),
)
"""What a position has come to since the books began; costs are of what was sold or lost."""

NUMBERS = (
    "held_alpha_rao",
    "average_alpha_rao",
    "average_tao_rao",
    "average_sold_alpha_rao",
    "fair_value_basis_rao",
    "oldest_lot",
    "newest_lot",
    *TOTALS,
)

_OPENED = FIRST_TOTAL
_BOUGHT = FIRST_TOTAL + 2
_EARNED = FIRST_TOTAL + 4
_SOLD = FIRST_TOTAL + 6
_LOST = FIRST_TOTAL + 8
_MOVED_OUT = FIRST_TOTAL + 9
_MOVED_IN = FIRST_TOTAL + 10
_ADJUSTED = FIRST_TOTAL + 11
_COST = FIRST_TOTAL + 12
_CARRIED = FIRST_TOTAL + 15

_MOST = 2**63 - 1

_OK, _OVERSOLD, _NEGATIVE, _UNPAIRED, _TOO_MUCH, _NO_EFFECT = range(6)
_COMPLAINTS = {
    _OVERSOLD: "takes out more alpha than the position holds",
    _NEGATIVE: "has a negative amount",
    _UNPAIRED: "is half of a move: each OUT is followed by its IN, and nothing else is",
    _TOO_MUCH: "makes a total of the position exceed 2^63 - 1 rao",
    _NO_EFFECT: "has an effect that is not known",
}


@dataclass(slots=True)
class Lots:
    """FIFO lots; ``following`` is the next newer lot of the same position, -1 for none."""

    alpha_rao: np.ndarray
    tao_rao: np.ndarray
    acquired_block: np.ndarray
    following: np.ndarray


@dataclass(slots=True)
class Positions:
    """What every position has come to: one row of ``numbers`` each, and its lots.

    ``last_block`` is the newest block posted, so that no day is posted twice.
    """

    numbers: np.ndarray
    lots: Lots
    last_block: int = -1

    @classmethod
    def empty(cls, count: int) -> "Positions":
        none = np.empty(0, np.int64)
        return cls(_blank(count), Lots(none, none, none, none))

    def __len__(self) -> int:
        return len(self.numbers)

    def grown(self, count: int) -> "Positions":
        """With as many empty positions more as make ``count`` in all."""
        numbers = np.concatenate([self.numbers, _blank(count - len(self))])
        return Positions(numbers, self.lots, self.last_block)

    def column(self, name: str) -> np.ndarray:
        return self.numbers[:, NUMBERS.index(name)]

    def zero_basis_rao(self) -> np.ndarray:
        """Cost of the bought alpha still held, by zero basis, shape (positions,)."""
        return _zero_basis_left(self.numbers)

    def lots_in_order(self) -> tuple[np.ndarray, np.ndarray]:
        """(position, lot) of every lot, positions ascending, oldest first."""
        return _walk(self.numbers, self.lots.following)


@dataclass(frozen=True, slots=True)
class Posted:
    """What posting gave, one row an entry.

    ``cost_rao[method]`` is the cost realised by the entry: of what was sold or lost, and by zero
    basis also what a later purchase restates. ``carried_rao[method]`` is the cost that an OUT takes
    along and its IN brings. Shape (methods, entries), in the order of ``METHODS``.
    """

    positions: Positions
    cost_rao: np.ndarray
    carried_rao: np.ndarray


def post(
    before: Positions,
    position: np.ndarray,
    block_number: np.ndarray,
    effect: np.ndarray,
    alpha_rao: np.ndarray,
    tao_rao: np.ndarray,
) -> Posted:
    """Posts entries in their order on top of what stands.

    Args:
        before: what stands; left as it is.
        position: whose each entry is, an index into ``before``.
        block_number: not descending, and above ``before.last_block``.
        effect: an ``Effect`` each.
        alpha_rao: alpha it concerns, not negative but for ADJUST.
        tao_rao: paid (OPEN, BUY, EARN: worth) or received (SELL), not negative; 0 for the others.

    Raises:
        LedgerError: an entry is not possible; the sentence names the first. Nothing is posted.
    """
    if len(block_number):
        _check_order(before, block_number)
        if position.min() < 0 or position.max() >= len(before):
            raise LedgerError("An entry names a position that is not in the books.")
    count = len(position)
    numbers = before.numbers.copy()
    lots = _with_room(before, count)
    cost = np.zeros((len(METHODS), count), np.int64)
    carried = np.zeros((len(METHODS), count), np.int64)
    complaint, where, used = _post(
        numbers,
        lots.alpha_rao,
        lots.tao_rao,
        lots.acquired_block,
        lots.following,
        len(before.lots.alpha_rao),
        np.ascontiguousarray(position, np.int64),
        np.ascontiguousarray(block_number, np.int64),
        np.ascontiguousarray(effect, np.int8),
        np.ascontiguousarray(alpha_rao, np.int64),
        np.ascontiguousarray(tao_rao, np.int64),
        cost,
        carried,
    )
    if complaint != _OK:
        what = int(effect[where])
        name = Effect(what).name if what in set(Effect) else str(what)
        raise LedgerError(
            f"Entry {where} ({name} of {alpha_rao[where]} rao of alpha in block "
            f"{block_number[where]}) {_COMPLAINTS[complaint]}."
        )
    last_block = int(block_number[-1]) if count else before.last_block
    after = Positions(numbers, _cut(lots, used), last_block)
    return Posted(_compacted(after), cost, carried)


def zero_basis_cost(sold_alpha_rao: int, bought_alpha_rao: int, bought_tao_rao: int) -> int:
    """Cost of sold alpha by zero basis, from totals: the average of what was bought, and no more.

    Rule: all that was paid once as much is sold as was bought; else sold bought_tao / bought, cut.
    """
    return int(_cost_sold(sold_alpha_rao, bought_alpha_rao, bought_tao_rao))


# ---------------------------------------------------------------------- checks and storage


def _check_order(before: Positions, block_number: np.ndarray) -> None:
    if block_number[0] <= before.last_block:
        raise LedgerError(
            f"The entries begin in block {block_number[0]}, but the books already stand at block "
            f"{before.last_block}: the day was delivered twice or out of order."
        )
    back = np.flatnonzero(np.diff(block_number) < 0)
    if len(back):
        raise LedgerError(
            f"Entry {back[0] + 1} is of block {block_number[back[0] + 1]}, after one of block "
            f"{block_number[back[0]]}: entries are out of order."
        )


def _blank(count: int) -> np.ndarray:
    numbers = np.zeros((count, len(NUMBERS)), np.int64)
    numbers[:, OLDEST_LOT] = numbers[:, NEWEST_LOT] = -1
    return numbers


def _with_room(before: Positions, entries: int) -> Lots:
    """The lots with room for those that entries can make: one each, and one cut in a move."""

    def longer(column: np.ndarray) -> np.ndarray:
        grown = np.empty(len(column) + entries, np.int64)
        grown[: len(column)] = column
        return grown

    lots = before.lots
    return Lots(
        longer(lots.alpha_rao),
        longer(lots.tao_rao),
        longer(lots.acquired_block),
        longer(lots.following),
    )


def _cut(lots: Lots, used: int) -> Lots:
    return Lots(
        lots.alpha_rao[:used],
        lots.tao_rao[:used],
        lots.acquired_block[:used],
        lots.following[:used],
    )


def linked(numbers: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Links lots that lie position by position, oldest first, and points ``numbers`` at them.

    Args:
        numbers: a row for each position, changed in place.
        owners: whose each lot is, equal ones together, shape (lots,).

    Returns:
        Each lot's following one, -1 for the newest.
    """
    is_last = np.append(owners[1:] != owners[:-1], True)[: len(owners)]
    is_first = np.append(True, is_last[:-1])[: len(owners)]
    numbers[:, OLDEST_LOT] = numbers[:, NEWEST_LOT] = -1
    numbers[owners[is_first], OLDEST_LOT] = np.flatnonzero(is_first)
    numbers[owners[is_last], NEWEST_LOT] = np.flatnonzero(is_last)
    return np.where(is_last, -1, np.arange(1, len(owners) + 1))


def _compacted(positions: Positions) -> Positions:
    """Without the lots that are used up, those left in the order of positions and age."""
    owners, kept = positions.lots_in_order()
    lots = positions.lots
    following = linked(positions.numbers, owners)
    compact = Lots(lots.alpha_rao[kept], lots.tao_rao[kept], lots.acquired_block[kept], following)
    return Positions(positions.numbers, compact, positions.last_block)


@compiled
def _walk(numbers, following):
    count = 0
    for position in range(len(numbers)):
        lot = numbers[position, OLDEST_LOT]
        while lot >= 0:
            count += 1
            lot = following[lot]
    owners, lots = np.empty(count, np.int64), np.empty(count, np.int64)
    at = 0
    for position in range(len(numbers)):
        lot = numbers[position, OLDEST_LOT]
        while lot >= 0:
            owners[at], lots[at] = position, lot
            at += 1
            lot = following[lot]
    return owners, lots


# ---------------------------------------------------------------------- zero basis


@compiled
def _cost_sold(sold, alpha, tao):
    if sold == 0:
        return 0
    return tao if sold >= alpha else mul_div(tao, sold, alpha)


@compiled
def _average_cost(row):
    return _cost_sold(row[SOLD_OF_AVERAGE], row[UNSOLD_ALPHA], row[UNSOLD_TAO])


@compiled
def _begin_average_anew(row):
    """What was realised stays; only what is still held of the average goes on being averaged."""
    row[UNSOLD_TAO] -= _average_cost(row)
    row[UNSOLD_ALPHA] = max(row[UNSOLD_ALPHA] - row[SOLD_OF_AVERAGE], 0)
    row[SOLD_OF_AVERAGE] = 0


@compiled
def _carry_average(row, alpha):
    """Takes alpha out without realising anything: (bought alpha among it, its cost).

    Alpha that cost nothing goes first. The rest takes its part of the average, which stays what it
    was: of the two whole numbers about it, one leaves the cost of what was sold as it is.
    """
    free = row[HELD] - max(row[UNSOLD_ALPHA] - row[SOLD_OF_AVERAGE], 0)
    bought = alpha - min(alpha, free)
    if bought == 0:
        return bought, 0
    tao, left_alpha = row[UNSOLD_TAO], row[UNSOLD_ALPHA] - bought
    left = mul_div(tao, left_alpha, row[UNSOLD_ALPHA])
    if row[SOLD_OF_AVERAGE] > 0:
        left = max(left, mul_div_up(_average_cost(row), left_alpha, row[SOLD_OF_AVERAGE]))
    row[UNSOLD_ALPHA], row[UNSOLD_TAO] = left_alpha, left
    return bought, tao - left


@compiled
def _zero_basis_left(numbers):
    left = np.empty(len(numbers), np.int64)
    for position in range(len(numbers)):
        left[position] = numbers[position, UNSOLD_TAO] - _average_cost(numbers[position])
    return left


# ---------------------------------------------------------------------- lots


@compiled
def _append_chain(row, following, first, last):
    if row[NEWEST_LOT] < 0:
        row[OLDEST_LOT] = first
    else:
        following[row[NEWEST_LOT]] = first
    row[NEWEST_LOT] = last


@compiled
def _sell_lots(row, lot_alpha, lot_tao, following, alpha):
    """Takes the oldest alpha and returns its cost; a lot that is cut keeps what is cut off."""
    cost, lot = 0, row[OLDEST_LOT]
    while lot >= 0 and (alpha > 0 or lot_alpha[lot] == 0):
        if lot_alpha[lot] <= alpha:
            cost += lot_tao[lot]
            alpha -= lot_alpha[lot]
            lot = following[lot]
        else:
            part = mul_div(lot_tao[lot], alpha, lot_alpha[lot])
            cost += part
            lot_tao[lot] -= part
            lot_alpha[lot] -= alpha
            break
    row[OLDEST_LOT] = lot
    if lot < 0:
        row[NEWEST_LOT] = -1
    return cost


@compiled
def _cut_off_lots(row, lot_alpha, lot_tao, acquired, following, used, alpha):
    """Takes the oldest alpha as a chain of lots: (first, last, cost, lots in use)."""
    first, last, cost = row[OLDEST_LOT], -1, 0
    lot, rest = first, alpha
    while lot >= 0 and rest >= lot_alpha[lot]:
        rest -= lot_alpha[lot]
        cost += lot_tao[lot]
        last, lot = lot, following[lot]
    if rest > 0:
        # The lot is cut in two: the older half goes.
        part = mul_div(lot_tao[lot], rest, lot_alpha[lot])
        lot_alpha[used], lot_tao[used] = rest, part
        acquired[used], following[used] = acquired[lot], -1
        lot_alpha[lot] -= rest
        lot_tao[lot] -= part
        cost += part
        if last < 0:
            first = used
        else:
            following[last] = used
        last = used
        used += 1
    elif last >= 0:
        following[last] = -1
    else:
        first = -1
    row[OLDEST_LOT] = lot
    if lot < 0:
        row[NEWEST_LOT] = -1
    return first, last, cost, used


@compiled
def _shrink_chain(first, lot_alpha, following, left, arrived):
    """The alpha of a chain's lots in the proportion of what arrived to what left; costs stay."""
    seen, kept, lot = 0, 0, first
    while lot >= 0:
        seen += lot_alpha[lot]
        upto = mul_div(arrived, seen, left)
        lot_alpha[lot] = upto - kept
        kept, lot = upto, following[lot]


@compiled
def _lose_from_lots(row, lot_alpha, lot_tao, following, alpha):
    """Takes alpha off the oldest lots and leaves their cost with those that stay."""
    lot = row[OLDEST_LOT]
    while alpha > 0:
        part = min(alpha, lot_alpha[lot])
        lot_alpha[lot] -= part
        alpha -= part
        if lot_alpha[lot] > 0 or following[lot] < 0:
            break
        lot_tao[following[lot]] += lot_tao[lot]
        lot = following[lot]
    row[OLDEST_LOT] = lot


# ---------------------------------------------------------------------- entry by entry


@compiled
def _post(
    numbers,
    lot_alpha,
    lot_tao,
    acquired,
    following,
    used,
    positions,
    blocks,
    effects,
    alphas,
    taos,
    cost,
    carried,
):
    """(complaint, entry it is about, lots in use)."""
    is_half = False
    for i in range(len(positions)):
        row, effect = numbers[positions[i]], effects[i]
        alpha, tao = alphas[i], taos[i]
        if tao < 0 or (alpha < 0 and effect != 7):
            return _NEGATIVE, i, used
        if is_half:
            is_half = False
            continue
        if effect <= 2:
            total = FIRST_TOTAL + 2 * effect
            if row[HELD] > _MOST - alpha or row[total] > _MOST - alpha:
                return _TOO_MUCH, i, used
            if row[FAIR_BASIS] > _MOST - tao or row[total + 1] > _MOST - tao:
                return _TOO_MUCH, i, used
            row[HELD] += alpha
            row[total] += alpha
            row[total + 1] += tao
            row[FAIR_BASIS] += tao
            if effect != 2:
                if row[UNSOLD_ALPHA] > _MOST - alpha or row[UNSOLD_TAO] > _MOST - tao:
                    return _TOO_MUCH, i, used
                already = _average_cost(row)
                row[UNSOLD_ALPHA] += alpha
                row[UNSOLD_TAO] += tao
                cost[0, i] = _average_cost(row) - already
                row[_COST] += cost[0, i]
            lot_alpha[used], lot_tao[used] = alpha, tao
            acquired[used], following[used] = blocks[i], -1
            _append_chain(row, following, used, used)
            used += 1
        elif effect <= 4:
            if alpha > row[HELD]:
                return _OVERSOLD, i, used
            total = _SOLD if effect == 3 else _LOST
            if row[total] > _MOST - alpha or row[SOLD_OF_AVERAGE] > _MOST - alpha:
                return _TOO_MUCH, i, used
            if row[_SOLD + 1] > _MOST - tao:
                return _TOO_MUCH, i, used
            already = _average_cost(row)
            row[SOLD_OF_AVERAGE] += alpha
            cost[0, i] = _average_cost(row) - already
            basis = row[FAIR_BASIS]
            cost[1, i] = basis if alpha == row[HELD] else mul_div(basis, alpha, row[HELD])
            row[FAIR_BASIS] -= cost[1, i]
            cost[2, i] = _sell_lots(row, lot_alpha, lot_tao, following, alpha)
            for method in range(3):
                if row[_COST + method] > _MOST - cost[method, i]:
                    return _TOO_MUCH, i, used
                row[_COST + method] += cost[method, i]
            row[HELD] -= alpha
            row[total] += alpha
            if effect == 3:
                row[_SOLD + 1] += tao
            elif tao > 0:
                return _NO_EFFECT, i, used
        elif effect == 5:
            if i + 1 == len(positions) or effects[i + 1] != 6 or alphas[i + 1] <= 0:
                return _UNPAIRED, i, used
            if blocks[i + 1] != blocks[i]:
                return _UNPAIRED, i, used
            if alpha > row[HELD]:
                return _OVERSOLD, i, used
            is_half = True
            into, arrived = numbers[positions[i + 1]], alphas[i + 1]
            if row[_MOVED_OUT] > _MOST - alpha or into[_MOVED_IN] > _MOST - arrived:
                return _TOO_MUCH, i, used
            row[_MOVED_OUT] += alpha
            into[_MOVED_IN] += arrived
            is_own = positions[i] == positions[i + 1]
            if alpha == 0 or (is_own and alpha == arrived):
                if alpha != arrived:
                    return _UNPAIRED, i, used
                continue
            # ---------- zero basis
            bought, basis = _carry_average(row, alpha)
            carried[0, i] = basis
            if bought > 0:
                brought = max(mul_div(arrived, bought, alpha), 1)
                _begin_average_anew(into)
                if into[UNSOLD_ALPHA] > _MOST - brought or into[UNSOLD_TAO] > _MOST - basis:
                    return _TOO_MUCH, i + 1, used
                into[UNSOLD_ALPHA] += brought
                into[UNSOLD_TAO] += basis
            # ---------- fair value
            basis = row[FAIR_BASIS]
            if alpha < row[HELD]:
                basis = mul_div(basis, alpha, row[HELD])
            carried[1, i] = basis
            row[FAIR_BASIS] -= basis
            row[HELD] -= alpha
            if into[HELD] > _MOST - arrived or into[FAIR_BASIS] > _MOST - basis:
                return _TOO_MUCH, i + 1, used
            into[FAIR_BASIS] += basis
            into[HELD] += arrived
            # ---------- fifo: within one position the moved lots stay the oldest
            first, last, basis, used = _cut_off_lots(
                row, lot_alpha, lot_tao, acquired, following, used, alpha
            )
            carried[2, i] = basis
            if alpha != arrived:
                _shrink_chain(first, lot_alpha, following, alpha, arrived)
            if is_own and row[OLDEST_LOT] >= 0:
                following[last] = row[OLDEST_LOT]
                row[OLDEST_LOT] = first
            else:
                _append_chain(into, following, first, last)
            for method in range(3):
                carried[method, i + 1] = carried[method, i]
                row[_CARRIED + method] -= carried[method, i]
                into[_CARRIED + method] += carried[method, i]
        elif effect == 6:
            return _UNPAIRED, i, used
        elif effect == 7:
            if tao > 0:
                return _NO_EFFECT, i, used
            if -alpha > row[HELD]:
                return _OVERSOLD, i, used
            if row[HELD] > _MOST - max(alpha, 0):
                return _TOO_MUCH, i, used
            if alpha < 0:
                free = row[HELD] - max(row[UNSOLD_ALPHA] - row[SOLD_OF_AVERAGE], 0)
                if -alpha > free:
                    _begin_average_anew(row)
                    row[UNSOLD_ALPHA] -= -alpha - free
                _lose_from_lots(row, lot_alpha, lot_tao, following, -alpha)
            elif row[NEWEST_LOT] >= 0:
                lot_alpha[row[NEWEST_LOT]] += alpha
            else:
                lot_alpha[used], lot_tao[used] = alpha, 0
                acquired[used], following[used] = blocks[i], -1
                _append_chain(row, following, used, used)
                used += 1
            row[HELD] += alpha
            row[_ADJUSTED] += alpha
        else:
            return _NO_EFFECT, i, used
    return _OK, -1, used
