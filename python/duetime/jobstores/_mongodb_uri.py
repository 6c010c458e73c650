"""From the arguments of ``pymongo.MongoClient`` to the URI that the engine's driver connects by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

__all__ = ("connection_uri", "server_names")

_DEFAULT_PORT = 27017

# Options that mean the same to both drivers, by their names in lower case.
_SHARED = frozenset(
    {
        "appname", "authmechanism", "authmechanismproperties", "authsource", "compressors", "connecttimeoutms",
        "directconnection", "heartbeatfrequencyms", "journal", "loadbalanced", "localthresholdms", "readconcernlevel",
        "replicaset", "retrywrites", "serverselectiontimeoutms", "sockettimeoutms", "srvmaxhosts", "srvservicename",
        "tls", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames", "tlscafile", "tlscertificatekeyfile",
        "tlscertificatekeyfilepassword", "tlsdisableocspendpointcheck", "tlsinsecure", "w", "wtimeoutms",
        "zlibcompressionlevel",
    }
)  # fmt: skip

_OTHER_NAMES = {"ssl": "tls"}

# About PyMongo's pool, or about documents that the engine reads in its own way. It reads from the primary always.
_WITHOUT_MEANING = frozenset(
    {
        "connect", "datetime_conversion", "document_class", "driver", "event_listeners", "maxconnecting",
        "maxidletimems", "maxpoolsize", "maxstalenessseconds", "minpoolsize", "readpreference", "readpreferencetags",
        "retryreads", "server_selector", "servermonitoringmode", "type_registry", "tz_aware", "tzinfo",
        "unicode_decode_error_handler", "uuidrepresentation", "waitqueuetimeoutms",
    }
)  # fmt: skip


def connection_uri(arguments: Mapping[str, Any]) -> str:
    """The URI of the servers that ``MongoClient(**arguments)`` connects to.

    :raises TypeError: for an argument that would be lost
    """
    rest = {name: value for name, value in arguments.items() if value is not None}
    hosts = _list_of(rest.pop("host", "localhost"))
    port = rest.pop("port", _DEFAULT_PORT)
    username, password = rest.pop("username", None), rest.pop("password", None)
    options = _options(rest)
    whole = next((host for host in hosts if "://" in host), None)
    if whole is not None:
        return _extended(whole, _credentials(username, password), options)
    servers = ",".join(_with_port(host, port) for host in hosts)
    return f"mongodb://{_credentials(username, password)}{servers}/{'?' if options else ''}{options}"


def server_names(uri: str) -> str:
    """The part of a URI that may be shown: no name of a user, and no password."""
    authority = uri.partition("://")[2].rpartition("@")[2]
    return authority.partition("/")[0].partition("?")[0]


def _list_of(host: Any) -> list[str]:
    return [host] if isinstance(host, str) else [str(each) for each in host]


def _with_port(host: str, port: int) -> str:
    has_port = ":" in host.rpartition("]")[2]  # an address of IPv6 stands in brackets
    return host if has_port else f"{host}:{port}"


def _credentials(username: Any, password: Any) -> str:
    if username is None:
        return ""
    return quote(str(username), safe="") + ("" if password is None else ":" + quote(str(password), safe="")) + "@"


def _options(arguments: Mapping[str, Any]) -> str:
    pairs = []
    for name, value in arguments.items():
        key = _OTHER_NAMES.get(name.lower(), name.lower())
        if key in _SHARED:
            pairs.append(f"{key}={quote(_option_text(value), safe=':,')}")
        elif key not in _WITHOUT_MEANING:
            raise TypeError(f"MongoDBJobStore got an unexpected keyword argument {name!r}")
    return "&".join(pairs)


def _option_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{each}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value)


def _extended(uri: str, credentials: str, options: str) -> str:
    """The URI with what was given beside it."""
    scheme, _, rest = uri.partition("://")
    if credentials:
        rest = credentials + rest.rpartition("@")[2]
    if options:
        if "/" not in rest.rpartition("@")[2]:
            rest += "/"
        rest += ("&" if "?" in rest else "?") + options
    return f"{scheme}://{rest}"
