"""TAO in US dollars: exchange candles to the last digit, or one sentence on what is wrong."""

import datetime as dt
import io
import logging
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration import refresh
from orchestration.errors import PriceError, SettingsError, TaobooksError
from orchestration.market import candles, sources
from orchestration.schemas import RAW_MARKET__TAO_PRICES
from orchestration.warehouse import Warehouse
from tests.conftest import Silent

NONE = RAW_MARKET__TAO_PRICES.empty_table()
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2025, 7, 8)
PLAIN = (
    "open_time,open,high,low,close,volume\n"
    "2025-07-08 00:00:00,400.1,410,390,401.123456789,5\n"
    "2025-07-08 01:00:00,401.2,411,391,402,6\n"
    "2025-07-08 02:00:00,402.3,412,392,403,7\n"
)


# ---------------------------------------------------------------------- what a file says


def test_a_price_is_the_decimal_that_is_written():
    rows = candles.from_csv("a.csv", PLAIN).to_pylist()
    assert [row["open_usd"] for row in rows] == [Decimal(x) for x in ("400.1", "401.2", "402.3")]
    assert rows[0]["close_usd"] == Decimal("401.123456789")
    assert all(row["is_exact"] for row in rows)
    assert [row["line_number"] for row in rows] == [2, 3, 4]


def test_a_candle_lasts_as_long_as_those_of_its_file_are_apart():
    """Also the last one; and in a hole no candle holds the time."""
    text = PLAIN + "2025-07-08 05:00:00,405,412,392,403,7\n"
    rows = candles.from_csv("a.csv", text).to_pylist()
    assert [row["close_at"] - row["open_at"] for row in rows] == [HOUR] * 4
    assert rows[3]["open_at"] - rows[2]["close_at"] == 2 * HOUR


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ("1751932800", START),
        ("1751932800000", START),
        ("1751932800000000", START),
        ("1751932800000000000", START),
        ("1751932800.0", START),
        ("2025-07-08", START),
        ("2025-07-08T00:00:00Z", START),
        ("2025-07-08 00:00:00 UTC", START),
        ("2025-07-08T02:00:00+02:00", START),
        ("2025-07-08 00:00:00.500", START + dt.timedelta(milliseconds=500)),
    ],
)
def test_a_time_is_utc_in_any_usual_writing(time, at):
    text = f"Timestamp,Open,High,Low,Close\n{time},4,5,3,4\n2025-07-09,4,5,3,4\n"
    assert candles.from_csv("a.csv", text)["open_at"][0].as_py() == at


@pytest.mark.parametrize(
    "text",
    [
        "1751932800000,1,3,0.5,2,9\n1751936400000,1,3,0.5,2,9\n",
        "Open time;High;Low;Open;Close\n1751932800;3;0.5;1;2\n1751936400;3;0.5;1;2\n",
        "https://www.an-exchange.test\nunix,date,symbol,open,high,low,close,Volume USD\n"
        "1751936400,2025-07-08 01:00:00,TAO/USDT,1,3,0.5,2,9\n"
        "1751932800,2025-07-08 00:00:00,TAO/USDT,1,3,0.5,2,9\n",
        '"timeOpen";"timeClose";"open";"high";"low";"close"\n'
        '"2025-07-08T00:00:00.000Z";"x";"1";"3";"0.5";"2"\n'
        '"2025-07-08T01:00:00.000Z";"x";"1";"3";"0.5";"2"\n',
    ],
    ids=["no header", "semicolons", "newest first", "quoted"],
)
def test_files_of_every_usual_shape_say_the_same(text):
    for at, row in enumerate(candles.from_csv("a.csv", text).to_pylist()):
        assert (row["open_at"], row["close_at"]) == (START + at * HOUR, START + (at + 1) * HOUR)
        prices = [row[name] for name in ("open_usd", "high_usd", "low_usd", "close_usd")]
        assert prices == [1, 3, Decimal("0.5"), 2]


