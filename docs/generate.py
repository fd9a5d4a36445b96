"""Writes the pages that are made from the code: ``python docs/generate.py`` (``make docs``).

``docs/mechanics/`` has a page for each mechanism, from the docstrings of its rules;
``docs/tables.md`` names every table and column, from the schemas and the models. What is written by
hand is not touched.
"""

import ast
import inspect
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType

import yaml

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from mechanics import fixed, quote, replay, transcendental  # noqa: E402
from mechanics.catalogue import MECHANISMS  # noqa: E402
from mechanics.eras import Era, Eras  # noqa: E402
from orchestration.columns import meaning  # noqa: E402
from orchestration.schemas import TABLES  # noqa: E402

HEADINGS = ("Rule", "Args", "Returns", "Errors", "Raises", "Attributes", "Source")
NOTE = "<!-- Written by `make docs` from the code; change the docstrings, not this page. -->\n"
NOT_RULES = {"FIRST_SPEC_VERSION", "LAST_SPEC_VERSION", "FIRST_BLOCK_NUMBER", "SOURCE", "ERAS"}


def pages() -> Iterator[tuple[str, str]]:
    """(path below docs, text) of every page."""
    yield "mechanics/README.md", _index()
    for name, eras in MECHANISMS.items():
        yield f"mechanics/{name}.md", _mechanism(name, eras)
    for module in (fixed, transcendental, quote, replay):
        name = _short(module)
        yield f"mechanics/{name}.md", f"{NOTE}\n# {_titled(name)}\n\n{_module(module, 2)}"
    yield "tables.md", _tables()


# ---------------------------------------------------------------------- mechanics


def _index() -> str:
    lines = [
        NOTE,
        "# The rules, mechanism by mechanism",
        "",
        "Each mechanism has eras: one file for each version of its rule, chosen by `spec_version`.",
        "`python -m mechanics eras` prints this list, and",
        "`python -m mechanics diff MECHANISM SPEC SPEC` what changed between two specs.",
        "",
        "| mechanism | eras | specs known | what it is |",
        "| --- | --- | --- | --- |",
    ]
    for name, eras in MECHANISMS.items():
        known = [*eras]
        room = _room(eras)
        lines.append(
            f"| [{name}]({name}.md) | {len(known)} | {known[0].first_spec_version} to "
            f"{known[-1].last_spec_version} | {_sentence(room)} |"
        )
    lines += ["", "Beside them:", ""]
    for module in (fixed, transcendental, quote, replay):
        lines.append(f"- [{_short(module)}]({_short(module)}.md): {_sentence(module)}")
    lines += ["", "[What the article claims](../claims.md), held against the code.", ""]
    return "\n".join(lines)


def _mechanism(name: str, eras: Eras) -> str:
    room = _room(eras)
    parts = [NOTE, f"# {_titled(name)}", inspect.cleandoc(room.__doc__ or ""), "## Eras"]
    rows = ["| era | specs | first block | rule |", "| --- | --- | --- | --- |"]
    for era in eras:
        block = "" if era.first_block_number is None else f"{era.first_block_number:,}"
        rows.append(f"| [{era.name}](#{era.name}) | {_specs(era)} | {block} | {_cell(era.rule)} |")
    parts.append("\n".join(rows))
    state = _state_of(eras)
    if state is not None:
        parts += ["## State", _module(state, 3)]
    for era in eras:
        parts += [f"## {era.name}", f"Specs {_specs(era)}.", _module(era.module, 3)]
    return "\n\n".join(parts).rstrip() + "\n"


def _module(module: ModuleType, level: int) -> str:
    """A module's words, its constants, and every public class and function it defines."""
    parts = [inspect.cleandoc(module.__doc__ or "")]
    source = getattr(module, "SOURCE", None)
    if source:
        parts.append(f"Source: {source}.")
    constants = [f"| `{name}` | {value} |" for name, value in _constants(module)]
    if constants:
        parts.append("\n".join(["| constant | value |", "| --- | --- |", *constants]))
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", None) != module.__name__ or name.startswith("_"):
            continue
        thing = inspect.unwrap(thing)
        if inspect.isclass(thing):
            parts.append(f"{'#' * level} {name}")
            parts.append(_docstring(inspect.getdoc(thing) or ""))
            if not is_dataclass(thing):
                parts += _methods(thing)
        elif isinstance(thing, FunctionType):
            parts.append(f"{'#' * level} {name}")
            parts.append(f"```python\n{name}{inspect.signature(thing)}\n```")
            parts.append(_docstring(inspect.getdoc(thing) or ""))
    return "\n\n".join(part for part in parts if part) + "\n"


