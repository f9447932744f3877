"""Makes events, media and previews from the pictures and the sound of one camera."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bus_schemas.camera import Frame, FreezeComparison
from bus_schemas.limits import clip
from bus_schemas.media import Snapshot
from bus_schemas.motion_settings import MotionSettings
from bus_schemas.protocol import LiveKind
from bus_schemas.settings import AdjustableSettings
from edge.agent.defaults import FRAME_EVERY_S, THUMBNAIL
from edge.agent.event_factory import EncodedPicture, EventFactory
from edge.agent.picture_thinning import RegularPictures
from edge.agent.previews import Previews
from edge.agent.settings import DeviceSettings
from edge.analysis import audio
from edge.analysis.alert_pictures import AlertPictures
from edge.analysis.detection import ObjectDetection
from edge.analysis.freeze import Freeze, differences
from edge.analysis.motion import MotionDetector, MotionEnded, MotionMeasurement, MotionStarted
from edge.analysis.motion_preview import motion_preview
from edge.analysis.motion_reporter import MotionReporter, rounded
from edge.analysis.picture import PictureAnalyser, PictureState, picture_fields
from edge.analysis.pictures import Pictures, Planes, detail, thumbnail
from edge.analysis.running_clock import Grey, difference, visible_difference
from edge.analysis.snapshots import SnapshotTaker, Trigger
from edge.capture.pacing import Every, per_second
from edge.capture.sources.source import CameraFrame, Samples
from producer.outbox.tables import Draft

SOUND_S = 5.0
"""Without sound for this long its level is unknown."""


class VisualAnalysis:
    """Used by one capture thread; `apply` may be called by another."""

    def __init__(
        self,
        event_factory: EventFactory,
        settings: DeviceSettings,
        adjustable: AdjustableSettings,
        pictures: Pictures,
        object_detection: ObjectDetection | None,
        previews: Previews,
    ) -> None:
        self._event_factory = event_factory
        self._zone, self._place = settings.zone, settings.place
        self._pictures = pictures
        self._object_detection = object_detection
        self._previews = previews
        self._wanted = self._applied = adjustable
        self._size = (0, 0)
        self._analyser = PictureAnalyser(adjustable.picture)
        self._detector: MotionDetector | None = None
        self._motions = MotionReporter(adjustable, settings.zone(adjustable))
        self._level = audio.UNKNOWN
        self._sound_at: datetime | None = None
        self._captures: deque[str] = deque(maxlen=3)
        self._captured: deque[Grey] = deque(maxlen=3)
        """The grey planes of the captures (H x W uint8), which are compared."""
        self._last_emitted: tuple[object, ...] = ()
        self._snapshots = SnapshotTaker(settings.title, settings.zone(adjustable))
        self.regular = RegularPictures(per_second(settings.rates.capture_fps))
        self.alert_pictures = AlertPictures()
        self._thumbnail_due = per_second(settings.rates.thumbnail_fps)
        self._live_due = per_second(settings.rates.live_fps)
        self._frame_due = Every(FRAME_EVERY_S)
        self._keeps_planes = settings.thermal is not None
        self.planes: Planes | None = None
        """The newest full picture, for the fusion with temperatures, where the device measures some."""

    def apply(self, adjustable: AdjustableSettings) -> None:
        """Apply settings from the next picture on."""
        self._wanted = adjustable

    def capture_now(self, then: Callable[[str], None]) -> None:
        """Take a snapshot of the next picture, and call `then` with its key in the capture thread."""
        self._snapshots.request(then)

    def analyse_sound(self, samples: Samples) -> None:
        self._level = audio.level(samples.samples)
        self._sound_at = samples.time

    def analyse(self, frame: CameraFrame) -> list[Draft]:
        """Drafts in order: media before the events that refer to them."""
        self._adjust(frame)
        assert self._detector is not None
        small = self._pictures.small(frame.picture)
        state = self._analyser.analyse(small.y, frame.time, detail(frame.picture, small))
        motion = self._detector.analyse(small.y, frame.time)
        if self._previews.is_wanted("motion"):
            self._previews.show("motion", motion_preview(small.y, self._detector.view, motion.boxes))
        changed = self._motions.advance(motion, frame)
        drafts = self._keep(
            frame,
            small,
            urgent=isinstance(changed, MotionStarted),
            shows_alert=self.alert_pictures.is_due(state, frame.time),
        )
        captured = tuple(self._captures)[-1:] if drafts else ()
        drafts += self._frame_events(frame, state, motion, captured)
        drafts += self._motion_events(frame, motion, changed)
        if self._object_detection is not None:
            found = self._object_detection.analyse(frame, motion.boxes, tuple(self._captures)[-1:])
            drafts += [self._event_factory.event(found, frame.time)] if found is not None else []
        return drafts

    def skipped(self, frame: CameraFrame, reason: str) -> list[Draft]:
        """An event of a frame whose analysis failed: nothing is known of it, and why."""
        if not self._frame_due.due(frame.time):
            return []
        self._last_emitted = ()
        width, height = frame.picture.width, frame.picture.height
        data = Frame(analyzed=False, skip_reason=clip(reason), width=width, height=height)
        return [self._event_factory.event(data, frame.time)]

    @property
    def moved_at(self) -> datetime | None:
        """When something moved last in the motion that goes on."""
        return self._motions.moved_at

    def _adjust(self, frame: CameraFrame) -> None:
        """Restart only those analyses whose own settings changed: the others keep what they have learned."""
        wanted, size = self._wanted, (frame.picture.width, frame.picture.height)
        if wanted is self._applied and size == self._size:
            return
        if self._detector is None or size != self._size or _detects_otherwise(wanted.motion, self._applied.motion):
            self._detector = MotionDetector(size, wanted.motion, wanted.zones)
        zone = self._zone(wanted)
        self._motions.apply(wanted, zone)
        self._detector.use_zones(wanted.zones)
        if wanted.picture != self._applied.picture:
            self._analyser = PictureAnalyser(wanted.picture)
        if self._object_detection is not None:
            self._object_detection.zones = wanted.zones
        if size != self._size:
            self._captures.clear()
            self._captured.clear()
        self._snapshots.apply(wanted.snapshots, zone, self._place(wanted).device_name)
        self._applied, self._size = wanted, size

    def _keep(self, frame: CameraFrame, small: Planes, *, urgent: bool, shows_alert: bool) -> list[Draft]:
        """A capture, a thumbnail and a snapshot where one is due; a capture at once where motion or an alert begins."""
        snapshot = self._snapshots.due(frame.time)
        capture = self.regular.is_due(frame.time, is_moving=self.moved_at is not None) or urgent or shows_alert
        previews = self._previews_due(frame.time)
        drafts: list[Draft] = []
        if capture or previews or snapshot:
            planes = self._full(frame)
            jpeg = planes.jpeg(self.regular.thinning.quality) if capture or "visual" in previews else b""
            if "visual" in previews:
                self._previews.show("visual", jpeg)
            if capture:
                drafts.append(replace(self._capture(jpeg, frame), is_evidence=shows_alert))
                self._captured.append(small.y.copy())
            if snapshot:
                drafts += self._snapshot(snapshot, planes, frame)
        if self._thumbnail_due is not None and self._thumbnail_due.due(frame.time):
            picture = EncodedPicture(thumbnail(small), *THUMBNAIL)
            drafts.append(self._event_factory.medium("thumbnail", picture, frame.time)[0])
        return drafts

    def _previews_due(self, time: datetime) -> list[LiveKind]:
        """The previews that need a full picture now. Also for nobody the rate goes on, in step with that of the
        captures: both are then one JPEG.
        """
        if self._live_due is None or not self._live_due.due(time):
            return []
        kinds: tuple[LiveKind, ...] = ("visual", "fusion") if self._keeps_planes else ("visual",)
        return [kind for kind in kinds if self._previews.is_wanted(kind)]

    def _full(self, frame: CameraFrame) -> Planes:
        if not self._keeps_planes:
            return self._pictures.passing_planes(frame.picture)
        self.planes = self._pictures.planes(frame.picture)
        return self.planes

    def _capture(self, jpeg: bytes, frame: CameraFrame) -> Draft:
        picture = EncodedPicture(jpeg, frame.picture.width, frame.picture.height)
        medium, key = self._event_factory.medium("capture", picture, frame.time)
        self._captures.append(key)
        return medium

    def _snapshot(self, trigger: Trigger, planes: Planes, frame: CameraFrame) -> list[Draft]:
        jpeg = self._snapshots.jpeg(planes, frame.time)
        picture = EncodedPicture(jpeg, frame.picture.width, frame.picture.height)
        medium, key = self._event_factory.medium("capture", picture, frame.time)
        self._snapshots.taken(key)
        data = Snapshot(trigger=trigger, width=picture.width, height=picture.height, media=(key,))
        return [replace(medium, is_evidence=True), self._event_factory.event(data, frame.time)]

    def _frame_events(
        self, frame: CameraFrame, state: PictureState, motion: MotionMeasurement, captured: tuple[str, ...]
    ) -> list[Draft]:
        if self._sound_at is None or abs((frame.time - self._sound_at).total_seconds()) > SOUND_S:
            self._level, self._sound_at = audio.UNKNOWN, None
        facts = (*state.verdicts, self._level.audio)
        if not self._frame_due.due(frame.time) and facts == self._last_emitted:
            return []
        self._last_emitted = facts
        data = Frame(
            **picture_fields(state, self._analyser.settings),
            freeze_diffs=differences(self._captured, state.freeze.clock) or state.freeze.diffs,
            freeze_comparisons=self._comparisons(state.freeze),
            last_3_media=tuple(self._captures),
            audio=self._level.audio,
            audio_at=self._sound_at,
            volume_percentage=self._level.volume_percentage,
            mean_volume_db=self._level.mean_volume_db,
            motion_boxes=rounded(motion.boxes),
            width=frame.picture.width,
            height=frame.picture.height,
            media=captured,
        )
        return [self._event_factory.event(data, frame.time)]

    def _comparisons(self, freeze: Freeze) -> tuple[FreezeComparison, ...]:
        """The newest capture with each of the two before it, by the threshold that a freeze is decided by. None where
        both differ, as nearly always.
        """
        if len(self._captured) < 2:
            return ()
        *earlier, newest = zip(self._captures, self._captured, strict=True)
        same = [difference(grey, newest[1], freeze.clock) <= freeze.threshold for _, grey in earlier]
        if not any(same):
            return ()
        return tuple(
            FreezeComparison(
                current_frame=newest[0],
                previous_frame=key,
                difference_percentage=visible_difference(grey, newest[1], freeze.clock),
                frozen=is_same,
            )
            for (key, grey), is_same in zip(earlier, same, strict=True)
        )

    def _motion_events(
        self, frame: CameraFrame, motion: MotionMeasurement, changed: MotionStarted | MotionEnded | None
    ) -> list[Draft]:
        data = self._motions.data(motion, changed, frame, tuple(self._captures)[-1:])
        return (
            [] if data is None else [self._event_factory.event(data, frame.time if changed is None else changed.time)]
        )


def _detects_otherwise(wanted: MotionSettings, applied: MotionSettings) -> bool:
    return (wanted.sensitivity, wanted.min_area) != (applied.sensitivity, applied.min_area)
