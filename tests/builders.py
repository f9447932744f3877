"""Events and media that are valid by default: a test names only what it is about."""

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from bus_schemas.alert import AlertEvent, AnnotationEvent, IncidentEvent, IncidentV1Event, RetentionEvent
from bus_schemas.camera import DetectionEvent, FrameEvent, MotionEvent, MotionV1Event
from bus_schemas.catalogue import EVENT_MODELS, short_name, type_of
from bus_schemas.enrolment import AgentEvent
from bus_schemas.event import GATEWAY, HUB, HUB_SOURCE, Event, device_source, iso, place
from bus_schemas.footage import ExportEvent, HoldEvent
from bus_schemas.hub import FaultEvent
from bus_schemas.media import MediaEvent, RecorderEvent, RecordingEvent, SegmentEvent, SnapshotEvent
from bus_schemas.node import ClockEvent, CommandEvent, GapEvent, HealthEvent, HeartbeatEvent, SettingsEvent, StateEvent
from bus_schemas.reading import ReadingEvent
from bus_schemas.registry import RegistryEvent, RulesEvent
from bus_schemas.review import MuteEvent, ReviewEvent
from bus_schemas.thermal import SensorEvent, ThermalEvent

SITE = "DEMO"
DEVICE = "yard"
START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
"""A Monday, ten o'clock in winter: no border of a day, an hour of a zone or a minute is near."""

AnyOf = TypeVar("AnyOf", bound=Event)

GOLDEN = Path(__file__).parent / "contract" / "golden"
_IDS = Random()
"""For each id `uuid4` asks the kernel, for a third of the time that an event takes."""
os.register_at_fork(after_in_child=_IDS.seed)
_ENVELOPE = ("id", "source", "epoch", "sequence")


def at(seconds: float) -> datetime:
    """The moment so many seconds after START."""
    return START + timedelta(seconds=seconds)


def _id() -> str:
    return f"{_IDS.getrandbits(128):032x}"


def make(model: type[AnyOf], time: datetime, data: dict[str, Any], given: dict[str, Any]) -> AnyOf:
    """Build an event; what is given of id, source, site, device, epoch and sequence goes to the envelope."""
    given = dict(given)
    site, device = given.pop("site", SITE), given.pop("device", DEVICE)
    envelope = {"id": _id(), "source": device_source(site, device)}
    envelope |= {name: given.pop(name) for name in _ENVELOPE if name in given}
    return model.model_validate({**envelope, "time": time, "data": {**data, **given}})


def agent(time: datetime = START, **given: Any) -> AgentEvent:
    """A configuration that came up; a device says it of its agent."""
    return make(AgentEvent, time, {"node": "pi-1", "state": "applied", "version": 1}, given)


def frame(time: datetime = START, **given: Any) -> FrameEvent:
    clear = {"blackscreen": False, "blackscreen_percentage": 1.5, "freeze": False, "audio": True}
    level = {"freeze_diffs": (3.1, 4.2, 2.9), "volume_percentage": 60, "mean_volume_db": -24.0}
    return make(FrameEvent, time, clear | level, given)


def motion(time: datetime = START, **given: Any) -> MotionEvent:
    data = {"phase": "end", "boxes": ((0.25, 0.25, 0.5, 0.5),), "duration_s": 4.0, "frames": 20, "intensity": 0.2}
    return make(MotionEvent, time, data, given)


def recorder(time: datetime = START, **given: Any) -> RecorderEvent:
    data = {"recording": False, "mode": "schedule", "reason": "schedule"}
    return make(RecorderEvent, time, data, given)


def motion_v1(time: datetime = START, **given: Any) -> MotionV1Event:
    return make(MotionV1Event, time, {"duration_seconds": 4.0, "frame_count": 20, "intensity": 0.2}, given)


def detection(time: datetime = START, **given: Any) -> DetectionEvent:
    person = {"label": "person", "score": 0.91, "box": (0.1, 0.2, 0.05, 0.2)}
    return make(DetectionEvent, time, {"people_count": 1, "objects": (person,)}, given)


