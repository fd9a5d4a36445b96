"""Replaying vectors asks the engine too, and a case fails where it differs from the law."""

import numpy as np
import pytest

from mechanics.engine import balancer, emission, injection, moving_price, transcendental
from mechanics.verify import OPS

_PRICE = str(2**32)
_HALF = str(5 * 10**17)
_EMISSIONS = {
    "in": {"price": [_PRICE], "burned": ["0"], "enabled": [True], "block_emission": _PRICE},
    "out": {"shares": [str(2**64)], "emissions": [_PRICE]},
}
_GATED = {
    "in": {
        "price": [_PRICE],
        "burned": ["0"],
        "block": "1",
        "bar": "0",
        "rank": "0",
        "q": str(2**63),
        "h": str(3 * 2**64),
    },
    "out": {"shares": [str(2**64)], "bar_after": str(2**64)},
}
_FLOWS = {
    "in": {
        "block": "5",
        "last_block": "4",
        "smoothing": "29597889189277",
        "cutoff": "0",
        "p": str(2**64),
        "net": True,
        "user_flow": ["0"],
        "user_ema": ["0"],
        "prot_flow": ["0"],
        "prot_ema": ["0"],
    },
    "out": {"prot_ema_after": ["0"], "shares": ["0"], "user_ema_after": ["0"]},
}
_STEP = {
    "delta_in": "1000000",
    "delta_out": "999000",
    "fee_paid": "0",
    "fee_to_block_author": "0",
    "price": str(2**64),
}

_CASES = [
    ("emis.safe_pow", [str(2**64), str(2**64), str(2**64)], transcendental, "safe_pow"),
    ("emis.get_subnet_block_emissions", _EMISSIONS, emission, "tao_by_share"),
    ("emis.get_shares_gated", _GATED, emission, "_gated"),
    ("emis.get_shares_flow", _FLOWS, emission, "emas_by_block"),
    (
        "coin.update_moving_price",
        ["10", None, "10", _PRICE, str(2**64), "0", "2147483648"],
        moving_price,
        "recompute",
    ),
    ("swap.bal_exp_base_quote", [_HALF, "1", "1", str(2**63)], balancer, "left"),
    ("swap.bal_update_weights", [_HALF, "10", "10", "1", "1", _HALF], balancer, "reweighted"),
    (
        "swap.swap_step",
        ["1000000000", "1000000000", _HALF, "0", "buy", "1000000", str(2**96), True, _STEP],
        balancer,
        "steps",
    ),
]

_TERMS = (
    *("tao_in", "alpha_in", "alpha_out", "excess_tao", "alpha_out_emission", "root_prop"),
    *("pending_owner_cut", "pending_server", "pending_validator", "pending_root_alpha"),
    "recycled",
)


def _altered(value):
    """A result one unit off in its first number."""
    if isinstance(value, np.ndarray):
        value = value.copy()
        value.flat[0] += np.uint64(1)
        return value
    first, *more = value
    first = _altered(first) if isinstance(first, np.ndarray) else first + np.uint64(1)
    return type(value)(first, *more) if hasattr(value, "_fields") else (first, *more)


@pytest.mark.parametrize(("operation", "case", "module", "name"), _CASES)
def test_an_engine_one_unit_off_fails_the_case(operation, case, module, name, monkeypatch):
    expected, computed = OPS[operation](case)
    honest = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *arguments: _altered(honest(*arguments)))
    _, altered = OPS[operation](case)
    assert "engine" in str(altered), (expected, computed, altered)
    assert "engine" not in str(computed)


def test_terms_by_an_engine_one_unit_off_fail_the_case(monkeypatch):
    case = {
        "in": {
            "tao_weight": "3320413933267719290",
            "root_tao": "6000000000000000",
            "owner_cut": "11796",
            "root_sell_flag": True,
            "alpha_in": ["1000000000000000"],
            "alpha_out": ["2000000000000000"],
            "price": [str(2**60)],
            "owner_cut_enabled": [True],
            "tao_emission": [str(10**7 << 32)],
        },
        "out": {name: ["0"] for name in _TERMS},
    }
    honest = injection.terms
    _, computed = OPS["coin.coinbase_terms"](case)
    assert computed["tao_in"][0] > 0
    monkeypatch.setattr(injection, "terms", lambda *arguments: _altered(honest(*arguments)))
    _, altered = OPS["coin.coinbase_terms"](case)
    assert set(altered["tao_in"][0]) == {"law", "engine"}
