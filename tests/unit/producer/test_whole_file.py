"""Files that are there whole under their names, also after a power cut."""

import ast
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from producer.whole_file import name_whole, write_whole

ROOT = Path(__file__).parents[3]
RENAMES = re.compile(r"\.(?:replace|rename)\([^,=\n]*\)")
ROOMS = ("bus_schemas", "producer", "consumers", "edge", "gateway", "mosquitto", "watchpost")

MAY_BE_LOST = {
    "producer/whole_file.py draft.replace(path)": "this is where it is done",
    "producer/sqlite_files.py source.replace(target)": "a broken file is set aside",
    "edge/agent/leftovers.py draft.rename(copy)": "it is in memory",
    "edge/agent/settings_store.py self._path.replace(aside)": "a broken file is set aside",
    "mosquitto/authority.py draft.replace(path)": "it syncs by itself: the room imports nothing of ours",
    "mosquitto/launcher.py draft.replace(config)": "it is written at each start",
    "consumers/engine/view_files.py fresh.replace(link)": "a link has no bytes",
    "consumers/ingest/faults.py half.replace(self.file)": "the journal says it too",
    "consumers/ingest/registry.py half.replace(self._file)": "the journal says it too",
    "consumers/store/clickhouse/plain_path.py draft.replace(link)": "a link has no bytes",
    "consumers/store/cold/cache.py draft.replace(path)": "the hash is looked at when it is read",
    "consumers/store/disk.py draft.replace(self._path)": "only its size matters",
    "consumers/store/journal/days.py draft.rename(path)": "SQLite has synced it, and the directory is synced",
    "consumers/upkeep/cold/restore.py (data / 'archive').rename(draft / 'archive')": "a restore makes it again",
    "consumers/upkeep/cold/restore.py (draft / name).rename(data / name)": "a directory, and the one above is synced",
    "consumers/upkeep/cold/server_day.py carried.replace(path.parent / CARRIED)": "looked at when it is read",
    "consumers/upkeep/exports/job.py video.replace(job.folder / f'{job.stem}.mp4')": "it is synced when it is hashed",
    "consumers/upkeep/exports/job.py draft.replace(self.path)": "the progress of a process that runs",
    "consumers/upkeep/verify/media_job.py draft.replace(order.result)": "the check begins anew after a start",
    "consumers/views/mosaics/tiles.py draft.replace(path)": "the hash is looked at when it is read",
    "consumers/views/warehouse/progress.py draft.replace(data / FILE)": "without it a day of the journal stays longer",
    "watchpost/processes/process_state.py half.replace(path)": "the state of processes that run",
}


def renames() -> Iterator[str]:
    """Where a file gets the name of another one: a `replace` of text or of a moment has other arguments."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text()
            # To parse all modules takes seconds.
            for node in ast.walk(ast.parse(text)) if RENAMES.search(text) else ():
                match node:
                    case ast.Call(func=ast.Attribute(attr="replace" | "rename"), args=[_], keywords=[]):
                        yield f"{path.relative_to(ROOT)} {ast.unparse(node)}"


def test_a_file_gets_its_name_when_its_bytes_are_on_the_disk_or_a_power_cut_may_take_it() -> None:
    assert set(renames()) == set(MAY_BE_LOST)


def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []

    def sync(descriptor: int) -> None:
        kind = "directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        seen.append((kind, (tmp_path / "named").exists()))

    monkeypatch.setattr(os, "fsync", sync)
    (tmp_path / "draft").write_bytes(b"whole")
    name_whole(tmp_path / "draft", tmp_path / "named")

    assert seen == [("file", False), ("directory", True)]
    assert not (tmp_path / "draft").exists()


def test_a_file_is_replaced_with_the_mode_that_is_asked_for(tmp_path: Path) -> None:
    write_whole(tmp_path / "key", b"old")
    write_whole(tmp_path / "key", b"new", 0o600)

    assert (tmp_path / "key").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
