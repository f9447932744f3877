"""Says in the registry which sites and devices an agent has."""

from typing import Any

from bus_schemas.event import GATEWAY, device_source
from bus_schemas.registry import RegistryChange, RegistryEvent
from consumers.ingest.registry import ConfiguredDevice, ConfiguredSite
from consumers.site_registry import DeviceEntry
from gateway.context import Gateway
from gateway.messages.ids import uuid7
from gateway.publishing import publish


async def register(gateway: Gateway, sites: tuple[ConfiguredSite, ...], by: str, *, is_enrolled: bool) -> None:
    """Sites that nobody knows, and devices. The name of a site that is known stays. Nothing is expected of a device
    before a machine is enrolled as its agent: until then nobody misses it. Raises `Problem`.
    """
    registered = await gateway.ask(lambda stores: stores.registered())
    for site in sites:
        if registered.site(site.site) is None:
            await _change(gateway, site.site, None, by, {"name": site.name, "time_zone": site.time_zone})
        for device in site.devices:
            known = registered.device(site.site, device.device)
            fields = _expected(known, device) if is_enrolled else _not_connected_yet(known, device)
            if fields:
                await _change(gateway, site.site, device.device, by, fields)


async def retire(gateway: Gateway, device: str, by: str | None) -> None:
    """`device` as `SITE/DEVICE`. Raises `Problem`."""
    site, _, name = device.partition("/")
    registered = await gateway.ask(lambda stores: stores.registered())
    if not registered.is_retired(site, name):
        await _change(gateway, site, name, by or "agents", {"retired": True})


def _expected(known: DeviceEntry | None, device: ConfiguredDevice) -> dict[str, Any]:
    """Nothing where it stands so already."""
    expects = "frames" if "visual" in device.kinds else "readings"
    wanted = {"kinds": device.kinds, "expects": expects, "retired": False}
    if known is None:
        return {"name": device.name, **wanted}
    return {} if (known.kinds, known.expects, known.is_retired) == (device.kinds, expects, False) else wanted


def _not_connected_yet(known: DeviceEntry | None, device: ConfiguredDevice) -> dict[str, Any]:
    """What was expected of a device that is watched already is so still: somebody has missed it, or will."""
    if known is None:
        return {"name": device.name, "kinds": device.kinds, "retired": False}
    if known.is_retired:
        return {"kinds": device.kinds, "expects": "nothing", "retired": False}
    return {} if known.kinds == device.kinds else {"kinds": device.kinds}


async def _change(gateway: Gateway, site: str, device: str | None, by: str, fields: dict[str, Any]) -> None:
    request_id = uuid7()
    said = {"site": site, "device": device, "origin": "page", "by": by, "request_id": request_id, "retired": False}
    data = RegistryChange.model_validate({**said, **fields})
    event = RegistryEvent(id=request_id, source=device_source(site, GATEWAY), time=gateway.clock(), data=data)
    await publish(gateway, event)
