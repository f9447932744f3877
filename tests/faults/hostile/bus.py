"""Hostile devices and programs on the bus."""

import gzip
import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from tests import builders
from tests.faults.hostile.world import BAD_SITE, CAMERA, GOOD_SITE, METER, Act, Login, Participant, World

PAUSE_S = 0.02
CONNECTS_WITHIN_S = 30.0
Message = tuple[str, bytes]
Make = Callable[[random.Random, datetime], Message]

_BUILDERS: tuple[Callable[..., Event], ...] = (
    builders.frame, builders.motion, builders.detection, builders.thermal, builders.health, builders.heartbeat,
    builders.state, builders.settings, builders.command, builders.segment,
)  # fmt: skip
_NUMBERS = ("1e400", "-1e400", "1e300", "-1e300", "9" * 30, "-1", "NaN", "Infinity", "0.1e-400")
_NAMES = ("", " ", "../../etc", "a/b", "x" * 10_000, "\0", "<script>", "%s%n", "🦊", "total_events")


def disconnected(login: Login | None, client_id: str = "") -> Client:
    client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_queued_messages_set(100)
    if login is not None:
        client.username_pw_set(login.username, login.password)
        client.tls_set_context(login.tls)
    return client


@contextmanager
def connected(port: int, login: Login | None = None) -> Iterator[Client]:
    client = disconnected(login)
    ready = threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.connect_async("127.0.0.1", port if login is None else login.port)
    client.loop_start()
    ready.wait(CONNECTS_WITHIN_S)
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def sending(make: Make, *, pause_s: float = PAUSE_S, retain: bool = False, content_type: str = "") -> Act:
    """Message after message, until the end."""

    def act(world: World, dice: random.Random, stopping: threading.Event) -> None:
        said = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        if content_type:
            said.ContentType = content_type
        with connected(world.mqtt_port) as client:
            while not stopping.wait(pause_s):
                topic, body = make(dice, datetime.now(UTC))
                with suppress(ValueError):
                    client.publish(topic, body, 1, retain=retain, properties=said)

    return act


def device_of(dice: random.Random) -> str:
    return f"BAD{dice.randrange(8)}"


def topic(device: str, name: str, site: str = BAD_SITE) -> str:
    return f"watchpost/v1/{site}/{device}/event/{name}"


def any_event(dice: random.Random, now: datetime, **given: Any) -> tuple[str, dict[str, Any]]:
    """The topic of a random valid event of a hostile device, and its body."""
    event = dice.choice(_BUILDERS)(now, site=BAD_SITE, device=device_of(dice), **given)
    body = json.loads(to_bytes(event))
    device = body["source"].rpartition("/")[2]
    return topic(device, body["type"].split(".")[1]), body


def with_another_leaf(body: Any, dice: random.Random, fits: Callable[[Any], bool], value: Any) -> Any:
    """A copy in which one of the values that fit is another one."""
    places = list(_leaves(body, fits))
    if not places:
        return body
    chosen = dice.choice(places)
    return _replaced(body, chosen, value)


