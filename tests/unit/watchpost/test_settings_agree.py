"""What one of those who take settings accepts all accept, and what one refuses all refuse with the same sentences."""

import re
from ast import literal_eval
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from bus_schemas.codec import decode
from bus_schemas.node import SettingsEvent
from bus_schemas.protocol import CommandRequest
from bus_schemas.settings import SECTIONS, AdjustableSettings, SettingsChange, read_sections
from edge.agent.commands import CommandRefused, change_of
from gateway.calls import parsed
from gateway.http.problems import Problem
from tests import builders, random_commands
from tests.examples import examples
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.yaml_loader import ConfigError, parse

Complaints = list[tuple[str, str]]
IN_OTHER_WORDS = ("Input should be an object", "Input should be a list", "is not known here", "Field required")
"""A file is of keys with values, and suggests the key that was meant."""
KEY_APART = re.compile(r": (?:unknown )?key (?P<key>'.*?')(?: is missing)? in (?P<parent>[^;]+)")
"""A file names a key that is unknown or missing beside what it is unknown or missing in."""


def of_the_api(text: str) -> tuple[SettingsChange | None, Complaints]:
    try:
        return parsed(SettingsChange, text.encode(errors="surrogatepass")), []
    except Problem as problem:
        return None, [(fault.path, fault.message) for fault in problem.errors]


def of_the_agent(value: Any) -> AdjustableSettings | str:
    try:
        return change_of(CommandRequest(request_id="r1", settings=value)).applied_to(AdjustableSettings())
    except CommandRefused as refused:
        return str(refused)


def of_the_bus(value: Any) -> SettingsEvent | None:
    """As the event arrives, where its contract lets it in."""
    event = builders.settings(settings={})
    body = from_json(event.model_dump_json())
    body["data"]["settings"] = value
    (found,) = decode(to_json(body, inf_nan_mode="constants"))
    return found if isinstance(found, SettingsEvent) else None


def of_the_file(value: Any, file: Path) -> WatchpostConfig | list[str]:
    sources = {kind: {"kind": "scene", "scene": kind} for kind in ("visual", "thermal")}
    device = {"device": "TARGET", **sources, **value}
    file.write_text(yaml.safe_dump({"sites": [{"site": "YARD", "devices": [device]}]}, allow_unicode=False))
    try:
        return parse(WatchpostConfig, file)
    except ConfigError as error:
        return str(error).splitlines()


def indexed(path: str) -> str:
    return re.sub(r"\.(\d+)", r"[\1]", path)


def place_of(line: str) -> str:
    """A line of the file's complaints with the whole path of what it is about."""
    return indexed(KEY_APART.sub(lambda found: f": {found['parent']}.{literal_eval(found['key'])}", line))


def joined(complaints: Complaints) -> str:
    return "; ".join(f"{path}: {sentence}" if path else sentence for path, sentence in complaints[:5])


@examples(80)
@given(seed=st.integers(0, 2**32))
@example(seed=0)
def test_api_agent_event_and_fold_agree(seed: int) -> None:
    text = random_commands.written(random_commands.settings(Random(seed)))
    value = from_json(text)
    change, complaints = of_the_api(text)
    done = of_the_agent(value)
    event = of_the_bus(value)

    if change is None:
        assert done == joined(complaints)
    else:
        assert done == change.applied_to(AdjustableSettings())
        assert event is not None
    if event is not None:
        read = read_sections(event.data.settings)
        refused = {path.split(".")[0] for path, _ in complaints} & set(SECTIONS)
        assert read.set_aside == {
            name: joined([one for one in complaints if one[0].split(".")[0] == name]) for name in refused
        }
        assert read.known.keys() == value.keys() & set(SECTIONS) - refused
        if change is not None:
            assert read.applied_to(AdjustableSettings()) == done


@pytest.mark.thorough
@examples(40)
@given(seed=st.integers(0, 2**32))
@example(seed=97)  # an unknown key with dots in its name
@example(seed=19400057)  # an alignment of no form that there is
@example(seed=134217728)  # lists that are too short
def test_the_configuration_file_agrees_with_the_api(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    text = random_commands.written(random_commands.settings(Random(seed)))
    value = from_json(text)
    if not value or not value.keys() <= set(SECTIONS):
        # A change names something to change, and a file may leave all of it out.
        return
    if "place" in value:
        # The file names the time zone of a site, and none of a device.
        return
    change, complaints = of_the_api(text)
    reported = of_the_file(value, tmp_path_factory.getbasetemp() / "agree.yaml")

    if change is not None:
        assert isinstance(reported, WatchpostConfig)
        assert reported.sites[0].devices[0].adjustable() == change.applied_to(AdjustableSettings())
        return
    assert isinstance(reported, list)
    assert len(reported) == len(complaints)
    for path, sentence in complaints:
        where = indexed(f"sites[0].devices[0].{path}")
        lines = [line for line in reported if where in place_of(line)]
        assert lines, (where, reported)
        if sentence not in IN_OTHER_WORDS:
            assert any(sentence.removeprefix("Input ") in line for line in lines), (sentence, reported)
