"""Which node and which consumers a command line means."""

import pytest

from watchpost.commands.selection import chosen_consumers, chosen_node
from watchpost.configuration import demo
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.yaml_loader import ConfigError

KNOWN = ("mosaics", "alerts", "health")


@pytest.mark.parametrize(
    ("named", "left_out", "chosen"),
    [
        (["alerts"], [], ["alerts"]),
        ([], [], ["mosaics", "alerts", "health"]),
        ([], ["mosaics"], ["alerts", "health"]),
    ],
)
def test_consumers_are_those_named_or_all_but_those_left_out(
    named: list[str], left_out: list[str], chosen: list[str]
) -> None:
    assert chosen_consumers(named, left_out, KNOWN) == chosen


def test_a_consumer_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ConfigError, match="there is no consumer 'mosaic'; known are mosaics, alerts, health"):
        chosen_consumers(["mosaic"], [], KNOWN)


def test_the_only_node_need_not_be_named() -> None:
    assert chosen_node(None, demo.config()) == "DEMO"


@pytest.mark.parametrize(("node", "sentence"), [("x", "there is no node 'x'; the configuration has DEMO")])
def test_a_node_that_does_not_exist_is_refused_with_those_that_do(node: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        chosen_node(node, demo.config())


def test_without_devices_no_node_can_be_chosen() -> None:
    with pytest.raises(ConfigError, match="give the node with --node; the configuration has none"):
        chosen_node(None, WatchpostConfig())


def test_a_consumer_that_runs_by_itself_is_chosen_alone_or_not_at_all() -> None:
    assert chosen_consumers(["rows"], [], KNOWN, ["rows"]) == ["rows"]
    assert chosen_consumers([], [], KNOWN, ["rows"]) == list(KNOWN)
    with pytest.raises(ConfigError, match="rows runs in a process of its own: name no other consumer with it"):
        chosen_consumers(["alerts", "rows"], [], KNOWN, ["rows"])


def test_a_command_line_that_leaves_out_every_consumer_is_refused() -> None:
    with pytest.raises(ConfigError, match="no consumer is left to run"):
        chosen_consumers([], ["mosaics"], ["mosaics"])
