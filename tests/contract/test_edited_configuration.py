"""Whatever is edited of the configuration, or set of the registry, every view equals the fold of the journal."""

from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from bus_schemas.event import GATEWAY, Event, device_source
from consumers.engine import view_files
from consumers.site_registry import Registered
from consumers.upkeep.verify.run import check
from consumers.views.registry import registry
from tests import builders
from tests.builders import at
from tests.contract.story import picture
from tests.whole_hub import Bus, message_of
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import configured, hub_config

BEGIN = 14 * 3600 - 100.0
"""A while before midnight in UTC, which comes soon after the edit."""
LASTS_S, STEP_S = 90, 10
HEARD_NOTHING_S = 300.0
"""So long the hub has run before, and so long its devices are offline: each minute of it is drawn."""
PICTURE = picture(120)

Config = dict[str, Any]


def camera(device: str, **given: Any) -> Config:
    return {"device": device, "visual": {"kind": "scene", "scene": "visual"}, **given}


def oven(**given: Any) -> Config:
    return {"device": "oven", "name": "Oven", "thermal": {"kind": "scene", "scene": "thermal"}, **given}


def annex(**given: Any) -> Config:
    return {"site": "ANNEX", "name": "Annex", "devices": [camera("hall", name="Hall")], **given}


BASE: Config = {
    "sites": [
        {
            "site": "DEMO",
            "name": "Demo yard",
            "time_zone": "Europe/Berlin",
            "devices": [camera("yard", name="Yard"), camera("gate"), oven()],
        },
        annex(),
    ]
}


@dataclass(frozen=True)
class Edit:
    """A change of the file, what is set over HTTP while the hub runs, and a second change of the file."""

    file: Callable[[Config], object] = lambda config: None
    said: tuple[dict[str, Any], ...] = field(default=())
    then: Callable[[Config], object] | None = None


def both(*edits: Callable[[Config], object]) -> Callable[[Config], object]:
    return lambda config: [edit(config) for edit in edits]


def of_site(index: int = 0, **given: Any) -> Callable[[Config], object]:
    return lambda config: config["sites"][index].update(given)


def of_device(index: int = 0, **given: Any) -> Callable[[Config], object]:
    return lambda config: config["sites"][0]["devices"][index].update(given)


def rules(**given: float) -> Callable[[Config], object]:
    return lambda config: config.update(alerts={"rules": given})


def without_device(config: Config) -> None:
    config["sites"][0]["devices"].pop(0)


def without_site(config: Config) -> None:
    config["sites"].pop()


def move_to_the_annex(config: Config) -> None:
    config["sites"][1]["devices"].append(config["sites"][0]["devices"].pop(0))


def add(*devices: Config) -> Callable[[Config], object]:
    return lambda config: config["sites"][0]["devices"].extend(devices)


def as_it_was(config: Config) -> None:
    config.clear()
    config.update(deepcopy(BASE))


LAWN = {"name": "lawn", "points": [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0]], "restricted": True}
HINGE = {"name": "hinge", "coordinates": [[2, 2], [8, 8]]}
EVERY_RULE = rules(
    offline_after_s=60, hot_spot_c=50, hot_spot_hysteresis_c=0, raise_share=0.2, raise_window_s=5, clear_after_s=0,
    hot_spot_clear_s=0, storage_low_percent=1, storage_critical_percent=2, storage_hysteresis_percent=0, cool_down_s=0,
)  # fmt: skip

EDITS: dict[str, Edit] = {
    "nothing": Edit(),
    "the names of a site and of its devices": Edit(
        both(of_site(name="The yard"), of_device(name="Back yard"), of_device(1, name="Gate"), of_device(2, name=None))
    ),
    "two devices exchange their names, and then their places": Edit(
        both(of_device(name="Oven"), of_device(2, name="Yard")),
        then=lambda config: config["sites"][0]["devices"].reverse(),
    ),
    "names as long as they may be": Edit(both(of_site(name="🙂" * 128), of_device(name="y" * 128))),
    "time zones, to where it is the next day, and the first of a site": Edit(
        both(of_site(time_zone="Asia/Tokyo"), of_site(1, time_zone="Pacific/Auckland"))
    ),
    "a time zone, and back": Edit(of_site(time_zone="America/Los_Angeles"), then=as_it_was),
    "a sensor for a camera, and its source": Edit(
        of_device(visual={"kind": "v4l2"}, thermal={"kind": "scene", "scene": "thermal"})
    ),
    "a device is removed, and is back": Edit(without_device, then=as_it_was),
    "a device is added, and one that was only heard of": Edit(add(camera("roof"), camera("door", name="Door"))),
    "a device is moved to another site, and back": Edit(move_to_the_annex, then=as_it_was),
    "a site is removed, and is back": Edit(without_site, then=as_it_was),
    "a site is added, before the others": Edit(
        lambda config: config["sites"].insert(0, annex(site="SHED", time_zone="Asia/Kolkata"))
    ),
    "no site at all": Edit(lambda config: config.update(sites=[])),
    "what is set for devices": Edit(
        both(
            of_device(zones=[LAWN], motion={"sensitivity": 50}, picture={"black_percentage": 90}),
            of_device(1, recording={"pre_roll_s": 1}, zones=[LAWN]),
            of_device(2, rois=[HINGE]),
        ),
        then=both(of_device(zones=[]), of_device(2, rois=[], roi_set="substation")),
    ),
    "what the hub does not fold: agents, links, rates, retention, triggers": Edit(
        both(
            of_device(node="node-9", rates={"analysis_fps": 1}),
            lambda config: config.update(
                nodes=[{"node": "DEMO", "bytes_per_s": 5000}],
                hub={"retention_hours": {"capture": 0.01}, "journal_days": 1},
                triggers=["FIRE"],
            ),
        )
    ),
    "some rules": Edit(rules(hot_spot_c=60, offline_after_s=90, raise_window_s=10)),
    "every rule, and back": Edit(EVERY_RULE, then=as_it_was),
    "name and silence of a device that was only heard of": Edit(
        said=(
            {"device": "door", "name": "North door", "silent_after_s": 20},
            {"device": "lift", "expects": "heartbeat"},
        )
    ),
    "a device is retired by the page, and brought back": Edit(
        said=({"retired": True}, {"device": "gate", "retired": True}, {"device": "gate", "retired": False})
    ),
    "a device is retired by the page, and changed in the file": Edit(
        said=({"retired": True},), then=of_device(name="Front yard")
    ),
    "a site is retired by the page, and brought back": Edit(
        said=({"device": None, "retired": True}, {"device": None, "retired": False})
    ),
    "page and file disagree, and then the file changes": Edit(
        said=({"device": None, "time_zone": "Asia/Tokyo"}, {"device": "gate", "name": "Main gate"}),
        then=both(of_site(time_zone="UTC"), of_device(1, name="Gate")),
    ),
    "a site that only the page has": Edit(
        said=(
            {"site": "SHED", "device": None, "name": "Shed", "time_zone": "Asia/Tokyo"},
            {"site": "SHED", "device": "bell", "name": "Bell", "expects": "nothing"},
        )
    ),
}


