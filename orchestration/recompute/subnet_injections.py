"""``recomputed__subnet_injections``: what each subnet's part of a block was turned into."""

import pyarrow as pa

from mechanics import amm, injection, issuance
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import U96F32
from orchestration.recompute.pools import POOL_COLUMNS, spot_price
from orchestration.recompute.rows import Columns, Row, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__SUBNET_INJECTIONS

_COLUMNS = [
    "block_number",
    "netuid",
    "spec_version",
    "pre_alpha_out_rao",
    "pre_is_registration_allowed",
    "pre_is_pow_registration_allowed",
    "pre_tao_in_emission_rao",
    "pre_alpha_in_emission_rao",
    "pre_alpha_out_emission_rao",
    *POOL_COLUMNS,
]
_DUE = [
    "block_number",
    "netuid",
    "block_emission_rao",
    "is_candidate",
    "tao_emission_u96f32_bits",
    "unexplained_reason",
]


def recompute(subnet_blocks: pa.Table, emissions: pa.Table) -> pa.Table:
    """One row per snapshot block and subnet.

    The chain writes the three records of candidates only: those of any other subnet stay as the
    parent block had them, and that is what is recomputed for it.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        emissions: the same day of ``recomputed__subnet_emissions``, row for row.
    """
    out = Columns(RECOMPUTED__SUBNET_INJECTIONS)
    rows = rows_of(subnets_only(subnet_blocks), _COLUMNS)
    for row, due in zip(rows, rows_of(emissions, _DUE), strict=True):
        key = {"block_number": row["block_number"], "netuid": row["netuid"]}
        if key != {name: due[name] for name in key}:
            raise ValueError(f"emissions and subnet blocks part at {key}")
        if due["unexplained_reason"]:
            out.add(**key, unexplained_reason=due["unexplained_reason"])
            continue
        try:
            era = injection.ERAS.at(row["spec_version"])
            found = _injection(era, row, due)
        except (UnknownRule, BadState) as unknown:  # BadState: what the rule reads is not decoded
            out.add(**key, is_candidate=due["is_candidate"], unexplained_reason=str(unknown))
            continue
        out.add(
            **key,
            injection_era=era.name,
            is_candidate=due["is_candidate"],
            tao_in_emission_rao=found.tao_in_rao,
            excess_tao_rao=found.excess_tao_rao,
            alpha_in_emission_rao=found.alpha_in_rao,
            alpha_out_emission_rao=found.alpha_out_rao,
        )
    return out.table()


def _injection(era: injection.Era, row: Row, due: Row) -> injection.Injection:
    if not due["is_candidate"]:
        return injection.Injection(
            tao_in_rao=row["pre_tao_in_emission_rao"],
            alpha_in_rao=row["pre_alpha_in_emission_rao"],
            alpha_out_rao=row["pre_alpha_out_emission_rao"],
        )
    spec = row["spec_version"]
    alpha_issuance_rao = row["pre_alpha_reserve_rao"] + row["pre_alpha_out_rao"]
    return era.module.recompute(
        injection.InjectionState(
            tao_emission=U96F32(due["tao_emission_u96f32_bits"]),
            price=spot_price(amm.ERAS.at(spec), row, "pre_"),
            alpha_emission_rao=issuance.block_emission(spec, alpha_issuance_rao),
            is_registration_allowed=row["pre_is_registration_allowed"],
            is_pow_registration_allowed=row["pre_is_pow_registration_allowed"],
            block_emission_rao=due["block_emission_rao"],
        )
    )
