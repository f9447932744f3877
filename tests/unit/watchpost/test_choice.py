"""Which node and which consumers a command line means."""

import pytest

from watchpost import demo
from watchpost.choice import chosen_consumers, chosen_node
from watchpost.config import ClickHouse, Hub, WatchpostConfig
from watchpost.located import ConfigError

KNOWN = ("mosaics", "alerts", "warehouse")
CHDB = WatchpostConfig()
SERVER = WatchpostConfig(hub=Hub(warehouse=ClickHouse(kind="clickhouse")))


@pytest.mark.parametrize(
    ("named", "left_out", "config", "chosen"),
    [
        (["alerts"], [], CHDB, ["alerts"]),
        ([], [], CHDB, ["mosaics", "alerts"]),
        ([], ["mosaics"], CHDB, ["alerts"]),
        ([], ["mosaics"], SERVER, ["alerts", "warehouse"]),
        (["warehouse"], [], SERVER, ["warehouse"]),
    ],
)
def test_consumers_are_those_named_or_all_but_the_gateway_s_own(
    named: list[str], left_out: list[str], config: WatchpostConfig, chosen: list[str]
) -> None:
    assert chosen_consumers(named, left_out, KNOWN, config) == chosen


def test_a_consumer_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ConfigError, match="there is no consumer 'mosaic'; known are mosaics, alerts, warehouse"):
        chosen_consumers(["mosaic"], [], KNOWN, CHDB)


def test_the_warehouse_inside_the_gateway_cannot_run_apart() -> None:
    with pytest.raises(ConfigError, match="'warehouse' runs inside the gateway"):
        chosen_consumers(["warehouse"], [], KNOWN, CHDB)


def test_the_only_node_need_not_be_named() -> None:
    assert chosen_node(None, demo.config()) == "DEMO"


@pytest.mark.parametrize(("node", "sentence"), [("x", "there is no node 'x'; the configuration has DEMO")])
def test_a_node_that_does_not_exist_is_refused_with_those_that_do(node: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        chosen_node(node, demo.config())


def test_without_devices_no_node_can_be_chosen() -> None:
    with pytest.raises(ConfigError, match="say which node with --node; the configuration has none"):
        chosen_node(None, WatchpostConfig())
