"""Jobs in a Redis server, which processes of any hosts may share."""

from __future__ import annotations

import pickle
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from duetime._legacy.importing import copy_in
from duetime._legacy.redis import read_redis
from duetime._legacy.states import OldRow
from duetime.jobstores.persistent import PROTECTION, PersistentJobStore

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("RedisJobStore",)

_DEFAULT_JOBS_KEY = "apscheduler.jobs"

# What redis-py's client takes and what it is called in the engine's configuration.
_SERVER = {
    "host": "host",
    "port": "port",
    "username": "username",
    "password": "password",
    "unix_socket_path": "unix_socket",
}
_TIMEOUTS = {"socket_timeout": "command_timeout_us", "socket_connect_timeout": "connect_timeout_us"}

_TLS_FILES = {"ssl_ca_certs": "ca", "ssl_certfile": "cert", "ssl_keyfile": "key"}
_TLS_CHECKS = frozenset({"ssl_cert_reqs", "ssl_check_hostname"})

# Ways of redis-py that mean nothing to the engine; its own client gets them.
_FOR_THE_CLIENT = frozenset({
    "charset", "client_name", "decode_responses", "encoding", "encoding_errors", "errors", "health_check_interval",
    "lib_name", "lib_version", "max_connections", "protocol", "retry", "retry_on_error", "retry_on_timeout",
    "single_connection_client", "socket_keepalive", "socket_keepalive_options",
})  # fmt: skip


def _require_known(connect_args: Mapping[str, Any]) -> None:
    known = _SERVER.keys() | _TIMEOUTS.keys() | _FOR_THE_CLIENT | _TLS_FILES.keys() | _TLS_CHECKS | {"ssl"}
    unknown = sorted(connect_args.keys() - known)
    if unknown:
        raise TypeError(f"RedisJobStore got an unexpected keyword argument {unknown[0]!r}")


def _verification(cert_reqs: Any, check_hostname: bool) -> str:
    """What of the server's certificate is checked, in the engine's words."""
    if cert_reqs in (None, "none", ssl.CERT_NONE):
        return "none"
    if cert_reqs in ("optional", "required", ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED):  # one and the same for a client
        return "full" if check_hostname else "ca"
    raise ValueError(f"ssl_cert_reqs must be 'required', 'optional' or 'none', got {cert_reqs!r}")


def _tls(connect_args: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's configuration of TLS; empty without it."""
    given = sorted(name for name in _TLS_FILES.keys() | _TLS_CHECKS if connect_args.get(name) is not None)
    if not connect_args.get("ssl"):
        if given:
            raise ValueError(f"{given[0]} was given without ssl=True, so the connection would not be encrypted")
        return {}
    cert_reqs = connect_args.get("ssl_cert_reqs", "required")
    files = {option: str(connect_args[name]) for name, option in _TLS_FILES.items() if connect_args.get(name)}
    verify = _verification(cert_reqs, connect_args.get("ssl_check_hostname", True))
    return {"tls": True, "verify": verify, **files}


def _key_prefix(jobs_key: str) -> str:
    """Stores of different keys do not mix; the default one is shared with the other languages."""
    return "duetime" if jobs_key == _DEFAULT_JOBS_KEY else "duetime:" + quote(jobs_key, safe=":./ ")


class RedisJobStore(PersistentJobStore):
    """Keeps jobs and the history of their runs in a Redis server. Processes that share it run each fire once. Jobs that
    APScheduler 3 left are copied at the first start, and stay where they are.

    :param db: the number of the server's database
    :param jobs_key: the key of APScheduler's jobs. The store's own keys are named after it
    :param run_times_key: the key of the run times of APScheduler's jobs
    :param pickle_protocol: for ``serializer="pickle"``
    :param options: ``serializer``, ``signing_key``, ``allowed_modules`` and ``allowed_classes`` of
        :class:`~duetime.jobstores.persistent.PersistentJobStore`; the rest as :class:`redis.Redis` takes them:
        ``host``, ``port``, ``username``, ``password``, ``unix_socket_path``, ``socket_timeout``,
        ``socket_connect_timeout`` (the last two 5 seconds unless given); ``ssl`` with ``ssl_ca_certs``,
        ``ssl_certfile``, ``ssl_keyfile``, ``ssl_cert_reqs`` and ``ssl_check_hostname``
    """

    def __init__(
        self,
        db: int = 0,
        jobs_key: str = _DEFAULT_JOBS_KEY,
        run_times_key: str = "apscheduler.run_times",
        pickle_protocol: int = pickle.HIGHEST_PROTOCOL,
        **options: Any,
    ) -> None:
        protection = {name: options.pop(name) for name in PROTECTION if name in options}
        super().__init__(pickle_protocol=pickle_protocol, **protection)
        if db is None:
            raise ValueError('The "db" parameter must not be empty')
        if not jobs_key:
            raise ValueError('The "jobs_key" parameter must not be empty')
        if not run_times_key:
            raise ValueError('The "run_times_key" parameter must not be empty')
        _require_known(options)
        self._tls = _tls(options)
        self.db = int(db)
        self.jobs_key = jobs_key
        self.run_times_key = run_times_key
        self._connect_args = options

    @cached_property
    def redis(self) -> Any:
        """A client of the package ``redis`` for the same server. The store itself does not need it."""
        try:
            return self._make_client()
        except ImportError as exc:
            raise ImportError("RedisJobStore.redis requires redis installed") from exc

    def _make_client(self, **options: Any) -> Any:
        from redis import Redis

        return Redis(db=self.db, **{**self._connect_args, **options})

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        super().start(scheduler, alias)
        source = f"apscheduler:{self.jobs_key}"
        self._unread_jobs = copy_in(self, source, self._read_old_jobs, self.pickle_protocol, self.serializer)

    def _read_old_jobs(self) -> list[OldRow] | None:
        """What APScheduler left, which only programs that have the package ``redis`` can have."""
        try:
            client = self._make_client(decode_responses=False)
        except ImportError:
            return None
        with client:
            return read_redis(client, self.jobs_key, self.run_times_key)

    def _configuration(self) -> dict[str, Any]:
        configuration: dict[str, Any] = {
            "type": "redis",
            "host": "localhost",
            "db": self.db,
            "key_prefix": _key_prefix(self.jobs_key),
            **self._tls,
        }
        for name, value in self._connect_args.items():
            if value is None:
                continue
            if name in _TIMEOUTS:
                configuration[_TIMEOUTS[name]] = round(value * 1_000_000)
            elif name in _SERVER:
                configuration[_SERVER[name]] = value.decode() if isinstance(value, bytes) else value
        return configuration
