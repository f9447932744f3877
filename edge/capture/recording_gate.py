"""Lets the units of a run through to the segments while they are to be recorded, with those from before it began."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge.capture.bitstream import CLOCK, Unit
from edge.capture.mpegts import Layout
from edge.capture.pre_roll import PreRoll
from edge.capture.recording_control import RecordingControl, RecordingDecision
from edge.capture.segments import SegmentWriter

KEYFRAME_EVERY: Final = 2 * CLOCK
"""Between keyframes of pictures that are encoded here for the pre-roll alone."""


@dataclass(frozen=True, slots=True)
class RecorderChange:
    """From `time` on the recorder does as decided."""

    time: datetime
    decision: RecordingDecision


class RecordingGate:
    """It opens at once, and closes at a keyframe, so that nothing between two recordings is lost."""

    def __init__(self, writer: SegmentWriter, control: RecordingControl) -> None:
        self._writer = writer
        self._control = control
        self._pre_roll = PreRoll()
        self._is_open = False
        self._decided: RecordingDecision | None = None
        self._changes: list[RecorderChange] = []

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def buffered_bytes(self) -> int:
        """The bytes of the pre-roll."""
        return self._pre_roll.bytes

    def start(self, layout: Layout) -> None:
        """Begin a run: what was kept of the one before cannot go before it."""
        self._pre_roll.clear()
        self._writer.start(layout)

    def add(self, unit: Unit) -> None:
        begins_group = unit.keyframe and unit.kind == "video"
        if self._is_open and not begins_group:
            self._writer.add(unit)
            return
        decision = self._control.decide(unit.time)
        if self._is_open and not decision.records:
            self._close(unit, decision)
        elif not self._is_open and decision.records:
            self._open(unit, decision)
        elif not self._is_open:
            self._note(unit.time, decision)
        if self._is_open:
            self._writer.add(unit)
        elif self._control.may_record:
            self._pre_roll.add(unit, timedelta(seconds=self._control.pre_roll_s))
        else:
            self._pre_roll.clear()

    def needs(self, time: datetime) -> bool:
        """Whether pictures of this moment are to be encoded. That they are not may be a change too."""
        decision = self._control.decide(time)
        if self._is_open or decision.records or self._control.pre_roll_s > 0:
            return True
        self._note(time, decision)
        return False

    def wants_keyframe(self, pts: int, time: datetime) -> bool:
        """Whether a picture that is encoded here begins something."""
        if self._is_open:
            is_first = self._writer.open_since is None
            return is_first or self._writer.cuts_at(pts) or not self._control.decide(time).records
        if not self.needs(time):
            return False
        last = self._pre_roll.last_keyframe
        return last is None or pts - last.pts >= KEYFRAME_EVERY

    def take_changes(self) -> list[RecorderChange]:
        """The changes since the last call, oldest first; also the first decision that nothing is recorded."""
        changes, self._changes = self._changes, []
        return changes

    def _open(self, unit: Unit, decision: RecordingDecision) -> None:
        self._is_open = True
        for earlier in self._pre_roll.take():
            self._writer.add(earlier)
        self._note(unit.time, decision)

    def _close(self, keyframe: Unit, decision: RecordingDecision) -> None:
        self._is_open = False
        self._writer.finish(keyframe.pts)
        self._note(keyframe.time, decision)

    def _note(self, time: datetime, decision: RecordingDecision) -> None:
        before, self._decided = self._decided, decision
        if decision == before or (before is None and decision.records):
            return
        self._changes.append(RecorderChange(time, decision))
