"""The weighted pool's and the share pool's operations against what the chain's code computed."""

import json
from pathlib import Path

import pytest

from mechanics.verify.form import UnknownForm
from mechanics.verify.swap_share_ops import OPS

SAMPLE = Path(__file__).parents[1] / "vectors" / "swap_share_sample.json"
GROUPS = json.loads(SAMPLE.read_text())["ops"]


def written(value: object) -> object:
    """A value as the files write it."""
    if isinstance(value, list):
        return [written(element) for element in value]
    return str(value) if type(value) is int else value


@pytest.mark.parametrize("name", sorted(OPS))
def test_an_operation_gives_what_the_chain_gave(name):
    for case in GROUPS[name]["cases"]:
        expected, computed = OPS[name](case)
        assert written(computed) == written(expected), case


def test_one_rao_more_is_a_step_that_fails():
    case = next(c for c in GROUPS["swap.swap_step"]["cases"] if c[-1].get("delta_out", "0") != "0")
    wrong = case[-1] | {"delta_out": str(int(case[-1]["delta_out"]) + 1)}
    expected, computed = OPS["swap.swap_step"]([*case[:-1], wrong])
    assert computed != expected


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("swap.from_rational", ["1", "2"]),
        ("swap.bal_calculate_price", ["500000000000000000", "1", "-1", "0"]),
        ("swap.swap_step", ["1", "1", "1", "1", "hold", "1", "1", False, {}]),
        ("swap.swap_step", ["1", "1", "500000000000000000", "1", "buy", "1", "1", "no", {}]),
        ("share.sf_add", [["1", "0"], ["1"], ["2", "0"]]),
        ("share.pool_seq", ["1", [["some", "1"]], [["1"]]]),
        ("share.pool_seq", ["1", [["one", "1", "5"]], [["1"]]]),
    ],
)
def test_a_case_of_another_form_is_refused(name, case):
    with pytest.raises(UnknownForm):
        OPS[name](case)


def test_a_weight_out_of_bounds_gives_nothing():
    assert OPS["swap.bal_calculate_price"](["9999999999999999", "5", "5", None]) == (None, None)
