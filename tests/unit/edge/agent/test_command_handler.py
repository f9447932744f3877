"""Whatever is asked of a device, the agent answers, and does it once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory
from threading import Event as Flag
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.node import Command, CommandEvent, SettingsEvent
from bus_schemas.settings import AdjustableSettings, MotionSettings, PictureSettings, Roi, Thresholds, Zone
from bus_schemas.topics import command_topic
from edge.agent.command_actions import REOPENED_WITHIN_S, span_words
from edge.agent.command_handler import CommandHandler
from edge.agent.context import AgentContext
from edge.agent.device import DeviceRunner
from edge.agent.event_emitter import EventEmitter
from edge.agent.pending_commands import PendingCommands
from edge.agent.settings import DeviceSettings
from edge.agent.settings_store import SettingsStore
from edge.agent.settings_trial import trouble_with
from edge.agent.source_settings import SceneSourceSettings
from producer.clock import DisciplinedClock
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.outbox.tables import connect
from producer.relay.bus_messages import Incoming, Outgoing
from tests.examples import examples
from tests.node_parts import NOON

SENSOR = DeviceSettings(site="YARD", device="SENSOR", thermal=SceneSourceSettings(kind="scene", scene="thermal"))
ROI = {"name": "lid", "coordinates": [[1, 2], [9, 8]]}


@dataclass
class Handling:
    """An agent's device that takes requests, and what it said."""

    folder: Path
    outbox: Outbox
    said: list[Outgoing] = field(default_factory=list)
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.emitter = EventEmitter(self.outbox, DisciplinedClock(utc_now), [SENSOR.source])
        self.begin()

    def begin(self) -> None:
        """As the agent does when it is started again."""
        self.store = SettingsStore(self.folder / "yard.json", [SENSOR.source])
        context = AgentContext(utc_now, Flag().wait, {}, NOON)
        current = self.store.current(SENSOR.source, SENSOR.adjustable())
        event_factory = self.emitter.event_factories[SENSOR.source]
        self.device = DeviceRunner(SENSOR, current, event_factory, context, self.emitter.put, lambda *_, **__: None)
        devices = {(SENSOR.site, SENSOR.device): self.device}
        snapshots = PendingCommands(lambda: self.now_s)
        self.handler = CommandHandler(devices, self.store, self.emitter, self.said.append, context, snapshots)

    def ask(self, name: str, payload: bytes, *, retained: bool = False) -> Command | None:
        """The answer."""
        before = len(self.said)
        topic = command_topic(SENSOR.source, name)
        self.handler.answer(Incoming(topic, payload, "answers", b"42", retained))
        self.now_s += REOPENED_WITHIN_S
        self.handler.poll()
        return Command.model_validate_json(self.said[-1].payload) if len(self.said) > before else None

    def events(self) -> list[Event]:
        self.emitter.put([], durable=True)
        self.outbox.put(durable=True)
        return list(
            read_stored(
                [
                    body
                    for (body,) in connect(self.folder / "o.sqlite").execute(
                        "select body from outbox_event order by position"
                    )
                ]
            )
        )


@contextmanager
def handling() -> Iterator[Handling]:
    with TemporaryDirectory() as folder, Outbox(Path(folder) / "o.sqlite", utc_now) as outbox:
        yield Handling(Path(folder), outbox)


def asked(request_id: str, **sections: Any) -> bytes:
    return json.dumps({"request_id": request_id, "by": "Ada", "settings": sections}).encode()


def test_a_request_is_carried_out_once_and_its_repeats_get_the_same_answer_also_after_a_restart() -> None:
    with handling() as at:
        first = at.ask("settings", asked("r1", rois=[ROI]))
        at.ask("settings", asked("r2", rois=[]))
        again = at.ask("settings", asked("r1", rois=[ROI]))
        at.begin()
        later = at.ask("settings", asked("r1", rois=[ROI]))
        events = at.events()

        assert first is not None
        assert first.state == "done"
        assert first == again == later
        assert at.device.adjustable.rois == ()
        assert [event.data.request_id for event in events if isinstance(event, SettingsEvent)] == ["r1", "r2"]
        assert [event.data.request_id for event in events if isinstance(event, CommandEvent)] == ["r1", "r2"]


def test_the_answer_of_a_snapshot_names_the_picture() -> None:
    with handling() as at:
        at.device.capture_now = lambda then: then("YARD/SENSOR/thermal/t-1")  # type: ignore[method-assign]  # put in place of the real one
        answer = at.ask("snapshot", asked("s1"))
        again = at.ask("snapshot", asked("s1"))
        events = at.events()

        assert answer is not None
        assert (answer.state, answer.media) == ("done", ("YARD/SENSOR/thermal/t-1",))
        assert again == answer
        assert [event.data.media for event in events if isinstance(event, CommandEvent)] == [answer.media]


