"""A product without cameras: what happens there is what a test publishes, and when."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bus_schemas.catalogue import short_name
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from tests.builders import SITE, settings, thermal
from tests.eventually import eventually
from tests.product import Product, running

KILN = "KILN"
CONFIG = """
sites:
  - site: DEMO
    name: Demo yard
    time_zone: Europe/Berlin
alerts:
  rules:
    offline_after_s: 86400
    cool_down_s: 1
"""
"""Nobody is missed here, and nobody is spared an alert: hours of the kiln pass within seconds."""


@dataclass(frozen=True)
class ScriptedProduct:
    product: Product
    client: httpx.Client

    @property
    def address(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.client.get(path, params=parameters)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def publish(self, event: Event) -> None:
        """And wait until the journal has it."""
        topic = f"watchpost/v1/{SITE}/{KILN}/event/{short_name(event.type)}"
        command = ["mosquitto_pub", "-p", str(self.product.mqtt_port()), "-q", "1", "-t", topic, "-s"]
        subprocess.run(command, input=to_bytes(event), check=True, timeout=20)

        def in_journal() -> bool:
            newest = self.get("/api/v1/events", site=SITE, device=KILN, order="desc", limit=5)["events"]
            return any(row["event"]["id"] == event.id for row in newest)

        eventually(in_journal, 20, "the event in the journal")

    def measured(self, before_s: float, hottest: float) -> None:
        """The kiln tells what it measured so long before now."""
        time = datetime.now(UTC) - timedelta(seconds=before_s)
        self.publish(thermal(time, hottest=hottest, device=KILN, regions=(), hot_spots=()))

    def sensitive(self, sensitivity: int) -> None:
        """The kiln tells what is set for its motion."""
        self.publish(settings(datetime.now(UTC), device=KILN, settings={"motion": {"sensitivity": sensitivity}}))

    def alerts(self, state: str) -> list[dict[str, Any]]:
        """Of heat, newest first."""
        found: list[dict[str, Any]] = self.get("/api/v1/alerts", site=SITE, device=KILN, state=state)["alerts"]
        return [alert for alert in found if alert["type"] == "hot_spot"]


@contextmanager
def start_scripted(directory: Path) -> Iterator[ScriptedProduct]:
    config = directory / "watchpost.yaml"
    config.write_text(CONFIG)
    with running(directory / "data", ["--config", str(config)]) as (product, client):
        yield ScriptedProduct(product, client)


@dataclass(frozen=True)
class Day:
    """Moments between which something happened to the kiln: first it was calm, then hot, then calm again."""

    calm: datetime
    hot: datetime
    over: datetime


def a_hot_day(by: ScriptedProduct, apart_s: float = 4) -> Day:
    """The kiln is rather warm once, for which nobody is told; it becomes hot, Mara takes note of it, and it cools down.

    Each of it lasts a while, to be aimed at.
    """
    for before_s, hottest in ((600, 78), (560, 40), (520, 40), (300, 40)):
        by.measured(before_s, hottest)
    by.sensitive(40)
    calm = _a_while_from_now(apart_s)
    by.measured(200, 96)
    alert = eventually(lambda: by.alerts("open"), 20, "an alert")[0]
    hot = _a_while_from_now(apart_s)
    eventually(lambda: by.get(f"/api/v1/sites/{SITE}/devices")["devices"], 20, "what the health of devices is")
    by.client.post(f"/api/v1/alerts/{alert['id']}/acknowledge", json={"by": "Mara"}).raise_for_status()
    by.sensitive(60)
    for before_s in (120, 60):
        by.measured(before_s, 40)
    eventually(lambda: by.alerts("closed"), 20, "the end of the alert")
    return Day(calm, hot, _a_while_from_now(apart_s))


def _a_while_from_now(seconds: float) -> datetime:
    """The middle of a stretch in which nothing happens; returns when it is over."""
    began = datetime.now(UTC)
    eventually(lambda: datetime.now(UTC) - began >= timedelta(seconds=seconds), seconds + 5)
    return began + timedelta(seconds=seconds / 2)
