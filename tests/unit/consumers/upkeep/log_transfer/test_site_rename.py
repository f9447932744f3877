"""Events as those of another site."""

from bus_schemas.codec import to_bytes
from consumers.upkeep.log_transfer.site_rename import derived, renamed
from tests import builders


def test_source_media_and_ids_are_of_the_other_site() -> None:
    medium = builders.media(id="m-1")
    frame = builders.frame(id="f-1", media=(medium.data.key,), last_3_media=(medium.data.key,))
    there = renamed(medium, to_bytes(medium), "COPY")
    moved = renamed(frame, to_bytes(frame), "COPY")

    key = f"COPY/yard/thumbnail/{derived('m-1', 'COPY')}"
    assert (there.source, there.id) == ("/sites/COPY/devices/yard", derived("m-1", "COPY"))
    assert there.model_dump()["data"]["key"] == key
    assert moved.model_dump()["data"]["media"] == (key,)
    assert moved.model_dump()["data"]["last_3_media"] == (key,)


def test_what_an_event_names_as_its_causes_is_renamed_as_they_are() -> None:
    incident = builders.incident(causes=("f-1",))
    moved = renamed(incident, to_bytes(incident), "COPY")

    data = moved.model_dump()["data"]
    assert (data["site"], data["causes"]) == ("COPY", (derived("f-1", "COPY"),))


def test_text_that_only_looks_a_little_like_a_key_stays() -> None:
    note = builders.annotation(text="DEMO/yard is fine")

    assert renamed(note, to_bytes(note), "COPY").model_dump()["data"]["text"] == "DEMO/yard is fine"
