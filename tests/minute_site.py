"""A site whose minutes are drawn: devices with pictures in an archive, and what its tiles and their JSON show."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from pydantic_core import from_json

from bus_schemas.event import Event
from consumers.hub_config import Mosaic
from consumers.views.mosaics.projection import MosaicsProjection
from consumers.views.mosaics.questions import description, tile
from consumers.views.mosaics.tiles import Tiles
from tests.builders import START, at, media, registry
from tests.following import Followed, MemoryMedia

MINUTE = int(START.timestamp() // 60)


def jpeg(colour: tuple[int, int, int], width: int = 320, height: int = 180) -> bytes:
    encoded: bytes = simplejpeg.encode_jpeg(np.full((height, width, 3), colour, dtype=np.uint8), colorspace="RGB")
    return encoded


RED, GREEN, BLUE = jpeg((250, 10, 10)), jpeg((10, 250, 10)), jpeg((10, 10, 250))


class Site:
    """A site with an archive: shows pictures at moments, and looks at tiles."""

    def __init__(self, directory: Path, devices: Sequence[str] = ("yard",)) -> None:
        self.media = MemoryMedia()
        self.directory = directory
        known = [registry(at(-60), device=device, name=device.title()) for device in devices]
        self.followed = Followed(self.projection(directory), directory, known)
        self.tiles = Tiles(directory / "tiles")

    def projection(self, directory: Path, settings: Mosaic | None = None) -> MosaicsProjection:
        """Another one of the same media, with tiles of its own."""
        return MosaicsProjection(directory / "tiles", lambda: self.media, settings or Mosaic())

    def picture(self, seconds: float, payload: bytes, device: str = "yard", kind: str = "thumbnail") -> Event:
        medium = media(at(seconds), payload, kind=kind, device=device)
        self.media.payloads[medium.data.key] = payload
        return medium

    def take(self, *events: Event) -> "Site":
        self.followed.take(*events)
        return self

    def json(self, minute: int) -> dict[str, Any]:
        found = description(self.followed.view, "DEMO", minute)
        assert found is not None
        answer: dict[str, Any] = from_json(found.json)
        return answer

    def device(self, minute: int, device: str = "yard") -> dict[str, Any]:
        """What the JSON says of a device."""
        found: dict[str, Any] = next(it for it in self.json(minute)["devices"] if it["device_id"] == device)
        return found

    def pixel(self, minute: int, device: str) -> tuple[int, ...]:
        """The colour at the left of a device's cell, half way down: of the picture, and of no label."""
        return self._pixel_at(minute, device, 1 / 8)

    def border(self, minute: int, device: str = "yard") -> tuple[int, ...]:
        """The colour of the border of a device's cell."""
        return self._pixel_at(minute, device, 0.0)

    def _pixel_at(self, minute: int, device: str, share: float) -> tuple[int, ...]:
        found = tile(self.followed.view, "DEMO", minute)
        assert found is not None
        payload = self.tiles.read(found.name)
        assert payload is not None
        cell = next(each for each in self.json(minute)["cells"] if each["device"] == device)
        picture = simplejpeg.decode_jpeg(payload, "RGB")
        return tuple(int(part) for part in picture[cell["y"] + cell["h"] // 2, cell["x"] + int(cell["w"] * share)])
