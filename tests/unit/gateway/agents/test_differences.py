"""What differs between two configurations of an agent."""

import json
from typing import Any

import pytest

from gateway.agents.differences import differences


def configuration(*devices: dict[str, Any], **more: Any) -> str:
    return json.dumps({"sites": [{"site": "YARD", "devices": list(devices)}], **more})


GATE = {"device": "GATE", "visual": {"kind": "v4l2", "path": "/dev/video0"}}
OVEN = {"device": "OVEN", "thermal": {"kind": "mlx90640"}}


def test_a_value_that_was_changed_is_named_by_its_site_and_device() -> None:
    faster = {**GATE, "rates": {"capture_fps": 4}}

    assert differences(configuration(GATE, OVEN), configuration(faster, OVEN)) == [
        ("sites.YARD.devices.GATE.rates.capture_fps", None, "4")
    ]


def test_devices_in_another_order_differ_in_nothing() -> None:
    assert differences(configuration(GATE, OVEN), configuration(OVEN, GATE)) == []


def test_a_device_that_is_gone_is_named_with_what_it_had() -> None:
    assert differences(configuration(GATE, OVEN), configuration(GATE)) == [
        ("sites.YARD.devices.OVEN.device", '"OVEN"', None),
        ("sites.YARD.devices.OVEN.thermal.kind", '"mlx90640"', None),
    ]


def test_the_first_version_is_all_of_it() -> None:
    assert ("link.bytes_per_s", None, "50000") in differences("", configuration(GATE, link={"bytes_per_s": 50_000}))


@pytest.mark.parametrize("damaged", ["{", "[" * 100_000, '"text"', "7", "[1, 2]", "{}"])
def test_a_text_that_is_no_configuration_is_compared_as_text(damaged: str) -> None:
    found = differences(configuration(GATE), damaged)

    assert found
    assert all(len(text) <= 200 for one in found for text in one[1:] if text is not None)
