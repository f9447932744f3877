"""Renames the site of an event: its source, media keys and ids. The same event gives the same result each time."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic_core import from_json

from bus_schemas.event import Event, device_source, place
from bus_schemas.media_codec import media_key
from consumers.store.archive.keys import NotAKey, parse_key

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:replay")
_IDS = "causes"


def renamed(event: Event, body: bytes, site: str) -> Event:
    """From what was stored, so that nothing is lost that the model leaves out by default."""
    here, device = place(event.source)
    fields: dict[str, Any] = from_json(body)
    fields |= {"id": derived(event.id, site), "source": device_source(site, device)}
    fields["data"] = _moved(fields["data"], here, site)
    return type(event).model_validate(fields)


def derived(event_id: str, site: str) -> str:
    return str(uuid5(_NAMESPACE, f"{site}/{event_id}"))


def _moved(value: Any, here: str, site: str) -> Any:
    match value:
        case dict():
            return {name: _moved_field(name, each, here, site) for name, each in value.items()}
        case list():
            return [_moved(each, here, site) for each in value]
        case str():
            return _moved_key(value, here, site)
    return value


def _moved_field(name: str, value: Any, here: str, site: str) -> Any:
    if name == "site" and value == here:
        return site
    if name == _IDS and isinstance(value, list):
        return [derived(each, site) for each in value]
    return _moved(value, here, site)


def _moved_key(text: str, here: str, site: str) -> str:
    """Only what is the key of a medium of this site is another one there."""
    if not text.startswith(f"{here}/"):
        return text
    try:
        series, name = parse_key(text)
    except NotAKey:
        return text
    return media_key(site, series.device, series.kind, derived(name, site))