def test_digits_past_the_ninth_are_cut_and_that_is_said():
    text = PLAIN.replace("401.123456789", "401.12345678999")
    rows = candles.from_csv("a.csv", text).to_pylist()
    assert rows[0]["close_usd"] == Decimal("401.123456789")
    assert [row["is_exact"] for row in rows] == [False, True, True]


def parquet(**columns: pa.Array) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_a_parquet_file_of_decimals_is_exact_and_one_of_doubles_says_that_it_is_not():
    at = pa.array([START, START + HOUR], pa.timestamp("us", "UTC"))
    texts = ["400.123456789", "401.1"]
    exact = pa.array(texts).cast(pa.decimal128(20, 9))
    doubles = pa.array([float(text) for text in texts])
    for column, is_exact in ((exact, True), (doubles, False)):
        prices = dict.fromkeys(("open", "high", "low", "close"), column)
        table = candles.from_parquet("a.parquet", parquet(timestamp=at, **prices))
        assert table["open_usd"].to_pylist() == [Decimal(text) for text in texts]
        assert table["is_exact"].to_pylist() == [is_exact] * 2
        assert table["open_at"].to_pylist() == [START, START + HOUR]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PLAIN.replace("401.2", "four"), "a.csv, line 3: 'four' is no price; mend the file."),
        (PLAIN.replace("401.2", "nan"), "a.csv, line 3: 'nan' is no price"),
        (PLAIN.replace("401.2", ""), "a.csv, line 3: '' is no price"),
        (PLAIN.replace("401.2", "1e10"), "a.csv, line 3: '1e10' is no price"),
        (PLAIN + "9" * 200_000 + ",4,5,3,4\n", "a.csv, line 5: field larger than field limit"),
        (PLAIN.replace("2025-07-08 01", "0001-01-01T00:00:00+14"), "a.csv, line 3: "),
        (PLAIN.replace("2025-07-08 01", "08/07/2025 01"), "a.csv, line 3: '08/07/2025 01:00:00'"),
        (PLAIN.replace("2025-07-08 01:00:00", "-5"), "a.csv, line 3: -5 is no time since 1970"),
        (
            PLAIN.replace("2025-07-08 01:00:00", "2022-12-31 23:59:59"),
            "a.csv, line 3: 2022-12-31 23:59:59 is before 2023, when TAO had no price yet; mend",
        ),
        (
            PLAIN.replace("2025-07-08 01:00:00", "1751936"),
            "a.csv, line 3: 1970-01-21 06:38:56 is before 2023, when TAO had no price yet; mend",
        ),
        (
            PLAIN.replace("2025-07-08 01", "2125-07-08 01"),
            "a.csv, line 3: 2125-07-08 01:00:00 UTC is yet to come; mend the file.",
        ),
        (
            "time,open,high,low,close\n2025-07-01,4,5,3,4\n2025-07-08,4,5,3,4\n",
            "a.csv has candles that last 7 days, 0:00:00, so that a price could be that old; put",
        ),
        (PLAIN + "2025-07-08 03:00:00,4\n", "a.csv, line 5: it is cut short"),
        (PLAIN.replace("open,", "first,"), "a.csv has no column called 'open' or the like"),
        ("", "a.csv has no candle"),
        ("\n".join(PLAIN.splitlines()[:2]), "a.csv has fewer than two candles"),
        (
            "symbol,time,open,high,low,close\nBTCUSDT,1751932800,4,5,3,4\n",
            "a.csv, line 2: 'BTCUSDT' is not TAO in US dollars",
        ),
    ],
)
def test_a_bad_file_is_one_sentence_with_its_line(text, sentence):
    with pytest.raises(PriceError) as raised:
        candles.from_csv("a.csv", text)
    assert str(raised.value).startswith(sentence)


