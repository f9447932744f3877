"""The report of a clean-up: bytes of the disk, measured before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

from consumers.hub_config import RetentionPolicy
from consumers.store.archive.retention import Dropped
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.plan import is_too_full

GB = 1e9
GONE = "all media but those of the newest 10 minutes are gone, the rest of the disk holds something else"
SPARED = (
    "what is too much is of the newest 10 minutes of devices above their equal share, and older media are of devices"
    " within theirs"
)


@dataclass(frozen=True, slots=True)
class Cleanup:
    """The disk before the clean-up, the packs that it dropped, and the disk after they were gone."""

    policy: RetentionPolicy
    before: DiskSpace
    after: DiskSpace
    packs: Sequence[Dropped]
    spares: bool = False
    """Whether older media stay, because they are of devices within their equal share."""
    held: Sequence[Dropped] = ()
    """The packs that would have gone too, and that somebody holds."""

    @property
    def files(self) -> int:
        return sum(pack.count for pack in self.packs)

    @property
    def freed(self) -> int:
        return max(0, self.before.used - self.after.used)

    @property
    def was_needed(self) -> bool:
        return is_too_full(self.before, self.policy.cleanup_threshold_percent)

    @property
    def is_too_full_still(self) -> bool:
        return is_too_full(self.after, self.policy.cleanup_threshold_percent)

    @property
    def held_bytes(self) -> int:
        return sum(pack.bytes for pack in self.held)

    def message(self) -> str:
        if not self.was_needed:
            return "No cleanup needed"
        kept_back = f"; {self.held_bytes / GB:.2f} GB are held and stay" if self.held else ""
        return f"{self._outcome()}{kept_back}"

    def _outcome(self) -> str:
        still = f"the disk is still used by {self.after.percent:.1f} %"
        rest = SPARED if self.spares else GONE
        if not self.packs:
            return f"Nothing to delete: {still}; {rest}"
        done = f"Deleted {self.files} files, freed {self.freed / GB:.2f} GB"
        size = sum(pack.bytes for pack in self.packs)
        if self.freed < size // 2:
            done += f" of the {size / GB:.2f} GB that they took: others have written meanwhile, or hold them open"
        return f"{done}; {still}; {rest}" if self.is_too_full_still else done


def cleanup_answer(done: Cleanup) -> dict[str, object]:
    """In gigabytes, files and bytes."""
    return {
        "success": bool(done.packs) or not done.was_needed,
        "cleanup_triggered": bool(done.packs),
        "initial_usage_percent": round(done.before.percent, 1),
        "final_usage_percent": round(done.after.percent, 1),
        "files_deleted": done.files,
        "space_freed_gb": round(done.freed / GB, 2),
        "used_bytes_before": done.before.used,
        "used_bytes_after": done.after.used,
        "held_files": sum(pack.count for pack in done.held),
        "held_bytes": done.held_bytes,
        "message": done.message(),
    }
