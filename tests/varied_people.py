"""What people do at a site, by chance: they change the registry and the rules, mute, acknowledge and review."""

from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import Any

from bus_schemas.event import GATEWAY, Event, device_source
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine.intervals import IntervalQuery
from consumers.engine.view_files import NoView, open_view
from tests import builders
from tests.builders import SITE, at
from tests.whole_hub import Bus

DEVICES = ("yard", "oven", "roof", "door", "lamp", "beacon", "attic")
TYPES = ("offline", "blackscreen", "hot_spot", "degraded", "storage")
RULES = {
    "offline_after_s": (30, 90),
    "hot_spot_c": (60, 80, 110),
    "hot_spot_clear_s": (0, 30),
    "clear_after_s": (0, 5),
    "raise_window_s": (5, 30),
    "cool_down_s": (0, 60, 300),
    "memory_percent": (60, 95),
    "machine_after_s": (0, 60),
}
ZONES = ("Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "UTC")


class People:
    """One thing each time that they are asked."""

    def __init__(self, bus: Bus, chance: Random) -> None:
        self._bus = bus
        self._chance = chance

    def act(self, second: int) -> None:
        acts: tuple[Callable[[int], None], ...] = (
            self._register, self._register, self._register, self._of_site, self._rule, self._mute, self._acknowledge,
            self._review,
        )  # fmt: skip
        self._chance.choice(acts)(second)

    def _say(self, event: Event, second: int) -> None:
        self._bus.say(event, second + 0.4)

    def _register(self, second: int) -> None:
        device = self._chance.choice(DEVICES)
        given: dict[str, Any] = self._chance.choice(
            (
                {"retired": True},
                {"retired": False},
                {"retired": False},
                {"name": f"The {device} of second {second}"},
                {"expects": self._chance.choice(("frames", "readings", "heartbeat", "nothing"))},
                {"silent_after_s": self._chance.choice((0, 30, 90))},
                {"kinds": self._chance.choice((("visual",), ("thermal",), ("visual", "thermal")))},
            )
        )
        self._change({"device": device, **given}, second)

    def _of_site(self, second: int) -> None:
        given = self._chance.choice(({"name": f"Yard of second {second}"}, {"time_zone": self._chance.choice(ZONES)}))
        self._change({"device": None, **given}, second)

    def _change(self, given: dict[str, Any], second: int) -> None:
        said = {**given, "origin": "page", "by": "ada", "request_id": f"request {second}"}
        self._say(builders.registry(at(second), source=device_source(SITE, GATEWAY), **said), second)

    def _rule(self, second: int) -> None:
        """As ingest publishes it after a change of the configuration."""
        name = self._chance.choice(sorted(RULES))
        self._bus.record(builders.rules(at(second), in_force={name: self._chance.choice(RULES[name])}), second)

    def _mute(self, second: int) -> None:
        devices = tuple(self._chance.sample(DEVICES, self._chance.choice((0, 1, 2))))
        types = tuple(self._chance.sample(TYPES, self._chance.choice((0, 1, 2))))
        given: dict[str, Any] = {"mute_id": f"mute-{second}", "devices": devices, "types": types}
        given |= {"start": at(second), "end": at(second + self._chance.choice((20, 60, 600)))}
        self._say(builders.mute(at(second), **given), second)

    def _acknowledge(self, second: int) -> None:
        known = self._found(lambda view: alerts(view, IntervalQuery(site=SITE, limit=20)))
        if known is not None:
            said = {"alert_id": known["id"], "of": known["type"], "device": known["device"], "by": "ada"}
            said["withdrawn"] = known["acknowledged"] is not None
            event = builders.alert(at(second), "acknowledged", source=device_source(SITE, GATEWAY), **said)
            self._say(event, second)

    def _review(self, second: int) -> None:
        known = self._found(lambda view: incidents(view, IntervalQuery(site=SITE, limit=20)))
        if known is not None:
            action = self._chance.choice(("reviewed", "discarded", "reopened"))
            said = {"incidents": (known["id"],), "comment": "It was the cleaner."}
            self._say(builders.review(at(second), action, **said), second)

    def _found(self, ask: Callable[[Any], Any]) -> Any:
        """One of the newest; nothing where there is none yet."""
        try:
            view = open_view(self._bus.hub.data, AlertingProjection.name)
        except NoView:
            return None
        with closing(view):
            found = ask(view)
        return self._chance.choice(found) if found else None
