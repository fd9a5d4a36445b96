"""The pages made from the code are those the code makes now."""

import importlib.util
import re

import pytest

from mechanics.catalogue import MECHANISMS
from tests.conftest import PROJECT

DOCS = PROJECT / "docs"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    return dict(generate.pages())


def test_what_stands_in_docs_is_what_make_docs_writes(pages):
    stale = [path for path, text in pages.items() if (DOCS / path).read_text() != text]
    assert not stale, "run `make docs`"
    kept = {str(p.relative_to(DOCS)) for p in (DOCS / "mechanics").glob("*.md")}
    assert kept == {path for path in pages if path.startswith("mechanics/")}


@pytest.mark.parametrize("room", ["orchestration", "orchestration/chain"])
def test_the_architecture_names_every_file(room):
    listed = (DOCS / "architecture.md").read_text().split("```")[1]
    files = {path.name for path in (PROJECT / room).glob("*.py")} - {"__init__.py"}
    assert files <= set(re.findall(r"[\w.]+", listed))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_page_names_every_era_and_its_source(pages, mechanism):
    page = pages[f"mechanics/{mechanism}.md"]
    for era in MECHANISMS[mechanism]:
        assert f"## {era.name}" in page
        assert era.module.SOURCE in page


def test_the_page_about_nodes_names_every_call_that_is_made():
    page = (DOCS / "nodes.md").read_text()
    code = "".join(path.read_text() for path in (PROJECT / "orchestration" / "chain").glob("*.py"))
    made = set(re.findall(r"ask\(\s*\"(\w+)\"", code))
    assert len(made) > 5
    assert set(re.findall(r"`((?:chain|state|system)_\w+)`", page)) == made


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_what_a_page_links_to_is_there(page):
    for path in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (DOCS / page).read_text()):
        assert (DOCS / path).exists(), path
