"""A TCP relay between nodes and their server that can be made to misbehave."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from contextlib import suppress

_RST_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, zero seconds
_CHUNK = 65536


class Relay:
    """Listens on `port` and passes everything on to the server at `target`, but for what it is told.

    It has a thread of its own; all of it may be called from any.

    :ivar max_delay: every chunk waits for a random time up to this many seconds
    :ivar one_byte: bytes are sent one by one
    """

    def __init__(self, target: int, randomness: random.Random) -> None:
        self.max_delay = 0.0
        self.one_byte = False
        self._target = target
        self._randomness = randomness
        self._left: dict[str, int | None] = {"sent": None, "received": None}
        self._connections: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut_after(self, direction: str, count: int) -> None:
        """Once: the connection that passes that many more bytes, "sent" or "received" by nodes, is reset there."""
        self._left[direction] = count

    def is_cut(self, direction: str) -> bool:
        return self._left[direction] is None

    def reset_all(self) -> None:
        self._loop.call_soon_threadsafe(self._reset_all)

    def block(self) -> None:
        """Nothing passes any more, and nobody is told: as if a cable were pulled."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def heal(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    def close(self) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _shut(self) -> None:
        self._server.close()
        self._reset_all()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _reset_all(self) -> None:
        for pair in list(self._connections):
            self._reset(pair)

    def _reset(self, pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        for writer in pair:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
            writer.transport.abort()
        self._connections.discard(pair)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._open.wait()
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, server_writer)
        self._connections.add(pair)
        pumps = self._pump(reader, server_writer, "sent", pair), self._pump(server_reader, writer, "received", pair)
        await asyncio.gather(*pumps)
        self._reset(pair)

    async def _pump(self, reader, writer, direction: str, pair) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._open.wait()
                if self.max_delay:
                    await asyncio.sleep(self._randomness.uniform(0, self.max_delay))
                passed = self._pass(direction, data)
                await self._send(writer, data[:passed])
                if passed < len(data):
                    break
        self._reset(pair)  # whoever ends one direction ends both

    def _pass(self, direction: str, data: bytes) -> int:
        """How many of these bytes get through."""
        left = self._left[direction]
        if left is None:
            return len(data)
        if left >= len(data):
            self._left[direction] = left - len(data)
            return len(data)
        self._left[direction] = None
        return left

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        for piece in (data[i : i + 1] for i in range(len(data))) if self.one_byte else [data]:
            writer.write(piece)
            await writer.drain()
