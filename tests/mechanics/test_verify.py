"""Replaying vector files: what is right passes, and nothing else does."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mechanics import verify
from mechanics.__main__ import main

VECTORS = Path(__file__).resolve().parent.parent / "vectors"

Replay = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Replay:
    """Write a file, replay it from the command line: exit code, lines, what was said of errors."""

    def run(content: object, name: str = "vectors.json") -> tuple[int, list[str], str]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        code = main(["verify", str(path)])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out.splitlines(), said.err

    return run


def ops(**cases: list) -> dict:
    named = {name.replace("__", "."): rows for name, rows in cases.items()}
    return {"meta": {}, "ops": {name: {"n": len(r), "cases": r} for name, r in named.items()}}


GOOD = ["4294967296", "4294967296", "4294967296"]


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_the_embedded_vectors_all_pass(path, capsys):
    stated = sum(op["n"] for op in json.loads(path.read_text())["ops"].values())
    assert main(["verify", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{stated} passed, 0 failed"


@pytest.mark.parametrize(("name", "count"), [("fixed", 57_014), ("gate", 250)])
def test_the_large_vectors_all_pass(shared, capsys, name, count):
    assert main(["verify", str(shared / "vectors" / f"{name}_vectors.json.gz")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"{count} passed, 0 failed"
    assert "U96F32.safe_div: 300/300" in lines or name == "gate"


def test_a_line_per_operation_and_a_closing_count(replay):
    code, lines, said = replay(
        ops(U96F32__safe_div=[GOOD, GOOD], I32F32__exp=[["0", "4294967296"]])
    )
    assert (code, said) == (0, "")
    assert lines == ["U96F32.safe_div: 2/2", "I32F32.exp: 1/1", "3 passed, 0 failed"]


def test_a_compressed_file_is_read_as_well(replay):
    compressed = gzip.compress(json.dumps(ops(U96F32__safe_div=[GOOD])).encode(), mtime=0)
    assert replay(compressed) == (0, ["U96F32.safe_div: 1/1", "1 passed, 0 failed"], "")


def test_a_wrong_expected_value_fails_and_is_shown_in_full(replay):
    off_by_one = [*GOOD[:2], "4294967297"]
    code, lines, _ = replay(ops(U96F32__safe_div=[GOOD, off_by_one, off_by_one]))
    assert code == 1
    assert lines == [
        "U96F32.safe_div: 1/3",
        '  case 2: ["4294967296", "4294967296", "4294967297"]',
        '  expected: "4294967297"',
        '  computed: "4294967296"',
        "1 passed, 2 failed",
    ]


def test_a_number_and_null_are_not_the_same(replay):
    code, lines, _ = replay(ops(U96F32__checked_div=[["1", "0", "0"], ["1", "0", None]]))
    assert code == 1
    assert lines[-1] == "1 passed, 1 failed"


def test_an_operation_it_does_not_know_fails(replay):
    code, lines, _ = replay(ops(U96F32__safe_div=[GOOD], U96F32__cube_root=[["1", "1"]] * 3))
    assert code == 1
    assert lines == [
        "U96F32.safe_div: 1/1",
        "U96F32.cube_root: 0/3",
        "  no rule is known by this name",
        "1 passed, 3 failed",
    ]


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (["1", "1"], "2 elements stand where 3 belong"),
        (["1", "1", "1", "1"], "4 elements stand where 3 belong"),
        ({"a": "1"}, "a dict stands where a list belongs"),
        (["one", "1", "1"], "'one' is no integer"),
        (["1", "01", "1"], "'01' is no integer"),
        (["1", "1.0", "1"], "'1.0' is no integer"),
        ([1.5, "1", "1"], "1.5 is no integer"),
        ([True, "1", "1"], "True is no integer"),
        ([None, "1", "1"], "None is no integer"),
        (["-1", "1", "1"], "-1 is not from 0 to 340282366920938463463374607431768211455"),
    ],
)
def test_a_case_of_a_form_it_does_not_know_fails(replay, case, why):
    code, lines, _ = replay(ops(U96F32__safe_div=[case]))
    assert code == 1
    assert lines[0] == "U96F32.safe_div: 0/1"
    assert lines[2] == f"  unknown form: {why}"
    assert lines[-1] == "0 passed, 1 failed"


def emission_cases(operation: str) -> list:
    return json.loads((VECTORS / "emission.json").read_text())["ops"][operation]["cases"]


@pytest.mark.parametrize(
    "operation",
    ["emis.get_shares_flow", "emis.get_subnet_block_emissions", "emis.get_shares_gated"],
)
def test_an_object_with_a_field_too_many_or_too_few_fails(replay, operation):
    for part in ("in", "out"):
        for change in (lambda fields: fields | {"x": "0"}, lambda f: dict(list(f.items())[1:])):
            case = dict(emission_cases(operation)[-1])
            case[part] = change(case[part])
            code, lines, _ = replay({"meta": {}, "ops": {operation: {"n": 1, "cases": [case]}}})
            assert code == 1
            assert lines[2].startswith("  unknown form: fields missing or unknown: ")


@pytest.mark.parametrize(
    "operation",
    ["emis.get_shares_flow", "emis.get_subnet_block_emissions", "emis.get_shares_gated"],
)
def test_any_number_of_an_expected_result_that_is_off_by_one_fails(replay, operation):
    case = emission_cases(operation)[-1]
    for name, value in case["out"].items():
        wrong = (
            str(int(value) + 1) if isinstance(value, str) else [str(int(value[0]) + 1), *value[1:]]
        )
        altered = {**case, "out": {**case["out"], name: wrong}}
        code, lines, _ = replay({"meta": {}, "ops": {operation: {"n": 1, "cases": [altered]}}})
        assert (code, lines[-1]) == (1, "0 passed, 1 failed"), name


def test_a_count_that_is_not_the_number_of_cases_fails(replay):
    tree = ops(U96F32__safe_div=[GOOD, GOOD])
    tree["ops"]["U96F32.safe_div"]["n"] = 3
    code, lines, _ = replay(tree)
    assert code == 1
    assert lines == [
        "U96F32.safe_div: 2/3",
        "  n is 3, but there are 2 cases",
        "2 passed, 1 failed",
    ]


def test_a_rule_that_breaks_fails_its_case_and_hides_no_other(replay, monkeypatch):
    def broken(case):
        raise KeyError("gone")

    monkeypatch.setitem(verify.OPS, "U96F32.safe_div", broken)
    code, lines, _ = replay(ops(U96F32__safe_div=[GOOD], U96F32__frac=[["1", "1"]]))
    assert code == 1
    assert "  the rule fails with KeyError: 'gone'" in lines
    assert lines[-2:] == ["U96F32.frac: 1/1", "1 passed, 1 failed"]


def test_a_section_it_does_not_know_fails(replay):
    code, lines, _ = replay(ops(U96F32__safe_div=[GOOD]) | {"whole_days": [{"in": 1}, {"in": 2}]})
    assert code == 1
    assert lines[-3:] == [
        "whole_days: 0/2",
        "  no rule is known by this name",
        "1 passed, 2 failed",
    ]


COMPRESSED = gzip.compress(json.dumps(ops(U96F32__safe_div=[GOOD] * 300)).encode(), mtime=0)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (COMPRESSED[:40], "is cut short or damaged"),
        (COMPRESSED[:-8], "is cut short or damaged"),
        (COMPRESSED[:30] + b"\x00\xff\x00" + COMPRESSED[33:], "damaged"),
        (COMPRESSED[:-8] + b"\x00" * 8, "the gzip stream is damaged (CRC check failed"),
        (b'{"meta": {}, "ops": {', "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"", "is not JSON"),
        (b'{"ops": {"U96F32.frac": {"n": 0, "cases": []}}, "ops": {}}', "a name stands twice"),
        ({"cases": []}, 'has no "ops" to replay'),
        ([1], 'has no "ops" to replay'),
        ({"ops": {}}, "holds no case"),
        ({"ops": {"U96F32.frac": [["1", "1"]]}}, "U96F32.frac is not an object of n and cases"),
        ({"ops": {"U96F32.frac": {"n": "1", "cases": []}}}, "U96F32.frac has no whole n"),
        ({"ops": {"U96F32.frac": {"n": 1, "cases": {}}}}, "U96F32.frac has no whole n"),
        ({"ops": {}, "more": {"a": 1}}, "more, beside ops, is not a list of cases"),
    ],
)
def test_a_file_that_cannot_be_replayed_fails_with_one_sentence(replay, content, why):
    code, lines, said = replay(content)
    assert (code, lines) == (1, ["0 passed, 1 failed"])
    assert why in said
    assert said.count("\n") == 1


def test_a_file_that_is_not_there_fails_and_the_others_are_replayed(tmp_path, capsys):
    good = tmp_path / "good.json"
    good.write_text(json.dumps(ops(U96F32__safe_div=[GOOD])))
    assert main(["verify", str(tmp_path / "none.json"), str(good)]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "1 passed, 1 failed"
    assert "none.json cannot be read: No such file or directory" in said.err
