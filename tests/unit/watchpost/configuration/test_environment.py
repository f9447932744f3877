"""Each process is given its own secrets, and no others."""

import pytest

from consumers.engine.process_group import ProcessGroup
from consumers.registry import CONSUMERS, STORE_OWNERS
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.environment import CREDENTIALS_OF_GROUP, Secrets, environment


def config() -> WatchpostConfig:
    def camera(name: str) -> dict[str, object]:
        return {"device": name, "name": name, "node": name, "visual": {"kind": "rtsp", "url_env": f"{name}_URL"}}

    return WatchpostConfig.model_validate({
        "broker": {"start": False, "host": "mqtt.example", "username": "hub", "password_env": "MQTT"},
        "hub": {
            "journal": {"kind": "clickhouse", "password_env": "JOURNAL"},
            "warehouse": {"kind": "clickhouse", "password_env": "ROWS"},
        },
        "gateway": {"token_env": "TOKEN"},
        "alerts": {"webhook_url_env": "HOOK"},
        "sites": [{"site": "A", "name": "A", "time_zone": "UTC", "devices": [camera("GATE"), camera("YARD")]}],
    })  # fmt: skip


def test_a_secret_is_known_to_who_reads_it() -> None:
    secrets = Secrets(config())

    assert secrets.of_gateway() == {"MQTT", "JOURNAL", "ROWS", "TOKEN"}
    assert secrets.of_ingest() == {"MQTT", "JOURNAL"}
    assert secrets.of_group(ProcessGroup.URGENT) == {"MQTT", "JOURNAL", "HOOK"}
    assert secrets.of_group(ProcessGroup.SERVED) == {"MQTT", "JOURNAL", "ROWS"}
    assert secrets.of_agent("GATE") == {"MQTT", "GATE_URL"}


@pytest.mark.parametrize("group", ProcessGroup)
def test_the_process_of_a_group_knows_what_its_consumers_name_and_nothing_else(group: ProcessGroup) -> None:
    consumers = [*(one.consumer for one in CONSUMERS.values()), *STORE_OWNERS.values()]

    assert CREDENTIALS_OF_GROUP[group] == {
        known for consumer in consumers if consumer.group is group for known in consumer.credentials
    }


def test_what_nobody_named_is_given_to_nobody() -> None:
    environ = {
        "PATH": "/bin", "LC_ALL": "C.UTF-8", "PYTHONPATH": "/opt", "MQTT": "secret", "TOKEN": "secret",
        "AWS_SECRET_ACCESS_KEY": "secret", "HTTPS_PROXY": "http://user:secret@proxy",
    }  # fmt: skip

    assert set(environment(environ, {"MQTT"})) == {"PATH", "LC_ALL", "PYTHONPATH", "MQTT"}
    assert set(environment(environ, (), proxies=True)) == {"PATH", "LC_ALL", "PYTHONPATH", "HTTPS_PROXY"}
