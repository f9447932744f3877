"""Reads pictures and sound from everything that PyAV opens: files, RTSP, MJPEG over HTTP, V4L2 devices."""

from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame

from edge.analysis.pictures import upright
from edge.capture.bitstream import CLOCK
from edge.capture.recorder import Recorder
from edge.capture.sources.audio_samples import OneSecondChunks, Resampler
from edge.capture.sources.containers import NoVideo
from edge.capture.sources.demuxer import DemuxedPacket, Demuxer, demuxer
from edge.capture.sources.failure_reasons import Attempt, unreachable
from edge.capture.sources.inputs import Input
from edge.capture.sources.liveness import LONGEST_SILENCE_S, Liveness, ReadLimit
from edge.capture.sources.packet_timing import Counter, PacketTiming
from edge.capture.sources.quality import StreamQuality
from edge.capture.sources.read_ahead import NOTHING, ReadAhead, read_ahead
from edge.capture.sources.recorded_stream import RecordedStream
from edge.capture.sources.regularity import Regularity
from edge.capture.sources.source import CameraFrame, Pause, Reading, SourceEnded, SourceUnreachable, without_credentials
from edge.capture.sources.timestamps import STEP_S
from edge.capture.takeover import Takeover
from producer.clock import Elapsed, since_boot
from producer.ids import Clock

LONGEST_WAIT_S: Final = 2.0
REPORT_S: Final = 5.0
_IDLE_S: Final = 0.5
_DAMAGED_IN_A_ROW: Final = 50
_TICK: Final = Fraction(1, CLOCK)


