"""Each process is given its own secrets, and no others."""

from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.environment import Secrets, environment


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
    assert secrets.of_consumers() == {"MQTT", "JOURNAL"}
    assert secrets.of_consumers(["alerts", "webhook"]) == {"MQTT", "JOURNAL", "HOOK"}
    assert secrets.of_consumers(["warehouse"]) == {"MQTT", "JOURNAL", "ROWS"}
    assert secrets.of_agent("GATE") == {"MQTT", "GATE_URL"}


def test_what_nobody_named_is_given_to_nobody() -> None:
    environ = {
        "PATH": "/bin", "LC_ALL": "C.UTF-8", "PYTHONPATH": "/opt", "MQTT": "secret", "TOKEN": "secret",
        "AWS_SECRET_ACCESS_KEY": "secret", "HTTPS_PROXY": "http://user:secret@proxy",
    }  # fmt: skip

    assert set(environment(environ, {"MQTT"})) == {"PATH", "LC_ALL", "PYTHONPATH", "MQTT"}
    assert set(environment(environ, (), proxies=True)) == {"PATH", "LC_ALL", "PYTHONPATH", "HTTPS_PROXY"}
