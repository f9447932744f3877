"""Edits of a configuration, and of the registry while the hub runs: together they touch every field that there is."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bus_schemas.event import Event
from tests import builders

Config = dict[str, Any]


def camera(device: str, **given: Any) -> Config:
    return {"device": device, "visual": {"kind": "scene", "scene": "visual"}, **given}


def oven(**given: Any) -> Config:
    return {"device": "oven", "name": "Oven", "thermal": {"kind": "scene", "scene": "thermal"}, **given}


def annex(**given: Any) -> Config:
    return {"site": "ANNEX", "name": "Annex", "devices": [camera("hall", name="Hall")], **given}


BASE: Config = {
    "sites": [
        {
            "site": "DEMO",
            "name": "Demo yard",
            "time_zone": "Europe/Berlin",
            "devices": [camera("yard", name="Yard"), camera("gate"), oven()],
        },
        annex(),
    ]
}


@dataclass(frozen=True)
class Edit:
    """A change of the file, what is set over HTTP while the hub runs, and a second change of the file."""

    file: Callable[[Config], object] = lambda config: None
    said: tuple[dict[str, Any], ...] = field(default=())
    then: Callable[[Config], object] | None = None
    asked: tuple[Callable[[datetime], Event], ...] = ()
    """What people ask for over HTTP that is no change of the registry."""


def both(*edits: Callable[[Config], object]) -> Callable[[Config], object]:
    return lambda config: [edit(config) for edit in edits]


def of_site(index: int = 0, **given: Any) -> Callable[[Config], object]:
    return lambda config: config["sites"][index].update(given)


def of_device(index: int = 0, **given: Any) -> Callable[[Config], object]:
    return lambda config: config["sites"][0]["devices"][index].update(given)


def rules(**given: float) -> Callable[[Config], object]:
    return lambda config: config.update(alerts={"rules": given})


def without_device(config: Config) -> None:
    config["sites"][0]["devices"].pop(0)


def without_site(config: Config) -> None:
    config["sites"].pop()


def move_to_the_annex(config: Config) -> None:
    config["sites"][1]["devices"].append(config["sites"][0]["devices"].pop(0))


def add(*devices: Config) -> Callable[[Config], object]:
    return lambda config: config["sites"][0]["devices"].extend(devices)


def as_it_was(config: Config) -> None:
    config.clear()
    config.update(deepcopy(BASE))


def hub(**given: Any) -> Callable[[Config], object]:
    return lambda config: config.update(hub=given)


WINDOW = {"days": ["mon", "sun"], "start": "22:00", "end": "06:00"}
RECORDING = {"pre_roll_s": 0, "post_roll_s": 1, "longest_s": 10}
CONTROLS = {"brightness": 10, "gain": 20, "exposure": 30, "infrared_filter": False}
NIGHT = {"start": "18:00", "end": "08:00", "sensitivity": 1, "black_percentage": 50, "controls": CONTROLS}
EVERY_CLASS = {
    "name": "fox", "min_size": 0.1, "max_size": 10, "min_ratio": 1, "max_ratio": 4, "min_duration_s": 1,
    "max_duration_s": 60, "min_turns": 0.1, "max_turns": 9, "hours": [WINDOW],
}  # fmt: skip
EVERY_PICTURE = {
    "black_percentage": 1, "freeze_seconds": 0.1, "black_top": 10, "black_bottom": 60, "corrupt_percentage": 1,
    "macroblock_percentage": 1,
}  # fmt: skip
EVERY_RATE = {
    "analysis_fps": 1, "capture_fps": 1, "thumbnail_fps": 0.5, "live_fps": 0, "thermal_fps": 8, "thermal_frame_s": 30,
    "thermal_step_c": 0.05, "thermal_before_s": 5, "thermal_after_s": 60, "thermal_alert_frames": 100,
    "segment_s": 5, "record": False, "record_as": "encoded", "record_fps": 5, "record_width": 640,
    "record_bits_per_s": 500_000,
}  # fmt: skip
MOMENTS_KEPT = {"capture": 0.01, "thumbnail": 0.01, "segment": 0.01, "thermal": 0.01}
"""36 seconds: less than what was recorded before the edit is old."""
ANY_ADDRESS = "http://127.0.0.1:9/alerts"
ENVIRONMENT = {"FIRST_ADDRESS": ANY_ADDRESS, "SECOND_ADDRESS": ANY_ADDRESS}
MAIL = {
    "name": "people", "host": "127.0.0.1", "port": 9, "security": "tls", "sender": "hub@example.org",
    "to": ["a@example.org"], "user_env": "FIRST_ADDRESS", "password_env": "SECOND_ADDRESS",
    "ca_file": "/run/authority", "timeout_s": 1,
}  # fmt: skip
BUCKET = {
    "bucket": "archive", "prefix": "yard/hub", "endpoint": "http://127.0.0.1:9", "region": "auto",
    "access_key_env": "KEY", "secret_key_env": "SECRET", "archive_after_minutes": 10, "keep_hot_hours": 1, "copies": 2,
    "bytes_per_s": 10_000, "hours": {"start": "22:00", "end": "06:00"}, "cache_bytes": 1,
}  # fmt: skip
KEYS_IN_FILES = {"access_key_file": "/run/key", "secret_key_file": "/run/secret"}
TILE_BUCKET = {
    "bucket": "tiles", "prefix": "yard", "endpoint": "http://127.0.0.1:9", "endpoint_env": "ENDPOINT", "region": "here",
    "public_url": "http://127.0.0.1:9/tiles", "public_url_env": "PUBLIC", "page_public_url_env": "PAGE_PUBLIC",
    "page": False, "bytes_per_s": 10_000, "access_key_env": None, "secret_key_env": None,
}  # fmt: skip
BROKER_ELSEWHERE = {
    "start": False, "host": "broker.example", "port": 8883, "username": "hub", "password_env": "BROKER",
    "tls": {"ca_file": "/run/ca", "certificate_file": "/run/certificate", "key_file": "/run/key"},
    "agents": {
        "host": "192.0.2.1", "port": 8885, "names": ["hub.example"], "reached_at": "broker.example",
        "directory": "/run/users", "ca_file": "/run/ca",
    },
}  # fmt: skip
OPEN_GATEWAY = {
    "host": "192.0.2.1", "port": 8443, "token_env": "TOKEN", "token_file": "/run/token",
    "broker": {"username": "gateway", "password_env": "BROKER", "password_file": "/run/password"},
    "public_url": "https://hub.example", "trusted_proxies": ["192.0.2.0/24"], "connections": 50,
    "connections_per_address": 5, "streams": 5,
}  # fmt: skip
EMBEDDED = {"journal": {"kind": "sqlite"}, "warehouse": {"kind": "chdb"}}
FAULTY_SCENE = {
    "kind": "scene", "scene": "visual", "place": "hall", "seed": 7, "audio": True,
    "faults": [{"kind": "zap", "first_s": 1, "lasts_s": 2, "every_s": 30}],
}  # fmt: skip
ONNX = {"kind": "onnx", "model": "/run/model", "labels": ["fox"], "min_score": 0.1, "every_s": 2}
CORNERS = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
LAWN = {"name": "lawn", "points": [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0]], "restricted": True}
HINGE = {"name": "hinge", "coordinates": [[2, 2], [8, 8]]}
EVERY_RULE = rules(
    offline_after_s=60, hot_spot_c=50, hot_spot_hysteresis_c=0, raise_share=0.2, raise_window_s=5, clear_after_s=0,
    hot_spot_clear_s=0, storage_low_percent=1, storage_critical_percent=2, storage_hysteresis_percent=0, cool_down_s=0,
    memory_percent=1, cpu_temperature_c=1, round_trip_s=0.1, machine_after_s=0, trend_after_s=1, trend_hysteresis_c=0,
    trend_clear_s=0, rise_window_s=10, sensor_fault_after_s=0,
)  # fmt: skip

EDITS: dict[str, Edit] = {
    "the broker is elsewhere, and here again on another port": Edit(
        lambda config: config.update(broker=BROKER_ELSEWHERE),
        then=lambda config: config.update(broker={"port": 0, "password_file": "/run/password", "agents": {}}),
    ),
    "the gateway is open to others, behind a proxy, and is not any more": Edit(
        lambda config: config.update(gateway=OPEN_GATEWAY), then=lambda config: config.update(gateway={})
    ),
    "journal and rows are where they were, which the file says now": Edit(hub(**EMBEDDED), then=hub()),
    "every kind of source, and what it finds in pictures": Edit(
        both(
            of_device(visual=FAULTY_SCENE, detector={"kind": "scene", "every_s": 2}),
            of_device(1, visual={"kind": "file", "path": "/run/video", "loop": False}, detector=ONNX),
            of_device(2, thermal={"kind": "thermal_csv", "path": "/run/heat", "loop": False}),
            add(camera("roof", visual={"kind": "rtsp", "url_env": "ROOF", "transport": "udp"})),
        ),
        then=both(
            of_device(visual={"kind": "mjpeg", "url": "http://127.0.0.1:9/"}, detector=ONNX),
            of_device(1, visual={"kind": "v4l2", "path": "/dev/video9"}, sub={"kind": "mjpeg", "url_env": "SUB"}),
            of_device(2, thermal={"kind": "mlx90640", "refresh_hz": 4}),
        ),
    ),
    "nothing": Edit(),
    "the names of a site and of its devices": Edit(
        both(of_site(name="The yard"), of_device(name="Back yard"), of_device(1, name="Gate"), of_device(2, name=None))
    ),
    "two devices exchange their names, and then their places": Edit(
        both(of_device(name="Oven"), of_device(2, name="Yard")),
        then=lambda config: config["sites"][0]["devices"].reverse(),
    ),
    "names as long as they may be": Edit(both(of_site(name="🙂" * 128), of_device(name="y" * 128))),
    "time zones, to where it is the next day, and the first of a site": Edit(
        both(of_site(time_zone="Asia/Tokyo"), of_site(1, time_zone="Pacific/Auckland"))
    ),
    "a time zone, and back": Edit(of_site(time_zone="America/Los_Angeles"), then=as_it_was),
    "a sensor for a camera, and its source": Edit(
        of_device(visual={"kind": "v4l2"}, thermal={"kind": "scene", "scene": "thermal"})
    ),
    "a device is removed, and is back": Edit(without_device, then=as_it_was),
    "a device is added, and one that was only heard of": Edit(add(camera("roof"), camera("door", name="Door"))),
    "a device is moved to another site, and back": Edit(move_to_the_annex, then=as_it_was),
    "a site is removed, and is back": Edit(without_site, then=as_it_was),
    "a site is added, before the others": Edit(
        lambda config: config["sites"].insert(0, annex(site="SHED", time_zone="Asia/Kolkata"))
    ),
    "no site at all": Edit(lambda config: config.update(sites=[])),
    "what is set for devices": Edit(
        both(
            of_device(zones=[LAWN], motion={"sensitivity": 50}, picture={"black_percentage": 90}),
            of_device(1, recording={"pre_roll_s": 1}, zones=[LAWN]),
            of_device(2, rois=[HINGE]),
        ),
        then=both(of_device(zones=[]), of_device(2, rois=[], roi_set="substation")),
    ),
    "what the hub does not fold: agents, links, rates, retention, triggers": Edit(
        both(
            of_device(node="node-9", rates={"analysis_fps": 1}),
            lambda config: config.update(
                nodes=[
                    {
                        "node": "DEMO",
                        "bytes_per_s": 5000,
                        "compress": True,
                        "hardware_watchdog": "/dev/watchdog",
                        "max_outbox_bytes": 10**6,
                        "tail_bytes": 0,
                        "tail_hours": 0,
                    }
                ],
                hub={"retention_hours": {"capture": 0.01}, "journal_days": 1},
                triggers=["FIRE"],
            ),
        )
    ),
    "every setting of a camera, and other ones": Edit(
        both(
            of_device(
                zones=[{**LAWN, "max_people": 1, "motion": "only"}],
                motion={"sensitivity": 1, "min_area": 10_000, "confirm_s": 0.5, "quiet_s": 5, "cool_down_s": 30},
                event_classes=[EVERY_CLASS],
                picture=EVERY_PICTURE,
                recording={"mode": "motion_in_schedule", "schedule": [WINDOW], **RECORDING},
                night={"mode": "hours", **NIGHT},
                snapshots={"every_s": 10, "schedule": [WINDOW], "caption": False, "text": "Yard"},
                detector={"kind": "shape", "every_s": 5},
                rates=EVERY_RATE,
            ),
            of_device(1, night={"mode": "sun", "latitude": 52.5, "longitude": 13.4}, recording={"mode": "off"}),
        ),
        then=both(of_device(recording={"mode": "motion"}, night={"mode": "always"}), of_device(1, night={})),
    ),
    "every setting of a thermal sensor, and of one that a camera looks beside": Edit(
        of_device(
            2,
            visual={"kind": "rtsp", "url": "rtsp://127.0.0.1:9/stream"},
            sub={"kind": "rtsp", "url": "rtsp://127.0.0.1:9/small"},
            alignment={"by": "fields_of_view", "visual": [60, 40], "thermal": [55, 35], "shift": [0.1, 0.1]},
            rois=[
                {
                    **HINGE,
                    "polygon": [[2, 2], [8, 2], [8, 8]],
                    "enabled": False,
                    "visual_coordinates": [[10, 10], [20, 20]],
                    "weight": 3,
                    "emissivity": 0.5,
                    "reflected_c": 30,
                    "thresholds": {"warning": 40, "critical": 50, "emergency": 60},
                    "group": "hinges",
                    "limits": {"rise_c_per_minute": 1, "above_group_c": 2, "above_ambient_c": 3},
                }
            ],
            thermography={
                "hot_spot_c": 30,
                "composite": "max",
                "hot_spot_connectivity": "8",
                "hot_spot_min_area": 2,
                "filtered": False,
                "temporal_filter": False,
                "spatial_filter": False,
                "bad_pixel_filter": False,
                "bad_pixel_offset_c": 1,
                "broken_pixels": [[0, 0], [31, 23]],
                "max_bad_pixels": 1,
                "chessboard_c": 0.5,
                "ambient_c": 5,
                "reflected_c": 90,
                "emissivity_formula": "legacy",
            },
            fusion={"form": "edges", "thermal_share": 0.7},
        ),
        then=of_device(
            2, alignment=None, fusion={"alignment": {"by": "points", "visual": CORNERS, "thermal": CORNERS}}
        ),
    ),
    "retention of seconds and of bytes, for the hub and for devices": Edit(
        both(
            hub(
                retention_hours=MOMENTS_KEPT,
                segment_bytes=1,
                journal_days=1,
                journal_bytes=1,
                evidence_days=1,
                media_check_days=1,
                export_days=1,
                export_bytes=1,
                exports_waiting=3,
                exports_waiting_per_person=2,
                cleanup_threshold_percent=2,
                cleanup_target_percent=1,
            ),
            of_device(retention={"capture": 900, "thumbnail": 900, "segment": 900, "thermal": 900, "segment_bytes": 2}),
        ),
        then=as_it_was,
    ),
    "retention of seconds, while media are held, noted and exported": Edit(
        hub(retention_hours=MOMENTS_KEPT),
        asked=(builders.hold, builders.annotation, builders.export),
        then=both(hub(), of_device(retention={"thumbnail": 0.01})),
    ),
    "receivers, and others in their place": Edit(
        lambda config: config.update(
            alerts={
                "webhook_url_env": "FIRST_ADDRESS",
                "webhooks": [{"name": "guards", "url_env": "SECOND_ADDRESS", "timeout_s": 1}],
                "mails": [MAIL],
            }
        ),
        then=lambda config: config.update(alerts={"webhooks": [{"name": "police", "url_env": "SECOND_ADDRESS"}]}),
    ),
    "cold storage, and another one": Edit(
        hub(cold_storage=BUCKET),
        then=hub(
            cold_storage={
                "bucket": "other",
                "keep_hot_hours": 2,
                "access_key_file": "/run/key",
                "secret_key_file": "/run/secret",
            }
        ),
    ),
    "another picture of each minute, in a bucket": Edit(
        hub(
            mosaic={
                "bytes_of_nine": 50_000,
                "quality": 70,
                "cell_width": 320,
                "cell_height": 180,
                "wall": "9:16",
                "past_every_minutes": 20,
                "past_days": 7,
            },
            tile_bucket={**KEYS_IN_FILES, "bucket": "tiles"},
        ),
        then=hub(tile_bucket={**TILE_BUCKET, **KEYS_IN_FILES}),
    ),
    "some rules": Edit(rules(hot_spot_c=60, offline_after_s=90, raise_window_s=10)),
    "every rule, and back": Edit(EVERY_RULE, then=as_it_was),
    "name and silence of a device that was only heard of": Edit(
        said=(
            {"device": "door", "name": "North door", "silent_after_s": 20},
            {"device": "lift", "expects": "heartbeat"},
        )
    ),
    "a device is retired by the page, and brought back": Edit(
        said=({"retired": True}, {"device": "gate", "retired": True}, {"device": "gate", "retired": False})
    ),
    "a device is retired by the page, and changed in the file": Edit(
        said=({"retired": True},), then=of_device(name="Front yard")
    ),
    "a site is retired by the page, and brought back": Edit(
        said=({"device": None, "retired": True}, {"device": None, "retired": False})
    ),
    "page and file disagree, and then the file changes": Edit(
        said=({"device": None, "time_zone": "Asia/Tokyo"}, {"device": "gate", "name": "Main gate"}),
        then=both(of_site(time_zone="UTC"), of_device(1, name="Gate")),
    ),
    "a site that only the page has": Edit(
        said=(
            {"site": "SHED", "device": None, "name": "Shed", "time_zone": "Asia/Tokyo"},
            {"site": "SHED", "device": "bell", "name": "Bell", "expects": "nothing"},
        )
    ),
}
