from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.codec import Malformed
from bus_schemas.media import MediaEvent
from bus_schemas.media_codec import MediaMessage, decode_media, describe, media_properties
from tests import builders
from tests.builders import START


def arrived(event: MediaEvent, payload: bytes, **instead: str) -> MediaMessage:
    given = {**dict(media_properties(event)), **instead}
    site, device, kind, _ = event.data.key.split("/")
    return MediaMessage(site, device, kind, event.data.content_type, tuple(given.items()), START, payload)


@given(st.binary(max_size=100), st.sampled_from(["capture", "thumbnail", "segment", "thermal"]))
def test_a_medium_is_read_again(payload: bytes, kind: str) -> None:
    event = builders.media(START, payload, kind=kind, id="m-1", epoch="epoch-1", sequence=3, width=320, duration_s=1.5)

    assert decode_media(arrived(event, payload)) == event


def test_bytes_alone_are_a_medium_named_by_their_hash_and_arrival() -> None:
    found = decode_media(MediaMessage("DEMO", "yard", "capture", None, (), START, b"jpeg"))

    assert isinstance(found, MediaEvent)
    assert found.id == sha256(b"jpeg").hexdigest()[:32]
    assert found.time == START
    assert found.data.key == f"DEMO/yard/capture/{found.id}"
    assert (found.epoch, found.sequence) == (None, None)


def test_a_medium_whose_bytes_were_damaged_keeps_its_place_in_the_stream() -> None:
    event = builders.media(START, b"whole", epoch="epoch-1", sequence=3)

    found = decode_media(arrived(event, b"torn"))

    assert isinstance(found, Malformed)
    assert found.reason == "the bytes do not have the sha256 that their properties name"
    assert (found.epoch, found.sequence) == ("epoch-1", 3)


@pytest.mark.parametrize(
    "instead",
    [
        {"type": "watchpost.detection.v1"},
        {"source": "/sites/OTHER/devices/yard"},
        {"sequence": "-1"},
        {"sequence": "9" * 5000},
        {"sequence": "three"},
        {"time": "yesterday"},
        {"id": "../../etc/passwd"},
        {"width": "wide"},
    ],
    ids=lambda instead: next(iter(instead)),
)
def test_a_medium_with_wrong_properties_is_malformed(instead: dict[str, str]) -> None:
    found = decode_media(arrived(builders.media(START, b"x"), b"x", **instead))

    assert isinstance(found, Malformed)


@given(
    st.lists(st.tuples(st.sampled_from(["id", "source", "type", "time", "epoch", "sequence", "width", "x"]), st.text()))
)
def test_properties_are_a_medium_or_malformed(properties: list[tuple[str, str]]) -> None:
    found = decode_media(MediaMessage("DEMO", "yard", "capture", None, properties, START, b"jpeg"))

    assert isinstance(found, MediaEvent | Malformed)


def test_a_description_has_size_hash_and_the_kind_of_the_key() -> None:
    described = describe("DEMO/yard/segment/s-1", b"video", duration_s=10.0)

    assert (described.kind, described.content_type, described.size) == ("segment", "video/mp2t", 5)
    assert described.sha256 == sha256(b"video").hexdigest()
