"""What `watchpost size` prints."""

import json
import sys
from pathlib import Path

import pytest

from watchpost.cli import main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code."""
    monkeypatch.setattr(sys, "argv", ["watchpost", "size", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "watchpost.yaml"
    file.write_text(
        "broker: {start: false}\n"
        "nodes: [{node: A, bytes_per_s: 50000}]\n"
        "sites: [{site: A, devices: [{device: b, visual: {kind: rtsp, url: 'rtsp://camera/'}}]}]\n"
    )
    monkeypatch.setenv("WATCHPOST_CONFIG", str(file))
    monkeypatch.setenv("WATCHPOST_DATA", str(tmp_path / "data"))
    return file


@pytest.mark.usefixtures("site")
def test_a_file_is_no_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notes.txt"
    file.touch()

    assert run(monkeypatch, "--data", str(file)) == 2
    assert capsys.readouterr().err == f"{file} is no directory: name the data directory of a hub with --data\n"


@pytest.mark.usefixtures("site")
def test_people_are_told_in_tables_and_sentences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--disk-gb", "10", "--camera-bits-per-s", "8000000") == 0

    said = capsys.readouterr().out
    assert [title for title in ("Links", "Disk of the hub", "Memory") if title not in said] == []
    assert "1 device: 5.1 events/s, " in said
    assert "the disk has 10 GB, of which 8.5 GB are for this hub: less than the " in said
    assert "the link of A carries 50 kB/s of the 1.8 MB/s that are to be stored" in said


@pytest.mark.usefixtures("site")
def test_programs_are_told_everything_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--json", "--camera", "100x50@5", "--moving", "0") == 0

    reported = json.loads(capsys.readouterr().out)
    assert reported["assumptions"] == {
        "camera": {"width": 100, "height": 50, "fps": 5, "bits_per_s": 4_000_000},
        "moving": 0.0,
        "measured": 0,
    }
    assert {each["flow"]["name"]: each["flow"]["per_s"] for each in reported["flows"]}["motion"] == 0
    assert reported["bytes_per_day"] == pytest.approx(sum(each["bytes_per_day"] for each in reported["disk"]))


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("text", ["1920", "1920x1080", "1920x1080@0", "1920x1080@fast"])
def test_what_is_no_picture_of_a_camera_is_refused_in_a_sentence(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--camera", text) == 2
    assert capsys.readouterr().err == f"{text!r} is no picture of a camera: write it as 1920x1080@15\n"
