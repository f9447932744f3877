"""An HTTP server of MJPEG cameras that misbehave as their case says."""

import asyncio
from contextlib import suppress

from tests.cameras.case import HttpCase
from tests.cameras.rtsp import Seen


class HttpServer:
    """Serves each case at the path of its name; runs in the loop that starts it."""

    def __init__(self, cases: dict[str, HttpCase]) -> None:
        self._cases = cases
        self._server: asyncio.Server | None = None
        self._viewers: set[asyncio.Task[None]] = set()
        self.seen: dict[str, Seen] = {name: Seen() for name in cases}
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for viewer in tuple(self._viewers):
            viewer.cancel()
        await asyncio.gather(*self._viewers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._viewers.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                name = request.split(" ")[1].strip("/")
                await self._send(self._cases[name], self.seen[name], writer)
        finally:
            self._viewers.discard(task)
            writer.close()

    async def _send(self, case: HttpCase, seen: Seen, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        seen.sessions += 1
        writer.write(case.head.encode())
        async for data, is_picture in case.body():
            writer.write(data)
            await writer.drain()
            if is_picture:
                seen.first_at = seen.first_at or loop.time()
                seen.pictures, seen.last_at = seen.pictures + 1, loop.time()
