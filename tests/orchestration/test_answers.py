"""An answer is shown so that no number in it is broken."""

import io
import json

import duckdb
import pytest
from rich.console import Console

from orchestration import answers
from orchestration.answers import Form

ADDRESS = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"


def shown(query: str, width: int) -> str:
    screen = Console(file=io.StringIO(), width=width)
    answers.write(duckdb.connect().sql(query), Form.TABLE, screen, None)
    return screen.file.getvalue()


def test_an_answer_that_fits_is_a_table():
    lines = shown("select 15 as netuid, 213752616983 as tao_rao", 40).splitlines()
    assert lines[0].startswith("┏")
    assert "│     15 │ 213752616983 │" in lines


def test_an_answer_that_is_too_wide_is_a_record_with_a_column_a_line():
    query = f"select 15 as netuid, '{ADDRESS}' as coldkey_ss58, null as note from range(2)"
    assert shown(query, 68).startswith("┏")
    assert [line.rstrip() for line in shown(query, 67).splitlines()] == [
        "1 of 2 " + "─" * 60,
        "netuid        15",
        f"coldkey_ss58  {ADDRESS}",
        "note",
        "2 of 2 " + "─" * 60,
        "netuid        15",
        f"coldkey_ss58  {ADDRESS}",
        "note",
    ]


def test_words_are_broken_between_them_before_a_number_is():
    words = "what an epoch wrote and paid, neuron by neuron, as the chain has it"
    wide = "123456789012345678901234"
    drawn = shown(f"select {wide}::hugeint as a, '{words}' as b, {wide}::hugeint as c", 76)
    assert drawn.startswith("┏")
    assert f"│ {wide} │ what an epoch" in drawn
    assert f"│ {wide} │\n" in drawn


def test_a_long_name_over_short_numbers_is_broken_after_its_underscores():
    query = "select 7 as unexplained_count, 12345678 as flow_chain_user_7d_rao"
    assert shown(query, 50).splitlines()[1] == "┃ unexplained_count ┃ flow_chain_user_7d_rao ┃"
    assert shown(query, 45).splitlines()[1:6] == [
        "┃              ┃    flow_ ┃",
        "┃              ┃   chain_ ┃",
        "┃ unexplained_ ┃ user_7d_ ┃",
        "┃        count ┃      rao ┃",
        "┡━━━━━━━━━━━━━━╇━━━━━━━━━━┩",
    ]


def test_in_json_no_column_is_lost_to_another_of_its_name():
    screen = Console(file=io.StringIO())
    query = "select * from (select 1 as a, 3 as a_2) x join (select 1 as a, 2 as b) y on x.a = y.a"
    answers.write(duckdb.connect().sql(query), Form.JSON, screen, None)
    assert json.loads(screen.file.getvalue()) == [{"a": 1, "a_2": 3, "a_3": 1, "b": 2}]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_decimal_of_nought_is_written_in_digits(form):
    screen = Console(file=io.StringIO(), width=40)
    nought = duckdb.connect().sql("select 0::decimal(38, 9) as tao")
    answers.write(nought, Form(form), screen, None)
    assert "0.000000000" in screen.file.getvalue()


@pytest.mark.parametrize("width", [12, 30, 60, 200])
def test_every_cell_of_a_wide_answer_is_on_the_screen_at_any_width(width):
    drawn = shown(f"select '{ADDRESS}' as coldkey, 1 as one, '[b]x' as markup", width)
    joined = "".join(character for character in drawn if character not in " \n│┃")
    assert ADDRESS in joined
    assert "[b]x" in joined


def test_of_no_row_too_wide_the_columns_are_named():
    said = shown("select 1 as first_of_two, 2 as second_of_two where false", 14)
    assert " ".join(said.split()) == "no row of first_of_two, second_of_two"
