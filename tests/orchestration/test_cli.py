"""The command line: answers in every form, and one sentence for a person's mistake."""

import csv
import datetime as dt
import io
import json
import os
import re
import socket
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from rich.progress import Progress, TimeRemainingColumn
from typer.testing import CliRunner

from orchestration import cli, examples, refresh, settings, statement
from orchestration.chain.recording import Recording
from orchestration.errors import TaobooksError

QUERY = "select netuid, tao_in_emission_rao, tao_in_emission_tao from fct_subnet_emissions_by_day"


@pytest.fixture
def run(books, monkeypatch):
    monkeypatch.setenv("TAOBOOKS_HOME", str(books.home))
    monkeypatch.setenv("TAOBOOKS_SOURCE", books.source)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str):
        return CliRunner().invoke(cli.app, list(arguments), catch_exceptions=True)

    return invoke


def sentence(result) -> str:
    assert isinstance(result.exception, TaobooksError), result.exception
    return str(result.exception)


def test_a_query_is_answered_as_a_table(run):
    result = run("sql", f"{QUERY} order by 2 desc limit 2")
    assert result.exit_code == 0
    assert "tao_in_emission_rao" in result.output
    assert "213752616983" in result.output.replace(",", "")


def test_json_keeps_every_digit_of_exact_numbers(run):
    rows = json.loads(run("sql", f"{QUERY} order by 2 desc limit 1", "-f", "json").output)
    assert rows == [
        {
            "netuid": 15,
            "tao_in_emission_rao": "213752616983",
            "tao_in_emission_tao": "213.752616983",
        }
    ]


def test_csv_goes_to_the_screen_or_to_a_file(run, tmp_path):
    shown = run("sql", f"{QUERY} order by 2 desc", "-f", "csv").output
    rows = list(csv.DictReader(io.StringIO(shown)))
    assert rows[0]["tao_in_emission_tao"] == "213.752616983"
    path = tmp_path / "out.csv"
    assert run("sql", f"{QUERY} order by 2 desc", "-f", "csv", "-o", str(path)).exit_code == 0
    assert list(csv.DictReader(path.open())) == rows


def test_parquet_is_exact_and_needs_a_file(run, tmp_path):
    path = tmp_path / "out.parquet"
    assert run("sql", QUERY, "-f", "parquet", "-o", str(path)).exit_code == 0
    assert str(pq.read_schema(path).field("tao_in_emission_rao").type) == "decimal128(38, 0)"
    assert "say where with --out FILE" in sentence(run("sql", QUERY, "-f", "parquet"))


@pytest.mark.parametrize(
    "statement", ["delete from dim_days", "copy (select 1) to '{}'", "select 1; select 2", ""]
)
def test_only_one_query_that_changes_nothing_is_answered(run, tmp_path, statement):
    target = tmp_path / "written"
    assert "not one query with an answer" in sentence(run("sql", statement.format(target)))
    assert not target.exists()


def test_an_answer_that_looks_like_markup_is_shown_as_it_is(run):
    assert "[/foo] [bold]x" in run("sql", "select '[/foo] [bold]x' as \"[b]\"").output


def test_json_keeps_what_a_reader_would_round_and_is_always_json(run):
    query = (
        "select 9007199254740993::bigint as wide, 7::integer as narrow, 'nan'::double as f,"
        " '\\xAA'::blob as b, null::bigint as n"
    )
    assert json.loads(run("sql", query, "-f", "json").output) == [
        {"wide": "9007199254740993", "narrow": 7, "f": None, "b": "0xaa", "n": None}
    ]


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_a_file_that_cannot_be_written_is_said(run, form):
    result = run("sql", "select 1", "-f", form, "-o", "/no/such/folder/out")
    assert "/no/such/folder/out" in sentence(result)


def test_a_wide_answer_in_a_file_is_not_broken(run, tmp_path):
    path = tmp_path / "out.txt"
    run("sql", "select * from fct_pools_by_day limit 1", "-o", str(path))
    assert "fully_diluted_value_tao" in path.read_text()


def test_an_answer_wider_than_the_terminal_is_shown_as_records(run, monkeypatch):
    monkeypatch.setattr(cli.out, "_width", 100)
    output = run("sql", "select * from fct_pools_by_day order by netuid limit 1").output
    assert "1 of 1 ──" in output
    assert "fully_diluted_value_tao   1790363.777428865" in output


