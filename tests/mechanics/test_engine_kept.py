"""Compiled code is kept, and never outlives the sources it was compiled from."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

CALLED = """
from pathlib import Path
from mechanics.engine.kept import compiler
compiled = compiler(Path(__file__).parent)
@compiled
def called(x):
    return x + {}
"""
CALLS = """
from package.called import called, compiled
@compiled
def calls(x):
    return 10 * called(x)
"""


def run(folder: Path) -> int:
    """What ``calls(1)`` gives in a new process, after another package's functions were made."""
    code = "import mechanics.engine.amm; from package.calls import calls; print(calls(1))"
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment | {"PYTHONPATH": f"{folder}{os.pathsep}{PROJECT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(ran.stdout)


def test_a_change_of_a_called_module_is_noticed_and_the_old_code_goes(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "calls.py").write_text(CALLS)
    (package / "called.py").write_text(CALLED.format(1))
    assert run(tmp_path) == 20
    (kept,) = package.rglob("numba-*")
    made = sorted(kept.rglob("*.nbc"))
    assert len(made) == 2
    assert run(tmp_path) == 20
    assert sorted(kept.rglob("*.nbc")) == made
    (package / "called.py").write_text(CALLED.format(2))
    assert run(tmp_path) == 30
    (newer,) = package.rglob("numba-*")
    assert newer != kept
