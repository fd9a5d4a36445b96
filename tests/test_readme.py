"""The README's commands work as printed, and its answers are the real ones."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from orchestration import cli
from orchestration.settings import Settings
from tests.conftest import PROJECT

README = (PROJECT / "README.md").read_text()
ANSWERED = re.findall(r"^\$ (taobooks (?:sql|tables) .*)\n((?:[^`$\n].*\n)+)", README, re.MULTILINE)


def test_the_readme_has_answers():
    assert len(ANSWERED) >= 5


@pytest.mark.parametrize(("command", "answer"), ANSWERED)
def test_an_answer_in_the_readme_is_the_real_one(books, monkeypatch, command, answer):
    monkeypatch.setenv("TAOBOOKS_HOME", str(books.home))
    monkeypatch.setattr(cli.out, "_width", 110)
    result = CliRunner().invoke(cli.app, shlex.split(command)[1:])
    assert result.output == answer


def test_every_file_and_target_the_readme_names_is_there():
    targets = re.findall(r"^\$ make (\w+)", README, re.MULTILINE)
    makefile = (PROJECT / "Makefile").read_text()
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path, _, anchor in re.findall(r"\]\(([^)#]*)(#([^)]+))?\)", README):
        assert (PROJECT / path).exists(), path
        if anchor:
            headings = re.findall(
                r"^#+ (.+)$", (PROJECT / (path or "README.md")).read_text(), re.MULTILINE
            )
            anchors = {heading.lower().replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{path}#{anchor}"


def test_the_python_in_the_readme_gives_what_it_says():
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        scope: dict = {}
        for line in block.splitlines():
            code, _, said = line.partition("  # ")
            if said:
                assert eval(code, scope) == eval(said), line
            else:
                exec(code, scope)


def test_every_setting_is_in_the_readme_and_in_the_example_with_its_default():
    rows = dict(re.findall(r"^\| `(TAOBOOKS_\w+)` \| (.*?) \|", README, re.MULTILINE))
    example = (PROJECT / ".env.example").read_text()
    assert rows.keys() == {f"TAOBOOKS_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        assert f"#TAOBOOKS_{name.upper()}=" in example, name
        if isinstance(field.default, int):
            assert rows[f"TAOBOOKS_{name.upper()}"] == f"`{field.default}`"


def test_every_command_is_in_the_readme():
    commands = {
        command.name or command.callback.__name__ for command in cli.app.registered_commands
    }
    assert commands <= set(re.findall(r"taobooks (\w+)", README))
    for page in ("README.md", *(f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md"))):
        text = (PROJECT / page).read_text()
        assert set(re.findall(r"^\$ (?:\w+=\S+ )?taobooks (\w+)", text, re.MULTILINE)) <= commands
