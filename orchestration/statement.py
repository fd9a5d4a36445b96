"""One account's statement: what it realised, what it holds, and its lots; from the books alone."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
from rich.table import Table

from orchestration import shown
from orchestration.errors import SettingsError
from orchestration.lake import day_key
from orchestration.settings import Settings

METHODS = ("zero_basis", "fair_value", "fifo")
_ADDRESS = re.compile(r"[1-9A-HJ-NP-Za-km-z]{46,49}")
ROOT = 0
RAO = 10**9
_NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Statement:
    """A coldkey's statement as of the last day of the newest books.

    Attributes:
        books_begin_at_block: what was held then counts as bought at its worth then.
        rows: one for each entry that realised anything (``realised``), each position (``held``:
            worth at spot, cost, unrealised profit), both by method; each lot (``lot``), by fifo;
            and the sums over all subnets (``total_realised``, ``total_held``). A sum is null where
            one of its parts is not known.
    """

    coldkey: str
    as_of: dt.date
    block_number: int
    books_begin_at_block: int
    methods: tuple[str, ...]
    rows: duckdb.DuckDBPyRelation
    reasons: tuple[str, ...]


def statement(
    chosen: Settings,
    books: duckdb.DuckDBPyConnection,
    coldkey: str,
    method: str | None,
    *,
    with_lots: bool = False,
) -> Statement:
    """The statement of a coldkey, of what the published warehouse shows.

    Raises:
        SettingsError: the coldkey is no address, the method is unknown, or the newest books do not
            know the account.
    """
    if not _ADDRESS.fullmatch(coldkey):
        raise SettingsError(f"--coldkey is {coldkey!r}, which is no ss58 address.")
    if method is not None and method not in METHODS:
        raise SettingsError(f"--method is {method!r}; choose one of {', '.join(METHODS)}.")
    if with_lots and method not in (None, "fifo"):
        raise SettingsError("--lots are those of fifo; leave --method out or say --method fifo.")
    newest = books.sql(
        "select block_date, max(block_number), max(books_begin_at_block) from fct_positions_by_day"
        " group by block_date order by block_date desc limit 1"
    ).fetchone()
    if newest is None:
        raise SettingsError("The books have no positions; run `taobooks refresh`.")
    as_of, block_number, begin = newest
    _refuse_unknown(books, coldkey, begin)
    methods = (method,) if method else METHODS
    asked = [
        f"""
        select 'realised' as part, method, netuid, subnet_generation, block_number, kind,
            alpha_rao, tao_rao, cost_rao, cast(rpnl_rao as decimal(38, 0)) as pnl_rao
        from fct_realized_pnl
        where coldkey_ss58 = '{coldkey}' and block_number > {begin}
            and method in ({", ".join(f"'{name}'" for name in methods)})
        """
    ]
    for each in methods:
        asked.append(
            f"""
            select 'held', '{each}', netuid, subnet_generation, block_number, null,
                held_alpha_rao, spot_worth_rao, {each}_held_cost_rao, {each}_unrealised_rao
            from fct_positions_by_day
            where coldkey_ss58 = '{coldkey}' and held_alpha_rao > 0 and block_date = '{as_of}'
            """
        )
    parts = " union all ".join(asked)
    lots = f"union all {_lots(chosen, coldkey, as_of)}" if with_lots else ""
    rows = books.sql(
        f"""
        with parts as ({parts})
        select * from parts
        {lots}
        union all
        select 'total_' || part, method, null, null, max(block_number), null, null,
            {", ".join(f"case when count(*) = count({c}) then sum({c}) end" for c in _SUMMED)}
        from parts
        group by part, method
        order by method, netuid nulls last, subnet_generation, part desc, block_number, kind,
            alpha_rao
        """
    )
    reasons = books.sql(
        f"select distinct unpriced_reason from fct_positions_by_day where block_date = '{as_of}'"
        f" and coldkey_ss58 = '{coldkey}' and unpriced_reason is not null order by 1"
    ).fetchall()
    return Statement(
        coldkey, as_of, block_number, begin, methods, rows, tuple(reason for (reason,) in reasons)
    )


_SUMMED = ("tao_rao", "cost_rao", "pnl_rao")


def _lots(chosen: Settings, coldkey: str, as_of: dt.date) -> str:
    path = shown.lake(chosen).path("recomputed__position_lots", day_key(as_of))
    quoted = str(path).replace("'", "''")
    return f"""
        select 'lot', 'fifo', lots.netuid,
            case when lots.netuid = {ROOT} then 1 else coalesce(subnets.subnet_generation, 0) end,
            lots.acquired_block_number, null, lots.alpha_rao, null, lots.tao_rao, null
        from read_parquet('{quoted}') as lots
        left join dim_subnets as subnets
            on lots.netuid = subnets.netuid
            and lots.subnet_registered_at_block = subnets.registered_at_block
        where lots.coldkey_ss58 = '{coldkey}'
    """


def _refuse_unknown(books: duckdb.DuckDBPyConnection, coldkey: str, begin: int) -> None:
    begins, last = books.sql(
        "select max(books_begin_at_block), max(block_date) from fct_positions_by_day"
        f" where coldkey_ss58 = '{coldkey}'"
    ).fetchone()
    if begins == begin:
        return
    if begins is not None:
        raise SettingsError(
            f"The newest books, which begin at block {begin}, know no stake of {coldkey}; the "
            f"last to know any end with {last}."
        )
    is_hotkey = books.sql(
        f"select count(*) from stg_chain__stakes_by_day where hotkey_ss58 = '{coldkey}'"
    ).fetchone()[0]
    raise SettingsError(
        f"{coldkey} is a hotkey: the books know no stake of it as a coldkey; ask for the coldkey "
        "whose stake is with it."
        if is_hotkey
        else f"The books know no stake of {coldkey}: it is no coldkey that held any in their days."
    )


# ---------------------------------------------------------------------- for the screen


def printed(said: Statement) -> Iterator[Table]:
    """The statement as tables of TAO, one for each method, and its lots."""
    found: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for values in said.rows.fetchall():
        row = dict(zip(said.rows.columns, values, strict=True))
        found[row["part"], row["method"]].append(row)
    for method in said.methods:
        yield _by_subnet(method, found["realised", method], found["held", method])
    if found["lot", "fifo"]:
        yield _of_lots(found["lot", "fifo"])


def _by_subnet(method: str, realised: Sequence[dict], held: Sequence[dict]) -> Table:
    table = _table(
        f"By {method}, in TAO",
        *("held alpha", "worth at spot", "cost", "unrealised", "realised", "together"),
    )
    gains: dict[tuple[int, int], list[int | None]] = defaultdict(list)
    for row in realised:
        gains[_subnet(row)].append(row["pnl_rao"])
    holds = {_subnet(row): row for row in held}
    columns: list[list[int | None]] = [[] for _ in range(5)]
    for subnet in sorted(gains.keys() | holds.keys()):
        of = holds.get(subnet)
        standing = [0, 0, 0] if of is None else [of["tao_rao"], of["cost_rao"], of["pnl_rao"]]
        gained = _sum(gains[subnet])
        amounts = [*standing, gained, _sum([standing[2], gained])]
        for column, amount in zip(columns, amounts, strict=True):
            column.append(amount)
        table.add_row(_named(subnet), _tao(of["alpha_rao"] if of else 0), *map(_tao, amounts))
    table.add_section()
    table.add_row("all", "", *(_tao(_sum(column)) for column in columns), style="bold")
    return table


def _of_lots(lots: Sequence[dict]) -> Table:
    table = _table("Lots by fifo, the next to be sold first", "since block", "alpha", "cost in TAO")
    before = None
    for row in sorted(lots, key=_subnet):
        subnet = _subnet(row)
        if before not in (None, subnet):
            table.add_section()
        table.add_row(
            "" if subnet == before else _named(subnet),
            f"{row['block_number']:,}",
            _tao(row["alpha_rao"]),
            _tao(row["cost_rao"]),
        )
        before = subnet
    table.add_section()
    table.add_row("all", "", "", _tao(_sum([row["cost_rao"] for row in lots])), style="bold")
    return table


def _table(title: str, *numbers: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("subnet", no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _subnet(row: dict) -> tuple[int, int]:
    return row["netuid"], row["subnet_generation"]


def _named(subnet: tuple[int, int]) -> str:
    netuid, generation = subnet
    if netuid == ROOT:
        return "root"
    return str(netuid) if generation == 1 else f"{netuid}, generation {generation}"


def _sum(amounts: Sequence[int | None]) -> int | None:
    """What is not known makes a sum that is not known."""
    return None if None in amounts else sum(int(amount) for amount in amounts)


def _tao(rao: int | None) -> str:
    """rao with the point of TAO, no digit lost."""
    if rao is None:
        return _NOT_KNOWN
    whole, part = divmod(abs(int(rao)), RAO)
    return f"{'-' if rao < 0 else ''}{whole:,}.{part:09d}"
