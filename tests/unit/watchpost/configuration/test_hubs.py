"""What the processes of the hub are told of where rows and journal are."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from consumers.hub_config import ClickHouseServer
from watchpost import VERSION
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import gateway_settings, hub_config
from watchpost.configuration.yaml_loader import ConfigError


def reported(warehouse: dict[str, Any] | None, environ: dict[str, str]) -> ClickHouseServer | None:
    given = {} if warehouse is None else {"warehouse": warehouse}
    return hub_config(WatchpostConfig.model_validate({"hub": given}), Path("data"), environ, ("warehouse",)).warehouse


@pytest.mark.parametrize("warehouse", [None, {"kind": "chdb"}])
def test_rows_are_in_the_gateway_s_process_unless_a_server_is_named(warehouse: dict[str, Any] | None) -> None:
    assert reported(warehouse, {}) is None


@pytest.mark.parametrize(
    ("given", "port"), [({}, 9000), ({"secure": True}, 9440), ({"secure": True, "port": 9001}, 9001)]
)
def test_the_port_of_a_server_follows_from_how_it_is_spoken_to(given: dict[str, Any], port: int) -> None:
    server = reported({"kind": "clickhouse", **given}, {})

    assert server is not None
    assert server.port == port


def test_the_password_comes_from_the_environment_and_is_not_shown() -> None:
    server = reported({"kind": "clickhouse", "user": "rows", "password_env": "ROWS"}, {"ROWS": "tell nobody"})

    assert server == ClickHouseServer("127.0.0.1", user="rows", password="tell nobody")
    assert "tell nobody" not in repr(server)


@pytest.mark.parametrize("name", ["Warehouse", "warehouse_2", "ware house", "1st", ""])
def test_a_database_whose_name_could_be_a_generation_of_another_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is no name here"):
        reported({"kind": "clickhouse", "database": name}, {})


def reported_journal(journal: dict[str, Any] | None, environ: dict[str, str]) -> ClickHouseServer | None:
    given = {} if journal is None else {"journal": journal}
    return hub_config(WatchpostConfig.model_validate({"hub": given}), Path("data"), environ).journal


@pytest.mark.parametrize("journal", [None, {"kind": "sqlite"}])
def test_the_journal_is_in_files_unless_a_server_is_named(journal: dict[str, Any] | None) -> None:
    assert reported_journal(journal, {}) is None


def test_journal_and_rows_on_one_server_have_databases_of_their_own() -> None:
    journal = reported_journal(
        {"kind": "clickhouse", "host": "rows.example", "user": "log", "password_env": "LOG"}, {"LOG": "x"}
    )

    assert journal == ClickHouseServer("rows.example", database="watchpost_journal", user="log", password="x")


@pytest.mark.parametrize("name", ["Journal", "jour nal", "1st", "", "a; drop database b"])
def test_a_journal_of_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is no name here"):
        reported_journal({"kind": "clickhouse", "database": name}, {})


def test_who_is_not_to_know_a_secret_does_not_ask_for_it() -> None:
    server = {"kind": "clickhouse", "password_env": "ROWS"}
    config = WatchpostConfig.model_validate({"hub": {"warehouse": server}, "alerts": {"webhook_url_env": "HOOK"}})

    blind = hub_config(config, Path("data"), {})
    assert blind.warehouse is not None
    assert (blind.warehouse.password, blind.webhooks) == ("", ())
    with pytest.raises(ConfigError, match="HOOK"):
        hub_config(config, Path("data"), {}, ("webhook",))


def test_the_gateway_names_the_version_of_the_product() -> None:
    assert gateway_settings(WatchpostConfig(), None, environ={}).version == VERSION
