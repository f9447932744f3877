"""Two sites whose names, clocks, incidents and devices are as odd as they may be, in the first hour of a year."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import simplejpeg

from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from consumers.alerting.rules import AlertRules
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from tests.builders import frame, incident, media, registry, tick

NEWEST = datetime(2026, 12, 31, 23, 20, tzinfo=UTC)
"""The first minutes of 2027 at the one site, and the early afternoon of that day at the other, three quarters off."""
NOW = NEWEST + timedelta(seconds=75)
MINUTES = 300
LONG = "Nordwestliche Laderampe der Halle mit den drei alten Transformatoren und dem Tor nach Osten unten links"
NAMES = {
    "plain": "Gate",
    "arabic": "بوابة الشمال 3",
    "persian": "دوربین\u200cها",  # noqa: RUF001 - letters of Persian
    "hebrew": "שער (2)",
    "thai": "ประตูน้ำที่กำลังซ่อม",
    "emoji": "👩\u200d🔧 Werk 🚧",
    "long": LONG,
    "unbroken": "W" * 128,
    "markup": "<b>Gate</b> & 'co' \"x\"",
    "same-1": "Gate",
    "late": "Added at noon",
    "gone": "Retired at noon",
}
CONFIGURED = Configured(
    (
        ConfiguredSite("ODD", "Überlingen ⚡", "Europe/Berlin", tuple(ConfiguredDevice(*one) for one in NAMES.items())),
        ConfiguredSite("CHATHAM", "Rēkohu", "Pacific/Chatham", (ConfiguredDevice("pier", "Pier"),)),
    ),
    AlertRules().values(),
)
INCIDENTS = 3000


def happened() -> Iterator[Event]:
    """Five hours, in which a device was added, another one retired, and a site renamed; and thousands of incidents."""
    begin = NEWEST - timedelta(minutes=MINUTES)
    changes = {
        150: [registry(begin + timedelta(minutes=150), site="ODD", device="gone", retired=True)],
        160: [registry(begin + timedelta(minutes=160), site="CHATHAM", device=None, name="Rēkohu / Wharekauri")],
    }
    for minute in range(MINUTES):
        at = begin + timedelta(minutes=minute)
        yield from changes.get(minute, ())
        for device in NAMES:
            if (device == "late" and minute < 150) or (device == "gone" and minute >= 150):
                continue
            yield frame(at + timedelta(seconds=1), site="ODD", device=device, blackscreen=device == "thai")
        yield frame(at + timedelta(seconds=1), site="CHATHAM", device="pier")
        for number in range(INCIDENTS // MINUTES):
            second = at + timedelta(seconds=2 + number)
            name = f"incident-{minute}-{number}"
            given = {"site": "ODD", "device": "arabic", "incident_id": name}
            yield incident(second, "freeze", **given)
            yield incident(second + timedelta(milliseconds=500), "freeze", "closed", **given)
        yield tick(at + timedelta(seconds=64))


def pictures() -> Iterator[tuple[MediaEvent, bytes]]:
    """Of the newest minute."""
    picture: bytes = simplejpeg.encode_jpeg(np.full((180, 320, 3), 120, np.uint8))
    for site, device in (*(("ODD", device) for device in NAMES), ("CHATHAM", "pier")):
        yield media(NEWEST + timedelta(seconds=3), picture, site=site, device=device), picture
