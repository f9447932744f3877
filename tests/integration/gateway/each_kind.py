"""A hub that has one of each kind: of what devices send, of what people ask for, and of what the hub makes of both."""

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import cv2
import numpy as np

from bus_schemas.event import GATEWAY, HUB, Event, device_source, iso
from bus_schemas.media import MediaEvent
from bus_schemas.radiometric import CONTENT_TYPE, RadiometricFrame, encode
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.rules import AlertRules
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.engine.intervals import IntervalQuery
from consumers.engine.view_files import open_view
from consumers.hub_config import HubConfig
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from consumers.store.archive.copies import CopiedRange, add_copy, mark_cold
from consumers.store.archive.index import open_to_write
from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold.settings import ColdStorage, TileBucket
from consumers.store.journal.reader import SqliteJournalReader
from consumers.upkeep.exports import sink as exporter
from consumers.upkeep.exports.order import RESULT, ExportedFile, ExportResult, ExportScope
from consumers.views.mosaics import past_tiles, projection, ring
from gateway.agents.accounts import Accounts
from gateway.agents.service import AgentsSettings
from gateway.agents.signing import SigningKey
from gateway.server import stores_of
from tests import builders
from tests.builders import DEVICE, SITE, at
from tests.eventually import eventually
from tests.integration.gateway.started import NOW, Filled, Started, a_busy_morning, hub_of, pictures
from tests.trial_hub import Past
from watchpost.configuration.enrolment import check

OVEN: Final = "oven"
NODE: Final = "pi-1"
REGION = {"name": "lid", "coordinates": [[8, 8], [16, 16]], "emissivity": 0.8, "thresholds": {"warning": 60.0}}
ZONE = {"name": "door", "points": [[0, 0], [1, 0], [1, 1]]}
PERSON = {"by": "ada", "source": device_source(HUB, GATEWAY)}
MADE = b"what was asked for"
RESULT_TEXT = ExportResult(
    files=(ExportedFile(name="made.mp4", size=len(MADE), sha256=hashlib.sha256(MADE).hexdigest()),), incidents=1
)


@contextmanager
def each_kind_started(data: Path) -> Iterator[Started]:
    """A gateway over such a hub, without a broker: what would change it is looked at, and then refused."""
    with filled_with_each_kind(data) as hub, Started(hub, stores=stores_of(hub), agents=agents_of(data)) as started:
        yield started


@contextmanager
def filled_with_each_kind(data: Path) -> Iterator[HubConfig]:
    """Its journal, which is written to within, and everything that is folded of it."""
    Accounts(agents_of(data).accounts).begin()
    with Filled(data, CONFIGURED, hub_with_everything(data)) as filled:
        with ExitStack() as short_ring:
            for module in (past_tiles, projection, ring):
                short_ring.enter_context(patch.object(module, "RING", 5))
            hub = one_of_each_kind(filled)
        yield hub


def agents_of(data: Path) -> AgentsSettings:
    """How agents are enrolled there."""
    return AgentsSettings(data / "agents" / "accounts", 8884, check, of_the_hub=frozenset({f"{SITE}/gate"}))


def one_of_each_kind(filled: Filled) -> HubConfig:
    """Everything that can be asked for exists in it; what is never asked for again is folded once."""
    events = [*a_busy_morning(), *_heat(), *_agent(filled.hub.data), *_orders()]
    filled.append(*builders.numbered(sorted(events, key=lambda event: event.time)))
    filled.store(*pictures(), *_media()).reject("type is missing").fold()
    _make_exports(filled.hub)
    filled.append(*_of_people(filled.hub.data), *_of_the_hub()).fold()
    _try_rules(filled.hub.data)
    _let_go_of(filled.hub.data, OVEN, "capture")
    return filled.hub


CONFIGURED: Final = Configured(
    (
        ConfiguredSite(
            SITE,
            "Demo yard",
            "Europe/Berlin",
            (
                ConfiguredDevice(DEVICE, "Yard", ("visual", "thermal")),
                ConfiguredDevice("gate", "Gate"),
                ConfiguredDevice(OVEN, "Oven", ("thermal",)),
            ),
        ),
    ),
    AlertRules().values(),
)


def hub_with_everything(data: Path) -> HubConfig:
    bucket = TileBucket(ColdStorage("tiles"), public_url="https://tiles.example")
    return replace(hub_of(data), archive=lambda: ArchiveReader(data / "archive"), tile_bucket=bucket)


def _heat() -> Iterator[Event]:
    """An oven with a region, which becomes too hot and cools down; load, motion, and a second camera that is well."""
    yield builders.settings(at(5), device=OVEN, settings={"rois": [REGION]})
    yield builders.settings(at(5), settings={"zones": [ZONE], "motion": {"sensitivity": 30}})
    yield builders.settings(at(50), settings={"motion": {"sensitivity": 40}})
    for second in range(10, 600, 5):
        yield builders.thermal(at(second), device=OVEN, hottest=99.0 if 100 <= second < 200 or second > 500 else 40.0)
    for second in range(10, 600, 30):
        yield builders.reading(at(second), 300.0 + second, device="feeder")
    for second in range(300, 600, 4):
        yield builders.frame(at(second), device="gate")
    yield builders.motion(at(56), phase="start")
    yield builders.motion(at(60))
    yield builders.snapshot(at(62))


