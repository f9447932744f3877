"""What agents and hub are each given of a device: its parts, and how long its media stay."""

from datetime import timedelta
from pathlib import Path

from consumers.hub_config import DeviceRetention
from watchpost.configuration import demo
from watchpost.configuration.agents import node_settings
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.hubs import hub_config

KEPT = WatchpostConfig.model_validate(
    {
        "sites": [
            {
                "site": "YARD",
                "devices": [
                    {
                        "device": "gate",
                        "visual": {"kind": "scene", "scene": "visual"},
                        "retention": {"segment": 720, "capture": 0.5, "segment_bytes": 10_000_000_000},
                    },
                    {"device": "hall", "visual": {"kind": "scene", "scene": "visual"}},
                ],
            }
        ]
    }
)


def test_the_agent_of_every_device_of_the_demo_has_its_settings() -> None:
    config = demo.config()

    devices = [one.device for node in config.devices_by_node() for one in node_settings(config, node).devices]
    assert sorted(devices) == sorted(one.device for site in config.sites for one in site.devices)


def test_how_long_media_of_a_device_stay_is_for_the_hub_alone() -> None:
    hub = hub_config(KEPT, Path("data"), {})
    agent = node_settings(KEPT, "YARD")

    assert hub.retention.devices == (
        DeviceRetention(
            "YARD",
            "gate",
            (("capture", timedelta(hours=0.5)), ("segment", timedelta(hours=720))),
            segment_bytes=10_000_000_000,
        ),
    )
    assert hub.retention.keep("YARD", "gate", "segment") == timedelta(days=30)
    assert hub.retention.keep("YARD", "gate", "thumbnail") == timedelta(hours=24)
    assert hub.retention.keep("YARD", "hall", "segment") == timedelta(hours=24)
    assert [one.device for one in agent.devices] == ["gate", "hall"]
