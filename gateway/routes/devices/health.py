"""Routes of device health, in the terms of health pages and monitoring programs."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

from bus_schemas.agent import CaptureStatistics, LinkStatistics, NetworkState, ProcessLoad
from bus_schemas.condition import Condition
from bus_schemas.node import SensorHealth, SystemLoad
from bus_schemas.registry import Expectation
from consumers.views.health.questions import NodeHealth, nodes
from gateway.calls import Call, Operation
from gateway.http.answers import Answer
from gateway.http.parameters import AnyAsOf, DeviceAsOf
from gateway.reading.moments import StoresAsOf
from gateway.routes.lookup import NOT_STARTED, KnownDevice, one_device, watched_devices


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


class NotStarted(Presence):
    """A device that never sent anything has no figures."""

    status: Literal["not_started"]
    is_recording: Literal[False]


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


class AgentReport(Answer):
    """The heartbeat of the agent of a device; null is what it does not say."""

    node: str | None = None
    time: str
    uptime_s: float
    system: SystemLoad = SystemLoad()
    clock_synchronised: bool | None = None
    process: ProcessLoad | None = None
    link: LinkStatistics | None = None
    networks: tuple[NetworkState, ...] = ()
    outbox_rows: int | None = Field(default=None, description="Events that the journal has not confirmed.")
    outbox_bytes: int | None = None


class FullHealth(Presence):
    stream_info: StreamFigures
    health_metrics: HealthMetrics
    recording_info: RecordingInfo
    sensors: list[SensorHealth] = Field(description="Each source of the device, as its agent says.")
    agent: AgentReport | None = Field(description="Null of a device that sends no heartbeats.")
    captured: CaptureStatistics | None = Field(description="Since its agent started.")


class AgentOfSite(AgentReport):
    site: str
    devices: list[str]


class Agents(Answer):
    """Every agent of which a device is watched, by its newest heartbeat."""

    agents: list[AgentOfSite]


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
        sensors=(health.heartbeat or {}).get("sensors", []),
        agent=_agent(health.heartbeat),
        captured=(health.heartbeat or {}).get("capture"),
    )


async def of_agents(call: Call[AnyAsOf]) -> Agents:
    """The machine, the process and the link of each agent, as it reports them."""
    known = await call.gateway.ask_at(call.parameters.as_of, lambda moment: agents_of(watched_nodes(moment)))
    return Agents(agents=known)


def watched_nodes(moment: StoresAsOf) -> list[NodeHealth]:
    """Those that send heartbeats, but the devices that are retired. Raises `NoView`."""
    registered = moment.registered()
    return [one for one in nodes(moment.health()) if not registered.is_retired(one.site, one.node)]


def agents_of(heartbeats: Sequence[NodeHealth]) -> list[AgentOfSite]:
    """One for each agent: all of its devices send its heartbeat."""
    found: dict[tuple[str, str], list[NodeHealth]] = {}
    for one in heartbeats:
        found.setdefault((one.site, one.heartbeat.get("node") or one.node), []).append(one)
    return [_agent_of_site(site, name, found[site, name]) for site, name in sorted(found)]


def _agent_of_site(site: str, name: str, beats: Sequence[NodeHealth]) -> AgentOfSite:
    newest = max(beats, key=lambda one: str(one.heartbeat["time"]))
    devices = sorted(one.node for one in beats)
    return AgentOfSite.model_validate(newest.heartbeat | {"site": site, "node": name, "devices": devices})


def _agent(heartbeat: dict[str, Any] | None) -> AgentReport | None:
    return None if heartbeat is None else AgentReport.model_validate(heartbeat)


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
        return NotStarted(**_presence(one))
    return BriefHealth(
        **_presence(one),
        time_since_last_frame_seconds=health.time_since_last_frame_seconds,
        total_reconnects=health.total_reconnects,
        consecutive_failures=health.consecutive_failures,
    )


OPERATIONS = [
    Operation("GET", "/api/v1/health/devices", of_all, HealthList, AnyAsOf),
    Operation("GET", "/api/v1/agents", of_agents, Agents, AnyAsOf),
    Operation("GET", "/api/v1/sites/{site}/devices/{device}/health", of_one, FullHealth, DeviceAsOf),
]
