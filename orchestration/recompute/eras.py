"""``recomputed__eras``: every rule we know and the specs it was in force for."""

import pyarrow as pa

from mechanics.catalogue import MECHANISMS
from orchestration.schemas import RECOMPUTED__ERAS


def eras() -> pa.Table:
    """One row per mechanism and era."""
    return pa.Table.from_pylist(
        [
            {
                "mechanism": era.mechanism,
                "era": era.name,
                "first_spec_version": era.first_spec_version,
                "last_spec_version": era.last_spec_version,
                "first_block_number": era.first_block_number,
                "rule": era.rule,
            }
            for eras in MECHANISMS.values()
            for era in eras
        ],
        schema=RECOMPUTED__ERAS,
    )
