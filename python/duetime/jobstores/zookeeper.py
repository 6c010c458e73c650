"""Jobs in a ZooKeeper ensemble, which processes of many hosts may share."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, Any

from duetime import _native
from duetime._errors import JobStoreError
from duetime._legacy.importing import copy_in
from duetime._legacy.states import OldRow
from duetime.jobstores.persistent import PROTECTION, PersistentJobStore
from duetime.util import maybe_ref

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("ZooKeeperJobStore",)


def _client_class() -> Any:
    try:
        from kazoo.client import KazooClient
    except ImportError as exc:
        raise ImportError("ZooKeeperJobStore requires Kazoo installed") from exc
    return KazooClient


class ZooKeeperJobStore(PersistentJobStore):
    """Keeps jobs and the history of their runs in a ZooKeeper tree. Schedulers that share it run each fire once.
    ``docs/job_stores.md`` says for how many jobs that is fit.

    What is kept is in a tree beside ``path``, where APScheduler 3 has its jobs. Those are copied at the first start,
    and stay where they are.

    Any leftover keyword arguments are those of ``kazoo.client.KazooClient``: ``hosts``, ``timeout``, ``auth_data``,
    ``default_acl``, ``use_ssl``, ...

    :param path: path to store jobs in
    :param client: a ``kazoo.client.KazooClient``, or a reference to one, to use instead of connection arguments. It
        does not outlive a fork
    :param close_connection_on_exit: whether the client is stopped when the scheduler ends
    :param pickle_protocol: for ``serializer="pickle"``
    :param options: ``serializer``, ``signing_key``, ``allowed_modules`` and ``allowed_classes`` of
        :class:`~duetime.jobstores.persistent.PersistentJobStore`; the rest is for the connection
    """

    def __init__(
        self,
        path: str = "/apscheduler",
        client: Any = None,
        close_connection_on_exit: bool = False,
        pickle_protocol: int = pickle.HIGHEST_PROTOCOL,
        **options: Any,
    ) -> None:
        protection = {name: options.pop(name) for name in PROTECTION if name in options}
        super().__init__(pickle_protocol=pickle_protocol, **protection)
        self._make_client = _client_class()
        if not path:
            raise ValueError('The "path" parameter must not be empty')
        self.close_connection_on_exit = close_connection_on_exit
        self.path = path
        self._connect_args = None if client else options
        self.client: Any = maybe_ref(client) if client else self._make_client(**options)
        self._pid = os.getpid() if self.client.connected else None  # of the process that has the client's threads

    def _add_to(self, engine: _native.Scheduler, alias: str) -> None:
        from duetime.jobstores._zookeeper_storage import ZooKeeperStorage
        from duetime.jobstores.storage import add_storage

        add_storage(engine, alias, ZooKeeperStorage(self._connected_client, self._tree))

    @property
    def _tree(self) -> str:
        """Of our nodes: another for each of APScheduler's paths."""
        return f"/{self.path.strip('/')}.duetime"

    def _connected_client(self) -> Any:
        if self._pid not in (None, os.getpid()):
            self._replace_client()
        if not self.client.connected:
            try:
                self.client.start()
            except self.client.handler.timeout_exception as error:
                raise JobStoreError(str(error), _native.ERROR_STORE_UNAVAILABLE) from None
        self._pid = os.getpid()
        return self.client

    def _replace_client(self) -> None:
        """In the child of a fork, where the client's threads are not."""
        if self._connect_args is None:
            raise JobStoreError(
                "the client that was given to the ZooKeeperJobStore does not work in the child of a fork: expected "
                "connection arguments, or a store made in the child",
                _native.ERROR_STORE_UNAVAILABLE,
            )
        self.client = self._make_client(**self._connect_args)

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        super().start(scheduler, alias)
        source = f"apscheduler:{self.path}"
        self._unread_jobs = copy_in(self, source, self._read_old_jobs, self.pickle_protocol, self.serializer)

    def _read_old_jobs(self) -> list[OldRow] | None:
        from kazoo.exceptions import KazooException

        from duetime._legacy.zookeeper import read_zookeeper

        client = self._connected_client()
        try:
            return read_zookeeper(client, self.path)
        except (KazooException, client.handler.timeout_exception) as error:
            text = f"jobs of APScheduler in {self.path}: {type(error).__name__} {error}".rstrip()
            raise JobStoreError(text, _native.ERROR_STORE_UNAVAILABLE) from None

    def shutdown(self) -> None:
        super().shutdown()
        if self.close_connection_on_exit:
            self.client.stop()
            self.client.close()

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (client={self.client})>"


def __getattr__(name: str) -> Any:
    """``KazooClient``, which APScheduler's module has too."""
    if name != "KazooClient":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _client_class()
