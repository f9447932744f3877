"""The script that goes along with an export is run by people who trust neither us nor who handed it on."""

import io
import json
import sys
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from consumers.upkeep.exports.check_export import MOST_NAMED, main

VIDEO = {"yard.mp4": b"pictures"}


def manifest(files: Mapping[str, bytes] = VIDEO, **given: Any) -> bytes:
    described = [{"name": name, "size": len(body), "sha256": sha256(body).hexdigest()} for name, body in files.items()]
    whole = {"files": described, "devices": [], "asked_by": "ada", "site_name": "Łódź", "from": "10:00", "to": "11:00"}
    return json.dumps(whole | given, ensure_ascii=False).encode()


def zipped(directory: Path, *files: tuple[str, bytes]) -> str:
    path = directory / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in files:
            archive.writestr(zipfile.ZipInfo(name), body)
    return str(path)


def test_a_file_that_was_added_to_a_zip_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = zipped(tmp_path, *VIDEO.items(), ("gate.mp4", b"others"), ("manifest.json", manifest()))

    assert main(path) == 1
    assert "gate.mp4 is not named by the manifest\n1 files, 0 of them original segments: 1 wrong." in (
        capsys.readouterr().out
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_files_of_one_name_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = zipped(tmp_path, ("yard.mp4", b"others"), *VIDEO.items(), ("manifest.json", manifest()))

    assert main(path) == 1
    assert "yard.mp4 is there 2 times" in capsys.readouterr().out


def test_what_lies_beside_an_unpacked_export_is_named_and_not_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "yard.mp4").write_bytes(VIDEO["yard.mp4"])
    (tmp_path / "manifest.json").write_bytes(manifest())
    (tmp_path / "originals" / "yard").mkdir(parents=True)
    for name in ("check_export.py", "notes.txt", "originals/yard/more.ts"):
        (tmp_path / name).touch()

    assert main(str(tmp_path)) == 0
    assert capsys.readouterr().out.splitlines()[1:4] == [
        "notes.txt is not named by the manifest",
        "originals/yard/more.ts is not named by the manifest",
        "1 files, 0 of them original segments: nothing wrong.",
    ]

    for number in range(MOST_NAMED):
        (tmp_path / f"{number}.txt").touch()
    assert main(str(tmp_path)) == 0
    assert "\n2 more are not named by the manifest\n" in capsys.readouterr().out


def test_a_console_that_knows_few_letters_is_told_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "cp1252", write_through=True))

    assert main(zipped(tmp_path, *VIDEO.items(), ("manifest.json", manifest()))) == 0
    assert b"Made for ada, of \\u0141\xf3d\\u017a, 10:00 to 11:00." in written.getvalue()


def test_no_name_looks_like_a_line_of_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"yard.mp4\nAll is well": b"pictures"}
    main(zipped(tmp_path, *files.items(), ("manifest.json", manifest(files, asked_by="ada\nAll is well"))))

    assert "\nAll is well" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [b"[]", b"5", b"{}", b'{"files": "x"}', b'{"files": [{"name": "a"}]}', manifest({}), manifest(devices=[{}])],
)
def test_what_is_no_manifest_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    assert main(zipped(tmp_path, *VIDEO.items(), ("manifest.json", content))) == 1
    assert "cannot be checked, because its manifest cannot be read: it " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["../yard.mp4", "/yard.mp4", "C:\\yard.mp4", "..\\yard.mp4", "C:yard.mp4"])
def test_no_name_leads_out_of_the_export_on_any_system(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(zipped(tmp_path, ("manifest.json", manifest({name: b"pictures"})))) == 1
    assert f"{name} has a name that leads out of the export\n" in capsys.readouterr().out


def test_a_manifest_that_was_saved_by_an_editor_of_windows_is_read(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + manifest().replace(b", ", b",\r\n ")

    assert main(zipped(tmp_path, *VIDEO.items(), ("manifest.json", content))) == 0
