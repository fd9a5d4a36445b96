"""Realised profit of real positions, as a public portfolio page reported them.

The page gives totals, not trades, so each position is posted as one entry of each kind. What was
transferred in brings no cost: what the sender had paid is not in the page, nor in its profit.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from orchestration.ledger.book import Positions, Posted, post, zero_basis_cost
from orchestration.ledger.kinds import Effect

OURS, THEIRS = 0, 1


@pytest.fixture(scope="module")
def reported(shared: Path) -> list[dict[str, int]]:
    file = shared / "mainnet" / "taostats_api" / "portfolio_positions.json"
    if not file.is_file():
        pytest.skip("needs ../shared/mainnet/taostats_api/portfolio_positions.json, not here")
    positions = json.loads(file.read_text())["data"]
    return [{name: _whole(text) for name, text in position.items()} for position in positions]


def _whole(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.lstrip("-").isdigit() else None


def ledger(page: dict[str, int]) -> Posted:
    received = page["total_transferred_in_alpha"]
    given = page["total_transferred_out_alpha"]
    entries = [
        (THEIRS, Effect.EARN, received, 0),
        (THEIRS, Effect.OUT, received, 0),
        (OURS, Effect.IN, received, 0),
        (OURS, Effect.BUY, page["total_bought_alpha"], page["total_bought_alpha_as_tao"]),
        (OURS, Effect.EARN, page["total_earned_alpha"], page["total_earned_alpha_as_tao"]),
        (OURS, Effect.SELL, page["total_sold_alpha"], page["total_sold_alpha_as_tao"]),
        (OURS, Effect.OUT, given, 0),
        (THEIRS, Effect.IN, given, 0),
    ]
    entries = [entry for entry in entries if entry[2]]
    position, effect, alpha, tao = np.array(entries, np.int64).T
    return post(Positions.empty(2), position, np.ones(len(entries)), effect, alpha, tao)


def test_the_pages_hold_69_positions(reported):
    assert len(reported) == 69


def test_every_balance_is_exact(reported):
    for page in reported:
        assert ledger(page).positions.column("held_alpha_rao")[OURS] == page["balance"], page


def test_realised_profit_is_zero_basis_to_the_rao_it_is_rounded_to(reported):
    for page in reported:
        cost = ledger(page).positions.column("zero_basis_cost_rao")[OURS]
        profit = page["total_sold_alpha_as_tao"] - int(cost)
        assert abs(profit - page["realised_profit_tao"]) <= 1, page


def test_the_cost_of_totals_is_the_cost_of_entries(reported):
    for page in reported:
        bought = page["total_bought_alpha"], page["total_bought_alpha_as_tao"]
        cost = zero_basis_cost(page["total_sold_alpha"], *bought)
        assert cost == ledger(page).positions.column("zero_basis_cost_rao")[OURS]


def test_realised_and_unrealised_at_spot_is_what_came_out_and_what_is_left(reported):
    """Over all positions that were only bought, earned and sold, at any spot value."""
    for page in reported:
        if page["total_transferred_out_alpha"]:
            continue
        posted = ledger(page).positions
        sold, bought = page["total_sold_alpha_as_tao"], page["total_bought_alpha_as_tao"]
        realised = sold - int(posted.column("zero_basis_cost_rao")[OURS])
        unrealised = page["balance_as_tao"] - int(posted.zero_basis_rao()[OURS])
        assert realised + unrealised == sold - bought + page["balance_as_tao"]
