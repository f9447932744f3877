"""Loads YAML into a pydantic model; every error names file, line and key."""

import difflib
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bus_schemas.complaints import sentence_of, unknown_tag
from bus_schemas.event import NAME
from bus_schemas.limits import clip
from watchpost.configuration.yaml_nodes import UNUSABLE, keep_times_of_day, line_of_unusable, parts_of

Model = TypeVar("Model", bound=BaseModel)
KeyPath = tuple[int | str, ...]
DEEPEST: Final = 40
MOST_VALUES: Final = 200_000
"""With every alias written out: a few lines of aliases of aliases would be billions."""
MOST_WRITTEN: Final = 50_000
MOST_ERRORS: Final = 50
FAST_LOADER: Final[type[yaml.SafeLoader | yaml.CSafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml is thirty times as fast; the other one has better words and lines for errors."""
LONGEST_WORDED: Final = 20_000
ADDRESS: Final = "an address"
SHOWN: Final = 80
"""Characters of a value that a sentence quotes."""
_SECRET_KEY = re.compile(r"(_env|url|password|token|secret)$")
"""Keys beside which people put secrets by mistake."""
_QUOTED_ADDRESS = re.compile(r"'[^']*(?:@|:/)[^']*'")
_USER_AND_HOST = re.compile(r"[^\s'\"]+@[^\s'\"]+")


class ConfigError(ValueError):
    """The configuration is unusable. The message has one line for each error."""


def parse(model: type[Model], path: Path, whole: str = "the configuration") -> Model:
    """`whole` is what errors call the outermost part of the file. Raises `ConfigError`."""
    return parse_text(model, read_text(path), path, whole)


def read_text(path: Path) -> str:
    """Read a file that somebody has named. Raises `ConfigError`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    except ValueError as error:  # a name with a NUL in it
        raise ConfigError(f"{str(path)!r}: no file has such a name") from error


def parse_text(model: type[Model], text: str, path: Path, whole: str = "the configuration") -> Model:
    """Parse, as `parse`, a text that errors name as `path`. Raises `ConfigError`."""
    root = _composed(path, text) or _composed(path, "{}")
    assert root is not None, "an empty mapping is a document"
    _require_bounded(path, root)
    doubled = [f"{path}:{line}: key {_shown(key)} is given twice" for key, line in _doubled_keys(root)]
    if doubled:
        raise ConfigError("\n".join(doubled[:MOST_ERRORS]))
    try:
        return model.model_validate(_constructed(path, root))
    except ValidationError as error:
        first = error.errors(include_url=False)[:MOST_ERRORS]
        details = sorted(first, key=lambda detail: _locate(root, detail["loc"])[0])
        raise ConfigError("\n".join(_sentence(path, root, model, detail, whole) for detail in details)) from error


def _composed(path: Path, text: str) -> yaml.Node | None:
    try:
        _require_few_values(path, text)
        return _fast_composed(text)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_yaml_sentence(path, error)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        raise ConfigError(f"{path}:{line}: the character U+{code:04X} stands in no text") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {error}") from error


def _fast_composed(text: str) -> yaml.Node | None:
    """Raises `yaml.YAMLError`."""
    try:
        return yaml.compose(text, Loader=FAST_LOADER)
    except yaml.YAMLError:
        if len(text) > LONGEST_WORDED:
            raise
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _require_few_values(path: Path, text: str) -> None:
    """Before anything is made of it. Raises `ConfigError`."""
    depth = values = 0
    events = yaml.parse(text, Loader=FAST_LOADER)
    while (event := _next(events)) is not None:
        values += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ConfigError(f"{path}: it is nested more than {DEEPEST} levels deep")
        if values > MOST_WRITTEN:
            raise ConfigError(f"{path}: it has more than {MOST_WRITTEN:,} values")


def _next(events: Iterator[yaml.Event]) -> yaml.Event | None:
    """`None` at the end, and where the text goes wrong, which whoever composes it says."""
    try:
        return next(events, None)
    except yaml.YAMLError:
        return None


def _constructed(path: Path, root: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    keep_times_of_day(root)
    try:
        return loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_yaml_sentence(path, error)) from error
    except UNUSABLE as error:  # They may quote a secret.
        raise ConfigError(
            f"{path}:{line_of_unusable(root)}: a value is not what it looks like, a date or a number: put it in quotes"
        ) from error
    finally:
        loader.dispose()


def _require_bounded(path: Path, root: yaml.Node) -> None:
    """Raises `ConfigError`."""
    values, depth = _expanded(path, root, {})
    if depth > DEEPEST:
        raise ConfigError(f"{path}: it is nested more than {DEEPEST} levels deep")
    if values > MOST_VALUES:
        raise ConfigError(f"{path}: with its aliases written out it has more than {MOST_VALUES:,} values")


def _expanded(path: Path, node: yaml.Node, known: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """How many values a node is, and how deep, with every alias written out."""
    if id(node) not in known:
        known[id(node)] = None
        parts = [_expanded(path, part, known) for part in parts_of(node)]
        known[id(node)] = 1 + sum(values for values, _ in parts), 1 + max((depth for _, depth in parts), default=0)
    found = known[id(node)]
    if found is None:
        raise ConfigError(f"{path}:{node.start_mark.line + 1}: it contains itself")
    return found


def _yaml_sentence(path: Path, error: yaml.MarkedYAMLError) -> str:
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    return f"{path}:{line}: {_without_addresses(error.problem or error.context or 'it cannot be read')}"


def _doubled_keys(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """YAML forbids it, PyYAML silently takes the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.value, key.start_mark.line + 1
                seen.add(key.value)
            yield from _doubled_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubled_keys(item)


def _sentence(path: Path, root: yaml.Node, model: type[BaseModel], detail: ErrorDetails, whole: str) -> str:
    line, written = _locate(root, detail["loc"])
    place = f"{path}:{line}"
    match detail["type"]:
        case "extra_forbidden":
            key = str(detail["loc"][-1])
            hint = _hint(model, detail["loc"], key)
            return f"{place}: unknown key {_shown(key)} in {_dotted(written[:-1], whole)}{hint}"
        case "missing":
            return f"{place}: key '{detail['loc'][-1]}' is missing in {_dotted(written, whole)}"
        case "value_error":
            sentence = _without_addresses(detail["msg"].removeprefix("Value error, "))
            return f"{place}: {_dotted(written, whole)}: {sentence}"
        case _:
            return f"{place}: {_dotted(written, whole)}: {_complaint(detail)}"


def _complaint(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "model_type" | "model_attributes_type":
            return f"should be keys with values; it is {clip(_shown(detail['input']), SHOWN)}"
        case "union_tag_invalid" if (shown := _shown(detail["ctx"]["tag"])) == ADDRESS:
            return unknown_tag(detail["ctx"], shown)
        case "union_tag_invalid" | "union_tag_not_found":
            return sentence_of(detail)
        case "too_long" | "too_short":
            return sentence_of(detail).removeprefix("Input ")
        case "string_pattern_mismatch" if detail["ctx"]["pattern"] == f"^{NAME}$":
            return (
                f"should be letters, digits, _ and -, at most 64 of them; it is {clip(_shown(detail['input']), SHOWN)}"
            )
        case "string_type" if isinstance(detail["input"], bool | int | float | date):
            return "should be a valid string, and YAML takes what stands there for something else: put it in quotes"
        case _:
            sentence = detail["msg"].removeprefix("Input ")
            is_secret = any(_SECRET_KEY.search(part) for part in detail["loc"] if isinstance(part, str))
            return sentence if is_secret else f"{sentence}; it is {clip(_shown(detail['input']), SHOWN)}"


def _without_addresses(sentence: str) -> str:
    """The message of a validator, without addresses that it may quote."""
    return _USER_AND_HOST.sub(ADDRESS, _QUOTED_ADDRESS.sub(ADDRESS, sentence))


def _shown(value: object) -> str:
    """A value that may hold a password is not quoted."""
    if isinstance(value, str) and ("@" in value or ":/" in value):
        return ADDRESS
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


def _dotted(place: KeyPath, whole: str) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or whole


def _locate(root: yaml.Node, place: KeyPath) -> tuple[int, KeyPath]:
    """Line and written path of a key: tags of unions and missing keys are not written."""
    node, line = root, root.start_mark.line
    written: list[int | str] = []
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (node.value[part], node.value[part])
        else:
            found = None
        if found is not None:
            line, node = found[0].start_mark.line, found[1]
            written.append(part)
    return line + 1, tuple(written)


def _hint(model: type[BaseModel], place: KeyPath, key: str) -> str:
    known = sorted({name for candidate in _models_at(model, place[:-1]) for name in candidate.model_fields})
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(known)}"


def _models_at(model: type[BaseModel], place: KeyPath) -> list[type[BaseModel]]:
    candidates = [model]
    for part in (part for part in place if isinstance(part, str)):
        fields = [candidate.model_fields[part].annotation for candidate in candidates if part in candidate.model_fields]
        if fields:
            candidates = [inner for annotation in fields for inner in _models_in(annotation)]
        else:
            candidates = [candidate for candidate in candidates if _is_tagged(candidate, part)]
    return candidates


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and get_origin(annotation) is None:
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _is_tagged(model: type[BaseModel], tag: str) -> bool:
    kind = model.model_fields.get("kind")
    return kind is not None and get_origin(kind.annotation) is Literal and tag in get_args(kind.annotation)