def thermal(time: datetime = START, *, hottest: float = 40.0, **given: Any) -> ThermalEvent:
    """A thermal frame between 20 °C and `hottest`, with one ROI over all of it."""
    level = "emergency" if hottest >= 95 else "critical" if hottest >= 85 else "warning" if hottest >= 75 else "normal"
    stats = {"min_temp": 20.0, "max_temp": hottest, "avg_temp": 25.0, "median_temp": 24.0, "std_dev": 3.0}
    region = {**stats, "name": "full_frame", "pixel_count": 768, "alert_level": level}
    spots = ({"center": (16, 12), "max_temp": hottest, "avg_temp": hottest, "area": 4},) if hottest > 80 else ()
    data = {"frame_stats": stats, "regions": (region,), "hot_spots": spots, "composite_temperature": hottest}
    return make(ThermalEvent, time, data, given)


def reading(time: datetime = START, load: float = 400.0, **given: Any) -> ReadingEvent:
    """The load of a transformer in amperes."""
    return make(ReadingEvent, time, {"measurements": ({"name": "load", "value": load, "unit": "A"},)}, given)


def sensor(time: datetime = START, **given: Any) -> SensorEvent:
    """The state of a thermal sensor that sees."""
    return make(SensorEvent, time, {}, given)


def health(time: datetime = START, status: str = "healthy", **given: Any) -> HealthEvent:
    data = {"status": status, "is_recording": status != "stopped", "last_frame_time": time, "kinds": ("visual",)}
    return make(HealthEvent, time, data | {"stream_info": {"fps": 15.0, "width": 1280, "height": 720}}, given)


def heartbeat(time: datetime = START, **given: Any) -> HeartbeatEvent:
    return make(HeartbeatEvent, time, {"uptime_s": 3600.0, "status": "online"}, {"device": "node-1", **given})


def clock_set(time: datetime = START, step_s: float = -3600.0, **given: Any) -> ClockEvent:
    """Shows `time` from here on."""
    before = time - timedelta(seconds=step_s)
    return make(ClockEvent, time, {"step_s": step_s, "before": before, "after": time}, given)


def tick(time: datetime = START, *, uptime_s: float = 3600.0, **given: Any) -> HeartbeatEvent:
    """How time passes in the journal: the hub's own heartbeat."""
    return make(HeartbeatEvent, time, {"uptime_s": uptime_s}, {"source": HUB_SOURCE, **given})


def state(time: datetime = START, *, online: bool = True, **given: Any) -> StateEvent:
    return make(StateEvent, time, {"online": online}, given)


def settings(time: datetime = START, **given: Any) -> SettingsEvent:
    return make(SettingsEvent, time, {"changed_by": "ada", "settings": {"motion": {"sensitivity": 25}}}, given)


def command(time: datetime = START, **given: Any) -> CommandEvent:
    return make(CommandEvent, time, {"request_id": "r-1", "name": "snapshot", "state": "done"}, given)


def asked(time: datetime = START, **given: Any) -> CommandEvent:
    """What the gateway tells of a command for the device; `of` is the device."""
    data = {"request_id": "r-1", "name": "snapshot", "state": "asked", "by": "ada"}
    place = {"site": given.pop("site", SITE), "device": given.pop("of", DEVICE)}
    event = make(CommandEvent, time, data, {**given, "site": place["site"], "device": GATEWAY})
    return event.model_copy(update={"data": event.data.model_copy(update=place)})


def gap(time: datetime = START, *, first: int = 2, last: int = 4, **given: Any) -> GapEvent:
    data = {"first": first, "last": last, "count": last - first + 1, "cause": "outbox_full"}
    return make(GapEvent, time, data, {"epoch": "epoch-1", "sequence": last, **given})


