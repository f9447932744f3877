from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from gateway.app import operations
from gateway.http.parameters import Day, DeviceTimeRange, Instant, OfDevice, PersonText, TimeRangeParameters, Words

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Asked(BaseModel):
    day: Day | None = None
    at: Instant | None = None
    words: Words = ()


@pytest.mark.parametrize(
    "text", ["2026-1-5", "2026-02-30", "0001-01-01", "9999-12-31", "20260105", "today", "", "2026-01-05T10:00"]
)
def test_a_date_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValidationError, match="Invalid date"):
        Asked.model_validate({"day": text})


def test_a_date_is_a_date() -> None:
    assert Asked.model_validate({"day": "2024-02-29"}).day == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text", ["2026-01-05T10:00:00", "yesterday", "1e400", "-1", "9999999999999999", "3000-01-01T00:00:00Z"]
)
def test_a_moment_without_a_zone_or_out_of_our_times_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Asked.model_validate({"at": text})


def test_a_moment_becomes_utc() -> None:
    assert Asked.model_validate({"at": "2026-01-05T10:00:00+01:00"}).at == datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_words_are_separated_by_commas() -> None:
    assert Asked.model_validate({"words": "thermal,,alert"}).words == ("thermal", "alert")


@pytest.mark.parametrize("words", ["Thermal", "a;b", "..", "a" * 33, ",".join("abcdefghij" * 7)])
def test_what_is_no_word_is_refused(words: str) -> None:
    with pytest.raises(ValidationError):
        Asked.model_validate({"words": words})


@pytest.mark.parametrize("name", ["..", "a b", "", "a/b", "a" * 65, "Straße", "a\n"])
def test_what_is_no_name_of_a_device_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        OfDevice.model_validate({"site": "DEMO", "device": name})


def test_names_of_the_old_systems_are_names() -> None:
    asked = OfDevice.model_validate({"site": "HEAD_OFFICE", "device": "EMPLOYEE_AREA"})

    assert (asked.site, asked.device) == ("HEAD_OFFICE", "EMPLOYEE_AREA")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (NOW - 24 * HOUR, NOW)),
        ({"from": NOW - HOUR}, (NOW - HOUR, NOW)),
        ({"to": NOW - HOUR}, (NOW - 25 * HOUR, NOW - HOUR)),
        ({"from": NOW + HOUR}, (NOW + HOUR, NOW + 25 * HOUR)),
        ({"from": NOW - 2 * HOUR, "to": NOW}, (NOW - 2 * HOUR, NOW)),
    ],
)
def test_what_is_left_out_of_a_span_follows_from_the_rest(
    given: dict[str, datetime], expected: tuple[datetime, datetime]
) -> None:
    assert TimeRangeParameters.model_validate(given).bounds(NOW) == expected


def test_a_span_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValidationError, match="from must be before to"):
        DeviceTimeRange.model_validate({"site": "DEMO", "device": "yard", "from": NOW, "to": NOW})


SECRETS = ("token", "code", "configuration")
"""They are read by programs, which compare or parse them."""
WRITTEN = [
    pytest.param(body, name, id=f"{body.__name__}-{name}")
    for body in sorted({one.body for one in operations() if one.body is not None}, key=lambda body: body.__name__)
    for name, schema in body.model_json_schema().get("properties", {}).items()
    if name not in SECRETS
    and any(
        one.get("type") == "string"
        and not one.keys() & {"enum", "const", "format"}
        and not one.get("pattern", "").startswith("^")
        for one in (schema, *schema.get("anyOf", ()))
    )
]


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85"])
@pytest.mark.parametrize(("body", "name"), WRITTEN)
def test_no_text_that_people_write_has_a_control_character(body: type[BaseModel], name: str, character: str) -> None:
    with pytest.raises(ValidationError) as refused:
        body.model_validate({name: f"a{character}b"})

    [sentence] = [one["msg"] for one in refused.value.errors() if one["loc"] == (name,)]
    assert "control characters" in sentence or "printed" in sentence


def test_a_text_has_lines_tabs_and_every_script() -> None:
    text = "The pump:\n\tréparée, 修理済み 👩🏽‍🔧"
    assert TypeAdapter(PersonText).validate_python(text) == text
