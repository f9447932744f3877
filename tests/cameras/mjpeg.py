"""The ways in which cameras send JPEG after JPEG over HTTP."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable

from tests.cameras.case import HttpCase
from tests.cameras.media import RATE, jpeg

Body = AsyncIterator[tuple[bytes, bool]]
Picture = Callable[[int], bytes]
PERIOD_S = 1 / RATE


def part(data: bytes, length: int | None = -1, boundary: bytes = b"--frame") -> bytes:
    """`length` is what the header says: that of the data for -1, nothing for None."""
    stated = len(data) if length == -1 else length
    header = b"" if stated is None else b"Content-Length: %d\r\n" % stated
    return boundary + b"\r\nContent-Type: image/jpeg\r\n" + header + b"\r\n" + data + b"\r\n"


def stream(write: Callable[[int], tuple[bytes, bool]], period_s: float = PERIOD_S) -> Callable[[], Body]:
    """Part after part; `write` gives the n-th, and whether it holds a picture that can be shown."""

    async def body() -> Body:
        number, began = 0, asyncio.get_running_loop().time()
        while True:
            yield write(number)
            number += 1
            await asyncio.sleep(max(0.0, began + number * period_s - asyncio.get_running_loop().time()))

    return body


def whole(length: int | None = -1, boundary: bytes = b"--frame") -> Callable[[int], tuple[bytes, bool]]:
    return lambda number: (part(jpeg(number % 100), length, boundary), True)


def now_and_then(every: int, bad: Picture) -> Callable[[int], tuple[bytes, bool]]:
    """Each so-manieth part is `bad`."""

    def write(number: int) -> tuple[bytes, bool]:
        is_bad = number % every == every - 1
        return part(bad(number) if is_bad else jpeg(number % 100)), not is_bad

    return write


def once(data: bytes) -> Callable[[], Body]:
    async def body() -> Body:
        yield data, False

    return body


def bursts(every_s: float) -> Callable[[], Body]:
    """All pictures of a while at once."""
    count = round(every_s * RATE)

    def write(number: int) -> tuple[bytes, bool]:
        return b"".join(part(jpeg((number * count + one) % 100)) for one in range(count)), True

    return stream(write, every_s)


def garbage(number: int) -> bytes:
    return random.Random(number).randbytes(2000)


def page(status: str, kind: str, body: bytes, extra: str = "") -> HttpCase:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return HttpCase(once(body), head)
