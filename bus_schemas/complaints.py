"""Words validation errors as sentences, the same ones wherever a value is checked."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from unicodedata import category

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bus_schemas.event import NAME
from bus_schemas.limits import ADDRESS_ID, MAX_KEY, SNAKE_CASE, clip

SHOWN = 5
MOST_LISTED = 200
"""Beyond it they are counted: each takes longer to word than whatever it is about took to send."""
SHOWN_TAG = 40
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_JOINERS = frozenset("\u200c\u200d")
"""Without them words of Persian are joined wrongly, and emoji of several people fall apart."""
_OBJECT = "Input should be an object"
_LIST = "Input should be a list"
_SENTENCES = {
    # pydantic words these otherwise where it reads JSON than where it is given what Python has read.
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "extra_forbidden": "is not known here",
}

_PATTERNS: Final = {
    rf"^{NAME}$": "letters (A to Z), digits, _ and -, 1 to 64 of them",
    rf"^{NAME}/{NAME}$": "SITE/DEVICE, each of letters (A to Z), digits, _ and -",
    ADDRESS_ID: "letters (A to Z), digits, _, ., : and -, 1 to 128 of them, the first no dot",
    SNAKE_CASE: "small letters, digits and _, 1 to 64 of them, the first a letter",
    r"^[a-z][a-z0-9_]{0,31}$": "small letters, digits and _, 1 to 32 of them, the first a letter",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "a time of day, as 07:30",
    r"\S": "a text with something to read",
}
"""By pattern, what people are to write. One that no person writes may be quoted."""


def refuse_duplicates(what: str, names: Iterable[str], where: str) -> None:
    """Raises `ValueError` where a name stands there twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} '{name}' stands twice {where}")
        seen.add(name)


def check_readable(name: str) -> str:
    """Raises `ValueError` where nobody could read a name. Blanks of any width and joiners are part of one."""
    letters = [letter for letter in name if letter not in _JOINERS and category(letter) != "Zs"]
    if not letters or not "".join(letters).isprintable():
        raise ValueError("a name needs something to read, and nothing that cannot be printed")
    return name


def check_text(text: str) -> str:
    """Raises `ValueError` where a text that people write holds a control character other than newline and tab."""
    found = _CONTROL.search(text)
    if found is not None:
        character = f"character {found.start() + 1} is U+{ord(found[0]):04X}"
        raise ValueError(f"a text has no control characters but newline and tab: {character}")
    return text


class Complaint(NamedTuple):
    """One thing that is wrong, and where: `rois.0.coordinates`."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


_NOTHING: Final = object()


def complaints(error: ValidationError, given: object = _NOTHING) -> list[Complaint]:
    """`given` is what was validated: paths lead to what stands there, without what pydantic calls the forms of a
    field that may have several.
    """
    count = error.error_count()
    if count > MOST_LISTED:
        return [Complaint("", f"{count:,} values do not fit; at most {MOST_LISTED} are listed")]
    return [Complaint(path_of(detail, given), sentence_of(detail)) for detail in error.errors(include_url=False)]


def summary(error: ValidationError, given: object = _NOTHING) -> str:
    """The first few, as one sentence."""
    return joined(complaints(error, given))


def joined(found: Sequence[Complaint]) -> str:
    return "; ".join(map(str, found[:SHOWN]))


def path_of(detail: ErrorDetails, given: object = _NOTHING) -> str:
    parts = detail["loc"] if given is _NOTHING else _written(detail, given)
    return ".".join(str(part)[:MAX_KEY] for part in parts if part != "")


def _written(detail: ErrorDetails, given: object) -> Iterator[str | int]:
    *path, last = detail["loc"] or ("",)
    for part in path:
        if _holds(given, part):
            given = given[part]  # type: ignore[index]  # `_holds` has asked
            yield part
    if detail["type"] == "missing" or _holds(given, last):
        yield last


def _holds(given: object, part: str | int) -> bool:
    if isinstance(given, Mapping):
        return part in given
    return isinstance(given, list | tuple) and isinstance(part, int) and part < len(given)


def sentence_of(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "union_tag_invalid":
            return unknown_tag(context, repr(clip(context["tag"], SHOWN_TAG)))
        case "union_tag_not_found":
            return f"key {context['discriminator']} is missing"
        case "too_long":
            return f"Input should have at most {context['max_length']} items, not {context['actual_length'] or 'more'}"
        case "string_pattern_mismatch" if (words := _PATTERNS.get(context["pattern"])) is not None:
            return f"Input should be {words}"
        case "too_short":
            return f"Input should have at least {context['min_length']} items, not {context['actual_length']}"
    return _SENTENCES.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")


def unknown_tag(context: Mapping[str, str], shown: str) -> str:
    """A union has no form that is called so. `shown` is what was given, as it may be quoted."""
    key = context["discriminator"].strip("'")
    return f"unknown {key} {shown}; known are {context['expected_tags']}"
