"""Routes of sites and devices, with their condition."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from bus_schemas.condition import SEVERITY, Condition
from bus_schemas.event import HUB
from bus_schemas.registry import Expectation
from consumers.alerting.alerts.questions import count_open, count_unacknowledged
from consumers.alerting.incidents.questions import IncidentRow, open_incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine.view_files import NoView
from consumers.views.registry import SettingValue
from consumers.views.settings import SettingsProjection, zone_names
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import AnyAsOf, DeviceAsOf, SiteAsOf
from gateway.http.problems import Problem
from gateway.readiness import Check
from gateway.reading.conditions import Status, hub_condition, since_of, together
from gateway.reading.moments import StoresAsOf
from gateway.reading.stores import Stores
from gateway.routes.lookup import KnownDevice, all_devices, is_site, one_device
from gateway.routes.media.newest_picture import has_picture
from gateway.routes.views.incidents import IncidentAnswer, answers
from gateway.serving.picture_cache import PictureCache


class SiteAnswer(Answer):
    site: str
    name: str
    time_zone: str
    devices: int
    condition: Condition = Field(description="The worst of its devices; ok only where every one is known to be.")
    conditions: dict[Condition, int] = Field(description="How many of its devices are in which.")
    open_incidents: int
    open_alerts: int
    unacknowledged_alerts: int = Field(description="Open alerts that nobody has acknowledged.")


class HubAnswer(Answer):
    """The machine and the processes of the hub itself, which concern every site."""

    condition: Condition = Field(
        description="As `/health` has it: not ok while one of its parts does not work. As of a moment, that of its "
        "incidents known then: what keeps it from writing its journal cannot be read there later."
    )
    open_incidents: int
    open_alerts: int
    unacknowledged_alerts: int


class Retired(Answer):
    """A site, or one of its devices, that is watched no more; its history is kept."""

    site: str
    device: str | None
    name: str
    retired: str = Field(description="When.")
    by: str
    heard_again: str | None = Field(description="When something was received of it last, if that was after it retired.")


class SitesAnswer(Answer):
    sites: list[SiteAnswer]
    hub: HubAnswer
    retired: list[Retired] = Field(description="Sites that are watched no more.")


class LastEventAnswer(Answer):
    type: str = Field(description="Its short name.")
    time: Time
    position: int
    data: dict[str, Any] = Field(description="What of its data its words need, under the names of the event.")


class StreamInfoAnswer(Answer):
    """`fps` is the camera's own rate, `analysis_fps` how many of its pictures a second are analysed; `bits_per_s` is
    what its video takes as it is sent.
    """

    fps: float
    width: int
    height: int
    analysis_fps: float | None = None
    codec: str | None = None
    bits_per_s: int | None = None
    clock_error_s: float | None = None


class Has(Answer):
    hls: bool
    thermal: bool
    fusion: bool
    picture: bool = Field(description="Whether any picture of it is kept now, a still or a recording.")


class DeviceAnswer(Answer):
    site: str
    device: str
    name: str
    kinds: list[str]
    online: bool
    condition: Condition
    types: list[str] = Field(description="Of its open incidents, the worst first.")
    since: str | None = Field(description="Since when it is in this condition.")
    status: Status
    reason: str | None
    last_event: LastEventAnswer | None
    last_frame: str | None
    stream_info: StreamInfoAnswer | None
    incidents: list[IncidentAnswer]
    has: Has
    zones: list[str] = Field(description="The names of the zones in its picture.")
    snapshot: str
    registered: bool = Field(
        description="Whether it was added by the configuration or by somebody; else only its events are known."
    )
    retired: bool = Field(description="Whether it is watched no more.")
    expects: Expectation | None = Field(description="What it is meant to send; null where nobody has said it.")
    silent_after_s: float = Field(description="Seconds of silence that are an incident; 0 is as the rules have it.")


class DevicesAnswer(Answer):
    site: str
    name: str
    time_zone: str
    devices: list[DeviceAnswer]
    retired: list[Retired] = Field(description="Those that are watched no more.")


async def all_sites(call: Call[AnyAsOf]) -> SitesAnswer:
    """Every site that is watched, registered or known by its events, with what is wrong there; the worst first."""
    as_of = call.parameters.as_of
    checks = call.gateway.readiness.checks if as_of is None else ()
    return await call.gateway.ask_at(as_of, lambda moment: _sites(moment, checks))


def _sites(moment: StoresAsOf, checks: Iterable[Check]) -> SitesAnswer:
    known: dict[str, list[KnownDevice]] = defaultdict(list)
    given_up: dict[str, list[KnownDevice]] = defaultdict(list)
    for one in all_devices(moment):
        (given_up if one.is_retired else known)[one.site].append(one)
    entries = moment.registered().sites()
    names = dict.fromkeys([*(entry.site for entry in entries if not entry.is_retired), *known])
    sites = sorted((_site(moment, site, known[site]) for site in names), key=lambda site: -SEVERITY[site.condition])
    hub = HubAnswer(
        condition=hub_condition(moment, checks),
        open_incidents=len(_incidents(moment, HUB)),
        **_alert_counts(moment, HUB),
    )
    whose = moment.retirements()
    retired = [
        _retirement(it.site, None, it.name, whose[it.site, ""], given_up[it.site]) for it in entries if it.is_retired
    ]
    return SitesAnswer(sites=sites, hub=hub, retired=retired)


def _retirement(site: str, device: str | None, name: str, said: SettingValue, whose: Iterable[KnownDevice]) -> Retired:
    """`whose` are the devices that are retired by this."""
    last_received = max((one.health.last_received or "" for one in whose), default="")
    again = last_received if last_received > said.time else None
    return Retired(site=site, device=device, name=name, retired=said.time, by=said.by, heard_again=again)


def _site(moment: StoresAsOf, site: str, devices: list[KnownDevice]) -> SiteAnswer:
    counts = Counter(one.condition.condition for one in devices)
    registered = moment.registered()
    entry = registered.site(site)
    return SiteAnswer(
        site=site,
        name=entry.name if entry else site,
        time_zone=registered.zone(site).key,
        devices=len(devices),
        condition=together(counts),
        conditions=dict(counts),
        open_incidents=len(_incidents(moment, site)),
        **_alert_counts(moment, site),
    )


async def devices(call: Call[SiteAsOf]) -> DevicesAnswer:
    """The devices of a site that are watched, those with which most is wrong first, and those that are not any more.

    Before the site was known it had none.
    """
    site = call.parameters.site
    return await call.gateway.ask_at(
        call.parameters.as_of, lambda moment: _devices(moment, call.gateway.keyframes, site)
    )


def _devices(moment: StoresAsOf, decoded: PictureCache, site: str) -> DevicesAnswer:
    known, registered = all_devices(moment, site), moment.registered()
    entry = registered.site(site)
    if not known and entry is None and not is_site(moment.stores, site):
        raise Problem(404, f"there is no site {site!r}")
    wrong, whose, zones = answers(moment, _incidents(moment, site)), moment.retirements(), _zones(moment, site)
    return DevicesAnswer(
        site=site,
        name=entry.name if entry else site,
        time_zone=registered.zone(site).key,
        devices=[_device(moment.stores, decoded, one, wrong, zones) for one in known if not one.is_retired],
        retired=[_retired(one, whose) for one in known if one.is_retired],
    )


def _retired(one: KnownDevice, whose: Mapping[tuple[str, str], SettingValue]) -> Retired:
    said = whose.get((one.site, one.device)) or whose[one.site, ""]
    return _retirement(one.site, one.device, one.name, said, [one])


async def device(call: Call[DeviceAsOf]) -> DeviceAnswer:
    """One device."""
    gateway, asked = call.gateway, call.parameters

    def question(moment: StoresAsOf) -> DeviceAnswer:
        one = one_device(moment, asked.site, asked.device)
        zones = _zones(moment, asked.site, asked.device)
        wrong = answers(moment, _incidents(moment, asked.site))
        return _device(moment.stores, gateway.keyframes, one, wrong, zones)

    return await gateway.ask_at(asked.as_of, question)


def _device(
    stores: Stores,
    decoded: PictureCache,
    one: KnownDevice,
    wrong: Iterable[IncidentAnswer],
    zones: Mapping[str, list[str]],
) -> DeviceAnswer:
    health = one.health
    return DeviceAnswer(
        site=one.site,
        device=one.device,
        name=one.name,
        kinds=list(one.kinds),
        online=one.is_online,
        condition=one.condition.condition,
        types=list(one.condition.types),
        since=since_of(one.condition),
        status=one.status,
        reason=one.reason,
        last_event=LastEventAnswer.model_validate(health.last_event) if health.last_event else None,
        last_frame=health.last_frame,
        stream_info=StreamInfoAnswer(**health.stream_info) if health.stream_info else None,
        incidents=[found for found in wrong if found.device == one.device],
        has=Has(
            hls="visual" in one.kinds,
            thermal="thermal" in one.kinds,
            fusion={"visual", "thermal"} <= set(one.kinds),
            picture=has_picture(stores, decoded, one.site, one.device),
        ),
        registered=one.is_registered,
        retired=one.is_retired,
        expects=one.expects,
        silent_after_s=one.silent_after_s,
        zones=zones.get(one.device, []),
        snapshot=f"/api/v1/sites/{one.site}/devices/{one.device}/snapshot.jpg",
    )


def _incidents(moment: StoresAsOf, site: str) -> list[IncidentRow]:
    try:
        return open_incidents(moment.view(AlertingProjection), site, moment.upto)
    except NoView:
        return []


def _zones(moment: StoresAsOf, site: str, device: str | None = None) -> Mapping[str, list[str]]:
    try:
        return zone_names(moment.view(SettingsProjection), site, device, moment.upto)
    except NoView:
        return {}


def _alert_counts(moment: StoresAsOf, site: str) -> dict[str, int]:
    try:
        view, upto = moment.view(AlertingProjection), moment.upto
    except NoView:
        return {"open_alerts": 0, "unacknowledged_alerts": 0}
    return {
        "open_alerts": count_open(view, site, upto),
        "unacknowledged_alerts": count_unacknowledged(view, site, upto),
    }


OPERATIONS = [
    Operation("GET", "/api/v1/sites", all_sites, SitesAnswer, AnyAsOf),
    Operation("GET", "/api/v1/sites/{site}/devices", devices, DevicesAnswer, SiteAsOf),
    Operation("GET", "/api/v1/sites/{site}/devices/{device}", device, DeviceAnswer, DeviceAsOf),
]