def media(time: datetime = START, payload: bytes = b"bytes", *, kind: str = "thumbnail", **given: Any) -> MediaEvent:
    """The event of a medium with these bytes; its key follows from site, device, kind and id."""
    event_id = given.pop("id", None) or _id()
    key = f"{given.get('site', SITE)}/{given.get('device', DEVICE)}/{kind}/{event_id}"
    content_type = {"segment": "video/mp2t", "thermal": "application/octet-stream"}.get(kind, "image/jpeg")
    data = {"key": key, "kind": kind, "content_type": content_type, "size": len(payload)}
    data["sha256"] = sha256(payload).hexdigest()
    return make(MediaEvent, time, data, {"id": event_id, **given})


def snapshot(time: datetime = START, **given: Any) -> SnapshotEvent:
    data = {"trigger": "command", "media": (f"{SITE}/yard/capture/s-1",)}
    return make(SnapshotEvent, time, data, given)


def segment(time: datetime = START, *, duration_s: float = 10.0, **given: Any) -> SegmentEvent:
    """A recorded span that begins at `time`; the event itself is told at its end."""
    key = f"{given.get('site', SITE)}/{given.get('device', DEVICE)}/segment/{_id()}"
    data = {"start": time, "duration_s": duration_s, "size": 250_000, "media": (key,), "fps": 15.0}
    return make(SegmentEvent, time + timedelta(seconds=duration_s), data, given)


def recording(time: datetime = START, **given: Any) -> RecordingEvent:
    of = {"recording_id": "rec-1", "site": SITE, "device": DEVICE, "trigger": "motion"}
    span = {"start": time, "end": time + timedelta(seconds=20), "pre_roll_s": 5.0, "post_roll_s": 10.0}
    return make(RecordingEvent, time, of | span, {"source": device_source(SITE, HUB), **given})


def incident(time: datetime = START, of: str = "offline", state: str = "opened", **given: Any) -> IncidentEvent:
    """What the hub tells of the device; `of` is the type of the incident."""
    site, device = given.pop("site", SITE), given.pop("device", DEVICE)
    data = {"incident_id": f"inc-{of}", "site": site, "device": device, "type": of, "state": state}
    data |= {"since": time, "rule": {"name": of}}
    return make(IncidentEvent, time, data, {"source": device_source(site, HUB), **given})


def fault(time: datetime = START, state: str = "raised", **given: Any) -> FaultEvent:
    """What ingest writes of a part of the hub."""
    data = {"part": "incidents", "kind": "system_error", "state": state, "since": time, "reason": "It stopped."}
    return make(FaultEvent, time, data, {"source": HUB_SOURCE, **given})


def registry(time: datetime = START, **given: Any) -> RegistryEvent:
    """What the hub says of a device; of its site where `device` is None."""
    of = {
        "site": given.pop("site", SITE),
        "device": given.pop("device", DEVICE),
        "origin": "configuration",
        "by": "test",
    }
    return make(RegistryEvent, time, of, {"source": HUB_SOURCE, **given})


def rules(time: datetime = START, **given: Any) -> RulesEvent:
    """Rules by their names; `in_force` holds them."""
    in_force = given.pop("in_force", {"hot_spot_c": 80.0})
    data = {
        "origin": "configuration",
        "by": "test",
        "rules": [{"name": name, "value": value} for name, value in in_force.items()],
    }
    return make(RulesEvent, time, data, {"source": HUB_SOURCE, **given})


def incident_v1(time: datetime = START, **given: Any) -> IncidentV1Event:
    data = incident(time).data.model_dump()
    return make(IncidentV1Event, time, data, {"source": device_source(SITE, HUB), **given})


def alert(time: datetime = START, state: str = "raised", **given: Any) -> AlertEvent:
    site, device = given.pop("site", SITE), given.pop("device", DEVICE)
    data = {"alert_id": "alert-1", "site": site, "device": device, "state": state, "level": "error"}
    kind = given.pop("of", "device_offline")
    data |= {"type": kind, "message": "Camera yard is offline"}
    return make(AlertEvent, time, data, {"source": device_source(site, HUB), **given})


