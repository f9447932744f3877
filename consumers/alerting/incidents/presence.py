"""The presence of a device: here, or lost in one of five ways, and what evidence brings it back.

The table of transitions is in `docs/alerting.md`, with a test for each row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal

from bus_schemas.alert import IncidentType
from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent, SegmentEvent
from bus_schemas.node import (
    AGENT_STOPS,
    STOPPED,
    CommandEvent,
    GapEvent,
    HealthEvent,
    HeartbeatEvent,
    SettingsEvent,
    StateEvent,
)
from bus_schemas.registry import Expectation
from bus_schemas.streams import outbox_epoch
from bus_schemas.thermal import ThermalEvent
from consumers.alerting.incidents.evidence import is_raw_frame
from consumers.alerting.incidents.verdict import Open, Verdict
from consumers.alerting.rules import HEARTBEATS_S
from consumers.site_registry import OF_NODES
from consumers.store.journal.record import Recorded

READINGS: frozenset[type[Event]] = frozenset(
    {DetectionEvent, FrameEvent, MediaEvent, MotionEvent, SegmentEvent, ThermalEvent}
)
"""Events that only a working device can send."""
ORDERLY = frozenset({AGENT_STOPS, STOPPED})
"""Reasons that an agent gives where somebody has stopped it."""
SETTLES_S = 5.0
"""By then what was on its way when a connection was lost has arrived."""
SUSPECT_S = 20.0
"""For this long after it was deaf, the hub believes no loss: devices that were cut off with it come back by then."""

_A_MOMENT_S = 0.001

How = Literal["connection", "stopped", "silent", "unreachable", "never"]
Knowledge = tuple[bool, bool]
"""Whether anything about a device could be judged, and whether it is one."""


@dataclass(slots=True)
class Loss:
    """How, when (by the hub's clock) and why a device was lost, and what evidence brings it back."""

    how: How
    at: float
    reason: str
    evidence_after: float | None = None
    """By the device's clock: what it took later shows that it is back. `None` where that is not known yet."""
    latest: float = 0.0
    """By the device's clock: the newest that was received of it before."""
    reported: float | None = None
    """When its agent sent again."""
    under: str | None = None
    """The node that is gone, and it with that."""
    had_worked: bool = False
    causes: tuple[str, ...] = ()
    since: float = 0.0
    previous_status: str = ""

    @property
    def is_orderly(self) -> bool:
        return self.how == "stopped" and self.reason in ORDERLY

    @property
    def waits(self) -> bool:
        """Whether nobody was notified, because of another condition."""
        return self.under is not None or self.is_orderly

    def note_event(self, received: float, taken: float) -> None:
        """Something of the device, whatever it is."""
        if self.reported is None and received - self.at >= SETTLES_S and taken > self.latest:
            self.reported = received

    def note_greeting(self, received: float, taken: float) -> None:
        """It says that it is online. Readings that it took earlier are no evidence."""
        self.reported = received
        if self.how == "connection":
            self.evidence_after = taken - _A_MOMENT_S

    def set_back(self, now: float) -> None:
        """As `PresenceState.set_back`."""
        self.at, self.since = min(now, self.at), min(now, self.since)
        self.reported = None if self.reported is None else min(now, self.reported)

    def is_disproved(self, received: float, taken: float) -> bool:
        """Whether a reading that was taken then shows that the device is back."""
        if self.evidence_after is not None and taken > self.evidence_after:
            return True
        return self.how == "connection" and received - self.at >= SETTLES_S and taken > self.latest

    def details(self) -> dict[str, Any]:
        found: dict[str, Any] = {"reason": self.reason, "previous_status": self.previous_status, "how": self.how}
        if self.under is not None:
            found["under"] = self.under
        if self.is_orderly:
            found["orderly"] = True
        return found


ANYTHING = 0.0
"""Every reading that is received shows that the device is back."""


TROUBLES: tuple[IncidentType, ...] = ("degraded", "stale")
_NO_SIGN_OF_WORK = (CommandEvent, GapEvent, SettingsEvent)


@dataclass(slots=True)
class PresenceState:
    """The known presence of a device; times in seconds since 1970."""

    epoch: str | None = None
    node: str | None = None
    is_device: bool = False
    is_agents: bool = False
    """Whether an agent runs it, which says every few seconds that it is there."""
    is_camera: bool = False
    expects: Expectation | None = None
    """What the registry says that it sends all the time; kept as long as it is not known to be a camera."""
    heard: float = 0.0
    heard_id: str = ""
    latest: float = 0.0
    """The newest that it took, by its own clock."""
    evidence_s: float = 0.0
    """When the newest picture or reading was received."""
    has_worked: bool = False
    is_known: bool = False
    """Whether anything about it could be judged; `known_since` is when that changed, by its own clock."""
    known_since: float = 0.0
    blank_since: float | None = None
    """Since when frames came of which nothing could be judged."""
    lost: Loss | None = None
    doubtful: Loss | None = None
    status: str = "unknown"
    trouble_s: float = 0.0
    """When it was received that it does not reach its source; `had_worked` is whether it had ever until then."""
    had_worked: bool = False
    trouble_reason: str | None = None
    """What it said last of its source, while it does not reach it."""
    open: dict[str, Open] = field(default_factory=dict)
    """The incidents that are open, by type, of faults of the hub also by part."""

    @property
    def knowledge(self) -> Knowledge:
        return self.is_known, self.is_device

    def note_event(self, record: Recorded) -> None:
        received = record.received_s
        if received > self.heard:
            self.heard = received
        self.heard_id = record.id
        epoch, model = record.epoch, record.model
        if epoch is not None:
            self.epoch = outbox_epoch(epoch)
        if not self.is_agents and (epoch is not None or model is HealthEvent):
            self._become_agents()
        if not self.is_device and model not in OF_NODES:
            self.is_device = True
        if model is HealthEvent:
            self.is_camera = True

    def _become_agents(self) -> None:
        """An agent that is there, which may have come before, does not show that its device works."""
        self.is_agents = True
        if not self.is_camera and self.expects != "heartbeat":
            self.is_known = self.has_worked = False
            self.known_since = 0.0

    def set_back(self, now: float) -> None:
        """The clock of the hub was set back: take what was noted by the old one, and would be yet to come, for as of
        now.
        """
        self.heard, self.evidence_s, self.trouble_s = (
            min(now, moment) for moment in (self.heard, self.evidence_s, self.trouble_s)
        )
        for lost in filter(None, (self.lost, self.doubtful)):
            lost.set_back(now)
        for incident in self.open.values():
            incident.since = min(now, incident.since)

    def note_work(self, record: Recorded, found: Sequence[Verdict]) -> Sequence[Verdict]:
        """Whether the event shows that the device works, and so is back where it was lost."""
        received, taken, model = record.received_s, record.time_s, record.model
        if self.lost is not None or self.doubtful is not None:
            self._note_return(received, taken)
        if taken > self.latest:
            self.latest = taken
        if model in READINGS:
            self.is_camera = True
            if is_raw_frame(record):
                return found
        elif not self._is_sign_of_work(record):
            return found
        self.evidence_s = received
        if not self.is_known and model is not FrameEvent and self.blank_since is None:
            self.is_known, self.known_since = True, taken
        lost = self.lost
        if lost is not None and lost.is_disproved(received, taken):
            self.lost = None
            details = {"recovered": lost.had_worked and not lost.waits}
            found = (*found, Verdict("offline", "closed", received, (record.id,), details))
        self.has_worked = True
        return found

    def _note_return(self, received: float, taken: float) -> None:
        """Something of it came, though it was taken for lost."""
        if self.lost is not None:
            self.lost.note_event(received, taken)
        if self.doubtful is not None:
            self.doubtful.note_event(received, taken)
            if self.doubtful.reported is not None:
                self.doubtful = None

    def _is_sign_of_work(self, record: Recorded) -> bool:
        if record.model is HealthEvent:
            return self.status == "healthy"
        if self.expects in ("frames", "readings"):
            return False
        if record.model in (HeartbeatEvent, StateEvent) and self.is_agents:
            # Of a foreign device no more is expected than that it says that it is there.
            return self.expects == "heartbeat"
        return record.model is StateEvent or (not self.is_camera and record.model not in _NO_SIGN_OF_WORK)

    def note_greeting(self, record: Recorded) -> None:
        """It says that it is online: if it was gone at all, it is not gone with the hub's deafness."""
        self.doubtful = None
        if self.lost is not None:
            self.lost.note_greeting(record.received_s, record.time_s)

    def lose(self, lost: Loss) -> Sequence[Verdict]:
        """The device is not there."""
        self.doubtful = None
        if self.lost is not None:
            return ()
        lost.latest, lost.had_worked = self.latest, self.has_worked
        lost.previous_status = lost.previous_status or self.status
        self.lost = lost
        begun = Verdict("offline", "opened", lost.since, lost.causes, lost.details())
        if lost.how != "unreachable":
            return (begun,)
        over = [kind for kind in TROUBLES if kind in self.open]
        return [begun, *(Verdict(kind, "closed", lost.at, lost.causes, {"became": "offline"}) for kind in over)]

    def suspect(self, lost: Loss) -> None:
        """The hub may be the one that was cut off."""
        if self.lost is None and self.doubtful is None:
            lost.latest = self.latest
            self.doubtful = lost

    def missing(self, tick: Recorded, listening: float, silent_s: float | None) -> Loss | None:
        """The loss that follows from silence, if any; the hub has listened since `listening`."""
        if self.lost is not None:
            return None
        now, doubtful = tick.time_s, self.doubtful
        if doubtful is not None and now - max(listening, doubtful.at) >= SUSPECT_S:
            return doubtful
        since = max(self.heard, listening)
        return self.silence(tick, since) if silent_s is not None and now - since > silent_s else None

    def go_on(self, tick: Recorded, listening: float, silent_s: float | None) -> Sequence[Verdict]:
        """The other verdicts that follow from the passing of time."""
        if silent_s is None:
            return ()
        if self.lost is not None:
            return self._go_on_without(self.lost, tick, silent_s)
        now, since = tick.time_s, max(self.evidence_s, self.trouble_s, listening)
        if self.status not in TROUBLES or now - since <= silent_s:
            return ()
        reason, causes = self.trouble_reason or "no picture", (self.heard_id, tick.id)
        return self.lose(Loss("unreachable", now, reason, self.latest, causes=causes, since=self._trouble_since()))

    def silence(self, tick: Recorded, since: float) -> Loss:
        causes = tuple(filter(None, (self.heard_id, tick.id)))
        reason = f"nothing received for {tick.time_s - since:.0f} s"
        return Loss("silent", tick.time_s, reason, ANYTHING, causes=causes, since=since)

    def _trouble_since(self) -> float:
        """Since when it gives nothing, as far as the incident says that stands for it."""
        return min((self.open[kind].since for kind in TROUBLES if kind in self.open), default=self.trouble_s)

    def _go_on_without(self, lost: Loss, tick: Recorded, silent_s: float) -> Sequence[Verdict]:
        """Its agent is back or was started again, and it is not: now that is a matter of its own."""
        if not lost.waits or lost.reported is None or tick.time_s - lost.reported <= silent_s:
            return ()
        lost.under, lost.how = None, "unreachable"
        lost.reason = self.trouble_reason or "its agent is back, and no picture or reading came"
        lost.evidence_after = lost.latest
        return (Verdict("offline", "renewed", lost.since, (self.heard_id, tick.id), lost.details()),)

    def is_heard_since(self, moment: float) -> bool:
        """Whether nothing is due of it, of whatever silence after `moment`: much cheaper to ask than when it is due."""
        return self.heard > moment and self.lost is None and self.doubtful is None and self.status not in TROUBLES

    def due(self, silent_s: float | None) -> float:
        """The earliest moment at which that time passes may mean something."""
        if self.doubtful is not None:
            return self.doubtful.at
        if silent_s is None:
            return inf
        soon = min(silent_s, HEARTBEATS_S)
        if self.lost is not None:
            reported = self.lost.reported
            return inf if reported is None or not self.lost.waits else reported + soon
        if self.status in TROUBLES:
            return min(self.heard, max(self.evidence_s, self.trouble_s)) + soon
        return self.heard + soon
