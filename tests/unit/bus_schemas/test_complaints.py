"""Which names people can read, and what is said of a text that has another form than it should."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bus_schemas.complaints import check_readable, summary
from bus_schemas.enrolment import DeviceName
from bus_schemas.event import Name, PlaceName
from bus_schemas.limits import AddressId
from bus_schemas.motion_settings import EventClassRule
from bus_schemas.recording_settings import TimeOfDay
from bus_schemas.registry import Title


@pytest.mark.parametrize(
    "name",
    [
        "Gate",
        "بوابة الشمال",
        "دوربین\u200cها",  # noqa: RUF001 - letters of Persian
        "👩\u200d🔧 works",
        "倉庫\u3000北",
        "Quai n°\u00a03",
        "ประตู",
        "שער",
        "❤\ufe0f",
    ],
)
def test_a_name_of_any_script_is_readable(name: str) -> None:
    assert check_readable(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "  ", "\u3000\u00a0", "\u200d", "a\u202eb", "a\nb", "a\x00", "\ufeffa", "a\u2028b", "a\ue000", "a\ud800"],
)
def test_a_name_that_nobody_could_read_or_that_turns_others_round_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name needs something to read"):
        check_readable(name)


@pytest.mark.parametrize(
    ("kind", "given", "sentence"),
    [
        (Name, "", "Input should be letters (A to Z), digits, _ and -, 1 to 64 of them"),
        (PlaceName, "Büro", "Input should be letters (A to Z), digits, _ and -, 1 to 64 of them"),
        (DeviceName, "YARD", "Input should be SITE/DEVICE, each of letters (A to Z), digits, _ and -"),
        (
            AddressId,
            "a b",
            "Input should be letters (A to Z), digits, _, ., : and -, 1 to 128 of them, the first no dot",
        ),
        (TimeOfDay, "7:30", "Input should be a time of day, as 07:30"),
        (Title, " ", "Input should be a text with something to read"),
        (
            EventClassRule,
            {"name": "Person"},
            "name: Input should be small letters, digits and _, 1 to 32 of them, the first a letter",
        ),
    ],
)
def test_a_text_of_another_form_is_answered_with_the_form_and_not_with_a_pattern(
    kind: Any, given: object, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(given)

    assert summary(refused.value) == sentence