def retention(time: datetime = START, **given: Any) -> RetentionEvent:
    """What the hub deleted, of one device where `device` is given."""
    of = {name: given.pop(name) for name in ("site", "device") if name in given}
    span = {"start": iso(time - timedelta(hours=2)), "end": iso(time - timedelta(hours=1))}
    data = {"rule": "capture: 1 h", "kind": "capture", **span, "count": 7200, "bytes": 3_600_000_000}
    return make(RetentionEvent, time, data | of, {"source": device_source(SITE, HUB), **given})


def annotation(time: datetime = START, **given: Any) -> AnnotationEvent:
    data = {"text": "The gate was left open.", "by": "ada", "start": iso(time)}
    return make(AnnotationEvent, time, data, given)


def hold(time: datetime = START, state: str = "placed", **given: Any) -> HoldEvent:
    """Of the five minutes from `time` on."""
    data = {"hold_id": "hold-1", "state": state, "reason": "The police asked for it.", "by": "ada"}
    data |= {"start": iso(time), "end": iso(time + timedelta(minutes=5))}
    return make(HoldEvent, time, data, {"source": device_source(given.pop("site", SITE), GATEWAY), **given})


def mute(time: datetime = START, state: str = "placed", **given: Any) -> MuteEvent:
    """Of the five minutes from `time` on."""
    data = {"mute_id": "mute-1", "state": state, "reason": "The lens is cleaned.", "by": "ada"}
    data |= {"start": iso(time), "end": iso(time + timedelta(minutes=5))}
    return make(MuteEvent, time, data, {"source": device_source(given.pop("site", SITE), GATEWAY), **given})


def review(time: datetime = START, action: str = "reviewed", **given: Any) -> ReviewEvent:
    data = {"action": action, "incidents": ("incident-1",), "by": "ada"}
    return make(ReviewEvent, time, data, {"source": device_source(given.pop("site", SITE), GATEWAY), **given})


def export(time: datetime = START, state: str = "asked", **given: Any) -> ExportEvent:
    """Of the five minutes from `time` on."""
    data = {"export_id": "export-1", "state": state, "by": "ada", "devices": (DEVICE,), "form": "mp4"}
    data |= {"start": iso(time), "end": iso(time + timedelta(minutes=5))}
    speaker = GATEWAY if state in ("asked", "cancelled", "removed") else HUB
    return make(ExportEvent, time, data, {"source": device_source(given.pop("site", SITE), speaker), **given})


_BUILT: tuple[Callable[..., Event], ...] = (
    agent, alert, annotation, clock_set, command, detection, export, fault, frame, gap, health, heartbeat, hold,
    incident, incident_v1, media, motion, motion_v1, mute, reading, recorder, recording, registry, retention, review,
    rules, segment, sensor, settings, snapshot, state, thermal,
)  # fmt: skip


def from_example(model: type[AnyOf]) -> Callable[..., AnyOf]:
    """A builder with the data of the golden example: of a type that is built too seldom to have one of its own."""
    [example, *_] = json.loads((GOLDEN / f"{type_of(model)}.json").read_text())

    def build(time: datetime = START, **given: Any) -> AnyOf:
        return make(model, time, example["data"], given)

    build.__name__ = short_name(type_of(model))
    return build


EVERY_KIND = (
    *_BUILT,
    *map(from_example, sorted(set(EVENT_MODELS) - {build.__annotations__["return"] for build in _BUILT}, key=type_of)),
)
"""A builder for each model of the catalogue; each can be called with a time alone."""


def numbered(events: Iterable[AnyOf], epoch: str = "epoch-1", first: int = 1) -> list[AnyOf]:
    """The events in streams: each gets the next sequence of its source in this epoch."""
    following: dict[str, int] = {}
    placed = []
    for event in events:
        sequence = following.get(event.source, first)
        following[event.source] = sequence + 1
        placed.append(event.model_copy(update={"epoch": epoch, "sequence": sequence}))
    return placed


def where(event: Event) -> tuple[str, str]:
    """Site and device of an event."""
    return place(event.source)
