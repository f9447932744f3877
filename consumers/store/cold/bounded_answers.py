"""Bounds how much is read of the answers of a bucket, and how long.

botocore reads lists and errors whole, and waits for an end as long as a byte comes now and then.
"""

from time import monotonic
from typing import Any, Final

from botocore.exceptions import ResponseStreamingError
from urllib3.exceptions import ReadTimeoutError

MOST_BYTES: Final = 16 << 20
"""A list of a thousand names of the longest kind has 4 MB."""
CHUNK_BYTES: Final = 1 << 16
FAILED: Final = 300
LONGEST_S: Final = 60.0
SLOWEST_BYTES_PER_S: Final = 5_000


class BoundedAnswers:
    """In the place of a session of botocore. How long the body of an object may be, is for whoever asked for it."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> Any:
        """Raises `ResponseStreamingError` for an answer that is too long, or too slow."""
        is_object, request.stream_output = request.stream_output, True
        answer = self._session.send(request)
        request.stream_output = is_object
        answer.raw = _TimedBody(answer.raw)
        if not is_object or answer.status_code >= FAILED:
            # As its own property would fill it, without a bound.
            answer._content = _content(answer.raw)
        return answer

    def close(self) -> None:
        self._session.close()


class _TimedBody:
    """The body of an answer, read as it comes."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._began = monotonic()
        self._count = 0

    def read(self, amount: int = CHUNK_BYTES) -> bytes:
        chunk: bytes = self._raw.read1(amount) or b""
        self._count += len(chunk)
        if monotonic() - self._began > LONGEST_S + self._count / SLOWEST_BYTES_PER_S:
            raise ReadTimeoutError(self._raw, "", "the body comes too slowly")
        return chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _content(body: _TimedBody) -> bytes:
    content = bytearray()
    try:
        while chunk := body.read():
            content += chunk
            if len(content) > MOST_BYTES:
                raise ResponseStreamingError(error=f"an answer has more than {MOST_BYTES} bytes")
    except ReadTimeoutError as error:
        raise ResponseStreamingError(error=error) from error
    finally:
        body.close()
    return bytes(content)