def test_the_tables_of_the_warehouse_are_listed_with_rows_and_a_sentence(run):
    rows = json.loads(run("tables", "-f", "json").output)
    found = {row["table"]: (row["rows"], row["what it is"]) for row in rows}
    assert found["fct_blocks"] == ("601", "Blocks, with what each minted.")
    assert all(said.endswith(".") for _, said in found.values())
    layers = json.loads(run("tables", "--all", "-f", "json").output)
    assert layers[: len(rows)] == rows
    assert all(row["what it is"].endswith(".") for row in layers)


def test_the_columns_of_a_table_are_listed(run):
    output = run("tables", "dim_subnets").output
    assert output.startswith("dim_subnets: Subnets. A netuid is used again")
    assert "NetworkRegisteredAt: the block that made the subnet." in output
    assert "did you mean dim_subnets?" in sentence(run("tables", "dim_subnet"))


def test_a_query_that_is_wrong_is_said_without_a_traceback(run):
    said = sentence(run("sql", "select nothing from nowhere"))
    assert said.startswith("The query failed: there is no table 'nowhere'")
    misspelt = sentence(run("sql", "select emission_rnk from fct_subnet_emissions_by_day"))
    assert "did you mean emission_rank" in misspelt


def test_status_names_days_freshness_and_verdicts(run):
    output = run("status").output
    assert "1: 2025-07-08 to 2025-07-08" in output
    assert "block 900" in output
    assert "0 blocks ahead" in output
    assert "SubnetTaoInEmission" in output


@pytest.fixture
def older(run, books, monkeypatch, tmp_path) -> Path:
    # The tables of a warehouse are others from version to version, and a view reads a lake.
    home = tmp_path / "older"
    home.mkdir()
    (home / "lake").symlink_to(books.home / "lake")
    read = tmp_path / "read.parquet"
    with duckdb.connect(home / "warehouse.duckdb") as built:
        built.sql("create table fct_positions_by_day as select date '2026-01-01' as block_date")
        built.sql("create table rec_verdicts_by_day as select 'Rank' as quantity")
        built.sql("create schema staging")
        built.sql(f"copy (select 1 as one) to '{read}'")
        built.sql(f"create view staging.stg_chain__blocks as from read_parquet('{read}')")
    read.unlink()
    monkeypatch.setenv("TAOBOOKS_HOME", str(home))
    return home / "warehouse.duckdb"


