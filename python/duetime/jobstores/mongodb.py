"""Jobs in a MongoDB database, which processes of many hosts may share."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from duetime._legacy.importing import copy_in
from duetime._legacy.mongodb import read_mongodb
from duetime._legacy.states import OldRow
from duetime.jobstores._mongodb_uri import connection_uri, server_names
from duetime.jobstores.persistent import PROTECTION, PersistentJobStore
from duetime.util import maybe_ref

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("MongoDBJobStore",)


def _arguments_of(client: Any) -> dict[str, Any]:
    """What a ``MongoClient`` of PyMongo was made with."""
    for attribute in ("_init_kwargs", "_MongoClient__init_kwargs"):
        arguments = getattr(client, attribute, None)
        if isinstance(arguments, Mapping):
            return dict(arguments)
    raise TypeError(f'The "client" parameter must be a pymongo.MongoClient, got {type(client).__name__!r}')


class MongoDBJobStore(PersistentJobStore):
    """Keeps jobs and the history of their runs in collections of its own, beside the one that APScheduler would use.
    Schedulers that share a database run each fire once. Jobs that APScheduler 3 left are copied at the first start, and
    stay where they are.

    The engine talks to the server itself, through MongoDB's C driver (Debian's package ``libmongoc-1.0-0``). PyMongo
    is needed only where ``client`` is given or asked for.

    Any leftover keyword arguments are those of ``pymongo.MongoClient``: ``host`` (a name, a list, or a URI), ``port``,
    ``username``, ``password``, ``replicaSet``, ``tls``, ... Unless ``w`` is among them, a majority of the servers
    must have a write before it counts.

    :param database: database to store jobs in
    :param collection: the collection that APScheduler would use; ours are named after it
    :param client: a ``pymongo.MongoClient``, or a reference to one, whose servers, credentials and TLS options are used
    :param pickle_protocol: for ``serializer="pickle"``
    :param options: ``serializer``, ``signing_key``, ``allowed_modules`` and ``allowed_classes`` of
        :class:`~duetime.jobstores.persistent.PersistentJobStore`; the rest is for the connection
    """

    def __init__(
        self,
        database: str = "apscheduler",
        collection: str = "jobs",
        client: Any = None,
        pickle_protocol: int = pickle.HIGHEST_PROTOCOL,
        **options: Any,
    ) -> None:
        protection = {name: options.pop(name) for name in PROTECTION if name in options}
        super().__init__(pickle_protocol=pickle_protocol, **protection)
        if not database:
            raise ValueError('The "database" parameter must not be empty')
        if not collection:
            raise ValueError('The "collection" parameter must not be empty')
        self.database_name = database
        self.collection_name = collection
        self._client = None if client is None else maybe_ref(client)
        self._made_client = False
        self._connect_args = options if client is None else _arguments_of(self._client)
        self._uri = connection_uri(self._connect_args)

    @property
    def client(self) -> Any:
        """A ``pymongo.MongoClient`` of the same servers: the one that was given, else one made now."""
        if self._client is None:
            try:
                from pymongo import MongoClient
            except ImportError:
                raise ImportError("The client of a MongoDBJobStore requires PyMongo installed") from None
            self._client = MongoClient(**self._connect_args)
            self._made_client = True
        return self._client

    @property
    def collection(self) -> Any:
        """APScheduler's collection, through :attr:`client`."""
        return self.client[self.database_name][self.collection_name]

    @property
    def connection(self) -> Any:
        warnings.warn('The "connection" member is deprecated -- use "client" instead', DeprecationWarning, stacklevel=2)
        return self.client

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        super().start(scheduler, alias)
        source = f"apscheduler:{self.collection_name}"
        self._unread_jobs = copy_in(self, source, self._read_old_jobs, self.pickle_protocol, self.serializer)

    def _read_old_jobs(self) -> list[OldRow] | None:
        """What APScheduler left, which only programs that have PyMongo can have."""
        try:
            return read_mongodb(self.collection)
        except ImportError:
            return None
        finally:
            self._close_client()

    def shutdown(self) -> None:
        super().shutdown()
        self._close_client()

    def _close_client(self) -> None:
        if self._made_client:
            self.client.close()
            self._client, self._made_client = None, False

    def _configuration(self) -> dict[str, Any]:
        return {"type": "mongodb", "uri": self._uri, "database": self.database_name, "prefix": self._prefix}

    @property
    def _prefix(self) -> str:
        """Of our collections; another for each of APScheduler's."""
        return "duetime" if self.collection_name == "jobs" else f"duetime_{self.collection_name}"

    def __repr__(self) -> str:
        return (
            f"<{self.__class__.__name__} (host={server_names(self._uri)!r}, database={self.database_name!r}, "
            f"collection={self.collection_name!r})>"
        )


def __getattr__(name: str) -> Any:
    """``MongoClient``, which APScheduler's module has too; PyMongo is imported for those who ask for it."""
    if name != "MongoClient":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pymongo import MongoClient

    return MongoClient
