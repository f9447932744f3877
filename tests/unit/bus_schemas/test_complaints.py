"""Which names people can read."""

import pytest

from bus_schemas.complaints import check_readable


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
