"""One account's statement: of the newest books alone, with sums that close or are not known."""

import datetime as dt

import duckdb
import pyarrow as pa
import pytest

from orchestration import statement
from orchestration.errors import SettingsError
from orchestration.lake import Lake
from orchestration.schemas import RECOMPUTED__POSITION_LOTS
from orchestration.warehouse import Warehouse

COLDKEY = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
HOTKEY = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
GONE = "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy"
OLD, NEW = dt.date(2026, 1, 1), dt.date(2026, 1, 9)
TAO = 10**9


@pytest.fixture
def books():
    """Two days of the same account, with a missing week between them."""
    made = duckdb.connect()
    made.sql(
        "create table fct_positions_by_day (block_date date, coldkey_ss58 varchar, netuid integer,"
        " subnet_generation integer, block_number bigint, books_begin_at_block bigint,"
        " held_alpha_rao bigint, spot_worth_rao decimal(38, 0), zero_basis_held_cost_rao bigint,"
        " fair_value_held_cost_rao bigint, fifo_held_cost_rao bigint,"
        " zero_basis_unrealised_rao decimal(38, 0), fair_value_unrealised_rao decimal(38, 0),"
        " fifo_unrealised_rao decimal(38, 0), unpriced_reason varchar)"
    )
    made.sql(
        "create table fct_realized_pnl (coldkey_ss58 varchar, method varchar, netuid integer,"
        " subnet_generation integer, block_number bigint, kind varchar, alpha_rao bigint,"
        " tao_rao bigint, cost_rao bigint, rpnl_rao bigint)"
    )
    made.sql(
        "create table dim_subnets (netuid int, subnet_generation int, registered_at_block int)"
    )
    made.sql("insert into dim_subnets values (7, 1, 50), (7, 2, 950)")
    made.sql("create schema staging")
    made.sql("create table staging.stg_chain__stakes_by_day (hotkey_ss58 varchar)")
    made.sql(f"insert into staging.stg_chain__stakes_by_day values ('{HOTKEY}')")
    for day, block, begin, netuid, generation, alpha, worth, cost, reason in (
        (OLD, 199, 100, 7, 1, 5 * TAO, 9 * TAO, 8 * TAO, "null"),
        (NEW, 1_099, 900, 0, 1, 3 * TAO, 3 * TAO, 2 * TAO, "null"),
        (NEW, 1_099, 900, 7, 1, 0, 0, 0, "null"),
        (NEW, 1_099, 900, 7, 2, 4 * TAO, 1_234_567_890_123_456_789, 1, "null"),
    ):
        gain = worth - cost
        made.sql(
            f"insert into fct_positions_by_day values ('{day}', '{COLDKEY}', {netuid},"
            f" {generation}, {block}, {begin}, {alpha}, {worth}, {cost}, {cost}, {cost},"
            f" {gain}, {gain}, {gain},"
            f" {reason})"
        )
    made.sql(
        f"insert into fct_positions_by_day (block_date, coldkey_ss58, block_number,"
        f" books_begin_at_block, held_alpha_rao) values ('{OLD}', '{GONE}', 199, 100, 1)"
    )
    for method in statement.METHODS:
        for block, generation, kind, tao, cost in (
            (150, 1, "sell", 90, 10),
            (901, 1, "dissolution", 70, 80),
            (950, 2, "sell", 5, 2),
            (960, 2, "sell", 6, 2),
        ):
            made.sql(
                f"insert into fct_realized_pnl values ('{COLDKEY}', '{method}', 7, {generation},"
                f" {block}, '{kind}', 1, {tao}, {cost}, {tao - cost})"
            )
    return made


@pytest.fixture
def chosen(at_home, small):
    found = at_home(small)
    lots = pa.Table.from_pylist(
        [
            {"coldkey_ss58": who, "netuid": netuid, "subnet_registered_at_block": registered}
            | {"lot_index": 0, "acquired_block_number": 955, "alpha_rao": alpha, "tao_rao": tao}
            for who, netuid, registered, alpha, tao in (
                (COLDKEY, 0, 0, 3 * TAO, 2 * TAO),
                (COLDKEY, 7, 950, 4 * TAO, 1),
                (HOTKEY, 7, 950, 9 * TAO, 9),
            )
        ],
        RECOMPUTED__POSITION_LOTS,
    )
    made = Lake(found.home / "shown" / "1")
    made.write("recomputed__position_lots", lots, NEW.isoformat())
    with Warehouse(found.home).building() as private, duckdb.connect(private) as writer:
        files = made.path("recomputed__position_lots", "*")
        writer.execute(f"create view lots as select * from read_parquet('{files}')")
    return found


def rows(said: statement.Statement) -> list[dict]:
    return [dict(zip(said.rows.columns, row, strict=True)) for row in said.rows.fetchall()]