def _methods(thing: type) -> list[str]:
    lines = []
    for name, method in vars(thing).items():
        function = method.__func__ if isinstance(method, classmethod) else method
        if isinstance(function, FunctionType) and not name.startswith("_") and function.__doc__:
            lines.append(f"- `{name}`: {_first_paragraph(function)}")
    return ["\n".join(lines)] if lines else []


def _docstring(text: str) -> str:
    """Headings as bold words, rules as they stand, arguments as lists."""
    parts: list[str] = []
    heading, lines = "", []

    def close() -> None:
        body = inspect.cleandoc("\n".join(["", *lines])) if lines else ""
        if not heading:
            parts.append(body)
        elif heading == "Rule":
            parts.append(f"```text\n{body}\n```")
        elif heading in ("Args", "Attributes"):
            parts.append(f"**{heading}**\n\n{_listed(body)}")
        else:
            parts.append(f"**{heading}.** {body}")

    for line in text.splitlines():
        if line.rstrip().rstrip(":") in HEADINGS:
            close()
            heading, lines = line.strip().rstrip(":"), []
        else:
            lines.append(line)
    close()
    return "\n\n".join(part for part in parts if part)


def _listed(body: str) -> str:
    """``name: words`` with words going on, indented, below."""
    lines = []
    for line in body.splitlines():
        named = re.match(r"^([\w, ]+): (.*)", line)
        if named:
            lines.append(f"- `{named[1]}`: {named[2]}")
        elif line.strip():
            lines.append(f"  {line.strip()}" if lines else line)
    return "\n".join(lines)


def _constants(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Public numbers a module defines itself."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            value = getattr(module, name)
            if name.isupper() and name not in NOT_RULES and type(value) is int:
                yield name, f"{value:,}" if abs(value) < 10**24 else hex(value)


def _room(eras: Eras) -> ModuleType:
    return import_module(next(iter(eras)).module.__package__)


def _state_of(eras: Eras) -> ModuleType | None:
    room = _room(eras)
    path = Path(room.__file__).with_name("state.py")
    return import_module(f"{room.__name__}.state") if path.is_file() else None


def _short(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _titled(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _specs(era: Era) -> str:
    return f"{era.first_spec_version} to {era.last_spec_version}"


def _sentence(module: ModuleType) -> str:
    return _cell((module.__doc__ or "").strip().split("\n\n")[0])


def _first_paragraph(function: FunctionType) -> str:
    return _cell(inspect.getdoc(function).split("\n\n")[0])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# ---------------------------------------------------------------------- tables


def _tables() -> str:
    parts = [
        NOTE,
        "# Tables",
        "What is in the warehouse and in the lake. A column's name ends in its unit; see "
        "[how to read a number](../README.md#how-to-read-a-number).",
        "## Marts",
    ]
    for path in sorted((PROJECT / "dbt_project" / "models" / "marts").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text())["models"]:
            parts += [f"### {model['name']}", " ".join(model["description"].split())]
            rows = ["| column | type | |", "| --- | --- | --- |"]
            rows += [
                f"| `{c['name']}` | {c['data_type']} | {_cell(c.get('description', ''))} |"
                for c in model["columns"]
            ]
            parts.append("\n".join(rows))
    parts.append("## Lake")
    parts.append("Parquet, one file a UTC day and table.")
    for name, schema in TABLES.items():
        parts.append(f"### {name}")
        rows = ["| column | type | |", "| --- | --- | --- |"]
        rows += [
            f"| `{field.name}` | {field.type}{', null' if field.nullable else ''} | "
            f"{_cell(meaning(name, field.name))} |"
            for field in schema
        ]
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    folder = Path(__file__).resolve().parent
    shutil.rmtree(folder / "mechanics", ignore_errors=True)
    for path, text in pages():
        page = folder / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text)
    print(f"Wrote {folder / 'mechanics' / 'README.md'} and the pages beside it.")


if __name__ == "__main__":
    main()
