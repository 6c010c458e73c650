"""From an URL of SQLAlchemy to one of libpq, by which the engine connects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

__all__ = ("uri_of",)

# What drivers call parameters of libpq.
_OTHER_NAMES = {"database": "dbname", "username": "user"}


def uri_of(url: Any, arguments: Mapping[str, Any]) -> str:
    """The URI of the database that SQLAlchemy's ``url`` names, with the driver's arguments beside it.

    :param url: text, or an URL of SQLAlchemy
    """
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    options = dict(parsed.query)
    options.update({_OTHER_NAMES.get(name, name): str(value) for name, value in arguments.items()})
    authority = _credentials(parsed.username, parsed.password) + _server(parsed.host, parsed.port)
    query = urlencode(options, doseq=True, quote_via=quote)
    return f"postgresql://{authority}/{quote(parsed.database or '', safe='')}{'?' if query else ''}{query}"


def _credentials(username: str | None, password: Any) -> str:
    if username is None:
        return ""
    return quote(username, safe="") + ("" if password is None else ":" + quote(str(password), safe="")) + "@"


def _server(host: str | None, port: int | None) -> str:
    if host is None:
        return ""
    name = f"[{host}]" if ":" in host else quote(host, safe="")
    return name if port is None else f"{name}:{port}"
