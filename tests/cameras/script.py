"""What a camera sends and when: scripts of units, and the ways in which they go wrong."""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import merge
from operator import attrgetter

from tests.cameras.media import Sound, Video, VideoCodec, is_set

VIDEO, AUDIO, METADATA = 0, 1, 2
CLOCK = 90_000
MTU = 1200
LOST = b""
"""In the place of a payload that the network loses: it takes a number and is not sent."""

Stamp = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Unit:
    """A picture or a packet of sound, sent `at` seconds after PLAY; `stamp` is in ticks of its track's clock."""

    at: float
    track: int
    stamp: int
    payloads: tuple[bytes, ...]
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A sender report: what the camera's wall clock (seconds since 1900) shows at a stamp."""

    at: float
    track: int
    stamp: int
    ntp: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is cut."""

    at: float


@dataclass(frozen=True, slots=True)
class WrongLength:
    """The header of an interleaved packet says that much more follows than does."""

    at: float
    length: int = 60_000


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes on the connection that are no packet of a track."""

    at: float
    data: bytes


Step = Unit | Report | HangUp | WrongLength | Raw
Script = Iterator[Step]


def together(*scripts: Iterable[Step]) -> Script:
    return merge(*scripts, key=attrgetter("at"))


def pictures(
    video: Video, *, rate: float | None = None, stamp: Stamp | None = None, join: int = 0, sets: bool = True
) -> Iterator[Unit]:
    """Picture after picture, `rate` of them a second; `stamp` gives the seconds that the n-th one bears. `join` is the
    number of the first one, and without `sets` no parameter sets are sent but with the first picture of the circle.
    """
    number = 0
    while True:
        at = number / (rate or video.rate)
        picture = video.picture(number + join)
        seconds = stamp(number) if stamp else video.shown_s(number + join) - join / video.rate
        units = [unit for unit in picture.units if sets or not is_set(unit, video.codec)]
        payloads = tuple(payload for unit in units for payload in fragments(unit, video.codec))
        yield Unit(at, VIDEO, round(seconds * CLOCK), payloads, picture.is_key)
        number += 1


def fragments(unit: bytes, codec: VideoCodec) -> Iterator[bytes]:
    """A NAL unit as payloads of RTP (RFC 6184 and RFC 7798): whole, or as fragmentation units."""
    if len(unit) <= MTU:
        yield unit
        return
    header = 1 if codec == "h264" else 2
    kind = unit[0] & 31 if codec == "h264" else (unit[0] >> 1) & 63
    indicator = bytes([unit[0] & 0xE0 | 28]) if codec == "h264" else bytes([unit[0] & 0x81 | 49 << 1, unit[1]])
    end_bit, start_bit = 0x40, 0x80
    body = unit[header:]
    for start in range(0, len(body), MTU):
        flags = (start_bit if start == 0 else 0) | (end_bit if start + MTU >= len(body) else 0)
        yield indicator + bytes([flags | kind]) + body[start : start + MTU]


def tone(sound: Sound, *, speed: float = 1.0) -> Iterator[Unit]:
    """Packet after packet; with a `speed` of 0.9 the clock of the sound runs a tenth too slow."""
    number = 0
    while True:
        data = sound.packets[number % len(sound.packets)]
        payload = data
        if sound.codec == "AAC":
            # One access unit behind a header section of 16 bits (RFC 3640, mode AAC-hbr).
            payload = (16).to_bytes(2) + (len(data) << 3).to_bytes(2) + data
        yield Unit(number * sound.packet_s / speed, AUDIO, number * sound.step, (payload,))
        number += 1


def metadata() -> Iterator[Unit]:
    """ONVIF's XML, as cameras with an analysis of their own send it beside their pictures."""
    number = 0
    while True:
        text = f'<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"><tt:Event id="{number}"/>'
        yield Unit(number / 5, METADATA, number * CLOCK // 5, (f"{text}</tt:MetadataStream>".encode(),))
        number += 1


def reports(rate: int, track: int, ntp: Callable[[float], float], every_s: float = 2.0) -> Iterator[Report]:
    at = 0.0
    while True:
        yield Report(at, track, round(at * rate), ntp(at))
        at += every_s


def said(data: bytes, every_s: float, first_s: float = 0.0) -> Iterator[Raw]:
    """The same bytes again and again."""
    at = first_s
    while True:
        yield Raw(at, data)
        at += every_s


def delayed(script: Iterable[Unit], seconds: float) -> Iterator[Unit]:
    """It begins later, with the stamps that it would have begun with."""
    return (replace(unit, at=unit.at + seconds) for unit in script)


def until(script: Iterable[Unit], seconds: float) -> Iterator[Unit]:
    for unit in script:
        if unit.at >= seconds:
            return
        yield unit


def without(script: Iterable[Unit], start: float, end: float) -> Iterator[Unit]:
    """Nothing is sent in between; stamps go on as if it were."""
    return (unit for unit in script if not start <= unit.at < end)


def then(first: Iterable[Unit], second: Iterable[Unit], seconds: float) -> Iterator[Unit]:
    """The first up to a moment, the second from it on, on one clock."""
    yield from until(first, seconds)
    yield from (unit for unit in second if unit.at >= seconds)


def only_first_key(script: Iterable[Unit]) -> Iterator[Unit]:
    """Later keyframes are left out: what follows them cannot be decoded without smears, and none ever comes."""
    seen = False
    for unit in script:
        if unit.is_key and seen:
            continue
        seen = seen or unit.is_key
        yield unit


def damaged(script: Iterable[Unit], share: float, seed: int = 1) -> Iterator[Unit]:
    """Of this share of the payloads some bytes behind the headers are others."""
    dice = random.Random(seed)
    for unit in script:
        yield replace(unit, payloads=tuple(_broken(one, share, dice) for one in unit.payloads))


def _broken(payload: bytes, share: float, dice: random.Random) -> bytes:
    if len(payload) < 16 or dice.random() >= share:
        return payload
    changed = bytearray(payload)
    for _ in range(8):
        changed[dice.randrange(6, len(changed))] = dice.randrange(256)
    return bytes(changed)


def lossy(script: Iterable[Unit], share: float, seed: int = 1) -> Iterator[Unit]:
    dice = random.Random(seed)
    for unit in script:
        yield replace(unit, payloads=tuple(LOST if dice.random() < share else one for one in unit.payloads))


def jittered(script: Iterable[Unit], most_s: float, seed: int = 1) -> Iterator[Unit]:
    """Each comes late by up to so much, in the order in which they were sent."""
    dice, newest = random.Random(seed), -math.inf
    for unit in script:
        newest = max(newest, unit.at + dice.uniform(0, most_s))
        yield replace(unit, at=newest)


def in_bursts(script: Iterable[Unit], every_s: float) -> Iterator[Unit]:
    """Nothing for a while, then all of it at once."""
    return (replace(unit, at=math.ceil(unit.at / every_s) * every_s) for unit in script)
