"""Settings over HTTP, as foreign devices may tell them."""

from pathlib import Path

from bus_schemas.picture_settings import PictureSettings
from tests.builders import START, at, settings
from tests.integration.gateway.started import Filled, Started

YARD = "/api/v1/sites/DEMO/devices/yard"


def test_a_section_that_a_device_told_wrongly_is_no_fault_of_the_gateway(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.append(settings(START, settings={"motion": {"sensitivity": 31}, "picture": {"gamma": 2}, "rois": "all"}))
        filled.append(settings(at(1), settings={"lamp": {"on": True}})).fold()
        with Started(filled.hub) as started, started.client() as client:
            silent = client.get("/api/v1/sites/DEMO/devices/gate/settings").json()
            reported, rois = client.get(f"{YARD}/settings"), client.get(f"{YARD}/rois")
            changes = client.get(f"{YARD}/settings/changes", params={"limit": 1}).json()["changes"]
            before = client.get(f"{YARD}/settings/changes", params={"before": filled.head}).json()["changes"]

    assert (reported.status_code, rois.status_code) == (200, 200)
    assert reported.json()["motion"] == {
        "sensitivity": 31,
        "min_area": 500,
        "confirm_s": 0.3,
        "quiet_s": 3.0,
        "cool_down_s": 0.0,
    }
    assert reported.json()["picture"] == PictureSettings().model_dump()
    assert reported.json()["reported"] == ["lamp", "motion", "picture", "rois"]
    assert (silent["reported"], silent["motion"]["min_area"]) == ([], 500)
    assert reported.json()["lamp"] == {"on": True}
    assert reported.json()["set_aside"] == {
        "picture": "picture.gamma: is not known here",
        "rois": "rois: Input should be a list",
    }
    assert [roi["name"] for roi in rois.json()["rois"]] == ["full_frame"]
    assert [change["settings"] for change in changes] == [{"lamp": {"on": True}}]
    assert [(change["position"], change["by"]) for change in before] == [(filled.head - 1, "ada")]
