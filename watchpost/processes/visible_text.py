"""Shows the characters that a terminal would carry out, or by which a line would look like another one."""

import re
from collections.abc import MutableMapping
from typing import Any, Final

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_LINE_ENDS: Final = re.compile("[\t\n]")
_OF_SEVERAL_LINES: Final = frozenset({"exception", "stack"})


def visible(text: str, *, is_one_line: bool = True) -> str:
    """With each such character as an escape sequence of Python."""
    shown = _CONTROLS.sub(_escaped, text)
    return _LINE_ENDS.sub(_escaped, shown) if is_one_line else shown


def visible_fields(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog, for what devices and programs have said."""
    for key, value in fields.items():
        if isinstance(value, str):
            fields[key] = visible(value, is_one_line=key not in _OF_SEVERAL_LINES)
    return fields


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
