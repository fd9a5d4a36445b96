"""URLs of nodes: which are known, and how one is shown, since it may hold a credential."""

from urllib.parse import urlsplit

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


def redacted(url: str) -> str:
    """A URL as it may be shown: user, password, path and query are left out."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    more = "/..." if parts.path.strip("/") or parts.query or parts.username else ""
    return f"{parts.scheme}://{host}{port}{more}"
