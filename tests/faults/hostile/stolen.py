"""Programs that have the password of a device: they say and ask whatever its user may say, and what it may not."""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from bus_schemas.event import device_source
from bus_schemas.media import MediaEvent
from tests import builders
from tests.faults.hostile.bus import connected, disconnected
from tests.faults.hostile.mutations import VALUES, message
from tests.faults.hostile.world import BAD_SITE, CAMERA, GOOD_SITE, Act, Participant, World

SUBSCRIPTIONS: Final = 1_000
LONGEST_WILL: Final = 65_535
CHANNELS: Final = (
    "state",
    "claim",
    "watermark",
    "condition",
    "response/gateway",
    "live/visual",
    "live/video",
    "media/x",
)
KINDS: Final = ("capture", "thumbnail", "segment", "thermal", "nothing")
FOREIGN: Final = (
    f"watchpost/v1/{GOOD_SITE}/{CAMERA}/watermark", f"watchpost/v1/{GOOD_SITE}/{CAMERA}/command/restart",
    f"watchpost/v1/{GOOD_SITE}/{CAMERA}/state", f"watchpost/v1/{GOOD_SITE}/{CAMERA}/claim",
    f"watchpost/v1/{GOOD_SITE}/{CAMERA}/event/frame", f"watchpost/v1/{GOOD_SITE}/{CAMERA}/media/segment",
    f"watchpost/v1/{GOOD_SITE}/_hub/event/alert", "watchpost/v1/_hub/head", "watchpost/v1/_hub/ingest",
    "watchpost/v1/_hub/faults/ingest", "watchpost/v1/_hub/condition", "watchpost/v1/_hub/_gateway/event/agent",
    "homeassistant/sensor/x/config", "$SYS/broker/clients/total", "$share/all/watchpost/#", "a" * 60_000, "/" * 190,
    "watchpost/v1//x/event/frame",
)  # fmt: skip
"""Where only others may publish: the access list has to hold."""
PICTURES: Final = (
    b"",
    b"\xff\xd8\xff\xd9",
    b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03",
    b"GIF89a",
    b"x" * 200_000,
)
Do = Callable[[Client, str, random.Random, World], None]


def acting(do: Do, *, pause_s: float = 0.05) -> Act:
    """Again and again over one connection, as the first of the stolen devices that is free."""

    def act(world: World, dice: random.Random, stopping: threading.Event) -> None:
        name, login = world.steal()
        while not stopping.is_set():
            with connected(world.mqtt_port, login) as client:
                while not stopping.wait(pause_s) and client.is_connected():
                    with suppress(ValueError):  # paho itself refuses some topics and properties
                        do(client, name, dice, world)

    return act


def _publish(client: Client, topic: str, body: bytes, dice: random.Random, **given: Any) -> None:
    said = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    for key, value in given.items():
        setattr(said, key, value)
    client.publish(topic, body, dice.choice((0, 1, 1, 2)), retain=dice.random() < 0.1, properties=said)


def _examples(client: Client, name: str, dice: random.Random, world: World) -> None:
    """Of every type and version, as themselves; for others too where an access list has to hold."""
    about = dice.choice(
        ((BAD_SITE, name), (BAD_SITE, name), (BAD_SITE, name), (GOOD_SITE, CAMERA), ("_hub", "_gateway"))
    )
    event_type, form, body = message(dice, device_source(*about))
    short = event_type.split(".")[1]
    own = f"watchpost/v1/{BAD_SITE}/{name}/event/"
    topic = own + dice.choice((short, short, short, "batch", "frame", "nothing"))
    if world.stolen and dice.random() < 0.1:
        topic = f"watchpost/v1/{about[0]}/{about[1]}/event/{short}"
    _publish(client, topic, body, dice, ContentType=form)


def _media(client: Client, name: str, dice: random.Random, _world: World) -> None:
    body = dice.choice((*PICTURES, dice.randbytes(2000)))
    source = device_source(BAD_SITE, name)
    event: MediaEvent = builders.media(datetime.now(UTC), body, site=BAD_SITE, device=name)
    given = {
        "specversion": "1.0", "id": event.id, "source": source, "type": event.type, "time": event.time.isoformat(),
        "kind": dice.choice(KINDS), "sha256": event.data.sha256, "size": str(len(body)), "width": "640",
    }  # fmt: skip
    for _ in range(dice.choice((0, 1, 3))):
        given[dice.choice(list(given))] = dice.choice(VALUES)[:30_000]
    pairs = [*given.items(), *[("x", "y")] * dice.choice((0, 0, 10, 500))]
    topic = f"watchpost/v1/{BAD_SITE}/{name}/media/{dice.choice(KINDS)}"
    _publish(client, topic, body, dice, UserProperty=pairs, ContentType=dice.choice(("image/jpeg", "x" * 500, "")))


