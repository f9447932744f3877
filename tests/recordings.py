"""Where the real recordings are that tests read but the repository does not hold."""

from pathlib import Path
from typing import Final

from tests.required import unavailable

_REPOSITORY: Final = Path(__file__).resolve().parents[1]
PEDESTRIANS: Final = "pedestrians.avi"
ROOM_VISUAL: Final = "room-visual.mp4"
ROOM_THERMAL: Final = "room-mlx90640.csv"


def recording(name: str) -> Path:
    """In `shared/data` beside the repository, or beside a folder that it is in, as a work tree is."""
    for folder in _REPOSITORY.parents:
        path = folder / "shared" / "data" / name
        if path.exists():
            return path
    return unavailable(f"the recording {name} is not here")