class Product:
    """The parts of the hub on one data directory, stopped and started again with another configuration."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.second = BEGIN
        self.number = 0
        self.head = 0
        """Up to here the journal is that of before the edit."""

    def start(self, config: Config) -> Bus:
        self.number += 1
        self.config = WatchpostConfig.model_validate(config)
        return Bus(hub_config(self.config, self.data, {}), configured(self.config), self.second)

    def live(self, bus: Bus) -> None:
        """A hot spot, a black picture, and somebody who walks by; agents say their settings at their start."""
        begin, epoch = self.second, f"epoch-{self.number}"
        for site in self.config.sites:
            for device in site.devices:
                said = device.adjustable().model_dump(mode="json")
                about = {"site": site.site, "device": device.device}
                bus.say(builders.settings(at(begin), changed_by="configuration", settings=said, **about), begin)
        for second in range(int(begin), int(begin) + LASTS_S, STEP_S):
            bus.tick(second, uptime_s=HEARD_NOTHING_S + second - BEGIN)
            events = events_at(second, epoch, is_bad=second - begin < LASTS_S / 2)
            bus.take([message_of(event, PICTURE) for event in events], second + 0.2)
            if second % 60 == 0:
                bus.fold(second + 0.5)
        self.second += LASTS_S
        bus.fold(self.second)


def events_at(second: float, epoch: str, *, is_bad: bool) -> Iterator[Event]:
    moment = at(second)
    for device in ("yard", "gate"):
        thumbnail = builders.media(moment, PICTURE, device=device)
        yield thumbnail
        yield builders.frame(moment, device=device, blackscreen=is_bad, media=(thumbnail.data.key,))
        yield builders.motion(moment, device=device)
    yield builders.segment(moment, device="yard")
    yield builders.thermal(moment, device="oven", hottest=90.0 if is_bad else 55.0)
    yield builders.frame(moment, site="ANNEX", device="hall")
    yield builders.detection(moment, device="door")
    yield builders.health(moment, "degraded" if is_bad else "healthy", device="gate")
    yield builders.heartbeat(moment, device=f"node-{epoch}")


def say(bus: Bus, second: float, given: dict[str, Any]) -> None:
    """As the gateway publishes what the page asks for."""
    site = given.get("site", "DEMO")
    said = {"device": "yard", **given, "origin": "page", "by": "ada", "request_id": f"request {second}"}
    bus.say(builders.registry(at(second), source=device_source(site, GATEWAY), **said), second)
    bus.fold(second)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """What every row begins with, run once."""
    product = Product(tmp_path_factory.mktemp("before"))
    with closing(product.start(BASE)) as bus:
        product.live(bus)
        product.head = bus.head
    return product


@pytest.fixture
def product(before: Product, tmp_path: Path) -> Product:
    copy = Product(copytree(before.data, tmp_path / "data", symlinks=True))
    copy.second, copy.number, copy.head = before.second, before.number, before.head
    return copy


def registered(data: Path, upto: int) -> Registered:
    with closing(view_files.open_view(data, "registry")) as view:
        return registry(view, upto)


def faults(product: Product) -> list[str]:
    """What `watchpost verify` finds with the configuration of now; that it compared everything is part of it."""
    found = list(check((), hub_config(product.config, product.data, {}), lambda part, done, of: None))
    return [f"{one.part}: {text}" for one in found for text in (*one.faults, *one.uncompared, *one.left_out)]


@pytest.mark.parametrize("name", EDITS)
def test_after_an_edit_every_view_equals_the_fold_of_the_journal(product: Product, name: str) -> None:
    edit, config = EDITS[name], deepcopy(BASE)
    known = registered(product.data, product.head)
    edit.file(config)
    with closing(product.start(config)) as bus:
        for given in edit.said:
            say(bus, product.second, given)
        product.live(bus)
    if edit.then is not None:
        edit.then(config)
        with closing(product.start(config)) as bus:
            product.live(bus)

    assert faults(product) == []
    assert registered(product.data, product.head) == known