def test_the_candle_that_is_open_now_is_taken_and_one_of_another_zone_is_not(monkeypatch):
    """A clock may be some minutes apart, an hour is a file that is not in UTC."""
    opened = START + 2 * HOUR
    for minutes, is_taken in ((0, True), (-4, True), (-6, False), (-60, False)):
        now = opened + dt.timedelta(minutes=minutes)
        monkeypatch.setattr(candles, "_now", lambda now=now: now)
        if is_taken:
            assert candles.from_csv("a.csv", PLAIN)["open_at"][-1].as_py() == opened
        else:
            with pytest.raises(PriceError, match="line 4: 2025-07-08 02:00:00 UTC is yet to come"):
                candles.from_csv("a.csv", PLAIN)


def test_a_folder_takes_csv_and_parquet_and_nothing_else(tmp_path):
    (tmp_path / "b.csv").write_text(PLAIN)
    (tmp_path / "A.CSV").write_text("\ufeff" + PLAIN)
    (tmp_path / ".hidden").write_text("not a candle")
    assert set(sources.in_folder(tmp_path)["source_name"].to_pylist()) == {"A.CSV", "b.csv"}
    (tmp_path / "c.txt").write_text(PLAIN)
    with pytest.raises(PriceError, match=r"c\.txt is neither \.csv nor \.parquet"):
        sources.in_folder(tmp_path)
    (tmp_path / "c.txt").unlink()
    (tmp_path / "c.csv").mkdir()
    with pytest.raises(PriceError, match=r"c\.csv cannot be read \(Is a directory\)"):
        sources.in_folder(tmp_path)


def test_text_that_is_no_text_is_said(tmp_path):
    (tmp_path / "b.csv").write_bytes(PLAIN.encode() + b"\xff\xfe")
    with pytest.raises(PriceError, match=r"b\.csv, line 5: it is not UTF-8 text"):
        sources.in_folder(tmp_path)
    (tmp_path / "b.csv").unlink()
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(PriceError, match=r"b\.parquet is not a Parquet file"):
        sources.in_folder(tmp_path)


# ---------------------------------------------------------------------- an address


