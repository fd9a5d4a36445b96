"""Exchange candles of TAO in US dollars: a CSV or Parquet file read into exact decimals.

A candle is known by when it opened. How long it lasts is how far apart the candles of its file are.
"""

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.errors import PriceError
from orchestration.schemas import RAW_MARKET__TAO_PRICES, USD

_NAMES = {
    "open_at": ("opentime", "timeopen", "openat", "timestamp", "unix", "datetime", "time", "date"),
    "open_usd": ("open", "openusd", "o", "openprice", "priceopen"),
    "high_usd": ("high", "highusd", "h", "highprice", "pricehigh"),
    "low_usd": ("low", "lowusd", "l", "lowprice", "pricelow"),
    "close_usd": ("close", "closeusd", "c", "closeprice", "priceclose"),
}
"""How exchanges name a column, small letters alone; of several times the first named here."""

_PRICES = ("open_usd", "high_usd", "low_usd", "close_usd")
_UNNAMED = ("open_at", *_PRICES)
"""The order of columns where a file has no header, as exchanges' archives have none."""

_PAIR = ("symbol", "pair", "market", "ticker")
_TAO_IN_DOLLARS = re.compile(r"(?:\w+:)?TAO[-_/ ]?(?:USD|USDT|USDC|FDUSD)", re.IGNORECASE)

_NANO_USD = Decimal(1).scaleb(-USD.scale)
_MOST_USD = Decimal(10) ** 9
"""A greater price is a mistake, and rao times it would not fit 38 digits."""

_FIRST_TRADED = dt.datetime(2023, 1, 1)
"""TAO was first traded on an exchange in 2023."""

_LONGEST = dt.timedelta(days=1)
"""A moment's price is what its candle opened at: of a longer one it would be an old price."""

_CLOCKS_APART = dt.timedelta(minutes=5)
"""How far the clock of an exchange may be ahead of ours."""

_EPOCH_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))
"""(below, units in a second): 10^11 seconds are the year 5138, 10^11 milliseconds the year 1973."""


class _Candle(NamedTuple):
    line_number: int
    open_at: dt.datetime
    prices: tuple[Decimal, ...]
    is_exact: bool


def from_csv(name: str, text: str) -> pa.Table:
    """The candles of a CSV text, in the order of their time.

    Args:
        name: what the file is called in errors and in ``source_name``.
        text: comma or semicolon between cells; a header, or columns in the order open time, open,
            high, low, close.

    Returns:
        Rows of ``raw_market__tao_prices``; ``line_number`` counts from 1, header included.

    Raises:
        PriceError: the sentence names the file and the line.
    """
    start = text[:4096]
    delimiter = ";" if start.count(";") > start.count(",") else ","
    lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        # A line of one cell before the header says who made the file.
        rows = [(lines.line_num, cells) for cells in lines if len(cells) > 1]
    except csv.Error as error:
        raise PriceError(f"{name}, line {lines.line_num}: {error}; mend the file.") from None
    if not rows:
        raise PriceError(f"{name} has no candle; put a file of exchange candles there.")
    header = _UNNAMED if _is_number(rows[0][1][0]) else rows.pop(0)[1]
    return _table(name, header, rows)


def from_parquet(name: str, raw: bytes) -> pa.Table:
    """The candles of a Parquet file; ``line_number`` is the row, counted from 1.

    Doubles are the source's own: each is taken as the shortest decimal that is that double, and
    the candle is not ``is_exact``.

    Raises:
        PriceError: the sentence names the file and the row.
    """
    try:
        table = pq.read_table(pa.BufferReader(raw))
    except (pa.ArrowException, OSError) as error:
        raise PriceError(
            f"{name} is not a Parquet file ({str(error).splitlines()[0]}); put a whole one there."
        ) from None
    columns = [column.to_pylist() for column in table.columns]
    return _table(name, table.column_names, enumerate(zip(*columns, strict=True), start=1))


def _table(name: str, header: Iterable[str], rows: Iterable[tuple[int, list]]) -> pa.Table:
    candles = sorted(_candles(name, [*header], rows), key=lambda candle: candle.open_at)
    lasts = _lasts(name, candles)
    opens = [candle.open_at for candle in candles]
    closes = [at + lasts for at in opens]
    columns = {
        "source_name": [name] * len(candles),
        "line_number": [candle.line_number for candle in candles],
        "open_at": opens,
        "close_at": [
            min(close, following) if following > at else close
            for at, close, following in zip(opens, closes, [*opens[1:], closes[-1]], strict=True)
        ],
        "is_exact": [candle.is_exact for candle in candles],
    }
    columns |= dict(zip(_PRICES, zip(*(c.prices for c in candles), strict=True), strict=True))
    return pa.table(
        [pa.array(columns[field.name], field.type) for field in RAW_MARKET__TAO_PRICES],
        schema=RAW_MARKET__TAO_PRICES,
    )