def test_a_snapshot_that_nobody_can_take_has_failed_and_says_so() -> None:
    with handling() as at:
        at.handler.answer(Incoming(command_topic(SENSOR.source, "snapshot"), asked("s1"), "answers"))
        at.handler.answer(Incoming(command_topic(SENSOR.source, "snapshot"), asked("s1"), "answers"))
        at.handler.poll()
        assert at.said == []
        at.now_s = REOPENED_WITHIN_S
        at.handler.poll()

        (said,) = at.said
        answer = Command.model_validate_json(said.payload)
        assert (answer.state, answer.detail) == ("failed", "no picture came within 5 s")


def asking(request_id: str, **arguments: Any) -> bytes:
    return json.dumps({"request_id": request_id, "by": "Ada", "arguments": arguments}).encode()


def test_an_agent_that_is_asked_to_start_again_answers_first() -> None:
    with handling() as at:
        answer = at.ask("restart_agent", asking("a1"))

        assert answer is not None
        assert answer.state == "done"
        assert at.handler.restart_asked


def test_who_identifies_itself_says_which_agent_and_machine_it_is() -> None:
    with handling() as at:
        answer = at.ask("identify", asking("i1", seconds=1))

        assert answer is not None
        assert answer.state == "done"
        assert gethostname() in (answer.detail or "")


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("record", {}, "'record' is not known here; known are settings, snapshot, reconnect"),
        ("night_mode", {"night": True}, "'night_mode' is not known here"),
        ("identify", {"seconds": 0}, "seconds"),
        ("identify", {"colour": "red"}, "colour"),
        ("restart_agent", {"hard": True}, "hard"),
        ("reconnect", {}, "nothing came within 20 s: "),
    ],
)
def test_what_a_device_cannot_do_it_refuses_with_the_reason(name: str, arguments: Any, reason: str) -> None:
    with handling() as at:
        answer = at.ask(name, asking("x1", **arguments))

        assert answer is not None
        assert answer.state == "failed"
        assert reason in (answer.detail or "")
        assert not at.handler.restart_asked


def test_a_retained_command_is_ignored_and_that_is_logged_once() -> None:
    with handling() as at, capture_logs() as logs:
        for _ in range(3):
            assert at.ask("settings", asked("r1", rois=[ROI]), retained=True) is None

        assert at.device.adjustable == SENSOR.adjustable()
        assert [line["event"] for line in logs] == ["retained command ignored"]


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({"rois": [ROI | {"name": "  "}]}, "rois.0.name"),
        ({"rois": [ROI | {"name": "x" * 10_000}]}, "64 characters"),
        ({"rois": [ROI | {"weight": float("inf")}]}, "finite"),
        ({"rois": [ROI | {"thresholds": {"warning": float("nan")}}]}, "finite"),
        ({"zones": [{"name": "a", "points": [[0, 0], [0.5, 0.5], [1, 1]]}]}, "no area"),
        ({"zones": [{"name": str(n), "points": [[0, 0], [0, 1], [1, 1]]} for n in range(65)]}, "64 items"),
        ({"motion": {"min_area": 99_999}}, "10000"),
        ({"picture": {"freeze_seconds": 1e300}}, "3600"),
    ],
)
def test_settings_that_no_analysis_can_use_are_refused_and_the_old_ones_stay(
    sections: dict[str, Any], reason: str
) -> None:
    with handling() as at:
        at.ask("settings", asked("r1", motion={"sensitivity": 60}))
        before = at.device.adjustable
        answer = at.ask("settings", asked("r2", **sections))
        at.begin()

        assert answer is not None
        assert answer.state == "failed"
        assert reason in (answer.detail or "")
        assert at.device.adjustable == before
        assert at.device.adjustable.motion.sensitivity == 60


def test_points_that_contradict_each_other_are_refused_and_kept_where_they_were_taken_before() -> None:
    visual, thermal = (
        [[0.65, 0.27], [0.7, 0.94], [0.13, 0.86], [0.06, 0.38]],
        [[0.51, 0.0], [0.76, 0.91], [0.06, 0.84], [0.28, 0.37]],
    )
    fusion = {"alignment": {"by": "points", "visual": visual, "thermal": thermal}}
    with handling() as at:
        answer = at.ask("settings", json.dumps({"request_id": "r1", "settings": {"fusion": fusion}}).encode())

    assert answer is not None
    assert (answer.state, "the points contradict each other" in (answer.detail or "")) == ("failed", True)
    assert trouble_with(AdjustableSettings.model_validate_json(json.dumps({"fusion": fusion}))) is None


