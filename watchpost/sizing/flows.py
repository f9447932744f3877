"""What one device sends, by its settings: events, media, and previews for people who are watching."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bus_schemas.node import HEARTBEAT_EVERY_S
from edge.agent.defaults import (
    DRAWN_BITS_PER_S,
    DRAWN_FPS,
    DRAWN_SIZE,
    FRAME_EVERY_S,
    HEALTH_EVERY_S,
    MOTION_EVERY_S,
    SOUND_BITS_PER_S,
    THERMAL_PREVIEW,
    THUMBNAIL,
    peak_bits_per_s,
)
from edge.agent.source_settings import FileSourceSettings, RtspSourceSettings, SceneSourceSettings, VisualSourceSettings
from watchpost.configuration.sites import DeviceSection, SiteSection
from watchpost.sizing.assumptions import (
    CAPTURE_BYTES_PER_PIXEL,
    EVENT_BYTES,
    REGION_BYTES,
    SNAPSHOT,
    THERMAL_EVENT_BYTES,
    THERMAL_FRAME_BYTES,
    THERMAL_PREVIEW_BYTES,
    THUMBNAIL_BYTES_PER_PIXEL,
    Assumptions,
    Camera,
)
from watchpost.sizing.week import recorded_share, share_of_week

Role = Literal["event", "medium", "preview"]


@dataclass(frozen=True, slots=True)
class MessageFlow:
    """One kind of what a device sends. Previews are sent at QoS 0 and kept nowhere; each medium has an event too."""

    name: str
    per_s: float
    size: float
    formula: str
    role: Role = "event"

    @property
    def bytes_per_s(self) -> float:
        return self.per_s * self.size


def flows(site: SiteSection, device: DeviceSection, assumed: Assumptions) -> list[MessageFlow]:
    """What a device sends while its sources answer."""
    found = [
        *_visual(site, device, assumed),
        *_thermal(site, device, assumed),
        _event("health", 1 / HEALTH_EVERY_S, f"every {HEALTH_EVERY_S:g} s"),
        _event("heartbeat", 1 / HEARTBEAT_EVERY_S, f"every {HEARTBEAT_EVERY_S:g} s"),
    ]
    media = sum(flow.per_s for flow in found if flow.role == "medium")
    return [*found, _event("media", media, "one for each medium")]


def camera_of(device: DeviceSection, assumed: Assumptions) -> Camera:
    """Figures of a drawn scene are known, and not assumed."""
    if isinstance(device.visual, SceneSourceSettings):
        return Camera(*DRAWN_SIZE, DRAWN_FPS, DRAWN_BITS_PER_S)
    return assumed.camera


def _event(name: str, per_s: float, formula: str) -> MessageFlow:
    return MessageFlow(name, per_s, EVENT_BYTES[name], formula)


def _visual(site: SiteSection, device: DeviceSection, assumed: Assumptions) -> Iterator[MessageFlow]:
    if device.visual is None:
        return
    rates, camera = device.rates, camera_of(device, assumed)
    pixels = camera.width * camera.height
    picture, why = pixels * CAPTURE_BYTES_PER_PIXEL, f"{camera.width}x{camera.height} x {CAPTURE_BYTES_PER_PIXEL} B"
    looked_at = min(rates.analysis_fps, camera.fps)
    kept = _medium("capture", min(rates.capture_fps, looked_at), (picture, f"rates.capture_fps x {why}"))
    yield _measured(kept, site, device, assumed)
    yield MessageFlow("visual preview", min(rates.live_fps, looked_at), picture, f"rates.live_fps x {why}", "preview")
    small = THUMBNAIL[0] * THUMBNAIL[1] * THUMBNAIL_BYTES_PER_PIXEL
    formula = f"rates.thumbnail_fps x {THUMBNAIL[0]}x{THUMBNAIL[1]} x {THUMBNAIL_BYTES_PER_PIXEL} B"
    yield _measured(_medium("thumbnail", min(rates.thumbnail_fps, looked_at), (small, formula)), site, device, assumed)
    if (every_s := device.snapshots.every_s) is not None:
        share = share_of_week(device.snapshots.schedule) if device.snapshots.schedule else 1.0
        formula = f"one every snapshots.every_s{_of_time(share)} x {why}"
        yield _medium(SNAPSHOT, share / every_s, (picture, formula))
    share = recorded_share(device.recording, assumed.moving) if rates.record else 0.0
    if share:
        bits, why = _bits_per_s(device.visual, device, camera)
        video = _medium("segment", share / rates.segment_s, (bits / 8 * rates.segment_s, f"{why}{_of_time(share)}"))
        yield _measured(video, site, device, assumed)
        yield _event("segment", video.per_s, f"one every rates.segment_s{_of_time(share)}")
    yield _event("frame", 1 / FRAME_EVERY_S, f"every {FRAME_EVERY_S:g} s, more where something changes")
    yield _event("motion", assumed.moving / MOTION_EVERY_S, f"every {MOTION_EVERY_S:g} s while something moves")
    if device.detector is not None:
        yield _event("detection", assumed.moving / device.detector.every_s, "detector.every_s while something moves")


def _thermal(site: SiteSection, device: DeviceSection, assumed: Assumptions) -> Iterator[MessageFlow]:
    if device.thermal is None:
        return
    rates, regions = device.rates, len(device.adjustable().measured_rois)
    size = THERMAL_EVENT_BYTES + regions * REGION_BYTES
    yield MessageFlow("thermal", rates.thermal_fps, size, f"rates.thermal_fps, with {regions} regions")
    raw = _medium(
        "thermal", 1 / rates.thermal_frame_s, (THERMAL_FRAME_BYTES, "one raw frame each rates.thermal_frame_s")
    )
    yield _measured(raw, site, device, assumed)
    why = f"rates.live_fps x {THERMAL_PREVIEW[0]}x{THERMAL_PREVIEW[1]}"
    yield MessageFlow("thermal preview", rates.live_fps, THERMAL_PREVIEW_BYTES, why, "preview")
    if device.visual is not None:
        camera = camera_of(device, assumed)
        fused = camera.width * camera.height * CAPTURE_BYTES_PER_PIXEL
        yield MessageFlow("fusion preview", rates.live_fps, fused, "rates.live_fps x the camera's picture", "preview")


def _of_time(share: float) -> str:
    return "" if share == 1 else f", {share:.0%} of the time"


def _medium(name: str, per_s: float, size: tuple[float, str]) -> MessageFlow:
    return MessageFlow(name, per_s, *size, "medium")


def _measured(flow: MessageFlow, site: SiteSection, device: DeviceSection, assumed: Assumptions) -> MessageFlow:
    """With the size that media of this device have, where the hub has some."""
    size = assumed.measured.get((site.site, device.device, flow.name))
    if size is None:
        return flow
    return MessageFlow(
        flow.name, flow.per_s, size, f"{flow.formula.split(' x ')[0]} x {size:,.0f} B measured here", flow.role
    )


def _bits_per_s(source: VisualSourceSettings, device: DeviceSection, camera: Camera) -> tuple[float, str]:
    """The bit rate of recorded video: as the camera sends it, or as it is encoded here."""
    rates = device.rates
    sound = SOUND_BITS_PER_S if isinstance(source, SceneSourceSettings) and source.audio else 0
    if rates.record_bits_per_s is not None and _is_encoded(source, rates.record_as):
        return rates.record_bits_per_s + sound, "rates.record_bits_per_s"
    if isinstance(source, SceneSourceSettings):
        return camera.bits_per_s + sound, "a drawn scene"
    if not _is_encoded(source, rates.record_as):
        return _sent_bits_per_s(source, camera)
    width = min(rates.record_width or camera.width, camera.width)
    height = round(camera.height * width / camera.width)
    fps = min(rates.record_fps or camera.fps, camera.fps)
    return peak_bits_per_s(width, height, fps), "what encoding takes at most"


def _sent_bits_per_s(source: VisualSourceSettings, camera: Camera) -> tuple[float, str]:
    if isinstance(source, RtspSourceSettings | FileSourceSettings):
        return camera.bits_per_s, "the camera's bits per second"
    pixels = camera.width * camera.height
    words = f"its JPEGs, {camera.fps:g} a second of {camera.width}x{camera.height} x {CAPTURE_BYTES_PER_PIXEL} B"
    return 8 * pixels * CAPTURE_BYTES_PER_PIXEL * camera.fps, words


def _is_encoded(source: VisualSourceSettings, record_as: str) -> bool:
    """MJPEG and cameras of the machine are, unless they are to be recorded as they come; other recordings are taken for
    H.264.
    """
    if isinstance(source, RtspSourceSettings | FileSourceSettings):
        return record_as == "encoded"
    return record_as != "sent_with_mjpeg"
