"""The page `docs/sizing.md`: what usual sites need, and every formula, computed as `watchpost size` does."""

from collections.abc import Iterator, Sequence

from consumers.store.disk import DiskSpace
from watchpost.configuration.config import WatchpostConfig
from watchpost.sizing.assumptions import Assumptions, Camera
from watchpost.sizing.estimate import LinkSize, Size, estimate
from watchpost.sizing.report import bytes_of, duration_of

_HEAD = """# Sizing

This page says what usual sites need. `watchpost size` computes the same for your configuration, with what is set in it
and with pictures as large as yours are; a test holds it against a site that runs. Figures are those of a site whose
cameras all answer, with something moving before each half of the time; where pictures are calmer, so is the disk.
This page is written by `watchpost schema sizing`.
"""
_DISK = DiskSpace(0, 0)
_CAMERAS = (1, 4, 16, 50, 200)
_FORMATS = (
    ("1280x720, 2 Mbit/s", Camera(1280, 720, 15.0, 2_000_000)),
    ("1920x1080, 4 Mbit/s", Camera()),
    ("3840x2160, 12 Mbit/s", Camera(3840, 2160, 20.0, 12_000_000)),
)
_LOW = {"capture_fps": 0.2, "thumbnail_fps": 0.2, "live_fps": 0, "record": False}


def markdown() -> str:
    """The whole page."""
    return "\n".join(line for part in _parts() for line in part)


def _parts() -> Iterator[list[str]]:
    yield [_HEAD]
    for title, camera in _FORMATS:
        rows = [(str(count), *_totals(_size(_cameras(count), camera))) for count in _CAMERAS]
        yield [f"## Cameras of {title}", "", *_table(_COLUMNS, rows), ""]
    rows = [(name, *_totals(_size(config, Camera()))) for name, config in _others()]
    yield ["## Other devices", "", *_table(("site", *_COLUMNS[1:]), rows), ""]
    yield ["## One camera of 1920x1080, in parts", "", *_parts_of(_size(_cameras(1), Camera())), ""]
    yield _notes(_size(_cameras(1), Camera()).links[0])


_COLUMNS = (
    "cameras",
    "events/s",
    "through the broker",
    "disk a day",
    "kept",
    "rows/s",
    "memory of the hub",
    "of agents",
)


def _notes(link: LinkSize) -> list[str]:
    away = duration_of(link.most_bytes / link.stored_bytes_per_s)
    return [
        "## What bounds it",
        "",
        "- Video is kept up to `hub.segment_bytes`: raise it to keep more.",
        "- Beyond `hub.cleanup_threshold_percent` of the disk the oldest media go in any case.",
        f"- An agent keeps up to `nodes.max_outbox_bytes` ({bytes_of(link.most_bytes)}) while the hub is away: of one",
        f"  camera of 1920x1080 that is {away}. It keeps at most `nodes.tail_bytes` of confirmed events.",
        "- Previews (`rates.live_fps`) are sent while somebody looks at them, else one in 5 s: all are counted.",
        "- What a camera sends to its agent comes over their own network, which is not counted here.",
    ]


def _size(config: WatchpostConfig, camera: Camera) -> Size:
    return estimate(config, Assumptions(camera), _DISK)


def _site(devices: Sequence[dict[str, object]]) -> WatchpostConfig:
    # Agents are on machines of their own, so their outboxes are not on the disk of the hub.
    return WatchpostConfig.model_validate({"broker": {"start": False}, "sites": [{"site": "SITE", "devices": devices}]})


def _cameras(count: int) -> WatchpostConfig:
    return _site([{"device": f"CAMERA_{number}", "visual": {"kind": "rtsp"} | _URL} for number in range(count)])


_URL = {"url": "rtsp://camera.example/"}
_THERMAL = {"kind": "mlx90640"}


def _others() -> Iterator[tuple[str, WatchpostConfig]]:
    visual = {"kind": "rtsp"} | _URL
    yield "a thermal sensor", _site([{"device": "SENSOR", "thermal": _THERMAL}])
    yield "a camera with a thermal sensor", _site([{"device": "BOTH", "visual": visual, "thermal": _THERMAL}])
    yield (
        "the same without video and previews, a picture in 5 s",
        _site([{"device": "BOTH", "visual": visual, "thermal": _THERMAL, "rates": _LOW}]),
    )


def _totals(size: Size) -> tuple[str, ...]:
    together = sum(link.bytes_per_s for link in size.links)
    hub = sum(part.megabytes for part in size.memory if part.process == "hub")
    agents = sum(part.megabytes for part in size.memory) - hub
    return (
        f"{size.events_per_s:,.1f}",
        f"{bytes_of(together)}/s",
        bytes_of(size.bytes_per_day),
        bytes_of(size.kept_bytes),
        f"{size.rows_per_s:,.1f}",
        f"{hub:,.0f} MB",
        f"{agents:,.0f} MB",
    )


def _parts_of(size: Size) -> list[str]:
    flows = [
        (each.flow.name, each.flow.role, f"{each.flow.per_s:g}", bytes_of(each.flow.size),
         f"{bytes_of(each.flow.bytes_per_s)}/s", each.flow.formula)
        for each in size.flows
    ]  # fmt: skip
    disk = [
        (part.what, bytes_of(part.bytes_per_day), bytes_of(part.kept_bytes), part.kept_by, part.formula)
        for part in size.disk
    ]
    memory = [(part.process, f"{part.megabytes:,.0f} MB", part.formula) for part in size.memory]
    return [
        *_table(("sent", "as", "a second", "each", "together", "computed from"), flows),
        "",
        *_table(("on the disk", "a day", "kept", "kept by", "computed from"), disk),
        "",
        *_table(("processes", "memory", "computed from"), memory),
    ]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows)]
