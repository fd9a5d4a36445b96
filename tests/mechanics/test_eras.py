"""Every era says what it is, what it changed and where that stands; the command line shows it."""

import re
from itertools import pairwise

import pytest

from mechanics.__main__ import changes, main
from mechanics.catalogue import MECHANISMS

ERAS = [era for eras in MECHANISMS.values() for era in eras]


@pytest.mark.parametrize("era", ERAS, ids=lambda era: f"{era.mechanism}-{era.name}")
def test_an_era_names_its_first_spec(era):
    assert re.match(rf"v{era.first_spec_version}_[a-z]", era.name)
    assert era.first_spec_version <= era.last_spec_version
    assert era.rule.endswith((".", ":"))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_eras_follow_each_other_without_overlap(mechanism):
    eras = list(MECHANISMS[mechanism])
    for older, newer in pairwise(eras):
        assert older.last_spec_version < newer.first_spec_version


def test_the_table_has_a_line_per_era(capsys):
    assert main(["eras"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(ERAS) + 1
    assert lines[0].split()[:2] == ["mechanism", "era"]
    (gate,) = (line for line in lines if "v440_gate" in line)
    assert gate.split()[:4] == ["emission", "v440_gate", "440", "479"]
    (launch,) = (line for line in lines if line.split()[:2] == ["emission", "v233_price_ema"])
    assert launch.split()[2:5] == ["233", "256", "4,920,350"]


def test_a_difference_is_told_in_words_with_its_source(capsys):
    assert main(["diff", "emission", "419", "421"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("emission v411_net_flow (specs 411 to 419)")
    assert "emission v421_price_root_burn (specs 421 to 424)" in shown
    assert "Against v411: flows no longer count" in shown
    assert "subtensor@6016381e4f (spec 421)" in shown


def test_a_difference_shows_every_step_between_in_either_order():
    emission = MECHANISMS["emission"]
    steps = re.findall(r"^emission v(\d+)", changes(emission, 326, 348), re.MULTILINE)
    assert steps == ["257", "334", "338", "342", "345", "348"]
    assert changes(emission, 348, 326) == changes(emission, 326, 348)


def test_two_specs_of_one_era_have_the_same_rule():
    assert "The same rule at both specs" in changes(MECHANISMS["emission"], 425, 439)


def test_a_spec_without_a_rule_is_one_sentence(capsys):
    assert main(["diff", "emission", "425", "480"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("No emission rule is known for spec 480; specs 233-256, ")
    assert said.err.count("\n") == 1


def test_a_mechanism_that_is_not_one_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["diff", "weather", "1", "2"])
    assert stopped.value.code == 2
    assert "invalid choice: 'weather'" in capsys.readouterr().err