def _leaves(body: Any, fits: Callable[[Any], bool], path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(body, dict | list):
        for key, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield from _leaves(value, fits, (*path, key))
    elif fits(body):
        yield path


def _replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = body.copy()
    copy[path[0]] = _replaced(body[path[0]], path[1:], value)
    return copy


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _huge_number(dice: random.Random, now: datetime) -> Message:
    where, body = any_event(dice, now)
    text = json.dumps(with_another_leaf(body, dice, _is_number, "@number@"))
    return where, text.replace('"@number@"', dice.choice(_NUMBERS)).encode()


def _junk_name(dice: random.Random, now: datetime) -> Message:
    where, body = any_event(dice, now)
    return where, json.dumps(
        with_another_leaf(body, dice, lambda value: isinstance(value, str), dice.choice(_NAMES))
    ).encode()


def _nested(dice: random.Random, now: datetime) -> Message:
    where, body = any_event(dice, now)
    depth = dice.choice((200, 5_000, 100_000))
    return where, json.dumps({**body, "data": "@"}).replace('"@"', "[" * depth + "]" * depth).encode()


def _bomb(dice: random.Random, now: datetime) -> Message:
    where, body = any_event(dice, now)
    shape = dice.choice((b"[" * 8_000_000, b"[{}," * 2_000_000, b'"' + b"x" * 16_000_000))
    del body
    return where, gzip.compress(shape, 9)


def _times(*shifts: timedelta) -> Make:
    def make(dice: random.Random, now: datetime) -> Message:
        where, body = any_event(dice, now + dice.choice(shifts))
        return where, json.dumps(body).encode()

    return make


def _reused_id(dice: random.Random, now: datetime) -> Message:
    where, body = any_event(dice, now)
    return where, json.dumps({**body, "id": f"again-{dice.randrange(3)}"}).encode()


def _flood_of_names(dice: random.Random, now: datetime) -> Message:
    device = device_of(dice)
    names = tuple(f"TRIGGER_{dice.randrange(100_000)}" for _ in range(20))
    event = builders.detection(now, site=BAD_SITE, device=device, event_triggers=names)
    return topic(device, "detection"), to_bytes(event)


def _noise(dice: random.Random, _now: datetime) -> Message:
    return topic(device_of(dice), dice.choice(("frame", "batch", "nothing"))), dice.randbytes(dice.choice((10, 3000)))


def _of_nobody(dice: random.Random, now: datetime) -> Message:
    """A device that is heard once and never again."""
    device = f"ONCE{dice.randrange(200)}"
    return topic(device, "frame"), to_bytes(builders.frame(now, site=BAD_SITE, device=device))


def _in_the_name_of(model: str) -> Make:
    """Says of the good site what only the hub may say, on every topic that one might try."""

    def make(dice: random.Random, now: datetime) -> Message:
        body = json.loads(to_bytes(_forged(model, now)))
        source = dice.choice(
            (f"/sites/{BAD_SITE}/devices/BAD0", f"/sites/{GOOD_SITE}/devices/{CAMERA}", body["source"])
        )
        where = dice.choice((topic("BAD0", model), topic(CAMERA, model, GOOD_SITE)))
        return where, json.dumps({**body, "source": source}).encode()

    return make


def _forged(model: str, now: datetime) -> Event:
    match model:
        case "incident":
            return builders.incident(now, site=GOOD_SITE, device=METER)
        case "alert":
            return builders.alert(now, site=GOOD_SITE, device=METER)
        case "retention":
            return builders.retention(now, site=GOOD_SITE, device=CAMERA)
    return builders.gap(now, site=GOOD_SITE, device=CAMERA, first=1, last=10_000_000, cause="rejected")


def _retained_command(dice: random.Random, _now: datetime) -> Message:
    request = {"request_id": f"r{dice.randrange(10**9)}", "by": "admin", "settings": {"motion": {"sensitivity": 1e9}}}
    return f"watchpost/v1/{BAD_SITE}/{device_of(dice)}/command/settings", json.dumps(request).encode()


def _never_reads(world: World, _dice: random.Random, stopping: threading.Event) -> None:
    """Subscribes to everything and reads nothing."""
    with socket.create_connection(("127.0.0.1", world.mqtt_port)) as connection:
        client_id = b"\0\x06sleepy"
        connect = b"\0\x04MQTT\x04\x02\0\x3c" + client_id
        connection.sendall(b"\x10" + bytes([len(connect)]) + connect + b"\x82\x06\0\x01\0\x01#\x01")
        stopping.wait()


def _half_open(world: World, dice: random.Random, stopping: threading.Event) -> None:
    """Connections on which nothing, or no MQTT, is said; the broker sees to them."""
    kept: list[socket.socket] = []
    while not stopping.wait(0.1):
        with suppress(OSError):
            connection = socket.create_connection(("127.0.0.1", world.mqtt_port), timeout=2)
            if dice.random() < 0.5:
                connection.sendall(dice.randbytes(64))
            kept.append(connection)
        while len(kept) > 30:
            kept.pop(0).close()
    for connection in kept:
        connection.close()


def _falls_off(world: World, dice: random.Random, stopping: threading.Event) -> None:
    """Devices whose connection ends without a word, so that their last will is sent, again and again."""
    while not stopping.wait(0.2):
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        device = device_of(dice)
        lost = builders.state(datetime.now(UTC), online=False, site=BAD_SITE, device=device)
        client.will_set(f"watchpost/v1/{BAD_SITE}/{device}/state", to_bytes(lost), 1, retain=True)
        with suppress(OSError):
            client.connect("127.0.0.1", world.mqtt_port)
            client.loop(0.1)
            if (transport := client.socket()) is not None:
                transport.close()


ACTS: dict[str, Act] = {
    "numbers": sending(_huge_number),
    "names": sending(_junk_name),
    "nesting": sending(_nested, pause_s=0.3),
    "gzip_bombs": sending(_bomb, pause_s=0.5, content_type="application/cloudevents+json+gzip"),
    "times_to_come": sending(_times(timedelta(days=365), timedelta(hours=1), timedelta(days=20_000))),
    "times_long_past": sending(_times(timedelta(days=-365), timedelta(days=-9_000))),
    "reused_ids": sending(_reused_id),
    "trigger_names": sending(_flood_of_names),
    "noise": sending(_noise, pause_s=0.01),
    "devices_heard_once": sending(_of_nobody, pause_s=0.05),
    "forged_incidents": sending(_in_the_name_of("incident")),
    "forged_alerts": sending(_in_the_name_of("alert")),
    "forged_retention": sending(_in_the_name_of("retention")),
    "forged_gaps": sending(_in_the_name_of("gap")),
    "retained_commands": sending(_retained_command, pause_s=0.5, retain=True),
    "never_reads": _never_reads,
    "half_open": _half_open,
    "falls_off": _falls_off,
}

PARTICIPANTS: tuple[Participant, ...] = tuple(Participant(f"bus:{name}", act=act) for name, act in ACTS.items())
