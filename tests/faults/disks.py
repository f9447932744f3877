"""Small disks of our own, and how they are filled to the last byte."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

FILLER = "somebody-elses"
_STEP = 64 * 1024


class NoDisk(RuntimeError):
    """Only root may mount a disk, and not everywhere."""


def mount(folder: Path, megabytes: int, inodes: int | None = None) -> None:
    options = f"size={megabytes}m" + (f",nr_inodes={inodes}" if inodes else "")
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        raise NoDisk("a disk of our own needs the right to mount one")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=True)


def make_read_only(folder: Path) -> None:
    """As the kernel does with one that fails. Nobody may have a file of it open for writing."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> None:
    """Somebody else takes all the room that there is, but for so many bytes."""
    with (folder / FILLER).open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(bytes(_STEP)):
                pass
        file.truncate(max(0, file.tell() - leave))


def relieve(folder: Path) -> None:
    (folder / FILLER).unlink(missing_ok=True)