def test_a_warehouse_of_another_version_is_said_to_be_one(run, older, books):
    said = (
        f"{older} was built by another version of taobooks; run `taobooks refresh` to build it "
        "again."
    )
    assert (
        sentence(run("pnl", "--coldkey", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"))
        == said
    )
    status = run("status")
    assert status.exit_code == 0
    assert "Gaps       no gap" in status.output
    assert status.output.endswith(f"Verdicts   not known: {said}\n")
    with cli.out.capture() as shown:
        cli._summary(settings.load(), refresh.Plan(["2025-07-08"], []))
    assert shown.get().startswith(f"Verdicts   not known: {said}\nTook 2025-07-08;")


def test_a_warehouse_that_reads_what_is_gone_is_said_without_a_traceback(run, older):
    assert "fct_positions_by_day" in run("tables").output
    said = sentence(run("tables", "--all"))
    assert said.startswith(f"{older} cannot be read (")
    assert said.endswith("); run `taobooks refresh` to build it again.")


def test_status_goes_on_where_the_source_cannot_be_read(run, monkeypatch):
    monkeypatch.setenv("TAOBOOKS_SOURCE", "recording:/nowhere")
    output = run("status").output
    assert "the source cannot be read: /nowhere is not a recording" in output
    assert "SubnetTaoInEmission" in output


def test_status_says_which_days_of_the_source_are_missing(run, monkeypatch):
    asked = {"days": (dt.date(2025, 7, 6), dt.date(2025, 7, 10))}
    monkeypatch.setattr(Recording, "days", lambda reader: asked["days"])
    missing = "Missing    2025-07-06 to 2025-07-07, 2025-07-09 to 2025-07-10 (4 days) of the source"
    assert missing in run("status").output
    asked["days"] = (dt.date(2025, 7, 8), dt.date(2025, 7, 8))
    assert "Missing" not in run("status").output


def test_gaps_of_an_empty_home_is_a_sentence_and_no_success(run, monkeypatch, tmp_path):
    monkeypatch.setenv("TAOBOOKS_HOME", str(tmp_path / "new"))
    result = run("gaps")
    assert result.exit_code == 1
    assert "No day is landed in" in sentence(result)
    assert "run `taobooks refresh` first" in sentence(result)


def test_status_before_the_first_refresh_says_what_to_run(run, monkeypatch, tmp_path):
    monkeypatch.setenv("TAOBOOKS_HOME", str(tmp_path / "new"))
    assert "none yet; run `taobooks refresh`" in run("status").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "yesterday"), "--from is 'yesterday', which is no day"),
        (("--from", "2024-01-01"), "before dTAO began (2025-02-13)"),
        (("--from", "2025-07-10", "--to", "2025-07-09"), "is after --to 2025-07-09; swap them"),
        (("--from", "2026-01-01"), "it holds 2025-07-08 to 2025-07-08"),
    ],
)
def test_days_that_make_no_sense_are_said(run, arguments, said):
    assert said in sentence(run("refresh", *arguments))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SOURCE", "file.csv", "is not a source of chain state"),
        ("SOURCE", "recording:/nowhere", "is not a recording: it has no manifest.json"),
        ("SNAPSHOT_INTERVAL", "0", "TAOBOOKS_SNAPSHOT_INTERVAL is '0'"),
        ("SNAPSHOT_INTERVAL", "often", "TAOBOOKS_SNAPSHOT_INTERVAL is 'often'"),
        ("SNAPSHOT_INTERVL", "10", "TAOBOOKS_SNAPSHOT_INTERVL is no setting"),
        ("HOME", "/etc/passwd", "it is a file, and must be a folder"),
        ("PRICES_FOLDER", "/nowhere", "TAOBOOKS_PRICES_FOLDER is /nowhere, which is no folder"),
        ("PRICES_URL", "http://a.example/k?key=secret", "TAOBOOKS_PRICES_URL is no https address"),
    ],
)
@pytest.mark.parametrize(
    "command", [("refresh",), ("backfill", "--from", "2025-07-08", "--to", "2025-07-08")]
)
def test_settings_that_make_no_sense_are_said_before_any_work(
    run, monkeypatch, command, name, value, said
):
    def begun(*_):
        raise AssertionError("the work has begun")

    monkeypatch.setattr(refresh, "run", begun)
    monkeypatch.setenv(f"TAOBOOKS_{name}", value)
    assert said in sentence(run(*command))
    assert "secret" not in sentence(run(*command))