class VideoSource:
    """One demultiplexing loop: packets go to the recorder, and at most `analysis_fps` decoded pictures per second are
    handed out. What cannot be used costs itself and is counted.
    """

    def __init__(
        self,
        source: Input,
        clock: Clock,
        pause: Pause,
        recorder: Recorder | None = None,
        analysis_fps: float = 5.0,
        elapsed: Elapsed = since_boot,
    ) -> None:
        self._input = source
        self._clock = clock
        self._pause = pause
        self._recorder = recorder
        self._elapsed = elapsed
        self._zero = elapsed()  # For a takeover before the source was opened: the recording is empty.
        self._every_s = 1 / analysis_fps
        self._regularity = Regularity() if source.is_interleaved else None
        self._demuxer: Demuxer | None = None
        self._stream: RecordedStream | None = None
        self._quality = StreamQuality(elapsed, recorder, only_keyframes=not source.is_analysed)
        self._sequence = self._fruitless = 0
        self._ready: deque[Reading] = deque()
        self.takeover = Takeover(self._finish)

    def open(self) -> None:
        self.close()
        self._counter, self._asked_s = Counter(self._elapsed), self._elapsed()
        self._liveness = Liveness(self._silence_limit_s(), self._elapsed(), self._regularity)
        self._limit = ReadLimit(self._liveness.read_limit_s)
        self._fruitless += 1
        self._report_due = self._asked_s + REPORT_S
        with self._failing():
            with self._waiting():
                opened = demuxer(self._input, self._limit)
            self._demuxer = read_ahead(self._input, opened, self._limit, self._elapsed)
            self._zero = self._elapsed()
            self._begin(self._zero)

    def read(self) -> Reading | None:
        if self._demuxer is None:
            raise SourceUnreachable("it is not open", self._input.address)
        until = self._elapsed() + _IDLE_S
        with self._failing():
            while not self._ready:
                self._advance(self._demuxer)
                if self._elapsed() >= until:
                    break
        return self._ready.popleft() if self._ready else None

    def close(self) -> None:
        if self._stream is not None:
            self._stream = None
            self._finish()
        if self._demuxer is not None:
            self._demuxer.close()
            self._demuxer = None
        self._ready.clear()

    def _finish(self) -> None:
        """Finish the segment that is being recorded."""
        if self._recorder:
            keeps_time = self._input.pace or self._input.is_live
            self._recorder.finish(self._ticks(self._elapsed()) if keeps_time else None)

    def _waiting(self) -> AbstractContextManager[None]:
        """Let another thread take over while this one waits for a camera. A file does not wait."""
        has_come = isinstance(self._demuxer, ReadAhead) and self._demuxer.has_come
        return self.takeover.waiting(has_come=has_come) if self._input.is_live else nullcontext()

    def _silence_limit_s(self) -> float:
        """Every third attempt waits longer: a camera may send less than one picture in ten seconds."""
        is_long = self._fruitless % 3 == 2
        return max(self._input.timeout_s, LONGEST_SILENCE_S) if is_long else self._input.timeout_s

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Turn errors of FFmpeg into sentences. Unforeseen errors go to the caller."""
        try:
            yield
        except (SourceUnreachable, SourceEnded):
            raise
        except NoVideo as error:
            raise SourceUnreachable(str(error), self._input.address) from None
        except (FFmpegError, OSError) as error:
            waited_s = self._elapsed() - self._asked_s
            # Over HTTP anything can be opened; its content shows only when it is read.
            is_open = self._demuxer is not None and (self._pictures > 1 or not self._input.is_jpeg_stream)
            known = (self._limit.seconds, self._demuxer.codec) if self._demuxer else (self._input.timeout_s, None)
            attempt = Attempt(self._input.address, is_open, waited_s, *known)
            raise unreachable(error, attempt) from None

    def _begin(self, start: float) -> None:
        """Read from the beginning: a new connection, or a file again."""
        assert self._demuxer is not None
        self._timing = PacketTiming(self._input, self._demuxer, self._elapsed, start, self._counter)
        if self._recorder and not (self._stream and self._stream.goes_on_with(self._demuxer)):
            self._stream = RecordedStream(self._recorder, self._demuxer)
        self._resampler, self._seconds = Resampler(), OneSecondChunks()
        self._asked_s = self._elapsed()
        self._quality.shedding.begin()
        self._due: float | None = None
        self._damaged_in_a_row = self._pictures = self._cut_short = 0

    def _advance(self, demuxer: Demuxer) -> None:
        try:
            with self._waiting():
                arrival = self._timing.next()
        except av.error.InvalidDataError:
            self._quality.pictures.count(damaged=True)
            self._damaged_in_a_row += 1
            if self._damaged_in_a_row > _DAMAGED_IN_A_ROW:
                raise
            demuxer.resume()
            return
        if arrival is None:
            self._end(demuxer)
        elif arrival is not NOTHING:
            self._asked_s = self._elapsed()
            self._use(demuxer, arrival)
            if self._input.is_live:
                self._watch(demuxer)
        if (now := self._elapsed()) >= self._report_due:
            self._report_due = now + REPORT_S
            self._ready.append(self._quality.report(self._timing, demuxer.codec))

    def _use(self, demuxer: Demuxer, arrival: DemuxedPacket) -> None:
        for _ in range(demuxer.cut_short - self._cut_short):
            self._quality.pictures.count(damaged=True)
        self._cut_short = demuxer.cut_short
        if isinstance(demuxer, ReadAhead):
            self._quality.shedding.note(demuxer.behind_s)
        if arrival.packet is not None:
            self._damaged_in_a_row = 0
            self._take(demuxer, arrival)

    def _watch(self, demuxer: Demuxer) -> None:
        """Report by the time of the last packet, because this thread may be behind."""
        if complaint := self._liveness.complaint(self._timing.at):
            raise SourceUnreachable(complaint, self._input.address)
        before_s, self._limit.seconds = self._limit.seconds, self._liveness.read_limit_s
        if abs(before_s - self._limit.seconds) > 1:
            demuxer.resume()

    def _end(self, ended: Demuxer) -> None:
        if self._input.is_live:
            raise SourceUnreachable("it has ended the stream", self._input.address)
        if not self._pictures:
            raise SourceUnreachable("it has no picture that can be decoded", self._input.address)
        if self._input.ending == "once":
            if self._recorder:
                self._recorder.finish()
            raise SourceEnded(without_credentials(self._input.address))
        # Not every container can be rewound.
        end = self._timing.end
        ended.close()
        self._demuxer = None
        self._demuxer = demuxer(self._input, self._limit)
        self._begin(end)

    def _take(self, demuxer: Demuxer, arrival: DemuxedPacket) -> None:
        self._quality.is_damaged = False
        if arrival.kind == "video":
            if arrival.packet.size:
                self._liveness.packet(self._timing.at)
            self._take_video(demuxer, arrival)
        else:
            self._liveness.sound(self._timing.at)
            self._take_sound(demuxer, arrival)
        (self._quality.pictures if arrival.kind == "video" else self._quality.sound).count(
            damaged=self._quality.is_damaged
        )

    def _take_video(self, demuxer: Demuxer, arrival: DemuxedPacket) -> None:
        packet = arrival.packet
        at = self._timing.time(arrival) if packet.size else self._zero
        if arrival.reported_s is not None and packet.size:
            self._quality.lateness.note(arrival.reported_s, self._arrived(at).timestamp(), at)
        stampless = self._timing.stampless
        packet.time_base = _TICK
        packet.pts = packet.dts = None if stampless else self._ticks(at)
        packet.duration = 0 if stampless else round(self._timing.interval_s * CLOCK)
        shedding, is_passed = self._quality.shedding, self._recorder is None or self._recorder.passes_video
        # A machine that is minutes behind has no time to decode them all before it is killed.
        is_last = self.takeover.is_ending and self._stream is not None and self._stream.records_packets
        is_decoded = not is_last and shedding.takes_picture(demuxer, packet, at, is_passed=is_passed)
        if not (is_decoded or is_passed):
            return
        if shedding.skips_pictures:
            self._liveness.decoded(self._elapsed())
            self._quality.skipped_at = self._wall(at) if self._pictures else None
        pictures = self._quality.attempt(demuxer.decode, packet) if is_decoded else []
        if self._stream and not stampless:
            self._quality.attempt(self._stream.packet, packet, self._wall(at))
        for picture in pictures or []:
            self._picture(picture)

    def _picture(self, picture: VideoFrame) -> None:
        self._liveness.decoded(self._elapsed())
        self._pictures += 1
        self._fruitless = 0
        at = self._timing.picture_time() if self._timing.stampless else self._zero + (picture.pts or 0) / CLOCK
        if self._input.pace:
            self._wait_until(at)
        if self._stream and (picture.rotation % 360 or self._timing.stampless):
            self._stream.never_pass()
        upright_one = self._quality.attempt(upright, picture)
        if upright_one is None:
            return
        time = self._wall(at)
        if self._stream:
            self._quality.attempt(self._stream.picture, upright_one, time, self._ticks(at))
        if self._due is None or at >= self._due - STEP_S:
            every_s = self._quality.shedding.frame_interval_s(self._every_s)
            late = self._due is None or at - self._due > every_s
            self._due = (at if late or self._due is None else self._due) + every_s
            self._sequence += 1
            self._ready.append(CameraFrame(time, self._sequence, upright_one))

    def _take_sound(self, demuxer: Demuxer, arrival: DemuxedPacket) -> None:
        packet = arrival.packet
        at = self._timing.time(arrival) if packet.size else self._zero
        packet.time_base = _TICK
        packet.pts = packet.dts = self._ticks(at)
        packet.duration = 0
        takes = self._quality.shedding.takes_sound()
        self._seconds = self._seconds if takes else OneSecondChunks()
        sounds = self._quality.attempt(demuxer.decode, packet) if takes else []
        if self._stream:
            self._quality.attempt(self._stream.sound_packet, packet, self._wall(at))
        for sound in sounds or []:
            for part in self._quality.attempt(self._resampler.samples, sound, self._wall(at)) or []:
                if self._stream:
                    self._quality.attempt(self._stream.sound, part, self._ticks(at))
                at += part.duration_s
                if second := self._seconds.add(part):
                    self._ready.append(second)

    def _ticks(self, at: float) -> int:
        return round((at - self._zero) * CLOCK)

    def _arrived(self, at: float) -> datetime:
        return self._clock() + timedelta(seconds=at - self._elapsed())

    def _wall(self, at: float) -> datetime:
        """When it was taken, as far as the camera reports it."""
        return self._arrived(at) - timedelta(seconds=self._quality.lateness.seconds)

    def _wait_until(self, at: float) -> None:
        early = at - self._elapsed()
        self._quality.shedding.note(-early)
        if early > 0:
            self._pause(min(early, LONGEST_WAIT_S))
        elif early < -LONGEST_WAIT_S:
            self._timing.shift(-early)
