"""The configuration that the consumers of a hub are given at start: data directory, stores, retention, receivers.

Which sites, devices and rules there are is not in it: the journal says that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Protocol

from consumers.store.cold.settings import ColdStorage, TileBucket


class MediaReader(Protocol):
    """Reads media for a projection. The bytes of a key never change, so a fold that reads them stays deterministic."""

    def read(self, key: str) -> bytes | None:
        """The bytes, or `None` where retention has dropped them."""
        ...


HOURS_KEPT: Final[Mapping[str, float]] = {"capture": 1, "thumbnail": 24, "thermal": 720, "segment": 24}
"""By kind of media, where nothing else is configured."""
JOURNAL_DAYS_KEPT: Final = 30
EXPORT_DAYS_KEPT: Final = 7
EXPORTS_WAITING: Final = 200
EXPORTS_WAITING_PER_PERSON: Final = 20
EVIDENCE_DAYS_KEPT: Final = 90
MEDIA_CHECK_DAYS: Final = 7
BYTES_KEPT: Final = 20_000_000_000
"""The default bound of recordings, of the journal, and of exports."""
PAST_EVERY_MINUTES: Final = 10
PAST_DAYS: Final = 30
"""One mosaic in so many minutes stays of those older than a day, for so many days."""
MOSAIC_BYTES: Final = 100_000
"""The size of the picture of a minute with nine devices."""
CLEANUP_THRESHOLD_PERCENT: Final = 85
CLEANUP_TARGET_PERCENT: Final = 75


@dataclass(frozen=True, slots=True)
class DeviceRetention:
    """How long media of one device stay where that differs from their kind, and how many bytes its video may take."""

    site: str
    device: str
    media: tuple[tuple[str, timedelta], ...] = ()
    segment_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long media of a kind and days of the journal stay, how many bytes recordings and the journal may take, and
    when a full disk is cleaned up.
    """

    media: tuple[tuple[str, timedelta], ...] = (
        *((kind, timedelta(hours=it)) for kind, it in HOURS_KEPT.items()),
        ("evidence", timedelta(days=EVIDENCE_DAYS_KEPT)),
    )
    journal: timedelta | None = timedelta(days=JOURNAL_DAYS_KEPT)
    journal_bytes: int | None = BYTES_KEPT
    segment_bytes: int | None = BYTES_KEPT
    cleanup_threshold_percent: float = CLEANUP_THRESHOLD_PERCENT
    cleanup_target_percent: float = CLEANUP_TARGET_PERCENT
    devices: tuple[DeviceRetention, ...] = ()

    def keep(self, site: str, device: str, kind: str) -> timedelta:
        """How long media of a kind of a device stay."""
        for one in self.devices:
            if (one.site, one.device) == (site, device):
                return dict(one.media).get(kind, dict(self.media)[kind])
        return dict(self.media)[kind]

    def kept_from(self, kind: str, now: datetime) -> Callable[[str, str], datetime]:
        """The moment, by site and device, before which media of a kind are too old."""
        return lambda site, device: now - self.keep(site, device, kind)

    def keeps(self, kind: str) -> tuple[timedelta, ...]:
        """The lengths of time that media of a kind stay, of whichever device."""
        of_devices = [dict(one.media)[kind] for one in self.devices if kind in dict(one.media)]
        return (dict(self.media)[kind], *of_devices)

    def longest(self) -> tuple[tuple[str, timedelta], ...]:
        """How long media of each kind stay of the device that keeps them longest."""
        return tuple((kind, max(self.keeps(kind))) for kind, _ in self.media)


@dataclass(frozen=True, slots=True)
class ExportPolicy:
    """How long the files of exports are kept, how many bytes they may take together, and how many may wait."""

    keep: timedelta = timedelta(days=EXPORT_DAYS_KEPT)
    bytes: int = BYTES_KEPT
    waiting: int = EXPORTS_WAITING
    waiting_per_person: int = EXPORTS_WAITING_PER_PERSON


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of alerts. The address is a secret: it comes from the environment and is shown nowhere."""

    url: str = field(repr=False)
    timeout_s: float = 5.0
    """For a whole post, from the connection to the answer."""
    name: str = "webhook"


MailSecurity = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server, and as whom to sign in; without a user nobody signs in."""

    host: str
    port: int
    security: MailSecurity
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = 30.0
    """For a whole mail, from the connection to the answer."""


@dataclass(frozen=True, slots=True)
class MailDelivery:
    """A person who gets alerts by e-mail. `name` is the name of the receiver; `page` is where its links lead."""

    name: str
    server: MailServer
    sender: str
    recipient: str
    page: str | None = None


@dataclass(frozen=True, slots=True)
class ClickHouseServer:
    """A ClickHouse server, and as whom to log in. Generations of rows stand in `database_N`."""

    host: str
    port: int = 9000
    database: str = "warehouse"
    user: str = "default"
    password: str = field(default="", repr=False)
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Mosaic:
    """Settings of the minute tiles: pixels of a cell where there are few, the best JPEG quality, the bytes that the
    mosaic of nine devices may take, the shape of the screen that shows it, and how long a minute waits for late media.
    Of past days one mosaic in some minutes stays, for some days; for none with 0.
    """

    cell_width: int = 400
    cell_height: int = 300
    quality: int = 85
    bytes_of_nine: int = MOSAIC_BYTES
    wall: tuple[int, int] | None = None
    grace_s: float = 3.0
    past_every_minutes: int = PAST_EVERY_MINUTES
    past_days: int = PAST_DAYS


@dataclass(frozen=True, slots=True)
class HubConfig:
    """Everything that a consumer may depend on besides the journal; `archive` opens a reader for one thread.

    Media older than the disk keeps are in `cold`, where there is one.
    Without a `warehouse` rows are kept by the process of the gateway, under `data`; without a `journal` that is there
    too, in files that the processes of one machine can read.
    """

    data: Path
    archive: Callable[[], MediaReader]
    retention: RetentionPolicy = RetentionPolicy()
    exports: ExportPolicy = ExportPolicy()
    mosaic: Mosaic = Mosaic()
    webhooks: tuple[Webhook, ...] = ()
    mails: tuple[MailDelivery, ...] = ()
    warehouse: ClickHouseServer | None = None
    journal: ClickHouseServer | None = None
    triggers: tuple[str, ...] = ()
    cold: ColdStorage | None = None
    tile_bucket: TileBucket | None = None
    media_check: timedelta | None = timedelta(days=MEDIA_CHECK_DAYS)
    """The time between two checks of all media; `None` for never."""
