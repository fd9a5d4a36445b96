"""The Data Docs: Great Expectations' own site of every judgement, made to work without a network.

Its pages load some fifteen files from other hosts and an image that counts visits; the files lie
beside the pages instead, and nothing of another host is loaded.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

ASSETS = Path(__file__).with_name("data_docs_assets")

_LOCAL = {
    "bootstrap-table-filter-control.min.css": "bootstrap-table-filter-control.min.css",
    "bootstrap-table-filter-control.css": "bootstrap-table-filter-control.min.css",
    "bootstrap-table-filter-control.min.js": "bootstrap-table-filter-control.min.js",
    "bootstrap-table.min.css": "bootstrap-table.min.css",
    "bootstrap-table.min.js": "bootstrap-table.min.js",
    "bootstrap-datepicker.min.css": "bootstrap-datepicker.min.css",
    "bootstrap-datepicker.min.js": "bootstrap-datepicker.min.js",
    "bootstrap-prefers-dark.css": "bootstrap-prefers-dark.min.css",
    "bootstrap.min.css": "bootstrap.min.css",
    "bootstrap.min.js": "bootstrap.min.js",
    "font-awesome/6.6.0/css/all.min.css": "fontawesome/css/all.min.css",
    "jquery-3.7.1.min.js": "jquery.min.js",
    "popper.min.js": "popper.min.js",
}
"""What a page asks another host for, by the end of the address, and the file that stands for it."""

_REMOTE_TAG = re.compile(
    r"<(?P<tag>link|script|img)\b(?P<before>[^>]*?)\s(?P<attribute>src|href)="
    r"\"(?P<address>https?://[^\"]+)\"(?P<after>[^>]*)>(?P<end></script>)?",
)
_REMOTE_STYLE = re.compile(r"url\('https?://[^']+'\)")
_PINNING = re.compile(r"\s(?:integrity|crossorigin)=\"[^\"]*\"")
_FOOTER = re.compile(r"<footer>.*?</footer>", re.DOTALL)
_OURS = (
    "<footer><p>What taobooks expects of each landed day, and what was found; a day that breaks an "
    "expectation is not published.</p></footer>"
)


def context(docs: Path) -> EphemeralDataContext:
    """A context that keeps results beside the site and writes the site to ``docs``."""
    import logging

    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)

    def kept(kind: str, folder: str) -> dict[str, Any]:
        return {
            "class_name": kind,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(docs / ".results" / folder),
            },
        }

    def passing(kind: str) -> dict[str, Any]:
        return {"class_name": kind, "store_backend": {"class_name": "InMemoryStoreBackend"}}

    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            expectations_store_name="expectations",
            validation_results_store_name="validations",
            checkpoint_store_name="checkpoints",
            stores={
                # Of this process: another that kept the same suite would make ours look outdated.
                "expectations": passing("ExpectationsStore"),
                "validations": kept("ValidationResultsStore", "validations"),
                "checkpoints": passing("CheckpointStore"),
                "validation_definition_store": passing("ValidationDefinitionStore"),
            },
            data_docs_sites={
                "taobooks": {
                    "class_name": "SiteBuilder",
                    "show_how_to_buttons": False,
                    "store_backend": {
                        "class_name": "TupleFilesystemStoreBackend",
                        "base_directory": str(docs),
                    },
                    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                }
            },
            progress_bars={"globally": False},
        ),
    )


def publish(context: EphemeralDataContext, docs: Path, result: Any, of: str) -> Path:
    """Writes the page of one judgement, its suite's page and the index; returns the first.

    Args:
        of: the table and the day, in words.
    """
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    suite = ExpectationSuiteIdentifier(name=result.suite_name)
    page = ValidationResultIdentifier(
        expectation_suite_identifier=suite,
        run_id=result.meta["run_id"],
        batch_identifier=result.batch_id,
    )
    context.build_data_docs(site_names=["taobooks"], resource_identifiers=[suite, page])
    _bring_assets(docs)
    index, expected = docs / "index.html", docs / "expectations" / f"{result.suite_name}.html"
    run_name = page.run_id.run_name
    (found,) = (docs / "validations" / result.suite_name / run_name).rglob("*.html")
    for path in (index, expected, found):
        _make_local(path, docs)
    _retell(index, "What was expected of each day, and what was found", *_of_index(docs))
    _retell(expected, f"What is expected of {result.suite_name}", *_of_suite(result.suite_name))
    _retell(found, of, *_of_judgement(of, _judged_at(docs, found.relative_to(docs).as_posix())))
    return found


def _bring_assets(docs: Path) -> None:
    target = docs / "static" / "local"
    if not target.is_dir():
        shutil.copytree(ASSETS, target)
    for film in ("glossary_scroller.gif", "validation_failed_unexpected_values.gif"):
        # 3.4 MB of films for a walk-through that the pages no longer open.
        (docs / "static" / "images" / film).unlink(missing_ok=True)


def _make_local(path: Path, docs: Path) -> None:
    """Every file a page loads is one beside it; what has no local file is not loaded."""
    up = "../" * len(path.relative_to(docs).parent.parts)

    def local(match: re.Match[str]) -> str:
        address = match["address"].split("?")[0]
        if "logo-long" in address:
            file = f"{up}static/images/logo-long.png"
        else:
            name = next((own for end, own in _LOCAL.items() if address.endswith(end)), None)
            if name is None:
                return ""
            file = f"{up}static/local/{name}"
        tag = f'<{match["tag"]}{match["before"]} {match["attribute"]}="{file}"{match["after"]}>'
        return _PINNING.sub("", tag) + (match["end"] or "")

    text = _REMOTE_TAG.sub(local, path.read_text())
    text = _REMOTE_STYLE.sub(f"url('{up}static/images/logo-long.png')", text)
    path.write_text(_FOOTER.sub(_OURS, text))


# ---------------------------------------------------------------------- in words of ours

_TITLES = re.compile(r"<title>.*?</title>", re.DOTALL)
_INFO = re.compile(r"<div class=\"col-12 p-0\">\s*<(?:p|h4)>.*?</div>", re.DOTALL)
_CRUMB = re.compile(r"(aria-current=\"page\">)[^<]*(</li>)")
_ROW = re.compile(
    r"'run_time': '[^']*', '_run_time_sort': [\d.]+,"
    r"(?P<between>.*?'_table_row_link_path': '(?P<page>[^']+)')",
    re.DOTALL,
)
_BATCH_COLUMN = re.compile(r"\{'field': 'batch_identifier'[^}]*\}, ")

Change = tuple[re.Pattern[str], Any]


def _retell(path: Path, title: str, *changes: Change) -> None:
    """Says what a page is about, where Great Expectations says what it is made with."""
    text = path.read_text()
    text = _TITLES.sub("", text).replace("<head>", f"<head>\n    <title>{title}</title>", 1)
    for pattern, ours in changes:
        text = pattern.sub(ours, text)
    path.write_text(text)


def _of_index(docs: Path) -> Iterator[Change]:
    def judged(row: re.Match[str]) -> str:
        at = _judged_at(docs, row["page"])
        time = f"'run_time': '{at:{_TO_THE_SECOND}}', '_run_time_sort': {at.timestamp()}"
        return f"{time},{row['between']}"

    yield (
        _INFO,
        _info(
            "Expectations",
            "What was expected of each day of each table, and what was found: a row opens it. By "
            '<a href="https://greatexpectations.io">Great Expectations</a>.',
        ),
    )
    # The run is named for the day and dated with it, so that its page keeps its address.
    yield _ROW, judged
    yield _BATCH_COLUMN, ""
    for theirs, ours in (
        ("Run Time", "Judged at"),
        ("Run Name", "Day"),
        ("Asset Name", "Table"),
        ("Expectation Suite", "Expected"),
    ):
        yield re.compile(f"'title': '{theirs}'"), f"'title': '{ours}'"
    yield re.compile("'pagination': 'true'"), "'pagination': 'true', 'pageSize': 50"


def _of_suite(table: str) -> Iterator[Change]:
    yield _INFO, _info(table, "What is expected of every day of the table.")
    yield _CRUMB, rf"\g<1>{table}\g<2>"


def _of_judgement(of: str, at: dt.datetime) -> Iterator[Change]:
    judged = f"{at:{_TO_THE_SECOND}}"
    yield _INFO, _info(of, f"What was expected, and what was found.<br>Judged at {judged}.")
    yield _CRUMB, rf"\g<1>{of}\g<2>"
    yield (
        re.compile("Data asset: None"),
        f'<span class="h6">Data:</span> {of}<br> <span class="h6">Judged at:</span> {judged}',
    )
    yield re.compile(r"\d{4}-\d\d-\d\dT00:00:00Z"), judged


def _info(title: str, words: str) -> str:
    return f'<div class="col-12 p-0">\n      <h4>{title}</h4>\n      <p>{words}</p>\n    </div>'


def _judged_at(docs: Path, page: str) -> dt.datetime:
    """When the result behind a page was kept."""
    kept = (docs / ".results" / page).with_suffix(".json")
    return dt.datetime.fromtimestamp(kept.stat().st_mtime, tz=dt.UTC)


_TO_THE_SECOND = "%Y-%m-%d %H:%M:%S UTC"
