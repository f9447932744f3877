"""Sites and their devices: what is watched, and how it is."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from bus_schemas.event import HUB
from consumers.alerting.alerts.projection import Alerts
from consumers.alerting.alerts.questions import count_open
from consumers.alerting.incidents.projection import Incidents
from consumers.alerting.incidents.questions import IncidentAnswer, open_incidents
from consumers.engine.view_files import NoView
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer
from gateway.http.parameters import AnyAsOf, DeviceAsOf, SiteAsOf
from gateway.http.problems import Problem
from gateway.reading.moments import Moment
from gateway.routes.lookup import KnownDevice, all_devices, one_device
from gateway.routes.views.incidents import Incident


class Site(Answer):
    site: str
    name: str
    time_zone: str
    devices: int
    open_incidents: int
    open_alerts: int


class Hub(Answer):
    """The machine and the processes of the hub itself, which concern every site."""

    open_incidents: int
    open_alerts: int


class Sites(Answer):
    sites: list[Site]
    hub: Hub


class LastEvent(Answer):
    type: str
    time: str
    position: int
    summary: str


class StreamInfo(Answer):
    """`fps` is the camera's own rate, `analysis_fps` how many of its pictures a second are analysed."""

    fps: float
    width: int
    height: int
    analysis_fps: float | None = None
    codec: str | None = None


class Has(Answer):
    hls: bool
    thermal: bool
    fusion: bool


class Device(Answer):
    site: str
    device: str
    name: str
    kinds: list[str]
    online: bool
    status: str
    reason: str | None
    last_event: LastEvent | None
    last_frame: str | None
    stream_info: StreamInfo | None
    incidents: list[Incident]
    has: Has
    snapshot: str


class Devices(Answer):
    site: str
    devices: list[Device]


async def all_sites(call: Call[AnyAsOf]) -> Sites:
    """Every site, configured or heard of, with what is wrong there."""
    gateway = call.gateway

    def question(moment: Moment) -> Sites:
        known = defaultdict(list)
        for one in all_devices(gateway, moment):
            known[one.site].append(one)
        names = dict.fromkeys([*(site.site for site in gateway.registry), *known])
        sites = [_site(gateway, moment, site, len(known[site])) for site in names]
        hub = Hub(open_incidents=len(_incidents(moment, HUB)), open_alerts=_open_alerts(moment, HUB))
        return Sites(sites=sites, hub=hub)

    return await gateway.ask_at(call.parameters.as_of, question)


def _site(gateway: Gateway, moment: Moment, site: str, devices: int) -> Site:
    configured = gateway.registry.site(site)
    return Site(
        site=site,
        name=configured.name if configured else site,
        time_zone=gateway.registry.zone(site).key,
        devices=devices,
        open_incidents=len(_incidents(moment, site)),
        open_alerts=_open_alerts(moment, site),
    )


async def devices(call: Call[SiteAsOf]) -> Devices:
    """The devices of a site."""
    gateway, site, as_of = call.gateway, call.parameters.site, call.parameters.as_of

    def question(moment: Moment) -> Devices:
        known = all_devices(gateway, moment, site)
        if not known and gateway.registry.site(site) is None:
            raise Problem(404, f"there is no site {site!r}")
        wrong = _incidents(moment, site)
        return Devices(site=site, devices=[_device(one, wrong, moment.now) for one in known])

    return await gateway.ask_at(as_of, question)


async def device(call: Call[DeviceAsOf]) -> Device:
    """One device."""
    gateway, asked = call.gateway, call.parameters

    def question(moment: Moment) -> Device:
        one = one_device(gateway, moment, asked.site, asked.device)
        return _device(one, _incidents(moment, asked.site), moment.now)

    return await gateway.ask_at(asked.as_of, question)


def _device(one: KnownDevice, wrong: Iterable[IncidentAnswer], now: datetime) -> Device:
    told = one.health
    return Device(
        site=one.site,
        device=one.device,
        name=one.name,
        kinds=list(one.kinds),
        online=told.online,
        status=told.status,
        reason=told.reason,
        last_event=LastEvent(**told.last_event) if told.last_event else None,
        last_frame=told.last_frame,
        stream_info=StreamInfo(**told.stream_info) if told.stream_info else None,
        incidents=[Incident.of(found, now) for found in wrong if found["device"] == one.device],
        has=Has(
            hls="visual" in one.kinds,
            thermal="thermal" in one.kinds,
            fusion={"visual", "thermal"} <= set(one.kinds),
        ),
        snapshot=f"/api/v1/sites/{one.site}/devices/{one.device}/snapshot.jpg",
    )


def _incidents(moment: Moment, site: str) -> list[IncidentAnswer]:
    try:
        return open_incidents(moment.view(Incidents), site, moment.upto)
    except NoView:
        return []


def _open_alerts(moment: Moment, site: str) -> int:
    try:
        return count_open(moment.view(Alerts), site, moment.upto)
    except NoView:
        return 0


OPERATIONS = [
    Operation("GET", "/api/v1/sites", all_sites, Sites, AnyAsOf),
    Operation("GET", "/api/v1/sites/{site}/devices", devices, Devices, SiteAsOf),
    Operation("GET", "/api/v1/sites/{site}/devices/{device}", device, Device, DeviceAsOf),
]
