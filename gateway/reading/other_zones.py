"""Finds the devices whose hours go by another time zone than that of their site."""

from typing import NamedTuple

from consumers.views import settings
from gateway.reading.stores import Stores


class OtherZone(NamedTuple):
    """A device that goes by one time zone (of its configuration, where that is `None`), and that of its site."""

    site: str
    device: str
    goes_by: str | None
    of_site: str


def other_zones(stores: Stores) -> list[OtherZone]:
    """Those that are watched and report a place. Raises `NoView`."""
    registered = stores.registered()
    found = []
    for (site, device), place in settings.reported_places(stores.view(settings.SettingsProjection.name)).items():
        zone = registered.said_zone(site)
        if zone is not None and place.time_zone != zone and not registered.is_retired(site, device):
            found.append(OtherZone(site, device, place.time_zone, zone))
    return found