def test_settings_that_cannot_be_kept_are_taken_back() -> None:
    with handling() as at:
        before = at.device.adjustable
        (at.folder / "yard.json.new").mkdir()
        answer = at.ask("settings", asked("r1", rois=[ROI]))

        assert answer is not None
        assert "cannot be kept" in (answer.detail or "")
        assert at.device.adjustable == before
        assert [event for event in at.events() if isinstance(event, SettingsEvent)] == []


def test_an_answer_goes_to_no_topic_that_a_publisher_may_not_use() -> None:
    with handling() as at:
        for topic in ("answers/#", "+", "", "x" * 2000):
            at.handler.answer(Incoming(command_topic(SENSOR.source, "snapshot"), b"{}", topic))

        assert at.said == []


class Raw(str):
    """A number as it stands in JSON."""


NUMBERS = st.sampled_from(["1e400", "-1e400", "1e300", "NaN", "Infinity", "-0", "9" * 30, "0.1", "7"]).map(Raw)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["", "  ", "\0", "x" * 10_000, "\ud800", "lid", "a/../b"]))
SECTION_NAMES = ["rois", "zones", "motion", "picture"]
FIELD_NAMES = [name for part in (Roi, Zone, MotionSettings, PictureSettings, Thresholds) for name in part.model_fields]
KEYS = st.one_of(st.sampled_from(SECTION_NAMES + FIELD_NAMES), TEXTS)
JSON = st.recursive(
    st.one_of(NUMBERS, TEXTS, st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)
ROIS = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "coordinates": st.lists(st.lists(st.integers(-2, 40), min_size=2, max_size=2), min_size=2, max_size=2),
    },
    optional={"weight": NUMBERS, "emissivity": NUMBERS, "thresholds": JSON, "visual_coordinates": JSON},
)
SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "rois": st.one_of(JSON, st.lists(ROIS, max_size=3)),
        "zones": st.one_of(JSON, st.lists(st.fixed_dictionaries({"name": TEXTS, "points": JSON}), max_size=3)),
        "motion": st.one_of(JSON, st.fixed_dictionaries({}, optional={"sensitivity": NUMBERS, "min_area": NUMBERS})),
        "picture": st.one_of(JSON, st.fixed_dictionaries({}, optional={"black_percentage": NUMBERS})),
    },
)


def raw_json(value: Any) -> str:
    """As JSON, with the numbers that Python would not write."""
    match value:
        case Raw():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{raw_json(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ",".join(map(raw_json, value)) + "]"
    return json.dumps(value)


@examples(50)
@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from(["settings", "snapshot", "restart"]), st.one_of(SECTIONS, JSON), st.binary(max_size=40)
        ),
        min_size=1,
        max_size=3,
    )
)
def test_no_request_stops_an_agent_and_each_one_is_answered(requests: list[tuple[str, Any, bytes]]) -> None:
    with handling() as at:
        for number, (name, sections, junk) in enumerate(requests):
            body = f'{{"request_id": "r{number}", "settings": {raw_json(sections)}}}'.encode(errors="surrogatepass")
            deep = b'{"request_id": "d", "settings": ' + b"[" * 5000 + b"]" * 5000 + b"}"
            answers = [at.ask(name, payload) for payload in (body, junk, deep)]
            assert all(answer is not None and (answer.state == "done" or answer.detail) for answer in answers)
        at.begin()

        assert at.store.trouble(SENSOR.source) is None
        assert trouble_with(at.device.adjustable) is None
        assert AdjustableSettings.model_validate_json(at.device.adjustable.model_dump_json()) == at.device.adjustable


@pytest.mark.parametrize(
    ("payload", "watched"),
    [
        (b'{"request_id": "w1"}', [("video", False)]),
        (b'{"request_id": "w1", "arguments": {"kind": "motion"}}', [("motion", False)]),
        (b'{"request_id": "w1", "arguments": {"kind": ["motion"]}}', [(["motion"], False)]),
        (b'{"request_id": "w1", "arguments": {"kind": "video", "from_keyframe": true}}', [("video", True)]),
        (b'{"request_id": "w1", "arguments": {"from_keyframe": "yes"}}', [("video", False)]),
        (b"nothing that can be read", []),
    ],
)
def test_somebody_who_watches_gets_no_answer_and_what_was_asked_for(payload: bytes, watched: list[object]) -> None:
    with handling() as at:
        found: list[object] = []

        def watch(kind: object, *, from_keyframe: bool = False) -> None:
            found.append((kind, from_keyframe))

        at.device.watch = watch  # type: ignore[method-assign]  # put in place of the real one

        assert at.ask("watch", payload) is None
        assert at.ask("watch", payload, retained=True) is None
        assert found == watched


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (43_200, "12 hours"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (1, "1 second"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert span_words(seconds) == words
