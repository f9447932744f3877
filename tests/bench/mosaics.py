"""How long a minute of 24 or 400 devices takes, from its pictures in the archive to its tiles and JSON on the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import simplejpeg

from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from consumers.hub_config import Mosaic
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.views.mosaics.layout import SiteLayout
from consumers.views.mosaics.projection import MosaicsProjection
from consumers.views.mosaics.questions import timeline
from tests.bench.measure import Measurement, measured, summary, timed
from tests.builders import SITE, START, at, frame, media, tick
from tests.following import Followed
from tests.recordings import ROOM_VISUAL, recording
from tests.registry_events import registry_of

MINUTES, FEW_MINUTES = 40, 12


def named(count: int) -> tuple[str, ...]:
    return tuple(f"device-{number:03d}" for number in range(count))


DEVICES = named(24)


class Site:
    """Devices that send thumbnails of the recorded room, a third of them with an incident."""

    def __init__(self, directory: Path, names: tuple[str, ...] = DEVICES) -> None:
        self.names = names
        self.archive = directory / "archive"
        self.reader = ArchiveReader(self.archive)
        devices = tuple(ConfiguredDevice(device, device) for device in names)
        known = registry_of(Configured((ConfiguredSite(SITE, "Bench", devices=devices),)))
        projection = MosaicsProjection(directory / "tiles", lambda: self.reader, Mosaic())
        self.followed = Followed(projection, directory, known)
        self.pictures = pictures()

    def minute(self, number: int, of: tuple[str, ...] | None = None, late: int = 0) -> list[Event]:
        """What is seen in a minute, or comes late for it, the later the newer; the media are in the archive."""
        devices = self.names if of is None else of
        events: list[Event] = []
        stored = []
        time = at(60 * number + 50 + late / 100)
        for index, device in enumerate(devices):
            payload = self.pictures[((number + late) * len(devices) + index) % len(self.pictures)]
            medium: MediaEvent = media(time, payload, device=device)
            stored.append((medium.data, medium.time, payload))
            events += [medium, frame(time, device=device, freeze=index % 3 == 0)]
        with Archive(self.archive, lambda: START) as archive:
            archive.store(stored)
        return events

    def close(self) -> None:
        self.followed.close()
        self.reader.close()


@contextmanager
def site(names: tuple[str, ...] = DEVICES) -> Iterator[Site]:
    with TemporaryDirectory() as directory:
        made = Site(Path(directory), names)
        yield made
        made.close()


def pictures() -> list[bytes]:
    """Thumbnails of 320 by 180, as an agent makes them."""
    video = cv2.VideoCapture(str(recording(ROOM_VISUAL)))
    made: list[bytes] = []
    while len(made) < 240:
        is_there, picture = video.read()
        if not is_there:
            break
        small = cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA)
        made.append(simplejpeg.encode_jpeg(small, quality=80, colorspace="BGR", colorsubsampling="420"))
    video.release()
    return made


def case_mosaic_minute() -> list[Measurement]:
    """Every cell is new: archive, decoding, ALL, OK and KO, JSON, files, index row and commit."""
    return [_minutes("mosaic minute", DEVICES, MINUTES, 15.0)]


def case_mosaic_400() -> list[Measurement]:
    """As `mosaic_minute`, of 400 devices."""
    return [_minutes("mosaic minute of 400", named(400), FEW_MINUTES, 400.0)]


def _minutes(case: str, names: tuple[str, ...], minutes: int, goal_ms: float) -> Measurement:
    with site(names) as here:
        here.followed.take(tick(START))

        def close(number: int) -> None:
            here.followed.take(tick(at(60 * number + 64)))

        taken = []
        for number in range(minutes):
            here.followed.take(*here.minute(number))
            taken += timed([lambda number=number: close(number)])  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        query = "select avg(bytes + length(description)) from tiles where site = ?"
        (size,) = here.followed.view.execute(query, (SITE,)).fetchone()
        layout = SiteLayout(len(names), Mosaic())
        includes = f"{len(names)} devices 320x180 into cells of {layout.cell[0]}x{layout.cell[1]}, a third of them KO"
        includes += f"; {layout.byte_budget / 1000:.0f} kB a picture at most, {size / 1000:.0f} kB a minute"
        return summary(case, taken[4:], includes, goal_ms=goal_ms)


def case_mosaic_correction() -> list[Measurement]:
    """One late picture: 23 cells are taken as they were drawn."""
    with site() as here:
        here.followed.take(tick(START), *here.minute(0), tick(at(64)))
        taken = []
        for number in range(MINUTES):
            late = here.minute(0, (DEVICES[number % len(DEVICES)],), number + 1)
            here.followed.take(*late)
            taken += timed([lambda number=number: here.followed.take(tick(at(65 + number / 100)))])  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        return [summary("mosaic correction", taken[4:], "one late picture of 24", goal_ms=25.0)]


def case_timeline() -> list[Measurement]:
    with site() as here:
        here.followed.take(
            tick(START), *(tick(at(64 + 60 * minute)) for minute in range(0, 1440, 60)), tick(at(86_500))
        )
        view = here.followed.view
        numbers = count()
        run = measured("timeline", lambda: (next(numbers), timeline(view, SITE)), "1,440 states out of the view")
        return [run]