def test_settings_may_stand_in_a_dotenv_file(tmp_path, monkeypatch):
    from orchestration import settings

    for name in ("HOME", "SOURCE", "SNAPSHOT_INTERVAL"):
        monkeypatch.delenv(f"TAOBOOKS_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("TAOBOOKS_HOME=books\nTAOBOOKS_SNAPSHOT_INTERVAL=60\nOTHER=1\n")
    chosen = settings.load()
    assert chosen.home == tmp_path / "books"
    assert chosen.snapshot_interval == 60


def test_an_empty_setting_is_none(tmp_path, monkeypatch):
    from orchestration import settings

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAOBOOKS_HOME", "")
    assert settings.load().home == tmp_path / "data"


def test_a_dotenv_file_that_is_no_text_is_said(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(".env").write_bytes(b"TAOBOOKS_HOME=\xff\xfe")
    assert "The file .env is not UTF-8 text" in sentence(run("status"))


def test_a_mistake_ends_with_exit_code_1_and_no_traceback(run, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["taobooks", "sql", "select nothing from nowhere"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "Traceback" not in capsys.readouterr().err


# ---------------------------------------------------------------------- a work and its end


def test_without_a_terminal_each_step_is_a_plain_line(monkeypatch):
    log = Console(file=io.StringIO(), width=40)
    monkeypatch.setattr(cli, "err", log)
    lines = cli._Lines()
    lines.begins({"2025-07-08": 2, None: 1})
    lines.starts("raw_chain__blocks", "2025-07-08")
    lines.says("said too soon after the step began")
    lines.ends("raw_chain__blocks", "2025-07-08")
    lines.starts("warehouse", None)
    monkeypatch.setattr(cli, "_SECONDS_OF_SILENCE", 0)
    lines.says("[a long] step\r\nis heard again, and its line is not broken")
    said = [line.partition(" ") for line in log.file.getvalue().splitlines()]
    assert [line for _, _, line in said] == [
        "1/3 2025-07-08 raw_chain__blocks",
        "2/3 warehouse",
        "2/3 [a long] step is heard again, and its line is not broken",
    ]
    assert all(re.fullmatch(r"\d+:\d\d:\d\d", elapsed) for elapsed, _, _ in said)


class Clock:
    """Rich's, moved by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_day_counts_for_its_blocks_and_a_step_of_it_once():
    clock, console = Clock(), Console(file=io.StringIO())
    progress = Progress(
        TimeRemainingColumn(), console=console, get_time=clock, speed_estimate_period=600
    )
    bar = cli._Bar(progress, {"2025-07-08": 7_200, "2025-07-09": 300, "2025-07-10": 9})
    (task,) = progress.tasks
    clock.seconds = 60  # of loading
    bar.begins({"2025-07-08": 2, "2025-07-09": 2, None: 4})
    bar.starts("step", "2025-07-09")
    for done, (step, day) in enumerate(
        [("one", "2025-07-09"), ("two", "2025-07-09"), ("one", "2025-07-08")], 1
    ):
        clock.seconds = 60 + 10 * done
        bar.ends(step, day)
        bar.ends(step, day)
    assert (task.completed, task.total) == (300 + 3_600, 7_500)
    assert task.fields["rate"] == "130 blocks/s"
    bar.starts("warehouse", None)
    bar.ends("warehouse", None)
    assert (task.completed, task.total, task.fields["rate"]) == (1, 4, "")


def test_days_of_a_gap_count_alike_as_nobody_knows_their_blocks():
    progress = Progress(console=Console(file=io.StringIO()))
    bar = cli._Bar(progress, {})
    bar.begins({"2025-07-08": 2, "2025-07-09": 4, None: 4})
    bar.ends("one", "2025-07-09")
    (task,) = progress.tasks
    assert (task.completed, task.total, task.fields["rate"]) == (0.25, 2, "")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([], ""),
        (["2026-06-01"], "2026-06-01"),
        (["2026-05-31", "2026-06-01"], "2026-05-31 to 2026-06-01 (2 days)"),
        (["2026-06-01", "2026-06-03"], "2026-06-01, 2026-06-03 (2 days)"),
        (
            [f"2026-06-{day:02}" for day in range(1, 31, 2)],
            "2026-06-01, 2026-06-03, 2026-06-05, 2026-06-07, ..., 2026-06-29 (15 days)",
        ),
    ],
)
def test_days_are_said_as_spans(days, said):
    assert cli._spans(days) == said


def test_a_refresh_says_first_which_days_it_takes():
    planned = refresh.Plan(["2026-06-03"], ["2026-06-01"], ["2026-06-02"])
    assert cli._intention(planned) == (
        "Taking 2026-06-03; deriving 2026-06-02 again with newer code; 2026-06-01 left, being "
        "complete."
    )
    assert cli._intention(refresh.Plan([], [])) == "No day is missing."


def test_a_summary_begins_with_the_totals_of_the_verdicts(run, books):
    with cli.out.capture() as shown:
        cli._summary(books, refresh.Plan(["2025-07-08"], []))
    first, second, *_ = shown.get().splitlines()
    names = ("exact", "trivial", "differs", "unexplained", "unobserved")
    totals = ", ".join(f"sum({name}_count)" for name in names)
    counted = run("sql", f"select {totals} from rec_verdicts_by_day", "-f", "csv").output
    counts = [int(count) for count in counted.splitlines()[1].split(",")]
    assert counts[0] > counts[1] > 0
    assert first == (
        "Verdicts   {:,} exact ({:,} trivial), {:,} differs, {:,} unexplained, "
        "{:,} unobserved".format(*counts)
    )
    assert second.startswith("Verdicts by quantity")
    assert f"\n{examples.TRIVIAL}\nTook 2025-07-08;" in shown.get()


def test_the_ui_is_not_begun_on_a_port_that_is_taken(run, monkeypatch):
    monkeypatch.setattr("os.execv", lambda *_: pytest.fail("it was begun"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = sentence(run("dev", "--port", str(port)))
    assert said == (
        f"Port {port} of this machine cannot be listened on; choose another with --port."
    )


def test_the_ui_is_begun_on_the_books_of_this_home_and_its_address_said(run, books, monkeypatch):
    begun = []
    monkeypatch.setattr("os.execv", lambda *arguments: begun.append(arguments))
    for name in ("DAGSTER_HOME", "TAOBOOKS_HOME", "PYTHONWARNINGS"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # to be as it was afterwards
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert run("dev", "--port", str(port)).exit_code == 0
    ((_, arguments),) = begun
    assert arguments[-4:] == ["-h", "127.0.0.1", "-p", str(port)]
    assert os.environ["DAGSTER_HOME"] == str(books.dagster_home)


def test_ctrl_c_ends_with_one_sentence_and_no_traceback(run, monkeypatch, capsys):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.argv", ["taobooks", "status"])
    monkeypatch.setattr(cli.coverage, "read", pressed)
    monkeypatch.setattr(cli, "err", Console(stderr=True))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == (
        "taobooks: stopped; what was landed stays, run the same command to go on.\n"
    )


# ---------------------------------------------------------------------- pnl


@pytest.fixture
def busiest(run) -> str:
    """The account with the most realising entries."""
    counted = (
        "select coldkey_ss58 from fct_realized_pnl group by 1 order by count(*) desc, 1 limit 1"
    )
    return json.loads(run("sql", counted, "-f", "json").output)[0]["coldkey_ss58"]


def test_a_statement_has_what_was_realised_what_is_held_and_every_lot(run, busiest, tmp_path):
    path = tmp_path / "statement.csv"
    assert run("pnl", "--coldkey", busiest, "--lots", "--csv", str(path)).exit_code == 0
    rows = list(csv.DictReader(path.open()))
    assert {(row["part"], row["method"]) for row in rows} == {
        ("realised", "zero_basis"),
        ("realised", "fair_value"),
        ("realised", "fifo"),
        ("held", "zero_basis"),
        ("held", "fair_value"),
        ("held", "fifo"),
        ("lot", "fifo"),
        *((f"total_{part}", m) for part in ("realised", "held") for m in statement.METHODS),
    }

    def sums(part: str, column: str) -> dict[str, int]:
        of_subnet: dict[str, int] = {}
        for row in rows:
            if (row["part"], row["method"]) == (part, "fifo"):
                of_subnet[row["netuid"]] = of_subnet.get(row["netuid"], 0) + int(row[column])
        return of_subnet

    for column in ("alpha_rao", "cost_rao"):
        held, lots = sums("held", column), sums("lot", column)
        assert held == {netuid: lots[netuid] for netuid in held}
    query = f"select sum(rpnl_rao) as rao from fct_realized_pnl where coldkey_ss58 = '{busiest}'"
    booked = json.loads(run("sql", query, "-f", "json").output)[0]["rao"]
    assert sum(int(row["pnl_rao"]) for row in rows if row["part"] == "realised") == int(booked)


def test_a_statement_by_one_method_goes_to_the_screen(run, busiest):
    result = run("pnl", "--coldkey", busiest, "--method", "fair_value")
    assert result.exit_code == 0
    assert "By fair_value, in TAO" in result.output
    assert "zero_basis" not in result.output
    assert "Lots" not in result.output
    assert f"{busiest} at the end of 2025-07-08, block 900; the books begin at block 300." in (
        result.output
    )
    query = (
        "select fair_value_rpnl_tao from (select sum(rpnl_tao) as fair_value_rpnl_tao from"
        f" fct_realized_pnl where method = 'fair_value' and coldkey_ss58 = '{busiest}')"
    )
    total = json.loads(run("sql", query, "-f", "json").output)[0]["fair_value_rpnl_tao"]
    last = [line for line in result.output.splitlines() if line.startswith("│ all")]
    assert f"{Decimal(total):,.9f}" in last[0]


def test_a_statement_shows_its_lots_when_asked(run, busiest):
    result = run("pnl", "--coldkey", busiest, "--method", "fifo", "--lots")
    assert result.exit_code == 0
    assert "Lots by fifo" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--coldkey", "me'; drop table x"), "no ss58 address"),
        (("--coldkey", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), "know no stake of"),
        (
            ("--coldkey", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "--method", "lifo"),
            "choose one of zero_basis",
        ),
        (
            (
                *("--coldkey", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
                *("--method", "zero_basis", "--lots"),
            ),
            "--lots are those of fifo",
        ),
    ],
)
def test_a_statement_that_cannot_be_is_said_in_a_sentence(run, arguments, told):
    assert told in sentence(run("pnl", *arguments))
