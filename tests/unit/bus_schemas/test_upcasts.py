from bus_schemas.camera import MotionEvent
from bus_schemas.upcasts import upcast
from tests import builders
from tests.builders import START


def test_the_first_version_of_motion_becomes_the_end_of_one() -> None:
    old = builders.motion_v1(START, id="m-1", epoch="epoch-1", sequence=7)

    new = upcast(old)

    assert new == MotionEvent.model_validate(
        {
            "id": "m-1",
            "source": "/sites/DEMO/devices/yard",
            "time": START,
            "epoch": "epoch-1",
            "sequence": 7,
            "data": {"phase": "end", "duration_s": 4.0, "frames": 20, "intensity": 0.2},
        }
    )


def test_a_current_event_is_returned_as_it_is() -> None:
    event = builders.detection()

    assert upcast(event) is event
