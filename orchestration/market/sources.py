"""Where candles come from: a folder that files are dropped into, and an address on the web."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import requests

from orchestration.errors import PriceError
from orchestration.market import candles
from orchestration.schemas import RAW_MARKET__TAO_PRICES

ATTEMPTS = 4
TIMEOUT_SECONDS = (10, 30)
"""To connect, and between two pieces of the answer."""

LONGEST_WAIT_SECONDS = 60
MOST_BYTES = 256 << 20
_PIECE = 1 << 16
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def tao_prices(folder: Path | None, url: str | None, before: pa.Table) -> pa.Table:
    """``raw_market__tao_prices``: the candles of a folder and of an address, where there are any.

    Args:
        folder: of files; read anew each time.
        url: of a CSV.
        before: the table as it was, for what the address gave then.

    Raises:
        PriceError: a file or the address is not usable.
    """
    of_files = in_folder(folder) if folder else RAW_MARKET__TAO_PRICES.empty_table()
    return pa.concat_tables([of_files, at_address(url, before)]) if url else of_files


def in_folder(folder: Path) -> pa.Table:
    """The candles of every CSV and Parquet file of a folder, files in the order of their names.

    Raises:
        PriceError: a file is neither, cannot be read, or is not one of candles.
    """
    paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    return pa.concat_tables([RAW_MARKET__TAO_PRICES.empty_table(), *map(_in_file, paths)])


def _in_file(path: Path) -> pa.Table:
    kind = path.suffix.lower()
    if kind not in (".csv", ".parquet"):
        raise PriceError(f"{path} is neither .csv nor .parquet; take it out of the folder.")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PriceError(
            f"{path} cannot be read ({error.strerror}); mend it or take it out of the folder."
        ) from None
    if kind == ".csv":
        return candles.from_csv(path.name, _text(path.name, raw))
    return candles.from_parquet(path.name, raw)


def at_address(url: str, before: pa.Table, wait: Callable[[float], None] = time.sleep) -> pa.Table:
    """The candles an address gives now, and those it gave before and gives no longer.

    An exchange gives its newest candles only. One given again replaces what it was, since the last
    is still open when it is first seen; what it opened at must be the same.

    Args:
        url: of a CSV; https, but for this machine itself. Only its host stands in errors and in
            tables, since any other part may be a secret.
        before: rows of ``raw_market__tao_prices``, of this address and others.
        wait: is told for how many seconds to wait before the next attempt.

    Raises:
        PriceError: there is no usable answer, or it gives the past another price than before.
    """
    name = shown(url)
    now = candles.from_csv(name, _text(name, _fetched(url, wait)))
    kept = before.filter(pc.equal(before["source_name"], name))
    opened = dict(zip(now["open_at"].to_pylist(), now["open_usd"].to_pylist(), strict=True))
    for at, price in zip(kept["open_at"].to_pylist(), kept["open_usd"].to_pylist(), strict=True):
        if opened.get(at, price) != price:
            raise PriceError(
                f"{name} says that TAO cost {opened[at]} at {at}, and said {price} before; correct "
                "TAOBOOKS_PRICES_URL, or delete raw_market__tao_prices in the lake to begin anew."
            )
    again = pc.is_in(kept["open_at"], value_set=now["open_at"].combine_chunks())
    return pa.concat_tables([kept.filter(pc.invert(again)), now]).sort_by("open_at")


def shown(url: str) -> str:
    """The host of an address, which is all of it that is surely no secret.

    Raises:
        PriceError: it is no https address.
    """
    try:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
        is_safe = parts.scheme == "https" or parts.hostname in _THIS_MACHINE
    except ValueError:
        is_safe = False
    if not is_safe or not parts.hostname:
        raise PriceError("TAOBOOKS_PRICES_URL is no https address; correct it or unset it.")
    return host


def _text(name: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise PriceError(f"{name}, line {line}: it is not UTF-8 text; mend the file.") from None


# ---------------------------------------------------------------------- over HTTP


class _TryAgain(Exception):
    """What went wrong may pass; ``seconds`` is how long the server asks to wait, 0 for no word."""

    def __init__(self, why: str, seconds: float = 0) -> None:
        super().__init__(why)
        self.seconds = seconds


def _fetched(url: str, wait: Callable[[float], None]) -> bytes:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _unlogged():
                return _attempted(url)
        except _TryAgain as problem:
            if attempt == ATTEMPTS:
                raise _unusable(url, f"{problem} after {ATTEMPTS} attempts") from None
            wait(min(max(problem.seconds, 2.0 ** (attempt - 1)), LONGEST_WAIT_SECONDS))
    raise AssertionError("the last attempt returns or raises")


def _attempted(url: str) -> bytes:
    try:
        # A redirect is not followed: it may lead off to an address that nobody chose.
        with requests.get(url, timeout=TIMEOUT_SECONDS, stream=True, allow_redirects=False) as got:
            if got.status_code == HTTPStatus.TOO_MANY_REQUESTS or got.status_code >= 500:
                asked = got.headers.get("Retry-After", "")
                raise _TryAgain(f"answers {got.status_code}", int(asked) if asked.isdigit() else 0)
            if got.status_code != HTTPStatus.OK:
                raise _unusable(url, f"answers {got.status_code}")
            body = bytearray()
            for piece in got.iter_content(_PIECE):
                body += piece
                if len(body) > MOST_BYTES:
                    raise _unusable(url, f"answers with more than {MOST_BYTES >> 20} MiB")
            return bytes(body)
    except requests.exceptions.SSLError:
        raise _unusable(url, "has a certificate that is not valid") from None
    except requests.RequestException as error:
        # What the error says has the whole address in it.
        raise _TryAgain(f"cannot be reached ({type(error).__name__})") from None


def _unusable(url: str, why: str) -> PriceError:
    return PriceError(
        f"{shown(url)} {why}; correct TAOBOOKS_PRICES_URL, or unset it to go on without."
    )


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keeps urllib3 from logging addresses, which it does whole."""
    logger = logging.getLogger("urllib3.connectionpool")
    was, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was