def _agent(data: Path) -> Iterator[Event]:
    """An enrolled agent whose second configuration did not come up."""
    key = SigningKey(data / "agents")
    for second, version in ((10, 1), (200, 2), (300, 3)):
        text = json.dumps({DEVICE: {"fps": version}})
        said = {"configuration": text, "signature": key.sign(NODE, version, text), "devices": [f"{SITE}/{DEVICE}"]}
        yield builders.agent(at(second), state="configured", version=version, **said, **PERSON)
    yield builders.agent(at(20), state="code_issued", version=None, expires=iso(at(920)), **PERSON)
    yield builders.agent(at(30), state="enrolled", version=None, user=f"{NODE}.0a1b2c3d", **PERSON)
    yield builders.agent(at(40))
    yield builders.agent(at(260), state="refused", version=2, reason="it did not come up within 60 s")
    yield builders.agent(at(310), version=3)
    yield builders.heartbeat(at(311), device="node-1")
    yield builders.state(at(311), device="node-1")


def _orders() -> Iterator[Event]:
    """What people ask for that needs no id of the hub's own."""
    yield builders.asked(at(90))
    yield builders.asked(at(92), request_id="r-2")
    yield builders.recorder(at(93))
    yield builders.recording(at(100))
    yield builders.annotation(at(110), id="note-1")
    yield builders.hold(at(120))
    yield builders.mute(at(130), types=("freeze",))
    yield builders.export(at(140))
    yield builders.export(at(150), export_id="night", form="zip", report="Night shift", start=at(0), end=at(60))
    yield builders.retention(at(160))
    yield builders.fault(at(170))


def _media() -> Iterator[tuple[MediaEvent, bytes]]:
    hot = np.linspace(20, 95, 768).round(1).tolist()
    frame = encode(RadiometricFrame(32, 24, hot), 0.1)
    picture = cv2.imencode(".jpg", np.full((72, 128, 3), 120, np.uint8))[1].tobytes()
    for second in (60, 120, 590):
        yield (
            builders.media(at(second), frame, kind="thermal", device=OVEN, id=f"f{second}", content_type=CONTENT_TYPE),
            frame,
        )
        for device in (DEVICE, OVEN):
            taken = {"kind": "capture", "device": device, "id": f"c{second}{device}"}
            yield builders.media(at(second + 1), picture, **taken), picture
    for second in range(300, 420, 10):
        yield builders.media(at(second), picture, id=f"p{second}"), picture


def _of_people(data: Path) -> Iterator[Event]:
    """What they say of the first incident and the first alert that the hub has opened by its rules."""
    with closing(open_view(data, AlertingProjection.name)) as view:
        opened = incidents(view, IntervalQuery(site=SITE, limit=20))
        raised = alerts(view, IntervalQuery(site=SITE, limit=20))
    of = {"alert_id": raised[0]["id"], "of": raised[0]["type"], "device": raised[0]["device"], "by": "ada"}
    yield builders.alert(at(595), "acknowledged", source=device_source(SITE, GATEWAY), **of)
    yield builders.review(at(596), incidents=(opened[0]["id"],), comment="It was the cleaner.", id="review-1")


def _of_the_hub() -> Iterator[Event]:
    made = {"file": "made.mp4", "size": len(MADE), "sha256": hashlib.sha256(MADE).hexdigest()}
    yield builders.export(at(597), "done", start=at(140), end=at(440), **made)
    report = {"form": "zip", "report": "Night shift", "start": at(0), "end": at(60), "incidents": 1}
    yield builders.export(at(598), "done", export_id="night", **report)


def _make_exports(hub: HubConfig) -> None:
    """A process that leaves one file, in place of those that draw and encode."""
    program = (
        "import json, pathlib, sys; order = json.loads(sys.stdin.read());"
        "to = pathlib.Path(order['data'], 'exports', order['export']['export_id']);"
        f"(to / 'made.mp4').write_bytes({MADE!r}); (to / 'report.html').write_bytes({MADE!r});"
        f"(to / {RESULT!r}).write_text({RESULT_TEXT.model_dump_json()!r})"
    )
    command = (sys.executable, "-S", "-c", program)
    with (
        closing(SqliteJournalReader(hub.data / "journal")) as reader,
        patch.object(exporter, "REPORT_COMMAND", command),
    ):
        made = exporter.ExportSink(ExportScope.of(hub), lambda: NOW, command)
        sink = Deliverer(made, ConsumerContext(hub.data, reader, lambda: NOW))
        sink.advance()

        def are_made() -> bool:
            sink.idle()
            return _is_made(hub.data)

        eventually(are_made, 60, "both exports")
        sink.close()


def _is_made(data: Path) -> bool:
    with closing(open_view(data, exporter.ExportSink.name)) as state:
        found: list[Any] = state.execute("select state from jobs").fetchall()
    return {state for (state,) in found} == {"done"}


def _try_rules(data: Path) -> None:
    """A trial that found something else than the rules in force."""
    past = Past(data)
    past.run(past.asked(at(0), at(540), site=SITE, rules={"hot_spot_c": 30.0}))


def _let_go_of(data: Path, device: str, kind: str) -> None:
    """The media of a kind are in a bucket alone, which does not answer."""
    with closing(open_to_write(data / "archive")) as index, index:
        packs = index.execute(
            "select pack, copied from packs join series using (series) where device = ? and kind = ?", (device, kind)
        )
        for pack, first in packs.fetchall():
            add_copy(index, pack, CopiedRange("packs/gone.pack", first, 1_000_000, 1_000_000, bytes(32)), is_hot=True)
            mark_cold(index, pack)
