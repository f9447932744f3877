"""Explains in a sentence why a source fails. It raises nothing, and quotes no text of a library."""

import base64
import errno
import http.client
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit

import av.error

from edge.capture.sources.source import AccessRefused, AddressUnusable, SourceUnreachable
from producer.os_errors import OF_NETWORK

LONGEST_REASON: Final = 500
PROBE_S: Final = 3.0
_LONGEST_LINE: Final = 4096

REFUSED_VIEWER: Final = "the camera takes no more viewers: it refuses another one at this time (4xx, as 453)"
WEB_PAGE: Final = "this is a web page, not a video stream"
SINGLE_PICTURE: Final = "this is a single picture, not a video stream"
NO_RTSP: Final = "what answers there speaks no RTSP: a web server, perhaps; cameras often have RTSP at port 554"
LOST_AT_START: Final = "the camera has closed the connection before its stream began, or the network has"
NO_ANSWER: Final = "what listens there ends the connection without an answer: a camera that starts, or none"
UNKNOWN_CODEC: Final = "its video is coded in a way that is not known here"
REDIRECTS: Final = "it redirects every request (3xx), in a circle or to where no camera is"
_COMMON: Final = frozenset({"h264", "hevc", "mjpeg"})
_BY_CLASS: Final[tuple[tuple[str, str], ...]] = (
    ("HTTPUnauthorizedError", "the camera refuses the user or the password (Unauthorized)"),
    ("HTTPForbiddenError", "the camera does not allow this user to see the stream (Forbidden)"),
    ("HTTPNotFoundError", "the camera has no such path (Not Found)"),
    ("HTTPBadRequestError", "the camera does not understand the request (Bad Request)"),
    ("HTTPOtherClientError", REFUSED_VIEWER),
    ("HTTPServerError", "the camera has an error of its own (5xx): it is still starting, or takes no more viewers"),
    ("DemuxerNotFoundError", "its format is none that is known here"),
    ("DecoderNotFoundError", UNKNOWN_CODEC),
    ("ProtocolNotFoundError", "its address begins with a protocol that is not known here"),
)
NO_DESCRIPTOR: Final = "this machine has no free file descriptors"
_REFUSALS: Final = ("HTTPUnauthorizedError", "HTTPForbiddenError")
_BY_NUMBER: Final[dict[int, str]] = {
    errno.ECONNREFUSED: "Connection refused: the machine is there, but nothing listens at this port",
    errno.EHOSTUNREACH: OF_NETWORK[errno.EHOSTUNREACH],
    errno.ENETUNREACH: OF_NETWORK[errno.ENETUNREACH],
    errno.EPROTONOSUPPORT: "the camera offers no stream over TCP; set `transport: udp` for it",
    errno.ECONNRESET: "the camera has closed the connection",
    errno.EPIPE: "the camera has closed the connection",
    errno.ENOENT: "No such file or device",
    errno.ENODEV: "no such device",
    errno.ENXIO: "no such device",
    errno.EBUSY: "another program uses it",
    errno.ENOTTY: "it is a device, but not a camera",
    errno.EISDIR: "it is a directory",
    errno.EMFILE: NO_DESCRIPTOR,
    errno.ENFILE: NO_DESCRIPTOR,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt in which an error came: opening or reading an address, after waiting for `waited_s` of
    `timeout_s`.
    """

    address: str
    is_open: bool = False
    waited_s: float = 0.0
    timeout_s: float = 10.0
    codec: str | None = None
    """The codec of its video in the description of the stream."""


def unreachable(error: BaseException, attempt: Attempt) -> SourceUnreachable:
    """The error to raise in place of a library's, whose text may hold the address with its password."""
    why = explain(error, attempt)
    is_refused = why == REDIRECTS or any(isinstance(error, getattr(av.error, name, ())) for name in _REFUSALS)
    kind = AccessRefused if is_refused else SourceUnreachable
    return kind(why, attempt.address)


def explain(error: BaseException, attempt: Attempt) -> str:
    """Why, without the address."""
    if isinstance(error, av.error.ExitError | TimeoutError):
        return _silence(attempt)
    known = next((text for name, text in _BY_CLASS if isinstance(error, getattr(av.error, name, ()))), None)
    known = known or _known_number(getattr(error, "errno", None) or 0, attempt.address)
    if known is not None:
        return known
    if attempt.waited_s >= 0.9 * attempt.timeout_s:
        return _silence(attempt)
    if not attempt.is_open and (found := _looked_up(attempt.address)) is not None:
        return found
    if isinstance(error, EOFError):
        return "the stream has ended"
    if isinstance(error, av.error.InvalidDataError):
        what = "what it sends" if "://" in attempt.address else "what it holds"
        return f"{what} is no video, or too damaged (Invalid data found)"
    return getattr(error, "strerror", None) or type(error).__name__


def _known_number(number: int, address: str) -> str | None:
    """FFmpeg gives the number of a refusal also where a camera goes away."""
    if number in (errno.EACCES, errno.EPERM):
        return None if "://" in address else "the agent may not read it"
    return _BY_NUMBER.get(number)


def describe_error(
    error: BaseException, redact: Callable[[str], str] = str, *, with_camera_address: bool = True
) -> str:
    """Any error as the reason of a source; for unforeseen ones their type and text."""
    try:
        if isinstance(error, AddressUnusable):
            return str(error)[:LONGEST_REASON]
        if isinstance(error, SourceUnreachable):
            text = error.why if error.is_camera and not with_camera_address else str(error)
        elif isinstance(error, MemoryError):
            text = "there was not enough memory"
        else:
            own = " ".join(str(error).split())
            text = f"an error of its driver or of the analysis: {type(error).__name__}{f': {own}' if own else ''}"
        return redact(text)[:LONGEST_REASON]
    except BaseException:  # noqa: BLE001  (the words of an error must not be another error)
        return f"an error that has no words: {type(error).__name__}"


def _looked_up(address: str) -> str | None:
    """What a probe of the address finds out. It runs only after a failure, so that no camera is asked twice."""
    with suppress(Exception):
        parts = urlsplit(address)
        if not parts.hostname:
            return None
        if not _has_free_descriptor():
            return NO_DESCRIPTOR
        port = parts.port or {"http": 80, "https": 443, "rtsps": 322}.get(parts.scheme, 554)
        try:
            socket.getaddrinfo(parts.hostname, port)
        except socket.gaierror:
            return f"the name {parts.hostname} is not found"
        if parts.scheme.startswith("rtsp"):
            return _handshake(parts.hostname, port, is_secured=parts.scheme == "rtsps")
        return _content(address)
    return None


def _handshake(host: str, port: int, *, is_secured: bool) -> str:
    """Why a stream did not begin, by what answers at its port now."""
    try:
        with _connected(host, port, is_secured=is_secured) as connection, _bounded(lambda: connection):
            connection.sendall(f"OPTIONS rtsp://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
            begun = connection.makefile("rb").readline(_LONGEST_LINE)
    except ssl.SSLError:
        return NO_RTSP
    except OSError as error:
        return _BY_NUMBER.get(error.errno or 0, LOST_AT_START)
    if not begun:
        return NO_ANSWER
    return LOST_AT_START if begun.startswith(b"RTSP/") else NO_RTSP


@contextmanager
def _connected(host: str, port: int, *, is_secured: bool) -> Iterator[socket.socket]:
    with socket.create_connection((host, port), PROBE_S) as plain:
        if is_secured:
            with _trusting().wrap_socket(plain) as connection:
                yield connection
        else:
            yield plain


def _trusting() -> ssl.SSLContext:
    """Nothing that a camera sends here is trusted, and cameras sign their certificates themselves."""
    return ssl._create_unverified_context()  # noqa: S323 - see above


def _silence(attempt: Attempt) -> str:
    if not attempt.is_open and _redirects(attempt.address):
        return REDIRECTS
    silent = f"no data for {attempt.timeout_s:g} s"
    if attempt.codec in (None, *_COMMON):
        return silent
    return f"{silent} that is {attempt.codec}, as which its video is described"


def _redirects(address: str) -> bool:
    """FFmpeg follows the redirects of an RTSP server without end."""
    parts = urlsplit(address)
    if parts.scheme != "rtsp":
        return False
    with suppress(Exception):
        target = f"rtsp://{parts.hostname}:{parts.port or 554}{parts.path}"
        with socket.create_connection((parts.hostname or "", parts.port or 554), PROBE_S) as connection:
            connection.settimeout(PROBE_S)
            with _bounded(lambda: connection):
                answers = connection.makefile("rb")
                for number, method in enumerate(("OPTIONS", "DESCRIBE"), 1):
                    connection.sendall(f"{method} {target} RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode())
                    if _status(answers).startswith(b"3"):
                        return True
    return False


@contextmanager
def _bounded(link: Callable[[], socket.socket | None]) -> Iterator[None]:
    """End a probe after a while: a camera that answers byte by byte would hold its thread for ever."""

    def end() -> None:
        connection = link()
        if connection is not None:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = threading.Timer(2 * PROBE_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _status(answers: BinaryIO) -> bytes:
    """The status of the next answer, which has no body here."""
    words = answers.readline(_LONGEST_LINE).split()
    while answers.readline(_LONGEST_LINE).strip():
        pass
    return words[1] if len(words) > 1 else b""


def _has_free_descriptor() -> bool:
    """Without a free descriptor every probe fails, and would blame the camera."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno not in (errno.EMFILE, errno.ENFILE)
    return True


@contextmanager
def web_answer(address: str) -> Iterator[http.client.HTTPResponse]:
    """The head of what a web server answers at an address, without its body."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    connection = http.client.HTTPConnection(host, parts.port, timeout=PROBE_S)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, parts.port, timeout=PROBE_S, context=_trusting())
    with closing(connection), _bounded(lambda: connection.sock):
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("GET", path, headers=_authorization(parts.username, parts.password))
        yield connection.getresponse()


def _content(address: str) -> str | None:
    """The reason, where a web server sends something else than a stream."""
    try:
        with web_answer(address) as answer:
            kind = answer.headers.get_content_type()
    except http.client.RemoteDisconnected:
        return NO_ANSWER
    if kind in ("text/html", "application/xhtml+xml"):
        return WEB_PAGE
    if kind == "image/jpeg":
        return SINGLE_PICTURE
    return None if kind.startswith("multipart/") else f"this is {kind}, not a video stream"


def _authorization(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    credentials = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
