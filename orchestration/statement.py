"""One account's statement: what it realised, what it holds, and its lots; from the books alone."""

import re

import duckdb

from orchestration import shown
from orchestration.errors import SettingsError
from orchestration.lake import day_key
from orchestration.settings import Settings

METHODS = ("zero_basis", "fair_value", "fifo")
_ADDRESS = re.compile(r"[1-9A-HJ-NP-Za-km-z]{46,49}")


def statement(
    chosen: Settings, books: duckdb.DuckDBPyConnection, coldkey: str, method: str | None
) -> duckdb.DuckDBPyRelation:
    """The statement of a coldkey as of the last day in the books.

    One row for each entry that realised anything (``realised``), each position (``held``: worth at
    spot, cost, unrealised profit), both by method, and each lot (``lot``), by fifo.

    Raises:
        SettingsError: the coldkey is no address, the method is unknown, or the books do not know
            the account.
    """
    if not _ADDRESS.fullmatch(coldkey):
        raise SettingsError(f"--coldkey is {coldkey!r}, which is no ss58 address.")
    if method is not None and method not in METHODS:
        raise SettingsError(f"--method is {method!r}; choose one of {', '.join(METHODS)}.")
    known = f"select count(*) from fct_positions_by_day where coldkey_ss58 = '{coldkey}'"
    if not books.sql(known).fetchone()[0]:
        raise SettingsError(f"The books know no stake of {coldkey}; is it a coldkey's address?")
    (last,) = books.sql("select max(block_date) from fct_positions_by_day").fetchone()
    # The lots that the published figures were posted with: the lake may be further on.
    lots = shown.lake(chosen).path("recomputed__position_lots", day_key(last))
    lots = str(lots).replace("'", "''")
    asked = [method] if method else METHODS
    parts = [
        f"""
        select 'realised' as part, method, netuid, subnet_generation, block_number, kind,
            alpha_rao, tao_rao, cost_rao, cast(rpnl_rao as decimal(38, 0)) as pnl_rao
        from fct_realized_pnl
        where coldkey_ss58 = '{coldkey}' and method in ({_listed(asked)})
        """
    ]
    for each in asked:
        parts.append(
            f"""
            select 'held', '{each}', netuid, subnet_generation, block_number, null,
                held_alpha_rao, spot_worth_rao, {each}_held_cost_rao, {each}_unrealised_rao
            from fct_positions_by_day
            where coldkey_ss58 = '{coldkey}' and held_alpha_rao > 0
                and block_date = (select max(block_date) from fct_positions_by_day)
            """
        )
    if "fifo" in asked:
        parts.append(
            f"""
            select 'lot', 'fifo', lots.netuid, coalesce(subnets.subnet_generation, 1),
                lots.acquired_block_number, null, lots.alpha_rao, null, lots.tao_rao, null
            from read_parquet('{lots}') as lots
            left join dim_subnets as subnets
                on lots.netuid = subnets.netuid
                and lots.subnet_registered_at_block = subnets.registered_at_block
            where lots.coldkey_ss58 = '{coldkey}'
            """
        )
    order = "method, netuid, subnet_generation, part desc, block_number, kind, alpha_rao"
    return books.sql(f"select * from ({' union all '.join(parts)}) order by {order}")


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
