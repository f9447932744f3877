"""What a file of the configuration becomes while the processes run concerns none of them."""

from pathlib import Path

import pytest

from watchpost.configuration import demo
from watchpost.configuration.config import load
from watchpost.configuration.yaml_loader import ConfigError
from watchpost.processes.held_configuration import held_configuration
from watchpost.processes.runtime import configuration_and_text

SITE = "sites: [{site: A, name: 'Büro 🏢', devices: [{device: b, visual: {kind: rtsp, url: 'rtsp://camera/'}}]}]\n"


@pytest.mark.parametrize("later", ["sites: [\n", "", None], ids=["broken", "empty", "removed"])
def test_processes_read_what_the_start_has_read(tmp_path: Path, later: str | None) -> None:
    file = tmp_path / "watchpost.yaml"
    file.write_text(SITE)
    found, text = configuration_and_text(file)

    with held_configuration(text) as held:
        file.unlink() if later is None else file.write_text(later)

        assert load(held) == load(held) == found


def test_the_demo_stays_the_demo_where_somebody_writes_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found, text = configuration_and_text(None)

    with held_configuration(text) as held:
        Path("watchpost.yaml").write_text(SITE)

        assert load(held) == found == demo.config()


def test_nothing_is_held_any_longer_than_the_processes_run() -> None:
    with held_configuration(SITE) as held:
        pass

    with pytest.raises(ConfigError):
        load(held)
