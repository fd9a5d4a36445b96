"""Compiled code kept on disk beside a package, in a folder named for all the package's sources.

numba itself looks only at the module a function stands in, and would go on with what it compiled
from an older version of a module that this one calls.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from numba import njit
from numba.core import config


def compiler(package: Path, **options: object) -> Callable[[Callable], Callable]:
    """A decorator that compiles functions of a package, for this and all later processes.

    Args:
        package: the folder of its modules.
        options: numba's own.
    """
    # Whoever sets numba's own variable wants the code there.
    folder = config.CACHE_DIR if "NUMBA_CACHE_DIR" in os.environ else str(_folder(package))
    compiled = njit(cache=True, **options)

    def decorate(function: Callable) -> Callable:
        # numba reads the setting where a function is decorated, and it is one for all packages.
        was, config.CACHE_DIR = config.CACHE_DIR, folder
        try:
            return compiled(function)
        finally:
            config.CACHE_DIR = was

    return decorate


def _folder(package: Path) -> Path:
    """The folder of the sources as they are; those of older ones are removed."""
    whole = hashlib.sha256()
    for source in sorted(package.glob("*.py")):
        whole.update(source.name.encode() + b"\0" + source.read_bytes())
    mine = package / "__pycache__" / f"numba-{whole.hexdigest()[:16]}"
    for other in mine.parent.glob("numba-*"):
        if other != mine:
            shutil.rmtree(other, ignore_errors=True)
    return mine
