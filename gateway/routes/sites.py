"""Sites and their devices: what is watched, and how it is."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from consumers.alerts.questions import count_open
from consumers.incidents.questions import IncidentAnswer, open_incidents
from consumers.views import NoView
from gateway.answers import Answer
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.parameters import Nothing, OfDevice, OfSite
from gateway.problems import Problem
from gateway.routes.incidents import Incident
from gateway.routes.lookup import KnownDevice, all_devices, one_device
from gateway.stores import Stores


class Site(Answer):
    site: str
    name: str
    time_zone: str
    devices: int
    open_incidents: int
    open_alerts: int


class Sites(Answer):
    sites: list[Site]


class LastEvent(Answer):
    type: str
    time: str
    position: int
    summary: str


class StreamInfo(Answer):
    fps: float
    width: int
    height: int


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


async def all_sites(call: Call[Nothing]) -> Sites:
    """Every site, configured or heard of, with what is wrong there."""
    gateway = call.gateway

    def question(stores: Stores) -> Sites:
        known = defaultdict(list)
        for one in all_devices(gateway, stores):
            known[one.site].append(one)
        names = dict.fromkeys([*(site.site for site in gateway.registry), *known])
        return Sites(sites=[_site(gateway, stores, site, len(known[site])) for site in names])

    return await gateway.ask(question)


def _site(gateway: Gateway, stores: Stores, site: str, devices: int) -> Site:
    configured = gateway.registry.site(site)
    return Site(
        site=site,
        name=configured.name if configured else site,
        time_zone=gateway.registry.zone(site).key,
        devices=devices,
        open_incidents=len(_incidents(stores, site)),
        open_alerts=_open_alerts(stores, site),
    )


async def devices(call: Call[OfSite]) -> Devices:
    """The devices of a site."""
    gateway, site = call.gateway, call.parameters.site

    def question(stores: Stores) -> Devices:
        known = all_devices(gateway, stores, site)
        if not known and gateway.registry.site(site) is None:
            raise Problem(404, f"there is no site {site!r}")
        wrong = _incidents(stores, site)
        return Devices(site=site, devices=[_device(one, wrong, gateway.clock()) for one in known])

    return await gateway.ask(question)


async def device(call: Call[OfDevice]) -> Device:
    """One device."""
    gateway, asked = call.gateway, call.parameters

    def question(stores: Stores) -> Device:
        one = one_device(gateway, stores, asked.site, asked.device)
        return _device(one, _incidents(stores, asked.site), gateway.clock())

    return await gateway.ask(question)


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


def _incidents(stores: Stores, site: str) -> list[IncidentAnswer]:
    try:
        return open_incidents(stores.view("incidents"), site)
    except NoView:
        return []


def _open_alerts(stores: Stores, site: str) -> int:
    try:
        return count_open(stores.view("alerts"), site)
    except NoView:
        return 0


OPERATIONS = [
    Operation("GET", "/api/v1/sites", all_sites, Sites),
    Operation("GET", "/api/v1/sites/{site}/devices", devices, Devices, OfSite),
    Operation("GET", "/api/v1/sites/{site}/devices/{device}", device, Device, OfDevice),
]
