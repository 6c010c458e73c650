"""Jobs in etcd, which processes of many hosts may share."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from duetime import _native
from duetime._errors import JobStoreError
from duetime._legacy.etcd import read_etcd
from duetime._legacy.importing import copy_in
from duetime._legacy.states import OldRow
from duetime.jobstores._etcd_gateway import EtcdError, EtcdServer, Gateway
from duetime.jobstores.persistent import PROTECTION, PersistentJobStore
from duetime.util import maybe_ref

if TYPE_CHECKING:
    from duetime.jobstores._etcd_storage import EtcdCalls
    from duetime.schedulers.base import BaseScheduler

__all__ = ("EtcdJobStore",)

_FOR_THE_CLIENT = frozenset({"grpc_options"})  # mean nothing over HTTP


def _client_class() -> Any:
    try:
        from etcd3 import Etcd3Client
    except ImportError as exc:
        raise ImportError("The client of an EtcdJobStore requires etcd3 installed") from exc
    return Etcd3Client


def _server(connect_args: Mapping[str, Any]) -> EtcdServer:
    known = {each.name for each in fields(EtcdServer)}
    unknown = sorted(connect_args.keys() - known - _FOR_THE_CLIENT)
    if unknown:
        raise TypeError(f"EtcdJobStore got an unexpected keyword argument {unknown[0]!r}")
    return EtcdServer(**{name: value for name, value in connect_args.items() if name in known})


class EtcdJobStore(PersistentJobStore):
    """Keeps jobs and the history of their runs in etcd, under keys of its own beside those that APScheduler 3 would
    use. Schedulers that share them run each fire once; the clocks of their hosts must agree to within a small part of a
    lease. Jobs that APScheduler left under ``path`` are copied at the first start, and stay where they are.

    It speaks JSON over HTTP to etcd 3.4 or later and needs no package. etcd3 is needed only where ``client`` is given
    or asked for.

    Any leftover keyword arguments are those of ``etcd3.Etcd3Client``: ``host``, ``port``, ``ca_cert`` (which makes it
    TLS), ``cert_cert``, ``cert_key``, ``user``, ``password``, ``timeout`` of a call in seconds (10 unless given).

    :param path: path that APScheduler would store jobs in. Stores of different paths have different jobs
    :param client: an ``etcd3.Etcd3Client``, or a reference to one, through which all calls go. It does not outlive a
        fork
    :param close_connection_on_exit: whether ``client`` is closed when the scheduler ends
    :param pickle_protocol: for ``serializer="pickle"``
    :param options: ``serializer``, ``signing_key``, ``allowed_modules`` and ``allowed_classes`` of
        :class:`~duetime.jobstores.persistent.PersistentJobStore`; the rest is for the connection
    """

    def __init__(
        self,
        path: str = "/apscheduler",
        client: Any = None,
        close_connection_on_exit: bool = False,
        pickle_protocol: int = pickle.DEFAULT_PROTOCOL,
        **options: Any,
    ) -> None:
        protection = {name: options.pop(name) for name in PROTECTION if name in options}
        super().__init__(pickle_protocol=pickle_protocol, **protection)
        if not path:
            raise ValueError('The "path" parameter must not be empty')
        self.close_connection_on_exit = close_connection_on_exit
        self.path = path
        self._given_client = maybe_ref(client) if client else None
        self._made_client: Any = None
        self._pid = os.getpid()
        self._connect_args = options
        self._server = _server(options)

    @property
    def client(self) -> Any:
        """An ``etcd3.Etcd3Client``: the one that was given, else one of the same server, made now. The store itself
        does not need that."""
        if self._given_client is not None:
            return self._given_client
        if self._made_client is None:
            self._made_client = _client_class()(**self._connect_args)
        return self._made_client

    def _add_to(self, engine: _native.Scheduler, alias: str) -> None:
        from duetime.jobstores._etcd_storage import EtcdStorage
        from duetime.jobstores.storage import add_storage

        add_storage(engine, alias, EtcdStorage(self._connect, self.path))

    def _connect(self) -> EtcdCalls:
        if self._given_client is None:
            return Gateway(self._server)
        from duetime.jobstores._etcd_client import ClientCalls

        if self._pid != os.getpid():
            raise JobStoreError(
                "the client that was given to the EtcdJobStore does not work in the child of a fork: expected "
                "connection arguments, or a store made in the child",
                _native.ERROR_STORE_UNAVAILABLE,
            )
        return ClientCalls(self._given_client, self.close_connection_on_exit)

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        super().start(scheduler, alias)
        source = f"apscheduler:{self.path}"
        self._unread_jobs = copy_in(self, source, self._read_old_jobs, self.pickle_protocol, self.serializer)

    def _read_old_jobs(self) -> list[OldRow] | None:
        calls = self._connect()
        try:
            return read_etcd(calls.call, self.path)
        except EtcdError as error:
            raise JobStoreError(
                f"jobs of APScheduler in {self.path}: {error}", _native.ERROR_STORE_UNAVAILABLE
            ) from None
        finally:
            if self._given_client is None:
                calls.close()

    def shutdown(self) -> None:
        super().shutdown()
        client, self._made_client = self._made_client, None
        if client is not None:
            client.close()

    def __repr__(self) -> str:
        where = f"server={str(self._server)!r}" if self._given_client is None else f"client={self._given_client}"
        return f"<{self.__class__.__name__} ({where}, path={self.path!r})>"


def __getattr__(name: str) -> Any:
    """``Etcd3Client``, which APScheduler's module has too; etcd3 is imported for those who ask for it."""
    if name != "Etcd3Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _client_class()
