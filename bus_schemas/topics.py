"""Builds the topics of the bus, and parses them."""

import re
from dataclasses import dataclass

from bus_schemas.event import HUB, NAME, place

ROOT = "watchpost/v1"
HEAD = f"{ROOT}/{HUB}/head"
INGEST = f"{ROOT}/{HUB}/ingest"
"""What ingest says of itself, retained."""
HUB_CONDITION = f"{ROOT}/{HUB}/condition"
"""How the hub itself is, retained."""
FAULTS = f"{ROOT}/{HUB}/faults/"
"""Followed by the name of a process of the hub: every fault that it knows of, said again and again."""
ALL_EVENTS = f"{ROOT}/+/+/event/#"
ALL_MEDIA = f"{ROOT}/+/+/media/+"
ALL_STATES = f"{ROOT}/+/+/state"
BATCH = "batch"
LONGEST_TOPIC = 256
"""Characters; none of the contract has more than 200."""

_TOPIC = re.compile(rf"{ROOT}/(?P<site>{NAME})/(?P<device>{NAME})/(?P<channel>[a-z]+)(?:/(?P<name>[a-z_]{{1,32}}))?")
_NAMED = {"event", "media", "live", "command"}
_PLAIN = {"state", "watermark", "claim", "condition"}


class UnknownTopic(ValueError):
    """The topic is none of the contract's."""


@dataclass(frozen=True, slots=True)
class Topic:
    """`channel` is event, media, live, command, state, watermark, claim or condition; `name` is what follows it."""

    site: str
    device: str
    channel: str
    name: str | None = None

    def __str__(self) -> str:
        path = f"{ROOT}/{self.site}/{self.device}/{self.channel}"
        return path if self.name is None else f"{path}/{self.name}"


def parse(topic: str) -> Topic:
    """Raises `UnknownTopic` with a sentence that says what is wrong."""
    if len(topic) > LONGEST_TOPIC:
        raise UnknownTopic(f"topic {topic[:64]!r}… has {len(topic)} characters; at most {LONGEST_TOPIC} are read")
    found = _TOPIC.fullmatch(topic)
    if found is None:
        raise UnknownTopic(f"topic {topic!r} is not {ROOT}/SITE/DEVICE/CHANNEL")
    channel, name = found["channel"], found["name"]
    if (channel in _NAMED) != (name is not None) or channel not in _NAMED | _PLAIN:
        raise UnknownTopic(f"topic {topic!r} names no channel of the contract")
    return Topic(found["site"], found["device"], channel, name)


def event_topic(source: str, name: str) -> str:
    """The topic for events of one source; `name` is the short type, or `batch` where types are mixed."""
    site, device = place(source)
    return f"{ROOT}/{site}/{device}/event/{name}"


def media_topic(source: str, kind: str) -> str:
    site, device = place(source)
    return f"{ROOT}/{site}/{device}/media/{kind}"


def live_topic(source: str, kind: str) -> str:
    site, device = place(source)
    return f"{ROOT}/{site}/{device}/live/{kind}"


def state_topic(source: str) -> str:
    site, device = place(source)
    return f"{ROOT}/{site}/{device}/state"


def watermark_topic(source: str) -> str:
    site, device = place(source)
    return f"{ROOT}/{site}/{device}/watermark"


def condition_topic(source: str) -> str:
    """Where the hub says how a device is, retained."""
    site, device = place(source)
    return f"{ROOT}/{site}/{device}/condition"


def claim_topic(source: str) -> str:
    """Where agents ask and answer who has a device."""
    site, device = place(source)
    return f"{ROOT}/{site}/{device}/claim"


def faults_topic(process: str) -> str:
    """Where a process of the hub says which faults it knows of."""
    return f"{FAULTS}{process}"


def command_topic(source: str, name: str) -> str:
    """Never retained: whoever subscribes later would carry out a request that is over."""
    site, device = place(source)
    return f"{ROOT}/{site}/{device}/command/{name}"


def response_topic(command: Topic, asker: str) -> str:
    """Where the device that a command goes to answers `asker`: a device may write its own topics only."""
    return f"{ROOT}/{command.site}/{command.device}/response/{asker}"


def response_filter(asker: str) -> str:
    """What `asker` subscribes to, to receive the answers of all devices."""
    return f"{ROOT}/+/+/response/{asker}"
