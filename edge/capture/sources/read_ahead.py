"""Reads a live camera in a thread of its own, so that slow work on one packet does not delay the next ones."""

import threading
from collections import deque
from typing import Any, Final, TypeAlias

from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from edge.capture.sources.demuxer import DemuxedPacket, Demuxer
from edge.capture.sources.inputs import Input
from edge.capture.sources.liveness import ReadLimit
from edge.capture.sources.lock_contention import LockContention
from edge.capture.sources.reader_thread import ReaderThread
from producer.clock import Elapsed

MOST_BYTES: Final = 8_000_000
"""Beyond this nothing is read, and packets wait in the network."""
MOST_PACKETS: Final = 4000
WAIT_S: Final = 0.5
CLOSING_S: Final = 0.3
NOTHING: Final = DemuxedPacket("video", None, None)
"""Nothing came for a while."""

_Read: TypeAlias = DemuxedPacket | BaseException | None


def read_ahead(source: Input, opened: Demuxer, limit: ReadLimit, elapsed: Elapsed) -> Demuxer:
    """A file is read when somebody has time for it."""
    return ReadAhead(opened, limit, elapsed, _of(source.address)) if source.is_live else opened


class AbandonedReaders:
    """The threads of one camera that were given up and still wait in FFmpeg."""

    def __init__(self) -> None:
        self._threads: list[ReaderThread] = []

    def add(self, thread: ReaderThread) -> None:
        self._threads.append(thread)

    @property
    def any(self) -> bool:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        return bool(self._threads)


_abandoned: dict[str, AbandonedReaders] = {}
"""By address: a source may be built anew after a failure."""


def _of(address: str) -> AbandonedReaders:
    return _abandoned.setdefault(address, AbandonedReaders())


class ReadAhead:
    """A demuxer whose packets have the time of their arrival.

    `next` returns `NOTHING` after half a second, and raises after a silence longer than the limit. It also raises what
    the other demuxer raises; reading continues after `resume`.

    PyAV checks the limit under Python's lock, and FFmpeg asks for it eight times for each RTSP packet. On a busy
    machine the threads of many cameras would mostly wait for that lock, so the limit is off there: a silent camera is
    given up here, and closed when FFmpeg's socket gives it up.

    A camera that sends reports and no packets keeps FFmpeg reading for ever. So the limit holds until the first packet,
    and as long as a thread that was given up has not ended: at most one of a camera stays.
    """

    def __init__(
        self, demuxer: Demuxer, limit: ReadLimit, elapsed: Elapsed, abandoned: AbandonedReaders | None = None
    ) -> None:
        self._demuxer = demuxer
        self._limit = limit
        self._elapsed = elapsed
        self._contention = LockContention()
        self._abandoned = abandoned or AbandonedReaders()
        self._has_read = False
        self.video: VideoStream | None = demuxer.video
        self.audio: AudioStream | None = demuxer.audio
        self.codec = demuxer.codec
        self.is_late_by_one = demuxer.is_late_by_one
        self._read: deque[tuple[_Read, float]] = deque()
        self._bytes = 0
        self._latest_s = elapsed()
        self._changed = threading.Condition()
        self._has_failed = self._resumes = self._is_closed = False
        self._thread = ReaderThread(self._run)
        self._thread.start()

    @property
    def size(self) -> tuple[int, int]:
        return self._demuxer.size

    @property
    def reorders(self) -> bool:
        return self._demuxer.reorders

    @property
    def cut_short(self) -> int:
        return self._demuxer.cut_short

    @property
    def has_come(self) -> bool:
        """Whether `next` returns without waiting."""
        return bool(self._read)

    @property
    def behind_s(self) -> float:
        """The age of the oldest packet that waits here."""
        with self._changed:
            return self._elapsed() - self._read[0][1] if self._read else 0.0

    def next(self) -> DemuxedPacket | None:
        with self._changed:
            if not self._read:
                self._changed.wait(WAIT_S)
            if self._read:
                return self._taken()
        if self._elapsed() - self._latest_s > self._limit.seconds:
            raise TimeoutError
        return NOTHING

    def resume(self) -> None:
        with self._changed:
            self._has_failed, self._resumes = False, True
            self._changed.notify_all()

    def decode(self, packet: Any) -> list[Any]:
        return self._demuxer.decode(packet)

    def skip_to_keyframes(self, skips: bool) -> None:
        self._demuxer.skip_to_keyframes(skips)

    def close(self) -> None:
        """The thread closes its demuxer as soon as that returns, or FFmpeg gives up."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(CLOSING_S)
        if self._thread.is_alive():
            self._abandoned.add(self._thread)

    def _taken(self) -> DemuxedPacket | None:
        if self._read[0][0] is None:
            return None
        found, at_s = self._read.popleft()
        self._bytes -= _size(found)
        self._changed.notify_all()
        if isinstance(found, BaseException):
            raise found
        assert found is not None, "the end stays where it is"
        return found._replace(at_s=at_s)

    def _run(self) -> None:
        try:
            while self._may_read():
                self._choose_limit()
                found = self._next()
                if isinstance(found, TimeoutError):
                    # A timeout of FFmpeg's own socket, which does not know the limit.
                    self._resumes = True
                    continue
                with self._changed:
                    self._latest_s = self._elapsed()
                    self._read.append((found, self._latest_s))
                    self._bytes += _size(found)
                    self._has_failed = not isinstance(found, DemuxedPacket)
                    self._has_read = True
                    self._changed.notify_all()
        finally:
            self._demuxer.close()

    def _may_read(self) -> bool:
        """Wait for room, or for `resume` after an error."""
        with self._changed:
            while not self._is_closed and (self._has_failed or self._is_full):
                self._changed.wait()
            return not self._is_closed

    @property
    def _is_full(self) -> bool:
        return self._bytes > MOST_BYTES or len(self._read) >= MOST_PACKETS

    def _choose_limit(self) -> None:
        self._contention.measure()
        is_off = self._contention.is_high and self._has_read and not self._abandoned.any
        if is_off != self._limit.is_off:
            self._limit.is_off = is_off
            self._resumes = True

    def _next(self) -> _Read:
        try:
            if self._resumes:
                self._resumes = False
                self._demuxer.resume()
            return self._demuxer.next()
        except BaseException as error:  # noqa: BLE001 - the thread that takes what was read raises it
            return error


def _size(found: _Read) -> int:
    return found.packet.size if isinstance(found, DemuxedPacket) and found.packet is not None else 0
