"""Routes of device health, in the terms of health pages and monitoring programs."""

from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

from bus_schemas.condition import Condition
from bus_schemas.registry import Expectation
from gateway.calls import Call, Operation
from gateway.http.answers import Answer
from gateway.http.parameters import AnyAsOf, DeviceAsOf
from gateway.routes.lookup import NOT_STARTED, KnownDevice, one_device, watched_devices


class NotStarted(Answer):
    """A device that never sent anything has no figures."""

    site: str
    device: str
    camera_name: str
    camera_id: str
    status: Literal["not_started"]
    condition: Condition
    is_recording: Literal[False]


class Presence(Answer):
    site: str
    device: str
    camera_name: str
    camera_id: str
    status: str
    condition: Condition
    types: list[str]
    reason: str | None
    is_recording: bool


class BriefHealth(Presence):
    time_since_last_frame_seconds: float | None
    total_reconnects: int
    consecutive_failures: int


class HealthList(RootModel[list[BriefHealth | NotStarted]]):
    """Every device, registered or known by its events, but those that are retired."""


class HealthMetrics(Answer):
    last_frame_time: str | None
    time_since_last_frame_seconds: float | None
    last_connection_attempt: str | None
    last_successful_connection: str | None
    total_reconnects: int
    consecutive_failures: int
    expects: Expectation | None = Field(description="What it is meant to send, as it says itself.")
    has_worked: bool | None = Field(description="Whether it has given anything since its agent began.")
    silent_since: str | None = Field(description="Since when it gives nothing, where it is not well.")


class RecordingInfo(Answer):
    """Segments are no files: `current_segment_path` is null, and there for those who read it."""

    current_segment_start: str | None
    current_segment_path: None = None


class StreamFigures(BaseModel):
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    analysis_fps: float | None = None
    codec: str | None = None
    clock_error_s: float | None = Field(
        default=None, description="By how much its clock is ahead, where it cannot be believed."
    )


class FullHealth(Presence):
    stream_info: StreamFigures
    health_metrics: HealthMetrics
    recording_info: RecordingInfo


async def of_all(call: Call[AnyAsOf]) -> HealthList:
    """The health of every device, registered or known by its events, but those that are retired."""
    as_of = call.parameters.as_of
    known = await call.gateway.ask_at(as_of, watched_devices)
    return HealthList([_brief(one) for one in known])


async def of_one(call: Call[DeviceAsOf]) -> FullHealth:
    """The health of one device, with the figures of its recorder."""
    asked, gateway = call.parameters, call.gateway
    one = await gateway.ask_at(asked.as_of, lambda moment: one_device(moment, asked.site, asked.device))
    health = one.health
    return FullHealth(
        **_presence(one),
        stream_info=StreamFigures.model_validate(health.stream_info or {}),
        health_metrics=HealthMetrics(
            last_frame_time=health.last_frame,
            time_since_last_frame_seconds=health.time_since_last_frame_seconds,
            last_connection_attempt=health.last_connection_attempt,
            last_successful_connection=health.last_successful_connection,
            total_reconnects=health.total_reconnects,
            consecutive_failures=health.consecutive_failures,
            expects=health.expects,
            has_worked=health.has_worked,
            silent_since=health.silent_since,
        ),
        recording_info=RecordingInfo(current_segment_start=health.current_segment_start),
    )


def _presence(one: KnownDevice) -> dict[str, Any]:
    return {
        "site": one.site,
        "device": one.device,
        "camera_name": one.name,
        "camera_id": one.device,
        "status": one.status,
        "condition": one.condition.condition,
        "types": list(one.condition.types),
        "reason": one.reason,
        "is_recording": one.is_recording,
    }


def _brief(one: KnownDevice) -> BriefHealth | NotStarted:
    health = one.health
    if one.status == NOT_STARTED:
        return NotStarted(
            site=one.site,
            device=one.device,
            camera_name=one.name,
            camera_id=one.device,
            status="not_started",
            condition=one.condition.condition,
            is_recording=False,
        )
    return BriefHealth(
        **_presence(one),
        time_since_last_frame_seconds=health.time_since_last_frame_seconds,
        total_reconnects=health.total_reconnects,
        consecutive_failures=health.consecutive_failures,
    )


OPERATIONS = [
    Operation("GET", "/api/v1/health/devices", of_all, HealthList, AnyAsOf),
    Operation("GET", "/api/v1/sites/{site}/devices/{device}/health", of_one, FullHealth, DeviceAsOf),
]
