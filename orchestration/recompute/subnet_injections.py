"""``recomputed__subnet_injections``: what each subnet's part of a block was turned into."""

import pyarrow as pa

from mechanics import injection
from mechanics.eras import BadState, Era, UnknownRule
from mechanics.injection import v411_minted_credit, v423_what_the_pool_took
from orchestration.recompute.pools import DUE_COLUMNS, INJECTION_COLUMNS, injection_state
from orchestration.recompute.rows import Columns, Row, rows_of, subnets_only
from orchestration.schemas import RECOMPUTED__SUBNET_INJECTIONS

_COLUMNS = [
    "block_number",
    "netuid",
    "pre_tao_in_emission_rao",
    "pre_alpha_in_emission_rao",
    "pre_alpha_out_emission_rao",
    "pre_excess_tao_rao",
    *dict.fromkeys(INJECTION_COLUMNS),
]
_DUE = ["block_number", "netuid", *DUE_COLUMNS]
_POOL = [
    "block_number",
    "netuid",
    "injected_tao_rao",
    "injected_alpha_rao",
    "chain_buy_tao_rao",
    "unexplained_reason",
]


def recompute(subnet_blocks: pa.Table, emissions: pa.Table, pool_states: pa.Table) -> pa.Table:
    """One row per snapshot block and subnet.

    The chain writes the records of candidates only: those of any other subnet stay as the parent
    block had them, and that is what is recomputed for it.

    Args:
        subnet_blocks: a day of ``chain__subnet_blocks``.
        emissions: the same day of ``recomputed__subnet_emissions``, row for row.
        pool_states: the same day of ``recomputed__pool_states``, row for row.
    """
    out = Columns(RECOMPUTED__SUBNET_INJECTIONS)
    rows = rows_of(subnets_only(subnet_blocks), _COLUMNS)
    dues, pools = rows_of(emissions, _DUE), rows_of(pool_states, _POOL)
    for row, due, pool in zip(rows, dues, pools, strict=True):
        key = {"block_number": row["block_number"], "netuid": row["netuid"]}
        for other in (due, pool):
            if key != {name: other[name] for name in key}:
                raise ValueError(f"emissions, pool states and subnet blocks part at {key}")
        if due["unexplained_reason"]:
            out.add(**key, **_unexplained(due["unexplained_reason"]))
            continue
        try:
            era = injection.ERAS.at(row["spec_version"])
            found = _injection(era, row, due)
        except (UnknownRule, BadState) as unknown:  # BadState: what the rule reads is not decoded
            out.add(**key, is_candidate=due["is_candidate"], **_unexplained(str(unknown)))
            continue
        recorded = {
            "tao_in_emission_rao": found.tao_in_rao,
            "excess_tao_rao": found.excess_tao_rao,
            "alpha_in_emission_rao": found.alpha_in_rao,
            "alpha_out_emission_rao": found.alpha_out_rao,
        } | _made_by_pool(era, row, due, pool)
        out.add(**key, injection_era=era.name, is_candidate=due["is_candidate"], **recorded)
    return out.table()


def _unexplained(reason: str) -> dict[str, str]:
    return {"unexplained_reason": reason, "pool_unexplained_reason": reason}


def _injection(era: Era, row: Row, due: Row) -> injection.Injection:
    if not due["is_candidate"]:
        return injection.Injection(
            tao_in_rao=row["pre_tao_in_emission_rao"],
            alpha_in_rao=row["pre_alpha_in_emission_rao"],
            alpha_out_rao=row["pre_alpha_out_emission_rao"],
        )
    return era.module.recompute(injection_state(row, due))


def _made_by_pool(era: Era, row: Row, due: Row, pool: Row) -> dict[str, int | str | None]:
    """The records that depend on what the pool took: of the buy, and from spec 423 of the rest."""
    if not due["is_candidate"]:
        return {"recorded_excess_tao_rao": row["pre_excess_tao_rao"], "chain_buy_tao_rao": 0}
    bought_rao = pool["chain_buy_tao_rao"]
    is_recorded = era.first_spec_version >= v411_minted_credit.FIRST_SPEC_VERSION
    records = {
        "chain_buy_tao_rao": bought_rao,
        "recorded_excess_tao_rao": bought_rao if is_recorded else None,
    }
    if bought_rao is None:
        records["pool_unexplained_reason"] = pool["unexplained_reason"]
    if era.first_spec_version < v423_what_the_pool_took.FIRST_SPEC_VERSION:
        return records
    return records | {
        "tao_in_emission_rao": pool["injected_tao_rao"],
        "alpha_in_emission_rao": pool["injected_alpha_rao"],
        "unexplained_reason": records.get("pool_unexplained_reason"),
    }
