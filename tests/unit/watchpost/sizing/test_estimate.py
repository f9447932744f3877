"""What a site needs, by its configuration. Numbers are worked out by hand from the rates of the configuration."""

from typing import Any

import pytest

from consumers.store.disk import DiskSpace
from watchpost.configuration import demo
from watchpost.configuration.config import WatchpostConfig
from watchpost.sizing.assumptions import Assumptions, Camera
from watchpost.sizing.estimate import Size, estimate

CAMERA = Camera(1000, 1000, 10.0, 8_000_000)
LARGE = DiskSpace(10**15, 0)


def sized(*, disk: DiskSpace = LARGE, ours: int = 0, assumed: Assumptions | None = None, **config: Any) -> Size:
    reported = WatchpostConfig.model_validate(
        {"sites": [{"site": "A", "devices": [camera()]}], "broker": {"start": False}, **config}
    )
    return estimate(reported, assumed or Assumptions(CAMERA), disk, ours)


def camera(device: str = "GATE", **more: Any) -> dict[str, Any]:
    return {"device": device, "visual": {"kind": "rtsp", "url": "rtsp://camera/"}, **more}


def part(size: Size, what: str) -> tuple[float, float, str]:
    (found,) = [each for each in size.disk if each.what == what]
    return found.bytes_per_day, found.kept_bytes, found.kept_by


def rates(size: Size) -> dict[tuple[str, str], float]:
    return {(each.flow.name, each.flow.role): each.flow.per_s for each in size.flows}


def test_a_camera_sends_by_its_rates() -> None:
    sent = rates(sized(sites=[{"site": "A", "devices": [camera(rates={"capture_fps": 0.5, "segment_s": 20})]}]))

    assert sent == {
        ("capture", "medium"): 0.5,
        ("visual preview", "preview"): 2.0,
        ("thumbnail", "medium"): 1.0,
        ("segment", "medium"): 0.05,
        ("segment", "event"): 0.05,
        ("frame", "event"): 1.0,
        ("motion", "event"): 0.5,
        ("health", "event"): 0.1,
        ("heartbeat", "event"): 0.1,
        ("media", "event"): 1.55,
    }


def test_nothing_is_kept_more_often_than_pictures_are_looked_at() -> None:
    slow = {"analysis_fps": 0.25, "capture_fps": 2, "thumbnail_fps": 1, "live_fps": 1, "record": False}
    sent = rates(sized(sites=[{"site": "A", "devices": [camera(rates=slow)]}]))

    assert sent["capture", "medium"] == sent["thumbnail", "medium"] == sent["visual preview", "preview"] == 0.25
    assert ("segment", "medium") not in sent


def test_video_is_kept_for_its_hours() -> None:
    size = sized(hub={"retention_hours": {"segment": 2}, "segment_bytes": 10**12})
    per_day, kept, kept_by = part(size, "segment")

    # 8 Mbit/s are 1 MB/s; a segment takes 300 B beside its video.
    assert per_day == pytest.approx(86_400 * 1_000_030)
    assert kept == pytest.approx(7_200 * 1_000_030)
    assert kept_by == "hub.retention_hours.segment 2"


def test_snapshots_at_regular_times_stay_as_long_as_evidence() -> None:
    regular = [{"site": "A", "devices": [camera(snapshots={"every_s": 1800})]}]
    per_day, kept, kept_by = part(sized(hub={"evidence_days": 90}, sites=regular), "snapshot")

    assert per_day == pytest.approx(48 * (1_000_000 * 0.19 + 300))
    assert kept == pytest.approx(90 * per_day)
    assert kept_by == "hub.evidence_days 90"
    assert part(sized(), "snapshot")[:2] == (0, 0)


def test_video_is_kept_up_to_its_bytes() -> None:
    assert part(sized(hub={"segment_bytes": 5_000_000_000}), "segment")[1:] == (5e9, "hub.segment_bytes")


def test_the_journal_keeps_its_last_two_days_whatever_its_bytes() -> None:
    small = sized(hub={"journal_bytes": 1})

    assert part(small, "journal")[1] == pytest.approx(2 * part(small, "journal")[0])
    _, kept, kept_by = part(sized(hub={"journal_days": 3}), "journal")
    assert kept == pytest.approx(3 * part(small, "journal")[0])
    assert kept_by == "hub.journal_days 3"


def test_each_agent_has_a_link_of_its_own() -> None:
    thermal = {"device": "T", "thermal": {"kind": "mlx90640"}, "node": "pi"}
    size = sized(sites=[{"site": "A", "devices": [camera(), thermal]}], nodes=[{"node": "pi", "bytes_per_s": 50_000}])
    links = {link.node: link for link in size.links}

    assert set(links) == {"A", "pi"}
    assert (links["pi"].devices, links["pi"].limit, links["A"].limit) == (1, 50_000, None)
    assert links["A"].bytes_per_s > 20 * links["pi"].stored_bytes_per_s
    assert size.events_per_s == pytest.approx(links["A"].events_per_s + links["pi"].events_per_s + 0.2)