class Exchange:
    """A recorded server of candles: answers in turn, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], str]] = []
        self.asked: list[tuple[str, str | None]] = []
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                exchange.asked.append((self.path, self.headers["Authorization"]))
                turn = min(len(exchange.asked), len(exchange.answers)) - 1
                status, headers, body = exchange.answers[turn]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    served = Exchange()
    yield served
    served.close()


def good(text: str = PLAIN) -> tuple[int, dict[str, str], str]:
    return 200, {"Content-Type": "text/csv"}, text


def test_an_address_is_read_like_a_file_and_its_secrets_stand_nowhere(exchange, caplog):
    exchange.answers = [(503, {}, ""), good()]
    url = f"http://user:secret-1@{exchange.host}/secret-2/tao.csv?apikey=secret-3"
    with caplog.at_level(logging.DEBUG):
        rows = sources.at_address(url, NONE, wait=lambda _: None)
    assert rows["open_usd"].to_pylist() == candles.from_csv("a", PLAIN)["open_usd"].to_pylist()
    assert set(rows["source_name"].to_pylist()) == {f"http://{exchange.host}"}
    assert [path for path, _ in exchange.asked] == ["/secret-2/tao.csv?apikey=secret-3"] * 2
    assert all(authorization for _, authorization in exchange.asked)
    assert "secret" not in caplog.text


def test_what_passes_is_tried_again_and_no_longer_waited_for_than_is_bearable(exchange):
    exchange.answers = [(429, {"Retry-After": "7"}, ""), (500, {}, ""), (503, {}, ""), good()]
    waits: list[float] = []
    rows = sources.at_address(f"http://{exchange.host}/", NONE, wait=waits.append)
    assert rows.num_rows == 3
    assert waits == [7, 2, 4]
    exchange.answers, exchange.asked = [(429, {"Retry-After": "86400"}, ""), good()], []
    sources.at_address(f"http://{exchange.host}/", NONE, wait=waits.append)
    assert waits[-1] == sources.LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("answer", "attempts", "why"),
    [
        ((503, {}, "secret"), sources.ATTEMPTS, "answers 503 after 4 attempts"),
        ((404, {}, "secret"), 1, "answers 404;"),
        ((302, {"Location": "http://127.0.0.1:9/secret"}, ""), 1, "answers 302;"),
        (good("<html>secret</html>"), 1, "has no candle"),
        (good(PLAIN.replace("401.2", "four")), 1, ", line 3: 'four' is no price"),
    ],
)
def test_an_address_without_a_usable_answer_is_one_sentence(exchange, answer, attempts, why):
    exchange.answers = [answer]
    url = f"http://me:secret@{exchange.host}/tao.csv?key=secret"
    with pytest.raises(PriceError) as raised:
        sources.at_address(url, NONE, wait=lambda _: None)
    assert str(raised.value).startswith(f"http://{exchange.host}")
    assert why in str(raised.value)
    assert "secret" not in str(raised.value)
    assert len(exchange.asked) == attempts


def test_a_server_that_is_not_there_is_said(exchange):
    exchange.close()
    with pytest.raises(PriceError, match=r"cannot be reached \(ConnectionError\) after 4 attempts"):
        sources.at_address(f"http://{exchange.host}/?key=x", NONE, wait=lambda _: None)


@pytest.mark.parametrize(
    "url", ["http://prices.test/a?key=secret", "ftp://secret@x/a", "secret", "https://h:secret/a"]
)
def test_an_address_that_is_not_https_is_refused_unseen(url):
    with pytest.raises(PriceError) as raised:
        sources.at_address(url, NONE)
    assert "is no https address" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_candles_that_an_exchange_gives_no_longer_are_kept_and_later_ones_replace(exchange):
    later = PLAIN.splitlines()
    later = "\n".join([later[0], later[3].replace("403", "409"), "2025-07-08 03:00:00,9,9,9,9"])
    exchange.answers = [good(), good(later)]
    url = f"http://{exchange.host}/"
    of_a_file = candles.from_csv("a.csv", PLAIN)
    first = sources.at_address(url, of_a_file)
    second = sources.at_address(url, pa.concat_tables([of_a_file, first])).to_pylist()
    assert [row["open_at"].hour for row in second] == [0, 1, 2, 3]
    assert second[2]["close_usd"] == 409


def test_an_address_that_gives_the_past_another_price_is_not_believed(exchange):
    exchange.answers = [good(), good(PLAIN.replace("401.2", "60000.5").replace("411", "70000"))]
    url = f"http://{exchange.host}/"
    first = sources.at_address(url, NONE)
    with pytest.raises(PriceError, match=r"cost 60000\.5\d* at 2025-07-08 01:00:00, and said 401"):
        sources.at_address(url, first)


# ---------------------------------------------------------------------- in the books


def taken(chosen) -> None:
    refresh.run(chosen, refresh.plan(chosen, None, None), Silent())


def ask(home: Path, sql: str) -> list[tuple]:
    with Warehouse(home).reading() as reader:
        return reader.sql(sql).fetchall()


def test_without_a_source_there_is_no_dollar_and_never_nought(books):
    found = ask(
        books.home,
        "select usd_verdict, count(proceeds_usd_at_trade), count(rpnl_usd_at_trade), count(*) > 0 "
        "from fct_realized_pnl group by all",
    )
    assert found == [("no_price", 0, 0, True)]
    ends = ask(
        books.home,
        "select usd_at_end_verdict, count(zero_basis_rpnl_usd_at_end), count(spot_worth_usd_at_end)"
        " from fct_positions_by_day group by all",
    )
    assert ends == [("no_price", 0, 0)]


def test_dollars_of_the_trade_and_of_the_end_are_those_of_two_candles(small, at_home, tmp_path):
    """Blocks 600 to 630 of 12 seconds: two hours and six minutes past midnight at the end."""
    folder = tmp_path / "candles"
    folder.mkdir()
    minutes = [START + dt.timedelta(minutes=2 * i) for i in range(64)]
    rows = [f"{at:%Y-%m-%d %H:%M:%S},{400 + i}.000000001,900,1,777" for i, at in enumerate(minutes)]
    (folder / "tao_2m.csv").write_text("\n".join(["time,open,high,low,close", *rows]) + "\n")
    chosen = at_home(small, prices_folder=str(folder))
    taken(chosen)
    entries = ask(
        chosen.home,
        "select block_number, tao_rao, rpnl_rao, proceeds_usd_at_trade, rpnl_usd_at_trade "
        "from fct_realized_pnl where usd_verdict = 'priced'",
    )
    assert entries
    assert ask(chosen.home, "select count(*) from fct_realized_pnl") == [(len(entries),)]
    for block, tao, profit, proceeds_usd, profit_usd in entries:
        nano = (400 + block * 12 // 120) * 10**9 + 1
        assert int(proceeds_usd.scaleb(9)) == tao * nano // 10**9
        assert int(profit_usd.scaleb(9)) == (profit > 0 or -1) * (abs(profit) * nano // 10**9)
    at_end = (400 + 630 * 12 // 120) * 10**9 + 1
    for worth, usd in ask(
        chosen.home, "select spot_worth_rao, spot_worth_usd_at_end from fct_positions_by_day"
    ):
        assert int(usd.scaleb(9)) == int(worth) * at_end // 10**9
    whole, parts = ask(
        chosen.home,
        "select sum(zero_basis_rpnl_usd_at_trade), (select sum(rpnl_usd_at_trade) from "
        "fct_realized_pnl where method = 'zero_basis' and netuid > 0) from fct_subnet_pnl_by_day",
    )[0]
    assert whole == parts


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda t: t.replace("401.2", "999"),
            "opens and closes between its low and its high: 1 of 3 rows, first at source_name "
            "tao.csv, line_number 3",
        ),
        (lambda t: t.replace("391", "-391"), "every price is above nought: 1 of 3 rows"),
        (lambda t: t.replace(" 02:", " 01:"), "no source has two candles of one time"),
    ],
)
def test_prices_that_cannot_be_stop_the_books_at_the_door(small, at_home, change, sentence):
    chosen = at_home(small)
    folder = chosen.home / "prices"
    folder.mkdir(parents=True)
    (folder / "tao.csv").write_text(change(PLAIN))
    with pytest.raises(TaobooksError) as raised:
        taken(chosen)
    assert sentence in str(raised.value)
    assert "mend the file, or take it or the address away" in str(raised.value)
    assert not chosen.warehouse.exists()


def test_a_folder_that_was_named_and_is_not_there_is_said(small, at_home, tmp_path):
    chosen = at_home(small, prices_folder=str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"TAOBOOKS_PRICES_FOLDER is .*nowhere, which is no"):
        chosen.prices()


def test_an_address_in_the_settings_is_not_shown(small, at_home):
    chosen = at_home(small, prices_url="https://me:secret@prices.test/?key=secret")
    assert "secret" not in repr(chosen)


# ---------------------------------------------------------------------- real candles


@pytest.mark.parametrize(("name", "lasts"), [("1d", dt.timedelta(days=1)), ("1h", HOUR)])
def test_real_candles_are_read_to_the_last_digit(shared, name, lasts):
    path = shared / "mainnet" / "prices" / f"TAOUSDT_{name}.csv"
    if not path.is_file():
        pytest.skip(f"needs {path.name} in ../shared/mainnet/prices, which is not here")
    text = path.read_text()
    lines = [line.split(",") for line in text.splitlines()[1:]]
    rows = candles.from_csv(path.name, text).to_pylist()
    assert len(rows) == len(lines)
    for row, (_, *prices) in zip(rows, lines, strict=True):
        found = [row[key] for key in ("open_usd", "high_usd", "low_usd", "close_usd")]
        assert found == [Decimal(price) for price in prices[:4]]
        assert row["is_exact"]
        assert row["close_at"] - row["open_at"] == lasts
    assert all(row["close_at"] == following["open_at"] for row, following in pairwise(rows))
