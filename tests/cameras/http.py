"""An HTTP server of MJPEG cameras that misbehave as their case says."""

import asyncio

from tests.cameras.case import HttpCase
from tests.cameras.listener import Listener
from tests.cameras.rtsp import Seen


class HttpServer(Listener):
    """Serves each case at the path of its name."""

    def __init__(self, cases: dict[str, HttpCase]) -> None:
        super().__init__()
        self._cases = cases
        self.seen: dict[str, Seen] = {name: Seen() for name in cases}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        name = request.split(" ")[1].strip("/")
        await self._send(self._cases[name], self.seen[name], writer)

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
