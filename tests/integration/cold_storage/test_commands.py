"""The commands of the page about cold storage, typed against a real server; no key is ever shown."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests import forked
from tests.cold_hub import ColdHub
from tests.documents import blocks
from tests.integration.gateway.started import Started
from tests.rclone import ACCESS_KEY, SECRET_KEY, S3Server

PAGE = Path("docs/day-by-day.md")
PREFIX = "head-office"


@pytest.fixture
def config(tmp_path: Path, own_s3: S3Server) -> Path:
    """The configuration of the page, with our server in the place of its own."""
    (yaml,) = [block.text for block in blocks(PAGE, "yaml") if "cold_storage:" in block.text]
    for name, key in (("access", ACCESS_KEY), ("secret", SECRET_KEY)):
        (tmp_path / f"s3_{name}").write_text(key)
        yaml = yaml.replace(f"/etc/watchpost/s3_{name}", str(tmp_path / f"s3_{name}"))
    file = tmp_path / "watchpost.yaml"
    file.write_text(yaml.replace("https://s3.example.net", own_s3.endpoint))
    return file


def typed(command: str, config: Path, data: Path) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "WATCHPOST_CONFIG": str(config), "WATCHPOST_DATA": str(data)}
    return forked.run([sys.executable, "-m", *command.split()], 120, env=variables)


def commands() -> list[str]:
    return [line for block in blocks(PAGE, "sh s3") for line in block.text.splitlines() if line.startswith("watchpost")]


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path, config: Path, own_s3: S3Server) -> None:
    hub = ColdHub(tmp_path / "lost", replace(own_s3.storage(PREFIX), keep_hot=timedelta(hours=24)))
    hub.record(minutes=2)
    hub.record(hub.now + timedelta(days=1), minutes=2)
    hub.archive(timedelta(days=2))

    done = [typed(command, config, tmp_path / "again") for command in commands()]
    again = replace(hub.hub, data=tmp_path / "again")
    said = "".join(one.stdout + one.stderr for one in done)

    assert commands() == [
        "watchpost archive probe",
        f"watchpost restore s3://evidence/{PREFIX}",
        "watchpost verify journal media",
    ]
    assert [one.returncode for one in done] == [0, 0, 0], said
    assert "s3://evidence/head-office at http://127.0.0.1" in done[0].stdout
    assert "1 days of the journal until 2026-01-06 UTC" in done[1].stdout
    assert "everything is as it should be" in done[2].stdout
    with Started(again, clock=lambda: hub.now) as started, started.client() as client:
        answers = [client.get(path).text for path in ("/api/v1/storage/stats", "/api/v1/consumers", "/metrics")]
    shown = [said, *answers, *(path.read_text(errors="replace") for path in again.data.rglob("*") if path.is_file())]
    assert not [text for text in shown if ACCESS_KEY in text or SECRET_KEY in text]


def test_the_probe_names_what_fails_and_why_and_nothing_that_follows_from_it(
    tmp_path: Path, config: Path, own_s3: S3Server
) -> None:
    (tmp_path / "s3_secret").write_text("another key")

    refused = typed("watchpost archive probe", config, tmp_path / "data")
    own_s3.stop()
    away = typed("watchpost archive probe", config, tmp_path / "data")
    own_s3.start()

    assert (refused.returncode, away.returncode) == (1, 1)
    assert "write an object: NO: s3://evidence/head-office at" in refused.stdout
    assert "refuses to write" in refused.stdout
    assert "cannot be used as it is: what fails is to list objects, to write an object, to upload" in refused.stdout
    assert "not there after it was written" not in refused.stdout
    assert "does not answer" in away.stdout


def test_a_restore_of_nothing_says_so(tmp_path: Path, config: Path) -> None:
    nothing = typed("watchpost restore s3://evidence/nobody", config, tmp_path / "again")
    no_name = typed("watchpost restore s3://", config, tmp_path / "again")

    assert "nothing was restored: s3://evidence/nobody" in nothing.stderr
    assert "names no bucket" in no_name.stderr
    assert nothing.returncode != 0
    assert no_name.returncode != 0
