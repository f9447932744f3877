"""A camera whose recordings browsers do not take as they are: playback goes on all the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from av.packet import Packet
from playwright.sync_api import Browser, Page, expect

from edge.capture.bitstream import Unit
from edge.capture.encoder import AudioEncoder
from edge.capture.mpegts import Layout, muxed
from tests.browser.browser_tab import Complaints, watched_page
from tests.browser.film import send_event, send_medium, thumbnail
from tests.browser.scripted_product import ScriptedProduct
from tests.builders import SITE, heartbeat, media, segment
from tests.eventually import eventually
from tests.footage import CLOCK, Film, coded
from tests.footage import muxed as muxed_pictures

pytestmark = pytest.mark.browser

CAMERA = "ODD"
SECONDS = 4
FILM = Film(seconds=SECONDS, gop=10)
RATE = 8000


def with_sound(number: int, *, sounds: bool) -> bytes:
    """A segment whose sound is named, whether there is any or not."""
    units = [
        Unit("video", bytes(one), one.pts, one.dts, 9000, one.is_keyframe, datetime.now(UTC)) for one in coded(FILM)
    ]
    if sounds:
        hum = np.zeros((RATE * SECONDS, 1), np.int16)
        units += AudioEncoder(RATE, 1).encode(hum, RATE, 0, datetime.now(UTC))
    shift = (10 + number * SECONDS) * CLOCK
    return muxed(sorted(units, key=lambda unit: unit.dts), Layout(FILM.width, FILM.height, RATE), shift)


def with_a_damaged_picture(number: int) -> bytes:
    packets = []
    for count, packet in enumerate(coded(FILM)):
        sent = Packet(bytes(packet)[:9] if count == 15 else bytes(packet))
        sent.pts, sent.dts, sent.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
        packets.append(sent)
    return muxed_pictures(packets, FILM, number * SECONDS)


def recorded() -> list[bytes]:
    silent = [with_sound(number, sounds=False) for number in (0, 1)]
    sounding = [with_sound(2, sounds=True), with_sound(3, sounds=False), with_sound(4, sounds=True)]
    noise = np.random.default_rng(1).integers(0, 256, 20_000, np.uint8).tobytes()
    return [*silent, *sounding, noise, with_a_damaged_picture(6), with_sound(7, sounds=True)]


@pytest.fixture(scope="module")
def begin(scripted: ScriptedProduct) -> datetime:
    """When its recording begins."""
    begin = (datetime.now(UTC) - timedelta(hours=3)).replace(minute=10, second=0, microsecond=0)
    send_event(scripted, heartbeat(begin, device=CAMERA))
    # The wall of other tests shows this camera, too.
    picture = thumbnail(90)
    send_medium(scripted, media(begin, picture, device=CAMERA), picture)
    bodies = recorded()
    for number, body in enumerate(bodies):
        start = begin + timedelta(seconds=number * SECONDS)
        medium = media(start, body, kind="segment", device=CAMERA)
        send_medium(scripted, medium, body)
        send_event(
            scripted,
            segment(start, duration_s=float(SECONDS), device=CAMERA, size=len(body), media=(medium.data.key,),
                    discontinuity=number in (0, 6, 7)),
        )  # fmt: skip
    asked = {"from": begin.isoformat(), "to": (begin + timedelta(minutes=1)).isoformat()}

    def listed() -> bool:
        answer = scripted.client.get(f"/hls/{SITE}/{CAMERA}/range.m3u8", params=asked)
        return answer.status_code == 200 and answer.text.count("#EXTINF") == len(bodies)

    eventually(listed, 180, "all segments in the view")
    return begin


@pytest.fixture
def opened(browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    with watched_page(browser, 1440) as opened:
        yield opened


def seconds(page: Page, begin: datetime) -> float:
    return float(page.get_by_test_id("clock").get_attribute("data-at") or 0) / 1000 - begin.timestamp()


def test_playback_goes_on_over_sound_that_is_missing_and_parts_that_nothing_decodes(
    opened: tuple[Page, Complaints], scripted: ScriptedProduct, begin: datetime
) -> None:
    page, complaints = opened
    page.goto(
        f"{scripted.address}/playback?site={SITE}&device={CAMERA}&at={begin + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    )
    expect(page.get_by_text("Loading…")).to_have_count(0)
    page.get_by_role("group", name="Speed").get_by_role("button", name="4\u00d7", exact=True).click()
    page.keyboard.press("k")
    eventually(lambda: seconds(page, begin) > 29, 60, "the last segment")
    page.keyboard.press("k")

    assert [one for one in complaints.messages if one.startswith("error")] == []
    expect(page.get_by_text("This browser cannot play the video")).to_have_count(0)


def test_a_part_that_cannot_be_played_says_so(
    opened: tuple[Page, Complaints], scripted: ScriptedProduct, begin: datetime
) -> None:
    page, _ = opened
    page.goto(
        f"{scripted.address}/playback?site={SITE}&device={CAMERA}&at={begin + timedelta(seconds=21):%Y-%m-%dT%H:%M:%SZ}"
    )

    expect(page.get_by_text("This part of the recording cannot be played")).to_be_visible()
