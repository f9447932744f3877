"""The demo configuration: a drawn site with scheduled faults, for `watchpost up` without a configuration."""

from bus_schemas.settings import Zone
from edge.agent.settings import SceneDetectorSettings
from edge.agent.source_settings import SceneFaultSettings, SceneSourceSettings
from edge.simulation.locations import TRANSFORMER
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.sites import DeviceSection, SiteSection

DRIVEWAY = Zone(name="driveway", points=((0.48, 0.36), (0.55, 0.36), (0.72, 0.58), (0.43, 0.58)), restricted=True)
YARD = Zone(name="yard", points=((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)), max_people=4)


def config() -> WatchpostConfig:
    """Site DEMO: three cameras, one with sound, and a camera that shares its view with a thermal sensor."""
    site = SiteSection(
        site="DEMO", name="Demo yard", time_zone="Europe/Berlin", devices=(_gate(), _yard(), _hall(), _transformer())
    )
    return WatchpostConfig(sites=(site,))


def _gate() -> DeviceSection:
    faults = (
        SceneFaultSettings(kind="blackscreen", first_s=90, lasts_s=45, every_s=900),
        SceneFaultSettings(kind="audio_loss", first_s=300, lasts_s=60, every_s=1200),
    )
    scene = SceneSourceSettings(kind="scene", scene="visual", place="gate", seed=1, audio=True, faults=faults)
    return DeviceSection(
        device="GATE", name="Gate", visual=scene, zones=(DRIVEWAY,), detector=SceneDetectorSettings(kind="scene")
    )


def _yard() -> DeviceSection:
    faults = (
        SceneFaultSettings(kind="freeze", first_s=180, every_s=1100),
        SceneFaultSettings(kind="corrupt_rows", first_s=660, lasts_s=45, every_s=1700),
    )
    scene = SceneSourceSettings(kind="scene", scene="visual", place="yard", seed=2, faults=faults)
    return DeviceSection(
        device="YARD", name="Yard", visual=scene, zones=(YARD,), detector=SceneDetectorSettings(kind="scene")
    )


def _hall() -> DeviceSection:
    faults = (
        SceneFaultSettings(kind="silent", first_s=420, lasts_s=60, every_s=1500),
        SceneFaultSettings(kind="macroblocks", first_s=780, lasts_s=45, every_s=1900),
    )
    scene = SceneSourceSettings(kind="scene", scene="visual", place="hall", seed=3, faults=faults)
    return DeviceSection(device="HALL", name="Hall", visual=scene, detector=SceneDetectorSettings(kind="scene"))


def _transformer() -> DeviceSection:
    heat = SceneFaultSettings(kind="hot_spot", first_s=120, lasts_s=90, every_s=600)
    return DeviceSection(
        device="TRANSFORMER",
        name="Transformer",
        visual=SceneSourceSettings(kind="scene", scene="visual", place="transformer", seed=4),
        thermal=SceneSourceSettings(kind="scene", scene="thermal", place="transformer", seed=4, faults=(heat,)),
        rois=TRANSFORMER.regions,
        detector=SceneDetectorSettings(kind="scene"),
    )
