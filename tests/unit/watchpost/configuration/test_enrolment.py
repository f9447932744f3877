"""What a hub takes as the configuration of an agent, and where agents find it."""

import json
from pathlib import Path
from time import process_time

import pytest
import yaml

from watchpost.configuration.agents import read_agent_configuration, settings_of
from watchpost.configuration.broker import BrokerSection
from watchpost.configuration.config import load
from watchpost.configuration.enrolment import agents_settings, check
from watchpost.configuration.yaml_loader import ConfigError

CAMERA = "sites: [{site: DEMO, devices: [{device: yard, visual: {kind: v4l2, path: /dev/video0}}]}]\n"


def test_a_configuration_becomes_one_text_that_says_what_was_written() -> None:
    found = check("pi-1", CAMERA)

    assert json.loads(found.text) == {
        "sites": [{"site": "DEMO", "devices": [{"device": "yard", "visual": {"kind": "v4l2", "path": "/dev/video0"}}]}]
    }
    assert found.devices == ("DEMO/yard",)
    assert check("pi-1", found.text).text == found.text
    settings = settings_of("pi-1", read_agent_configuration(found.text))
    assert [device.source for device in settings.devices] == ["/sites/DEMO/devices/yard"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "key 'sites' is missing"),
        ("sites: []", "sites"),
        ("sites: [{site: DEMO}]", "it names no device"),
        ("sites: [", "configuration:1"),
        ("broker: {}\n" + CAMERA, "unknown key 'broker'"),
        (CAMERA.replace("yard,", "yard, node: pi-2,"), "node and retention belong into the file of the hub"),
        (CAMERA.replace("v4l2, path: /dev/video0", "rtsp, url: 'rtsp://user:secret@camera/1'"), "holds credentials"),
        (CAMERA.replace("DEMO", "_hub"), "is the hub's own name"),
    ],
)
def test_what_is_no_configuration_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as refused:
        check("pi-1", text)
    assert "secret" not in str(refused.value)


MANY = ", ".join(f"{{device: d{n}, visual: {{kind: v4l2, path: /dev/video0}}}}" for n in range(300))
LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LAUGHS, "with its aliases written out it has more than 200,000 values"),
        ("a: &a [*a]", "configuration:1: it contains itself"),
        ("[" * 5000, "nested more than 40 levels deep"),
        ("a: " + "[" * 60 + "]" * 60, "nested more than 40 levels deep"),
        ("? [a]\n: b", "unhashable key"),
        ("sites: 2026-13-01", "a value is not what it looks like"),
        ("sites: !!bool maybe", "a value is not what it looks like"),
        ("sites: " + "1" * 5000, "a value is not what it looks like"),
        ("sites: [" + "1," * 5000 + "]", "should be keys with values; it is 1$"),
        ("sites: [" + "1," * 99_000 + "]", "it has more than 50,000 values"),
        (f"sites: [{{site: DEMO, devices: [{MANY}]}}]", "it names 300 devices .* at most 256"),
    ],
)
def test_a_text_that_would_take_the_hub_for_hours_is_refused_at_once(text: str, why: str) -> None:
    began = process_time()
    with pytest.raises(ConfigError, match=why) as refused:
        check("pi-1", text)
    assert len(str(refused.value)) < 10_000
    assert process_time() - began < 5


def test_aliases_are_read(tmp_path: Path) -> None:
    aliased = CAMERA.replace("{device: yard, visual: ", "{device: yard, visual: &camera ").replace(
        "}}]}]", "}}, {device: gate, visual: *camera}]}]"
    )

    assert check("pi-1", aliased).devices == ("DEMO/yard", "DEMO/gate")


def test_the_hub_says_where_agents_find_the_broker(tmp_path: Path) -> None:
    elsewhere = {
        "start": False,
        "tls": {"ca_file": "/etc/ca.crt"},
        "agents": {"directory": "/etc/agents", "port": 8885},
    }
    found = {}
    for name, broker in {"none": {}, "own": {"agents": {}}, "elsewhere": elsewhere}.items():
        (tmp_path / name).write_text(yaml.safe_dump({"broker": broker}))
        found[name] = agents_settings(load(tmp_path / name), tmp_path)

    assert found["none"] is None
    assert found["own"] is not None
    assert (found["own"].port, found["own"].accounts) == (8884, tmp_path / "agents" / "accounts")
    assert found["own"].ca_file == tmp_path / "agents" / "tls" / "ca.crt"
    assert found["elsewhere"] is not None
    assert (found["elsewhere"].port, found["elsewhere"].accounts) == (8885, Path("/etc/agents"))
    assert found["elsewhere"].ca_file == Path("/etc/ca.crt")


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ({"agents": {"directory": "/etc/agents"}}, "for one that runs elsewhere"),
        ({"agents": {"port": 11883}}, "is that of the broker itself"),
        ({"start": False, "agents": {}}, "set agents.directory"),
    ],
)
def test_a_listener_for_agents_that_cannot_be_is_refused(section: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        BrokerSection.model_validate(section)


def test_two_devices_that_would_read_one_sensor_are_refused_at_the_hub_and_keep_no_agent_from_starting() -> None:
    sensor = {"thermal": {"kind": "mlx90640"}}
    text = json.dumps({"sites": [{"site": "DEMO", "devices": [{"device": "a", **sensor}, {"device": "b", **sensor}]}]})

    with pytest.raises(ValueError, match="DEMO/a and DEMO/b read the same MLX90640"):
        check("pi-1", text)
    assert len(settings_of("pi-1", read_agent_configuration(text)).devices) == 2
