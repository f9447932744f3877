"""What a hub has that can be asked for: parts of paths by the kind of thing, and the values that its answers name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import httpx
from hypothesis import strategies as st

from gateway.calls import JSON, Operation
from tests.integration.gateway.api_document import ENDLESS

Parts = Mapping[str, str]
"""The parts of a path by their names."""
Names = tuple[str, ...]
"""The last names on the way to a value in an answer."""

DEVICES: Final = "/api/v1/sites/DEMO/devices"
LISTED: Final[Mapping[str, tuple[str, Names]]] = {
    "/sites/{site}": ("/api/v1/sites", ("sites", "site")),
    "/devices/{device}": (DEVICES, ("devices", "device")),
    "/alerts/{id}": ("/api/v1/alerts", ("alerts", "id")),
    "/incidents/{id}": ("/api/v1/incidents", ("incidents", "id")),
    "/incident-reviews/{id}": ("/api/v1/incidents", ("entries", "id")),
    "/mutes/{id}": ("/api/v1/mutes", ("mutes", "id")),
    "/annotations/{id}": ("/api/v1/annotations", ("annotations", "id")),
    "/exports/{id}": ("/api/v1/exports", ("exports", "id")),
    "/files/{name}": ("/api/v1/exports", ("files", "name")),
    "/reports/{id}": ("/api/v1/reports", ("reports", "id")),
    "/holds/{id}": ("/api/v1/holds?kind=hold", ("holds", "id")),
    "/trials/{id}": ("/api/v1/trials", ("trials", "id")),
    "/commands/{id}": (f"{DEVICES}/yard/commands", ("commands", "id")),
    "/commands/{name}": (f"{DEVICES}/yard/commands", ("commands", "name")),
    "/enrolments/{node}": ("/api/v1/enrolments", ("agents", "node")),
    "/versions/{version}": ("/api/v1/enrolments/pi-1/versions", ("versions", "version")),
    "/consumers/{name}": ("/api/v1/consumers", ("consumers", "name")),
    "/past/{minute}.jpg": ("/api/v1/timeline/DEMO/past", ("series", "first")),
    "/minutes/{minute}": ("/api/v1/timeline/DEMO", ("newest",)),
}
"""By the end of the path up to a part: where things of this kind are listed, and how the id of one is named there."""
OF_TIME: Final[Mapping[str, Sequence[str]]] = {
    "date": ("2026-01-05",), "hour": ("10",), "slot": ("1006", "1007"), "first": ("29460120",),
    "kind": ("visual", "thermal"),
}  # fmt: skip
"""Parts that name no thing: moments of the ten minutes that the hub has seen, and words of the API."""
TIMES: Final = ("from", "to", "as_of", "at", "start", "end", "since", "until", "after", "before")
"""Keys that take any moment."""


ALIASES: Final[Mapping[str, str]] = {"with_device": "device"}
"""Keys of queries by the names that answers have for the same."""


class NothingToAskFor(LookupError):
    """No thing of a kind that a route names is in the hub, or nobody has said where such things are listed."""


class Known:
    """Asks a hub once for everything that it lists."""

    def __init__(self, client: httpx.Client, operations: Sequence[Operation]) -> None:
        self._client = client
        self._answers: dict[str, list[tuple[Names, Any]]] = {}
        self._by_key: dict[str, list[Any]] = {}
        self._addresses: set[str] = set()
        self._strategies: dict[str, st.SearchStrategy[Any]] = {}
        for operation in operations:
            if operation.method == "GET" and isinstance(operation.answers, type):
                self._look_at(operation)

    def parts(self, operation: Operation) -> list[Parts]:
        """Those of paths that the hub itself has named first. Raises `NothingToAskFor`."""
        named = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.path)))
        met = (named.fullmatch(address) for address in sorted(self._addresses))
        found: list[Parts] = [{name: unquote(value) for name, value in one.groupdict().items()} for one in met if one]
        if found:
            return found
        ends = list(re.finditer(r"{(\w+)}(?:\.\w+)?", operation.path))
        values = [self._values(one[1], operation.path[: one.end()]) for one in ends]
        return [dict(zip((one[1] for one in ends), chosen, strict=True)) for chosen in product(*values)]

    def of_key(self, key: str) -> list[Any]:
        """The values that the hub itself has under a name."""
        return self._by_key.get(key, []) + (self._by_key.get("time", []) if key in TIMES else [])

    def required(self, operation: Operation, parts: Parts) -> dict[str, str]:
        """The keys of the query that an operation cannot be asked without, each with a value that the hub has."""
        fields = operation.parameters.model_fields.items()
        keys = [name for name, field in fields if field.is_required() and name not in parts]
        return {key: str(self.of_key(ALIASES.get(key, key))[0]) for key in keys}

    def values(self, key: str) -> st.SearchStrategy[Any]:
        """What the hub has under this name or another, and what is almost that."""
        if key not in self._strategies:
            own = self.of_key(ALIASES.get(key, key)) or self._everything
            found = st.one_of(one_of(own), one_of(own), one_of(self._everything))
            self._strategies[key] = st.one_of(found, found, found.flatmap(near))
        return self._strategies[key]

    def like(self, key: str, value: Any) -> st.SearchStrategy[Any]:
        """The value, or one that the hub has under this name, of its type."""
        own = [one for one in self.of_key(ALIASES.get(key, key)) if type(one) is type(value)]
        return one_of([value, *own])

    @cached_property
    def _everything(self) -> list[Any]:
        return [value for values in self._by_key.values() for value in values]

    def _values(self, name: str, path: str) -> Sequence[str]:
        if name in OF_TIME:
            return OF_TIME[name]
        for end, (address, names) in LISTED.items():
            if path.endswith(end) or (name in ("site", "device") and f"{{{name}}}" in end):
                found = [str(value) for way, value in self._answer(address) if way[-len(names) :] == names]
                if found:
                    return list(dict.fromkeys(found))
        raise NothingToAskFor(path)

    def _look_at(self, operation: Operation) -> None:
        """What an operation answers of all that it can be asked for by a part of a path."""
        if operation.path.startswith(ENDLESS) or operation.path.endswith("api.json"):
            return
        for parts in self.parts(operation)[:6]:
            self._answer(filled(operation.path, parts))

    def _answer(self, address: str) -> list[tuple[Names, Any]]:
        if address not in self._answers:
            answer = self._client.get(address)
            is_read = answer.status_code == 200 and answer.headers["content-type"].startswith(JSON)
            self._answers[address] = list(_leaves(answer.json())) if is_read else []
            for way, value in self._answers[address]:
                self._keep(way[-1] if way else "", value)
        return self._answers[address]

    def _keep(self, key: str, value: Any) -> None:
        if isinstance(value, str) and value.startswith("/"):
            self._addresses.add(urlsplit(value).path)
        kept = self._by_key.setdefault(key, [])
        if value not in kept and len(kept) < 30 and len(str(value)) < 200:
            kept.append(value)
        if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) and key != "time":
            self._keep("time", value)


def one_of(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """As `sampled_from`, which would write all of them into what it says of itself: Hypothesis warns of that."""

    def at(place: int) -> Any:
        return values[place]

    return st.integers(0, len(values) - 1).map(at)


def filled(path: str, parts: Parts) -> str:
    """The path with its parts."""
    return re.sub(r"{(\w+)}", lambda part: quote(parts[part[1]], safe=""), path)


def near(value: Any) -> st.SearchStrategy[Any]:
    """What is almost a value that exists."""
    if isinstance(value, bool) or value is None:
        return st.sampled_from([not value, None])
    if isinstance(value, int | float):
        return st.sampled_from([value - 1, value + 1, -value, value * 1000, value + 0.5])
    text = str(value)
    return st.sampled_from(
        [text[:-1], f"{text}0", text.swapcase(), f" {text}", f"{text}/", text[::-1], f"{text},{text}"]
    )


def _leaves(value: Any, way: Names = ()) -> Iterator[tuple[Names, Any]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, (*way, key))
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member, way)
    elif value is not None:
        yield way, value