def _lasts(name: str, candles: list[_Candle]) -> dt.timedelta:
    """How long a candle lasts: the distance most common between two, the shorter of two such."""
    apart = Counter(after.open_at - before.open_at for before, after in pairwise(candles))
    del apart[dt.timedelta(0)]
    if not apart:
        raise PriceError(
            f"{name} has fewer than two candles, so that nothing says how long one lasts; "
            "put more there."
        )
    lasts = min(apart, key=lambda distance: (-apart[distance], distance))
    if lasts > _LONGEST:
        raise PriceError(
            f"{name} has candles that last {lasts}, so that a price could be that old; "
            "put candles of a day or shorter there."
        )
    return lasts


def _candles(name: str, header: list[str], rows: Iterable[tuple[int, list]]) -> Iterator[_Candle]:
    places = _places(name, header)
    at = places.pop("open_at")
    of_prices = [places[price] for price in _PRICES]
    pair = next((i for i, each in enumerate(header) if _bare(each) in _PAIR), None)
    for line, cells in rows:
        try:
            if pair is not None and not _TAO_IN_DOLLARS.fullmatch(str(cells[pair])):
                raise ValueError(f"{cells[pair]!r} is not TAO in US dollars")
            found = [_price(cells[place]) for place in of_prices]
            prices, exact = zip(*found, strict=True)
            yield _Candle(line, _believable(_time(cells[at])), prices, all(exact))
        except IndexError:
            raise PriceError(f"{name}, line {line}: it is cut short; mend the file.") from None
        except (ValueError, OverflowError) as error:
            raise PriceError(f"{name}, line {line}: {error}; mend the file.") from None


def _places(name: str, header: list[str]) -> dict[str, int]:
    bare = [_bare(each) for each in header]
    places = {}
    for column, names in _NAMES.items():
        found = [bare.index(each) for each in names if each in bare]
        if not found:
            raise PriceError(
                f"{name} has no column called {names[0]!r} or the like, but "
                f"{', '.join(header)[:200]}; name open time, open, high, low and close in it."
            )
        places[column] = found[0]
    return places


def _bare(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


# ---------------------------------------------------------------------- cells


def _is_number(cell: str) -> bool:
    try:
        return Decimal(cell).is_finite()
    except InvalidOperation:
        return False


def _price(cell: object) -> tuple[Decimal, bool]:
    """US dollars with nine decimals, cut, and whether that is all the source says."""
    text = repr(cell) if isinstance(cell, float) else str(cell).strip()
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no price") from None
    if not price.is_finite() or abs(price) > _MOST_USD:
        raise ValueError(f"{text!r} is no price")
    cut = price.quantize(_NANO_USD, ROUND_DOWN)
    return cut, cut == price and not isinstance(cell, float)


def _time(cell: object) -> dt.datetime:
    """UTC, without a zone; a time that names none is UTC."""
    if isinstance(cell, dt.datetime):
        return _in_utc(cell)
    if isinstance(cell, dt.date):
        return dt.datetime(cell.year, cell.month, cell.day)
    text = str(cell).strip()
    if _is_number(text):
        return _since_1970(Decimal(text))
    try:
        return _in_utc(dt.datetime.fromisoformat(text.removesuffix("UTC").strip()))
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: write seconds since 1970 or YYYY-MM-DD HH:MM:SS"
        ) from None


def _believable(at: dt.datetime) -> dt.datetime:
    """A time at which a candle can have opened: seconds taken for days, say, give another."""
    if at < _FIRST_TRADED:
        raise ValueError(f"{at} is before {_FIRST_TRADED.year}, when TAO had no price yet")
    if at > _now() + _CLOCKS_APART:
        raise ValueError(f"{at} UTC is yet to come")
    return at


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _since_1970(units: Decimal) -> dt.datetime:
    for below, in_a_second in _EPOCH_UNITS:
        if 0 <= units < below:
            milliseconds = int(units * 1000 / in_a_second)
            return dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=milliseconds)
    raise ValueError(f"{units} is no time since 1970")


def _in_utc(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(tzinfo=None) if at.tzinfo else at