def _channels(client: Client, name: str, dice: random.Random, _world: World) -> None:
    """What is no event: presence, claims, answers to requests that nobody made, live pictures."""
    _, form, body = message(dice, device_source(BAD_SITE, name))
    payload = dice.choice((body, dice.choice(VALUES).encode("utf-8", "surrogatepass"), dice.randbytes(300), b""))
    correlation = dice.randbytes(dice.choice((0, 16, 5000)))
    topic = f"watchpost/v1/{BAD_SITE}/{name}/{dice.choice(CHANNELS)}"
    _publish(client, topic, payload, dice, ContentType=form, CorrelationData=correlation)


def _commands(client: Client, name: str, dice: random.Random, world: World) -> None:
    """To itself and others, to be answered where others read."""
    about = dice.choice((f"{BAD_SITE}/{name}", f"{GOOD_SITE}/{CAMERA}")) if world.stolen else f"{BAD_SITE}/{name}"
    answered = dice.choice((f"watchpost/v1/{GOOD_SITE}/{CAMERA}/watermark", "watchpost/v1/_hub/head", "#", "x" * 3000))
    topic = f"watchpost/v1/{about}/command/{dice.choice(('restart', 'settings', 'snapshot', 'x'))}"
    body = dice.choice(('{"request_id":"r1","by":"admin"}', *VALUES)).encode("utf-8", "surrogatepass")
    _publish(client, topic, body, dice, ResponseTopic=answered, CorrelationData=b"x")


def _foreign(client: Client, name: str, dice: random.Random, world: World) -> None:
    if not world.stolen:
        return _channels(client, name, dice, world)
    return _publish(client, dice.choice(FOREIGN), message(dice, device_source(GOOD_SITE, CAMERA))[2], dice)


def _subscribes(client: Client, name: str, dice: random.Random, _world: World) -> None:
    """To everything, a thousand times, and takes what comes very slowly."""
    if not getattr(client, "has_subscribed", False):
        filters = [f"watchpost/v1/+/+/event/{'+/' * (number % 8)}{number}" for number in range(SUBSCRIPTIONS - 4)]
        for wanted in ("#", "watchpost/v1/#", "$SYS/#", f"$share/group/watchpost/v1/{GOOD_SITE}/#", *filters):
            client.subscribe(wanted, options=SubscribeOptions(qos=1))
        client.manual_ack_set(on=True)
        setattr(client, "has_subscribed", True)  # noqa: B010 - it is the test's own mark on a client of paho
    _publish(client, f"watchpost/v1/{BAD_SITE}/{name}/live/visual", dice.randbytes(1000), dice)


def _takes_over(world: World, dice: random.Random, stopping: threading.Event) -> None:
    """Two with one client id, each of which ends the other's session, with a will about anything."""
    name, login = world.steal()
    while not stopping.wait(0.5):
        will = dice.choice((f"watchpost/v1/{BAD_SITE}/{name}/state", *(FOREIGN[:14] if world.stolen else ())))
        first, second = (disconnected(login, client_id=f"{BAD_SITE}/{name}") for _ in range(2))
        for client in (first, second):
            client.will_set(will, message(dice, device_source(BAD_SITE, name))[2][:LONGEST_WILL], 1, retain=True)
            with suppress(OSError):
                client.connect("127.0.0.1", world.mqtt_port if login is None else login.port, keepalive=1)
                client.loop(0.1)
        for client in (first, second):
            if (transport := client.socket()) is not None:
                transport.close()


ACTS: dict[str, Act] = {
    "examples": acting(_examples),
    "media": acting(_media),
    "channels": acting(_channels),
    "commands": acting(_commands, pause_s=0.2),
    "foreign_topics": acting(_foreign, pause_s=0.1),
    "subscriptions": acting(_subscribes, pause_s=0.2),
    "takeovers": _takes_over,
}

PARTICIPANTS: tuple[Participant, ...] = tuple(Participant(f"stolen:{name}", act=act) for name, act in ACTS.items())
