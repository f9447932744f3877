"""Finds the devices that go by another time zone, or by other names, than the registry says."""

from typing import NamedTuple

from bus_schemas.settings import PlaceSettings
from consumers.site_registry import Registered
from consumers.views import settings
from gateway.reading.stores import Stores


class SaidPlace(NamedTuple):
    """What of a place is said; `None` where nobody has said it."""

    time_zone: str | None
    site_name: str | None = None
    device_name: str | None = None


class OtherPlace(NamedTuple):
    """A device, what it goes by, and what it has to go by."""

    site: str
    device: str
    goes_by: SaidPlace
    wanted: SaidPlace


def other_places(stores: Stores) -> list[OtherPlace]:
    """Those that are watched and report a place. Raises `NoView`."""
    registered = stores.registered()
    found = []
    for (site, device), place in settings.reported_places(stores.view(settings.SettingsProjection.name)).items():
        goes_by = SaidPlace(place.time_zone, place.site_name, place.device_name)
        wanted = _wanted(registered, site, device, place)
        if wanted != goes_by and not registered.is_retired(site, device):
            found.append(OtherPlace(site, device, goes_by, wanted))
    return found


def other_zones(stores: Stores) -> list[OtherPlace]:
    """Those of them whose hours go by another time zone than that of their site. Raises `NoView`."""
    return [one for one in other_places(stores) if one.wanted.time_zone != one.goes_by.time_zone]


def _wanted(registered: Registered, site: str, device: str, place: PlaceSettings) -> SaidPlace:
    """As the registry says, or as it is. An agent that reports no name would refuse one."""
    return SaidPlace(
        registered.said_zone(site) or place.time_zone,
        place.site_name and (registered.said_name(site, "") or place.site_name),
        place.device_name and (registered.said_name(site, device) or place.device_name),
    )
