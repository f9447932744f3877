"""What a watchpost.yaml may say, and what is said about one that may not."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from edge.agent.source_settings import RtspSourceSettings
from watchpost.configuration.config import WatchpostConfig, load
from watchpost.configuration.preflight import troubles
from watchpost.configuration.secrets import secret
from watchpost.configuration.yaml_loader import ConfigError

COMPLETE = """\
broker: {start: false, host: mqtt.example, port: 8883, tls: {}, username: hub, password_env: MQTT_PASSWORD}
hub:
  retention_hours: {capture: 2}
  journal_days: 90
gateway: {host: 0.0.0.0, port: 80, token_env: TOKEN}
sites:
  - site: HEAD_OFFICE
    name: Head office
    time_zone: Europe/Berlin
    devices:
      - device: EMPLOYEE_AREA
        visual: {kind: rtsp, url_env: CAMERA}
        zones: [{name: door, points: [[0, 0], [1, 0], [1, 1]], restricted: true}]
      - device: TRANSFORMER
        node: pi-1
        visual: {kind: v4l2}
        thermal: {kind: mlx90640, refresh_hz: 8}
        rois: [{name: top, coordinates: [[8, 0], [24, 8]], thresholds: {warning: 80, critical: 90, emergency: 100}}]
"""

RATES = "sites: [{site: A, devices: [{device: b, visual: {kind: rtsp, url: 'rtsp://camera/'}, %s}]}]\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "watchpost.yaml"
    path.write_text(text)
    return path


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load(written(tmp_path, text))
    return str(refused.value).replace(str(tmp_path / "watchpost.yaml"), "FILE")


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    config = load(written(tmp_path, ""))

    assert config == WatchpostConfig()
    assert config.hub.retention_hours.capture == 1
    assert config.triggers == ("UNAUTHORIZED_STRANGER", "RESTRICTED_ACCESS", "CROWD_VIOLATION")


def test_a_complete_file_is_read(tmp_path: Path) -> None:
    config = load(written(tmp_path, COMPLETE))

    employee_area, transformer = config.sites[0].devices
    assert employee_area.visual == RtspSourceSettings(kind="rtsp", url_env="CAMERA")
    assert transformer.rois[0].thresholds.critical == 90
    assert config.hub.journal_days == 90


def test_devices_without_a_node_share_that_of_their_site(tmp_path: Path) -> None:
    nodes = load(written(tmp_path, COMPLETE)).devices_by_node()

    assert {node: [device.device for _site, device in devices] for node, devices in nodes.items()} == {
        "HEAD_OFFICE": ["EMPLOYEE_AREA"],
        "pi-1": ["TRANSFORMER"],
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("broker:\n  hots: x\n", "FILE:2: unknown key 'hots' in broker; did you mean 'host'?"),
        ("sits: []\n", "FILE:1: unknown key 'sits' in the configuration; did you mean 'sites'?"),
        (
            "sites:\n  - site: A\n    devices:\n      - device: b\n        visual: {kind: rtsp, ur: x, url_env: Y}\n",
            "FILE:5: unknown key 'ur' in sites[0].devices[0].visual; did you mean 'url'?",
        ),
        (
            "broker:\n  port: abc\n",
            "FILE:2: broker.port: should be a valid integer, unable to parse string as an integer; it is 'abc'",
        ),
        ("gateway: 5\n", "FILE:1: gateway: should be keys with values; it is 5"),
        ("broker:\n  port: 1\n  port: 2\n", "FILE:3: key 'port' is given twice"),
        ("broker: [\n", "FILE:2: expected the node content, but found '<stream end>'"),
        ("sites:\n  - name: x\n", "FILE:2: key 'site' is missing in sites[0]"),
        (
            "sites:\n  - site: A\n    devices: [{device: b, visual: {kind: rtps}}]\n",
            "FILE:3: sites[0].devices[0].visual: unknown kind 'rtps'; "
            "known are 'file', 'rtsp', 'mjpeg', 'v4l2', 'scene'",
        ),
        (
            "sites:\n  - site: A\n    devices: [{device: b, fusion: {alignment: {by: {}}}}]\n",
            "FILE:3: sites[0].devices[0].fusion.alignment: unknown by '{}'; known are 'fields_of_view', 'points'",
        ),
        (
            "sites:\n  - site: A\n    devices: [{device: b, fusion: {alignment: {}}}]\n",
            "FILE:3: sites[0].devices[0].fusion.alignment: key 'by' is missing",
        ),
        (
            "sites:\n  - site: A\n    time_zone: Mars/Crater\n",
            "FILE:3: sites[0].time_zone: 'Mars/Crater' is no IANA time zone; write it as Europe/Berlin",
        ),
        ("sites: [{site: A}, {site: A}]\n", "FILE:1: sites: site 'A' stands twice in the configuration"),
        (
            "gateway: {host: 0.0.0.0}\n",
            "FILE:1: gateway: '0.0.0.0' is open to other machines; give token_env or token_file, or use 127.0.0.1",
        ),
        ("triggers: [total_events]\n", "FILE:1: triggers: 'total_events' is the name of the total"),
    ],
)
def test_what_is_wrong_is_said_with_line_and_key(tmp_path: Path, text: str, sentence: str) -> None:
    assert complaint(tmp_path, text) == sentence


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "gateway: {prot: 1}\nbroker: {port: -1}\n"

    assert complaint(tmp_path, text).splitlines() == [
        "FILE:1: unknown key 'prot' in gateway; did you mean 'port'?",
        "FILE:2: broker.port: should be greater than or equal to 0; it is -1",
    ]


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("device: b", "needs a visual or a thermal source"),
        ("device: _hub, visual: {kind: v4l2}", "'_hub' is the hub's own name"),
        ("device: a/b, visual: {kind: v4l2}", "should be letters, digits, _ and -"),
        ("device: b, visual: {kind: scene, scene: thermal}", "the visual source is a thermal scene"),
        ("device: b, visual: {kind: rtsp, url: 'rtsp://me:secret@cam/'}", "the address holds credentials"),
        ("device: b, visual: {kind: mjpeg}", "give either url or url_env"),
        ("device: b, thermal: {kind: mlx90640, refresh_hz: 3}", "not 3"),
        (
            "device: b, thermal: {kind: mlx90640}, rois: [{name: r, coordinates: []}]",
            "key '0' is missing in sites[0].devices[0].rois[0].coordinates",
        ),
        ("device: b, thermal: {kind: mlx90640}, rois: [{name: r, coordinates: [[4, 4], [4, 8]]}]", "'r' has no area"),
        ("device: b, thermal: {kind: mlx90640}, rois: [{name: r, coordinates: [[4, 4], [40, 8]]}]", "or equal to 32"),
        (
            "device: b, thermal: {kind: mlx90640}, "
            "rois: [{name: r, coordinates: [[0, 0], [1, 1]], thresholds: {warning: 99}}]",
            "thresholds must rise: warning < critical < emergency, not 99, 85, 95",
        ),
        ("device: b, visual: {kind: v4l2}, detector: {kind: scene}", "the scene detector knows only drawn scenes"),
        (
            "device: b, visual: {kind: scene, scene: visual, faults: [{kind: freeze, lasts_s: 9, every_s: 9}]}",
            "lasts_s (9.0) must be less than every_s (9.0)",
        ),
    ],
)
def test_a_device_that_cannot_work_is_refused(tmp_path: Path, device: str, sentence: str) -> None:
    assert sentence in complaint(tmp_path, f"sites: [{{site: A, devices: [{{{device}}}]}}]\n")


def test_two_devices_of_an_agent_that_would_read_one_sensor_are_refused(tmp_path: Path) -> None:
    text = (
        "sites: [{site: A, devices: [{device: a, thermal: {kind: mlx90640}}, {device: b, thermal: {kind: mlx90640}}]}]"
    )

    assert "A/a and A/b read the same MLX90640" in complaint(tmp_path, text)
    of_two_agents = load(written(tmp_path, text.replace("device: b,", "device: b, node: pi-2,")))
    assert sorted(of_two_agents.devices_by_node()) == ["A", "pi-2"]


def test_the_same_device_twice_in_a_site_is_refused(tmp_path: Path) -> None:
    device = "{device: b, visual: {kind: v4l2}}"

    assert "device 'b' stands twice" in complaint(tmp_path, f"sites: [{{site: A, devices: [{device}, {device}]}}]\n")


def test_the_same_device_name_at_two_sites_is_fine(tmp_path: Path) -> None:
    devices = "devices: [{device: b, visual: {kind: v4l2}}]"

    assert len(load(written(tmp_path, f"sites: [{{site: A, {devices}}}, {{site: B, {devices}}}]\n")).sites) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: No such file or directory"):
        load(tmp_path / "nowhere.yaml")


def test_the_broker_that_we_start_listens_on_loopback_only(tmp_path: Path) -> None:
    assert "listens on loopback only" in complaint(tmp_path, "broker: {host: 10.0.0.1}\n")


def test_a_secret_comes_from_the_environment() -> None:
    assert secret({"TOKEN": "s3cret"}, env="TOKEN") == "s3cret"


def test_a_secret_comes_from_a_file_without_its_last_newline(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")

    assert secret({}, env=None, file=tmp_path / "token") == "s3cret"


def test_a_secret_that_is_named_and_missing_is_said() -> None:
    with pytest.raises(ConfigError, match="TOKEN, which the configuration names, is not set"):
        secret({}, env="TOKEN")


def test_a_secret_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe\x80 of random bytes")

    with pytest.raises(ConfigError, match="token: is not UTF-8 text"):
        secret({}, env=None, file=tmp_path / "token")
    with pytest.raises(ConfigError, match="TOKEN is not UTF-8 text"):
        secret({"TOKEN": b"\xff of random bytes".decode(errors="surrogateescape")}, env="TOKEN")


def test_a_secret_in_a_file_that_there_cannot_be_is_said(tmp_path: Path) -> None:
    config = load(written(tmp_path, 'gateway: {token_file: "/etc/a\\0b"}\n'))

    with pytest.raises(ConfigError, match="no file has such a name"):
        secret({}, env=None, file=config.gateway.token_file)
    assert [one.sentence for one in troubles(config, {})] == ["gateway.token_file: /etc/a\0b: no file has such a name"]


def test_a_time_of_day_needs_no_quotes(tmp_path: Path) -> None:
    schedule = "recording: {mode: schedule, schedule: [{start: 20:00, end: 06:30}, {start: 12:30, end: 12:45}]}"
    (device,) = load(written(tmp_path, RATES % schedule)).sites[0].devices

    assert [(window.start, window.end) for window in device.recording.schedule] == [
        ("20:00", "06:30"),
        ("12:30", "12:45"),
    ]


@pytest.mark.parametrize("name", ["NO", "on", "7", "0123", "1.5", "2026-01-05"])
def test_a_name_that_yaml_takes_for_something_else_is_to_be_put_in_quotes(tmp_path: Path, name: str) -> None:
    assert complaint(tmp_path, f"sites:\n  - site: {name}\n") == (
        "FILE:2: sites[0].site: should be a valid string, and YAML takes what stands there for something else: put it"
        " in quotes"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sites: []\nx: 2026-13-45\n", "FILE:2: a value is not what it looks like"),
        ("sites: []\nhub: {journal_days: " + "9" * 5000 + "}\n", "FILE:2: a value is not what it looks like"),
        ("sites:\n- {site: A, name: 'a\x07b'}\n", "FILE:2: the character U+0007 stands in no text"),
        ("sites:\n- site: Büro\n", "FILE:2: sites[0].site: should be letters, digits, _ and -, at most 64 of them"),
        ("nodes: [{node: a}, {node: a}]\n", "FILE:1: nodes: node 'a' stands twice in the configuration"),
        ("gateway: {port: 22:22}\n", "FILE:1: gateway.port: should be a valid integer"),
        ("hub: {journal_days: 9223372036854775807}\n", "FILE:1: hub.journal_days: should be less than or equal to"),
        ("hub: {export_bytes: 9223372036854775808}\n", "FILE:1: hub.export_bytes: should be less than or equal to"),
        ("hub: {cold_storage: {bucket: abc, endpoint: 'https://a:bc/'}}\n", "this is no address of a server"),
    ],
)
def test_a_value_that_cannot_be_used_is_said_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in complaint(tmp_path, text)


def test_a_long_value_is_quoted_in_part(tmp_path: Path) -> None:
    assert len(complaint(tmp_path, f"sites: [{{site: {'A' * 5000}}}]\n")) < 250


def test_every_field_is_described() -> None:
    def undescribed(schema: dict[str, object]) -> list[str]:
        definitions = schema.get("$defs", {})
        assert isinstance(definitions, dict)
        return [
            f"{name}.{field}"
            for name, definition in definitions.items()
            for field, about in definition["properties"].items()
            if "description" not in about and field != "kind"
        ]

    model: type[BaseModel] = WatchpostConfig
    assert undescribed(model.model_json_schema()) == []


@pytest.mark.parametrize(
    "given",
    [
        "mqtt://admin:Geheim7@broker",
        "admin:Geheim7@broker",
        "mqtt://admin:Ge'heim7@broker",
        "mqtt://admin:Ge heim7@broker",
        "mqtt://admin:Ge@heim7@broker:1883/x",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "broker: {host: %s}",
        "broker: {start: false, host: %s}",
        "gateway: {host: %s}",
        "gateway: {public_url: %s}",
        "gateway: {trusted_proxies: [%s]}",
        "hub: {warehouse: {kind: clickhouse, host: %s}}",
        "hub: {warehouse: {kind: clickhouse, database: %s}}",
        "hub: {journal_days: %s}",
        "sites: [{site: %s, devices: []}]",
        "sites: [{site: A, devices: [{device: b, visual: {kind: %s}}]}]",
    ],
)
def test_no_complaint_shows_a_password_that_was_put_into_an_address(tmp_path: Path, text: str, given: str) -> None:
    quoted = "'" + given.replace("'", "''") + "'"
    said = complaint(tmp_path, text % quoted + "\n")

    assert "eim7" not in said
    assert "Ge" not in said.replace("Geheim7@", "Ge")


def test_a_host_is_a_name_or_an_address_alone(tmp_path: Path) -> None:
    said = complaint(tmp_path, "broker: {start: false, host: 'mqtt://admin:Geheim7@broker'}\n")

    assert said == (
        "FILE:1: broker.host: this is no host: give a name or an address alone, without scheme, user, password and path"
    )
    assert load(written(tmp_path, "broker: {start: false, host: '2001:db8::1'}\n")).broker.host == "2001:db8::1"


@pytest.mark.parametrize("key", ["analysis_fps", "capture_fps", "thumbnail_fps", "thermal_fps", "record_fps"])
@pytest.mark.parametrize("rate", ["1.0e-300", "0.009", "121", "1.0e+300", ".inf", ".nan"])
def test_a_rate_that_no_device_can_keep_is_refused_with_its_key(tmp_path: Path, key: str, rate: str) -> None:
    assert f".rates.{key}: " in complaint(tmp_path, RATES % f"rates: {{{key}: {rate}}}")


@pytest.mark.parametrize(
    "given",
    [
        "rates: {live_fps: 1.0e-300}",
        "rates: {live_fps: 11}",
        "rates: {thermal_frame_s: 1.0e+300}",
        "rates: {thermal_frame_s: 0.01}",
        "detector: {kind: shape, every_s: 1.0e-300}",
        "detector: {kind: shape, every_s: 86401}",
    ],
)
def test_an_interval_that_no_device_can_keep_is_refused_with_its_key(tmp_path: Path, given: str) -> None:
    part, key = given.split(": {")[0], given.rsplit(": ", 1)[0].rsplit(" ", 1)[-1].lstrip("{")

    assert f".{part}.{key}: " in complaint(tmp_path, RATES % given)


def test_the_outermost_rates_are_accepted(tmp_path: Path) -> None:
    rates = "rates: {analysis_fps: 0.01, capture_fps: 120, live_fps: 0, thermal_frame_s: 86400}"

    assert load(written(tmp_path, RATES % rates)).sites[0].devices[0].rates.live_fps == 0