def test_outboxes_are_on_the_disk_of_the_hub_where_its_agents_are() -> None:
    here, elsewhere = sized(broker={"start": True}), sized()

    assert part(here, "outboxes")[1] == 1_000_000_000
    assert "outboxes" not in {each.what for each in elsewhere.disk}


def test_encoded_video_takes_the_bits_that_are_set() -> None:
    encoded = {"record_as": "encoded", "record_bits_per_s": 800_000}
    size = sized(sites=[{"site": "A", "devices": [camera(rates=encoded)]}])

    assert part(size, "segment")[0] == pytest.approx(86_400 * 100_030)


NIGHTS = [{"days": ["fri", "sat"], "start": "18:00", "end": "06:00"}]


@pytest.mark.parametrize(
    ("recording", "share"),
    [
        ({"mode": "motion"}, 0.5),
        ({"mode": "schedule", "schedule": NIGHTS}, 1 / 7),
        ({"mode": "motion_in_schedule", "schedule": NIGHTS}, 0.5 / 7),
    ],
)
def test_video_is_recorded_for_the_time_that_its_mode_says(recording: dict[str, Any], share: float) -> None:
    size = sized(sites=[{"site": "A", "devices": [camera(recording=recording)]}])
    always = sized()

    assert rates(size)["segment", "event"] == pytest.approx(0.1 * share)
    assert part(size, "segment")[0] == pytest.approx(part(always, "segment")[0] * share)


def test_a_camera_that_records_nothing_sends_no_segments() -> None:
    size = sized(sites=[{"site": "A", "devices": [camera(recording={"mode": "off"})]}])

    assert ("segment", "medium") not in rates(size)
    assert size.life.video_hours is None


def test_mjpeg_that_is_recorded_as_it_comes_takes_the_bytes_of_its_pictures() -> None:
    source = {"kind": "mjpeg", "url": "http://camera/"}
    size = sized(
        sites=[
            {"site": "A", "devices": [camera(visual=source, rates={"record_as": "sent_with_mjpeg", "segment_s": 10})]}
        ]
    )

    assert part(size, "segment")[0] == pytest.approx(8640 * (1_000_000 * 0.19 * 10 * 10 + 300))


def test_snapshots_are_taken_in_their_hours() -> None:
    snapshots = {"every_s": 100, "schedule": NIGHTS}
    sent = rates(sized(sites=[{"site": "A", "devices": [camera(snapshots=snapshots)]}]))

    assert sent["snapshot", "medium"] == pytest.approx(0.01 / 7)


def test_sizes_that_the_hub_has_measured_take_the_place_of_assumed_ones() -> None:
    measured = Assumptions(CAMERA, measured={("A", "GATE", "capture"): 50_000.0})
    size = sized(assumed=measured)
    (capture,) = [each.flow for each in size.flows if each.flow.name == "capture"]

    assert capture.size == 50_000
    assert capture.formula == "rates.capture_fps x 50,000 B measured here"


def test_a_disk_that_is_large_enough_lasts_for_ever() -> None:
    life = sized().life

    assert life.full_after_s is None
    assert life.video_hours == pytest.approx(20e9 / 1_000_030 / 3600)


def test_a_disk_that_is_too_small_says_when_it_is_full_and_how_much_video_stays() -> None:
    """Everything grows by its rate until it is as large as it stays; the threshold is at 85 %."""
    size = sized(disk=DiskSpace(20_000_000_000, 0), hub={"segment_bytes": 10**13, "retention_hours": {"segment": 1000}})
    assert size.life.full_after_s is not None
    written = sum(min(each.kept_bytes, each.bytes_per_day / 86_400 * size.life.full_after_s) for each in size.disk)

    assert size.life.room_bytes == 17_000_000_000
    assert written == pytest.approx(17_000_000_000)
    assert size.life.video_hours is not None
    assert size.life.video_hours < size.life.full_after_s / 3600


def test_what_others_have_on_the_disk_is_no_room_and_what_the_hub_has_is() -> None:
    assert sized(disk=DiskSpace(1000, 800)).life.room_bytes == 50
    assert sized(disk=DiskSpace(1000, 800), ours=300).life.room_bytes == 350
    assert sized(disk=DiskSpace(1000, 900)).life.room_bytes == 0


def test_memory_is_less_where_rows_are_on_a_server() -> None:
    def hub(size: Size) -> float:
        return next(each.megabytes for each in size.memory if each.process == "hub")

    assert hub(sized()) - hub(sized(hub={"warehouse": {"kind": "clickhouse"}})) == 300


def test_a_site_without_devices_needs_nothing_but_its_hub() -> None:
    size = sized(sites=[])

    assert (size.devices, size.links, size.life.full_after_s, size.life.video_hours) == (0, (), None, None)


def test_of_drawn_scenes_nothing_is_assumed() -> None:
    large, small = (estimate(demo.config(), Assumptions(each), LARGE) for each in (CAMERA, Camera(10, 10, 1.0, 1000)))

    assert large.bytes_per_day == small.bytes_per_day
    assert large.memory == small.memory
