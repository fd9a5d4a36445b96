"""Replaying the coinbase's vectors: right passes, off by one fails, other forms are refused."""

import copy
import gzip
import json
from pathlib import Path

import pytest

from mechanics.verify import coinbase_ops
from mechanics.verify.form import UnknownForm

SAMPLE = Path(__file__).resolve().parent.parent / "vectors" / "coinbase.json"
CASES = {name: op["cases"] for name, op in json.loads(SAMPLE.read_text())["ops"].items()}


def agrees(name: str, case) -> bool:
    expected, computed = coinbase_ops.OPS[name](case)
    return written(expected) == written(computed)


def written(value):
    """A value as the vectors write it."""
    return json.loads(json.dumps(value), parse_int=str)


def test_every_operation_has_a_sample():
    assert CASES.keys() == coinbase_ops.OPS.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_sample_agrees(name):
    assert len(CASES[name]) == 20
    assert all(agrees(name, case) for case in CASES[name])


def off_by_one(case):
    """The case with each expected number raised by one in turn, or its truth turned over."""
    if isinstance(case, list) and isinstance(case[-1], bool):
        yield [*case[:-1], not case[-1]]
    elif isinstance(case, list):
        yield [*case[:-1], str(int(case[-1]) + 1)]
    else:
        for name, column in case["out"].items():
            for at, value in enumerate(column):
                wrong = copy.deepcopy(case)
                if isinstance(value, list):
                    wrong["out"][name][at][1] = str(int(value[1]) + 1)
                else:
                    wrong["out"][name][at] = str(int(value) + 1)
                yield wrong


@pytest.mark.parametrize("name", CASES)
def test_a_number_that_is_off_by_one_does_not_agree(name):
    wrong = [changed for case in CASES[name][:5] for changed in off_by_one(case)]
    assert wrong
    assert not any(agrees(name, case) for case in wrong)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("case", [None, "7", [], ["1"], {}, {"in": {}, "out": {}}, [[], [], []]])
def test_a_case_of_another_form_is_refused(name, case):
    with pytest.raises(UnknownForm):
        coinbase_ops.OPS[name](case)


@pytest.mark.parametrize("name", ["coin.coinbase_terms", "coin.dividend_distribution"])
def test_a_field_too_many_or_too_few_is_refused(name):
    case = CASES[name][0]
    for side in ("in", "out"):
        more, less = copy.deepcopy(case), copy.deepcopy(case)
        more[side]["unheard_of"] = "1"
        less[side].popitem()
        for changed in (more, less):
            with pytest.raises(UnknownForm):
                coinbase_ops.OPS[name](changed)


def test_columns_of_different_lengths_are_refused():
    case = copy.deepcopy(CASES["coin.coinbase_terms"][0])
    case["in"]["price"].append("1")
    with pytest.raises(UnknownForm, match="different lengths"):
        coinbase_ops.OPS["coin.coinbase_terms"](case)


@pytest.mark.parametrize("number", ["-1", "x", "1.0", None, 2**128, True])
def test_a_number_that_is_none_of_the_kind_is_refused(number):
    with pytest.raises(UnknownForm):
        coinbase_ops.OPS["coin.root_proportion"](["1", "1", number, "1"])
    with pytest.raises(UnknownForm):
        coinbase_ops.OPS["coin.block_emission"]([number, "1"])


def test_every_case_of_the_large_set_agrees(shared: Path):
    tree = json.loads(gzip.decompress((shared / "vectors/coinbase_vectors.json.gz").read_bytes()))
    counts = {}
    for name in coinbase_ops.OPS:
        cases = tree["ops"][name]["cases"]
        assert all(agrees(name, case) for case in cases), name
        counts[name] = len(cases)
    assert counts == {
        "coin.block_emission": 400,
        "coin.update_moving_price": 400,
        "coin.root_proportion": 400,
        "coin.root_sell_flag": 112,
        "coin.coinbase_terms": 240,
        "coin.dividend_distribution": 291,
    }
