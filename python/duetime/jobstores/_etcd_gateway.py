"""etcd's interface as JSON over HTTP, which servers have beside gRPC. It needs no package, and works in the child of a
fork."""

from __future__ import annotations

import json
import select
import ssl
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final

__all__ = ("DEFAULT_TIMEOUT", "EtcdError", "EtcdServer", "Gateway")

DEFAULT_TIMEOUT: Final = 10.0

_PATHS: Final = {"Range": "/v3/kv/range", "Txn": "/v3/kv/txn", "Authenticate": "/v3/auth/authenticate"}
_LONGEST_QUOTE: Final = 200
_MOST_IDLE: Final = 8
_LONGEST_IDLE: Final = 30.0  # in seconds: what lies between may forget a connection that is silent for minutes

# gRPC's codes.
_INVALID_ARGUMENT: Final = 3
_PERMISSION_DENIED: Final = 7
_RESOURCE_EXHAUSTED: Final = 8
_FAILED_PRECONDITION: Final = 9
_OUT_OF_RANGE: Final = 11
_UNAVAILABLE: Final = 14
_UNAUTHENTICATED: Final = 16

# With these nothing was done.
_REFUSALS: Final = frozenset(
    {_INVALID_ARGUMENT, _PERMISSION_DENIED, _RESOURCE_EXHAUSTED, _FAILED_PRECONDITION, _OUT_OF_RANGE, _UNAUTHENTICATED}
)
_FULL: Final = ("database space exceeded", "request is too large", "message larger than max")
_OLD_TOKEN: Final = ("invalid auth token", "revision of auth store is old", "user name is empty")


class EtcdError(Exception):
    """A call without an answer.

    :ivar refused: whether it is known that nothing was done
    """

    def __init__(self, text: str, code: int = _UNAVAILABLE, refused: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.refused = refused or code in _REFUSALS

    @property
    def is_full(self) -> bool:
        """The request is too large for the server, or it has no room."""
        return any(words in str(self) for words in _FULL)

    @property
    def is_exhausted(self) -> bool:
        """The request or its answer is too large for whoever stands between."""
        return self.code == _RESOURCE_EXHAUSTED

    @property
    def is_compacted(self) -> bool:
        """The revision that was asked for is there no more."""
        return self.code == _OUT_OF_RANGE

    @property
    def wants_token(self) -> bool:
        return self.code == _UNAUTHENTICATED or any(words in str(self) for words in _OLD_TOKEN)


@dataclass(frozen=True)
class EtcdServer:
    """Where a server is and who logs in; the parameters of etcd3's client.

    :ivar timeout: of each call, in seconds
    """

    host: str = "localhost"
    port: int = 2379
    ca_cert: Any = None
    cert_key: Any = None
    cert_cert: Any = None
    timeout: float | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.timeout is not None and not (isinstance(self.timeout, (int, float)) and self.timeout > 0):
            raise ValueError(f"timeout must be a positive number of seconds, got {self.timeout!r}")
        if (self.cert_key is None) != (self.cert_cert is None):
            raise ValueError("cert_cert and cert_key must be given together")
        if self.cert_cert is not None and self.ca_cert is None:
            raise ValueError("cert_cert was given without ca_cert, so the connection would not be encrypted")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password must be given together")

    @property
    def seconds(self) -> float:
        return self.timeout or DEFAULT_TIMEOUT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _tls_context(server: EtcdServer) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=server.ca_cert)
        if server.cert_cert is not None:
            context.load_cert_chain(server.cert_cert, server.cert_key)
    except OSError as error:
        files = ", ".join(f"{name} {getattr(server, name)!r}" for name in ("ca_cert", "cert_cert", "cert_key"))
        raise EtcdError(f"cannot use {files}: {error}", refused=True) from None
    return context


def _connection_to(server: EtcdServer) -> HTTPConnection:
    if server.ca_cert is None:
        return HTTPConnection(server.host, server.port, timeout=server.seconds)
    return HTTPSConnection(server.host, server.port, timeout=server.seconds, context=_tls_context(server))


def _is_dropped(connection: HTTPConnection) -> bool:
    """Between calls a server says nothing but that it hangs up."""
    readable = select.poll()
    readable.register(connection.sock, select.POLLIN)
    return bool(readable.poll(0))


def _refusal(server: EtcdServer, path: str, status: int, body: bytes) -> EtcdError:
    try:
        answer = json.loads(body)
        return EtcdError(answer.get("message") or answer["error"], answer["code"])
    except (ValueError, KeyError, AttributeError, TypeError):
        text = body[:_LONGEST_QUOTE].decode(errors="replace").strip()
        return EtcdError(
            f"{server} answers {status} {text!r} to {path}: expected etcd 3.4 or later with its gRPC gateway enabled",
            refused=status == 404,
        )


class Gateway:
    """A client. Threads: any. Files of certificates are read for each new connection, so they may be renewed."""

    def __init__(self, server: EtcdServer) -> None:
        self._server = server
        self._idle: list[tuple[float, HTTPConnection]] = []  # since when
        self._token: str | None = None

    def call(self, method: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to ``Range`` or ``Txn``, in the JSON of their messages.

        :raises EtcdError: without one
        """
        if self._server.user is None:
            return self._post(method, request)
        try:
            return self._post(method, request, self._token or self._log_in())
        except EtcdError as error:
            if not error.wants_token:
                raise
        return self._post(method, request, self._log_in())

    def close(self) -> None:
        while (idle := self._pop_idle()) is not None:
            idle[1].close()

    def forked(self) -> None:
        self._idle = []  # a descriptor that is closed here stays open in the parent

    def _log_in(self) -> str:
        """Tokens are good for some minutes."""
        self._token = None
        answer = self._post("Authenticate", {"name": self._server.user, "password": self._server.password})
        token = self._token = str(answer["token"])
        return token

    def _post(self, method: str, request: dict[str, Any], token: str | None = None) -> dict[str, Any]:
        path = _PATHS[method]
        connection = self._idle_connection() or self._new_connection()
        try:
            connection.request("POST", path, json.dumps(request), self._headers(token))
            response = connection.getresponse()
            body = response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            self.close()  # the others are hardly better
            raise EtcdError(f"{self._server}: {error or type(error).__name__}") from None
        self._keep(connection)
        if response.status != 200:
            raise _refusal(self._server, path, response.status, body)
        answer: dict[str, Any] = json.loads(body)
        return answer

    def _headers(self, token: str | None) -> dict[str, str]:
        """The server, too, is to know the deadline."""
        headers = {"Content-Type": "application/json", "Grpc-Timeout": f"{round(self._server.seconds * 1000)}m"}
        return {**headers, "Authorization": token} if token is not None else headers

    def _new_connection(self) -> HTTPConnection:
        server = self._server
        connection = _connection_to(server)
        try:
            connection.connect()
        except (OSError, HTTPException) as error:
            connection.close()
            raise EtcdError(f"{server}: {error or type(error).__name__}", refused=True) from None
        return connection

    def _pop_idle(self) -> tuple[float, HTTPConnection] | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _idle_connection(self) -> HTTPConnection | None:
        while (idle := self._pop_idle()) is not None:
            since, connection = idle
            if time.monotonic() - since < _LONGEST_IDLE and not _is_dropped(connection):
                return connection
            connection.close()
        return None

    def _keep(self, connection: HTTPConnection) -> None:
        if connection.sock is not None and len(self._idle) < _MOST_IDLE:
            self._idle.append((time.monotonic(), connection))
        else:
            connection.close()