def test_a_statement_is_of_the_newest_books_alone(books, chosen):
    said = statement.statement(chosen, books, COLDKEY, "fifo")
    assert (said.as_of, said.block_number, said.books_begin_at_block) == (NEW, 1_099, 900)
    realised = [row for row in rows(said) if row["part"] == "realised"]
    assert [(row["block_number"], row["subnet_generation"]) for row in realised] == [
        (901, 1),
        (950, 2),
        (960, 2),
    ]
    held = [row for row in rows(said) if row["part"] == "held"]
    assert [(row["netuid"], row["subnet_generation"]) for row in held] == [(0, 1), (7, 2)]
    assert not any(row["part"] == "lot" for row in rows(said))


def test_lots_are_those_that_the_warehouse_shows(books, chosen):
    said = statement.statement(chosen, books, COLDKEY, None, with_lots=True)
    lots = [row for row in rows(said) if row["part"] == "lot"]
    assert [(row["netuid"], row["subnet_generation"], row["cost_rao"]) for row in lots] == [
        (0, 1, 2 * TAO),
        (7, 2, 1),
    ]


def test_totals_are_the_sums_of_their_parts(books, chosen):
    found = rows(statement.statement(chosen, books, COLDKEY, None))
    for method in statement.METHODS:
        for part in ("realised", "held"):
            of = [row for row in found if (row["part"], row["method"]) == (part, method)]
            (total,) = [
                row for row in found if (row["part"], row["method"]) == (f"total_{part}", method)
            ]
            for column in ("tao_rao", "cost_rao", "pnl_rao"):
                assert total[column] == sum(row[column] for row in of)
            assert total["alpha_rao"] is None


def cells(table) -> list[list[str]]:
    columns = [list(column.cells) for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def test_on_the_screen_each_subnet_is_a_line_and_all_of_them_the_last(books, chosen):
    said = statement.statement(chosen, books, COLDKEY, "zero_basis")
    (table,) = statement.printed(said)
    assert table.title == "By zero_basis, in TAO"
    zero = "0.000000000"
    assert cells(table) == [
        ["root", "3.000000000", "3.000000000", "2.000000000", "1.000000000", zero, "1.000000000"],
        ["7", zero, zero, zero, zero, "-0.000000010", "-0.000000010"],
        [
            *("7, generation 2", "4.000000000", "1,234,567,890.123456789", "0.000000001"),
            *("1,234,567,890.123456788", "0.000000007", "1,234,567,890.123456795"),
        ],
        [
            *("all", "", "1,234,567,893.123456789", "2.000000001"),
            *("1,234,567,891.123456788", "-0.000000003", "1,234,567,891.123456785"),
        ],
    ]


def test_on_the_screen_lots_follow_with_their_cost(books, chosen):
    said = statement.statement(chosen, books, COLDKEY, "fifo", with_lots=True)
    _, lots = statement.printed(said)
    assert cells(lots) == [
        ["root", "955", "3.000000000", "2.000000000"],
        ["7, generation 2", "955", "4.000000000", "0.000000001"],
        ["all", "", "", "2.000000001"],
    ]


def test_what_is_not_known_is_said_and_leaves_no_total(books, chosen):
    books.sql(
        "update fct_realized_pnl set tao_rao = null, rpnl_rao = null where block_number = 901"
    )
    books.sql("update fct_positions_by_day set unpriced_reason = 'so' where subnet_generation = 1")
    said = statement.statement(chosen, books, COLDKEY, "fifo")
    assert said.reasons == ("so",)
    (total,) = [row for row in rows(said) if row["part"] == "total_realised"]
    assert (total["tao_rao"], total["cost_rao"], total["pnl_rao"]) == (None, 84, None)
    (table,) = statement.printed(said)
    realised = [row[5] for row in cells(table)]
    assert realised == ["0.000000000", "not known", "0.000000007", "not known"]


@pytest.mark.parametrize(
    ("coldkey", "told"),
    [
        (
            GONE,
            "The newest books, which begin at block 900, know no stake of .* end with 2026-01-01",
        ),
        (HOTKEY, "is a hotkey: the books know no stake of it as a coldkey"),
        ("5" * 48, "The books know no stake of 555.*it is no coldkey that held any"),
    ],
)
def test_an_account_that_is_not_known_is_told_so_plainly(books, chosen, coldkey, told):
    with pytest.raises(SettingsError, match=told):
        statement.statement(chosen, books, coldkey, None)


def test_lots_are_of_fifo_and_of_no_other_method(books, chosen):
    with pytest.raises(SettingsError, match="--lots are those of fifo"):
        statement.statement(chosen, books, COLDKEY, "zero_basis", with_lots=True)
