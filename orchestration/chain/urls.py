"""URLs of nodes: which are known, and how one is shown, since it may hold a credential."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

WEBSOCKET_SCHEMES = ("ws", "wss")
HTTP_SCHEMES = ("http", "https")


def is_of_node(url: str) -> bool:
    """Whether it names a host by a scheme that nodes speak."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in (*WEBSOCKET_SCHEMES, *HTTP_SCHEMES)
            and bool(parts.hostname)
            and parts.port != 0
        )
    except ValueError:
        return False


def is_of_websocket(url: str) -> bool:
    """Whether calls go over one connection, and not by a POST each."""
    return urlsplit(url).scheme in WEBSOCKET_SCHEMES


def is_like_one(text: str) -> bool:
    """Whether it may be a URL, well written or not, and so hold a key."""
    return _URL.search(text) is not None or "@" in text.split("/")[0] or "?" in text


def redacted(url: str) -> str:
    """A URL as it may be shown: user, password, path and query are left out."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    more = "/..." if parts.path.strip("/") or parts.query or parts.username else ""
    return f"{parts.scheme}://{host}{port}{more}"


_MOST_SAID = 160
_LEAST_SECRET = 6
"""Characters; shorter parts of a path are names of versions, like ``v2``."""
_URL = re.compile(r"[a-z][a-z0-9+.-]*:/+[^\s\"'<>]+", re.IGNORECASE)


def told(text: str, url: str = "") -> str:
    """What a node says, as it may be shown: short, on one line, without URLs and their secrets.

    Args:
        url: the node's own, of which it may repeat a part.
    """
    text = "".join(char if char.isprintable() else " " for char in text)
    for secret in sorted(_secrets(url), key=len, reverse=True):
        text = text.replace(secret, "...")
    text = " ".join(_URL.sub("a URL", text).split())
    return text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}..."


def _secrets(url: str) -> set[str]:
    """Whatever of a URL may be a key, as it stands there and as it is read."""
    parts = urlsplit(url)
    found = [parts.username or "", parts.password or "", *parts.path.split("/")]
    found += [parts.query, *(value for _, value in parse_qsl(parts.query))]
    secrets = {part for part in found if len(part) >= _LEAST_SECRET}
    return secrets | {unquote(part) for part in secrets}
