"""The pages made from the code are those the code makes now."""

import importlib.util

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


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_page_names_every_era_and_its_source(pages, mechanism):
    page = pages[f"mechanics/{mechanism}.md"]
    for era in MECHANISMS[mechanism]:
        assert f"## {era.name}" in page
        assert era.module.SOURCE in page
