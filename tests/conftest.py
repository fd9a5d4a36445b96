"""What tests share: the embedded recording, small ones cut from it, and the books built once."""

import json
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings as hypothesis_settings

from orchestration import settings
from orchestration.chain.record import described
from tests.recordings.cut import cut

PROJECT = Path(__file__).resolve().parent.parent

# One seed for all: a run that failed can be run again. No deadline: the machine may be busy.
hypothesis_settings.register_profile("taobooks", derandomize=True, deadline=None, max_examples=100)
hypothesis_settings.load_profile("taobooks")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The optional material beside the checkout: real data, whole captures, large vector sets."""
    folder = PROJECT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the material in ../shared beside the checkout, which is not here")
    return folder


@pytest.fixture(scope="session")
def localnet_a(shared: Path) -> Path:
    """The whole recorded chain that the embedded recording is cut from."""
    folder = shared / "captures" / "localnet_a"
    if not folder.is_dir():
        pytest.skip("needs the capture ../shared/captures/localnet_a, which is not here")
    return folder


@pytest.fixture(scope="session")
def embedded() -> Path:
    """The recording kept in the repository: blocks 300 to 900, spec 293."""
    return settings.EMBEDDED_RECORDING


@pytest.fixture(scope="session")
def small(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blocks 600 to 630 of the embedded recording, as a recording of its own."""
    folder = tmp_path_factory.mktemp("recordings") / "small"
    cut(embedded, 600, 630, folder)
    return folder


Change = Callable[[pa.Table], pa.Table]


@pytest.fixture
def altered(small: Path, tmp_path: Path) -> Callable[..., Path]:
    """The small recording with something of it changed, and a manifest that agrees.

    Called with a function for ``blocks``, ``storage_changes`` or both: the file's table in, the
    table to put in its place out.
    """

    def alter(**changes: Change) -> Path:
        folder = tmp_path / "altered"
        shutil.copytree(small, folder)
        for name, change in changes.items():
            path = folder / f"{name}.parquet"
            original = pq.ParquetFile(path)
            groups = [original.read_row_group(g) for g in range(original.num_row_groups)]
            whole = change(pa.concat_tables(groups))
            with pq.ParquetWriter(path, whole.schema, compression="zstd") as writer:
                writer.write_table(whole, row_group_size=whole.num_rows or 1)
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"] = described(folder)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return alter


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., settings.Settings]:
    """Settings with a home of the test's own, as the environment would give them."""

    def choose(source: Path, **more: str) -> settings.Settings:
        monkeypatch.setenv("TAOBOOKS_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("TAOBOOKS_SOURCE", f"recording:{source}")
        for name, value in more.items():
            monkeypatch.setenv(f"TAOBOOKS_{name.upper()}", value)
        return settings.load()

    return choose


class Silent:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.lines: list[str] = []

    def begins(self, steps: Mapping[str | None, int]) -> None:
        self.expected = steps

    def starts(self, step: str, day: str | None) -> None: ...

    def says(self, line: str) -> None:
        self.lines.append(line)

    def ends(self, step: str, day: str | None) -> None:
        self.steps.append(step)


@pytest.fixture(scope="session")
def repository() -> dg.RepositoryDefinition:
    """The code location as Dagster loads it."""
    from orchestration.definitions import defs

    # In a thread of its own: Dagster asks the instance last opened in this one, which is closed.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: defs().get_repository_def()).result()


@pytest.fixture(scope="session")
def books(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    """The embedded recording taken whole: lake, warehouse and Data Docs, built once. Read only."""
    from orchestration import refresh

    home = tmp_path_factory.mktemp("books") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAOBOOKS_HOME", str(home))
        patch.setenv("TAOBOOKS_SOURCE", f"recording:{embedded}")
        chosen = settings.load()
        refresh.run(chosen, refresh.plan(chosen, None, None), Silent())
    return chosen
