"""``recomputed__eras``: every rule we know and the specs it was in force for."""

import pyarrow as pa

from mechanics import amm, emission, injection, issuance, moving_price
from orchestration.schemas import RECOMPUTED__ERAS

MECHANISMS = (issuance, emission, injection, moving_price, amm)


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
            for mechanism in MECHANISMS
            for era in mechanism.ERAS
        ],
        schema=RECOMPUTED__ERAS,
    )
