"""Whatever is edited of the configuration, or set of the registry, every view equals the fold of the journal."""

import re
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from shutil import copytree
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from bus_schemas.event import GATEWAY, Event, device_source
from consumers.engine import view_files
from consumers.hub_config import HubConfig
from consumers.site_registry import Registered
from consumers.upkeep.verify.run import check
from consumers.views.registry import registry
from tests import builders
from tests.builders import at
from tests.contract.configuration_edits import BASE, EDITS, ENVIRONMENT, Config
from tests.contract.story import picture
from tests.whole_hub import Bus, message_of
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import configured, hub_config
from watchpost.configuration.stores import ServerJournal, ServerWarehouse

BEGIN = 14 * 3600 - 100.0
"""A while before midnight in UTC, which comes soon after the edit."""
LASTS_S, STEP_S = 90, 10
HEARD_NOTHING_S = 300.0
"""So long the hub has run before, and so long its devices are offline: each minute of it is drawn."""
PICTURE = picture(120)
DELETED = re.compile(r"mosaics: tiles, for \d+ of their pictures are not kept any more")
"""What retention has deleted cannot be drawn again; verify says so."""


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
        return Bus(self.hub, configured(self.config), self.second)

    @property
    def hub(self) -> HubConfig:
        return hub_config(self.config, self.data, ENVIRONMENT, ("webhook",))

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
    found = list(check((), product.hub, lambda part, done, of: None))
    said = [f"{one.part}: {text}" for one in found for text in (*one.faults, *one.uncompared, *one.left_out)]
    return [text for text in said if DELETED.fullmatch(text) is None]


@pytest.mark.thorough
@pytest.mark.parametrize("name", EDITS)
def test_after_an_edit_every_view_equals_the_fold_of_the_journal(product: Product, name: str) -> None:
    edit, config = EDITS[name], deepcopy(BASE)
    known = registered(product.data, product.head)
    edit.file(config)
    with closing(product.start(config)) as bus:
        for given in edit.said:
            say(bus, product.second, given)
        for ask in edit.asked:
            bus.say(ask(at(product.second - LASTS_S)), product.second)
        product.live(bus)
    if edit.then is not None:
        edit.then(config)
        with closing(product.start(config)) as bus:
            product.live(bus)

    assert faults(product) == []
    assert registered(product.data, product.head) == known


ON_SERVERS = {ServerJournal, ServerWarehouse}
"""Another journal has another history: `tests/end_to_end/test_clickhouse.py` edits these, where there is a server."""
Key = tuple[type[BaseModel], str]
"""A section of the configuration, and a key of it."""


def test_every_key_of_every_section_of_the_configuration_is_edited() -> None:
    edited: set[Key] = set()
    for edit in EDITS.values():
        config = deepcopy(BASE)
        for change in (edit.file, edit.then):
            if change is not None:
                change(config)
                edited |= set(_set_keys(WatchpostConfig.model_validate(config)))

    keys = {(model, name) for model in _sections(WatchpostConfig) - ON_SERVERS for name in model.model_fields}
    assert len(keys) > 200
    assert sorted(f"{model.__name__}.{name}" for model, name in keys - edited) == []


def _sections(model: type[BaseModel], known: frozenset[type[BaseModel]] = frozenset()) -> frozenset[type[BaseModel]]:
    """The model, and those of its keys."""
    known |= {model}
    for field in model.model_fields.values():
        for one in _models_in(field.annotation):
            if one not in known:
                known = _sections(one, known)
    return known


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _set_keys(value: Any) -> Iterator[Key]:
    """Those that the file has, wherever they stand."""
    if isinstance(value, BaseModel):
        yield from ((type(value), name) for name in value.model_fields_set)
        value = list(dict(value).values())
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from _set_keys(inner)
