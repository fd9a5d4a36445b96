"""``python -m orchestration.ledger``: compiles the posting once, for all later processes to load.

Done at installation, as for the engine: the first refresh does not wait for it.
"""

import numpy as np

from orchestration.ledger.book import Positions, post


def compile_all() -> None:
    """Posts no entry to one position: what is compiled goes by types, not by values."""
    none = np.empty(0, np.int64)
    post(Positions.empty(1), none, none, none, none, none)


if __name__ == "__main__":
    compile_all()
