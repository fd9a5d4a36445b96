"""Fast twins of the law's hot rules on arrays: the same signatures, the same bits.

Where a case leaves the range that narrow integers hold, the law computes it. Compiled code is kept
on disk beside the modules, in a folder named for all their sources: numba itself looks only at the
module a function stands in, and would go on with what it compiled from an older ``wide.py``.
"""

import hashlib
import os
import shutil
from pathlib import Path

from numba.core import config

_HERE = Path(__file__).resolve().parent


def _keep_compiled_code() -> None:
    whole = hashlib.sha256()
    for source in sorted(_HERE.glob("*.py")):
        whole.update(source.name.encode() + b"\0" + source.read_bytes())
    mine = _HERE / "__pycache__" / f"numba-{whole.hexdigest()[:16]}"
    for other in mine.parent.glob("numba-*"):
        if other != mine:
            shutil.rmtree(other, ignore_errors=True)
    config.CACHE_DIR = str(mine)


if "NUMBA_CACHE_DIR" not in os.environ:
    _keep_compiled_code()
