"""The engine quotes every kind of pool by the era in force."""

import numpy as np
import pytest

from mechanics import amm as law
from mechanics.amm.state import PERQUINTILL, PoolState, Side
from mechanics.engine import amm as engine
from mechanics.eras import UnknownRule
from tests.mechanics.states import quoted_by_law

_POOL = PoolState(
    1,
    20_000_000_000_000,
    1_500_000_000_000_000,
    fee_rate_u16=33,
    quote_weight_perquintill=PERQUINTILL // 2,
)
_SIZES = np.array([0, 1, 10**6, 10**9, 123_456_789_012, 2**64 - 1], np.uint64)


@pytest.mark.parametrize("spec_version", [233, 277, 290, 334, 422, 423, 461])
@pytest.mark.parametrize("side", Side)
def test_every_kind_of_pool_quotes_what_the_law_quotes(spec_version, side):
    era = law.ERAS.at(spec_version).module
    trade = era.buy if side is Side.BUY else era.sell
    quotes = engine.quotes(spec_version, _POOL, side, _SIZES)
    rows = zip(*(column.tolist() for column in quotes), strict=True)
    for size, row in zip(_SIZES.tolist(), rows, strict=True):
        assert row == quoted_by_law(trade, _POOL, size), size


def test_amounts_may_be_given_as_any_integers():
    assert engine.quotes(425, _POOL, Side.BUY, [10**9]).paid_out_rao[0] > 0
    with pytest.raises(OverflowError):
        engine.quotes(425, _POOL, Side.BUY, [-1])


def test_specs_without_a_known_pool_are_refused():
    for spec_version in (232, 280, 462):
        with pytest.raises(UnknownRule):
            engine.quotes(spec_version, _POOL, Side.BUY, _SIZES)
