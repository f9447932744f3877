"""Opens containers with FFmpeg, and closes them when opening fails."""

import errno
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, SupportsFloat

import av

from edge.capture.sources.files import refusal
from edge.capture.sources.inputs import Input
from edge.capture.sources.redirects import redirection

COLLECT_AFTER_S: Final = 10.0


class NoVideo(Exception):
    """The input is not a video. The message says what it is."""


class UnreferencedContainers:
    """Closes what `av.open` opened before it raised: nobody has the container, which is part of a reference cycle, so
    its socket would stay open until a garbage collection.
    """

    def __init__(self) -> None:
        self._collected_s = float("-inf")

    def collect(self) -> None:
        """Run a collection, but seldom, because it stops every thread."""
        now = time.monotonic()
        if now - self._collected_s >= COLLECT_AFTER_S:
            self._collected_s = now
            gc.collect()


_unreferenced = UnreferencedContainers()


def opened(source: Input, limit: SupportsFloat) -> Any:
    if source.local is not None and (why := refusal(source.address, source.local)) is not None:
        raise NoVideo(why)
    address = source.address
    times = 0
    while True:
        try:
            return _open(source, address, limit)
        except OSError as error:
            # FFmpeg says no more of a redirect that it may not follow.
            target = redirection(address, times) if source.is_jpeg_stream and error.errno == errno.EIO else None
            if target is None:
                raise
            address, times = target, times + 1


def _open(source: Input, address: str, limit: SupportsFloat) -> Any:
    try:
        # PyAV reads the value of the limit whenever it begins to read.
        return av.open(
            address,
            format=source.format,
            options=dict(source.options),
            timeout=(source.timeout_s, limit),  # type: ignore[arg-type]  # a number that can change
            # A camera's name may be in any encoding; nothing here uses it.
            metadata_errors="replace",
        )
    except BaseException:
        _unreferenced.collect()
        raise


@contextmanager
def closing_on_failure(container: Any) -> Iterator[None]:
    """Close the container if inspecting it fails, so that no socket or file stays open."""
    try:
        yield
    except BaseException:
        container.close()
        raise
