"""The Data Docs: Great Expectations' own site of every judgement, made to work without a network.

Its pages load some fifteen files from other hosts and an image that counts visits; the files lie
beside the pages instead, and nothing of another host is loaded.
"""

from __future__ import annotations

import re
import shutil
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


def publish(context: EphemeralDataContext, docs: Path, result: Any) -> None:
    """Writes the page of one judgement, its suite's page and the index."""
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
    pages = [docs / "index.html", docs / "expectations" / f"{result.suite_name}.html"]
    pages += (docs / "validations" / result.suite_name / page.run_id.run_name).rglob("*.html")
    for path in pages:
        _make_local(path, docs)


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
