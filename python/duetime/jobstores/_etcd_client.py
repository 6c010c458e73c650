"""A program's own client of etcd3, asked in the JSON that the gateway takes."""

from __future__ import annotations

from typing import Any

import grpc
from etcd3 import etcdrpc
from google.protobuf.json_format import MessageToDict, ParseDict

from duetime.jobstores._etcd_gateway import DEFAULT_TIMEOUT, EtcdError

__all__ = ("ClientCalls",)


class ClientCalls:
    """:param client: an ``etcd3.Etcd3Client``
    :param closes: whether it is closed with the storage
    """

    def __init__(self, client: Any, closes: bool) -> None:
        self._client = client
        self._closes = closes

    def call(self, method: str, request: dict[str, Any]) -> dict[str, Any]:
        """As :meth:`Gateway.call <duetime.jobstores._etcd_gateway.Gateway.call>`."""
        client = self._client
        message = ParseDict(request, getattr(etcdrpc, f"{method}Request")())
        try:
            answer = getattr(client.kvstub, method)(
                message,
                client.timeout or DEFAULT_TIMEOUT,
                credentials=client.call_credentials,
                metadata=getattr(client, "metadata", None),
            )
        except grpc.RpcError as error:
            raise EtcdError(error.details() or error.code().name, error.code().value[0]) from None
        except ValueError as error:  # its channel was closed
            raise EtcdError(str(error), refused=True) from None
        made: dict[str, Any] = MessageToDict(answer, preserving_proto_field_name=True)
        return made

    def close(self) -> None:
        if self._closes:
            self._client.close()

    def forked(self) -> None:
        pass  # gRPC cannot be used there
