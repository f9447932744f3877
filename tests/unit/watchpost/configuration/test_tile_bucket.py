"""The section of the bucket for minute tiles: its variables, what is refused, and who is given its keys."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from consumers.credential import Credential
from consumers.engine.process_group import ProcessGroup
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.environment import Secrets
from watchpost.configuration.hubs import hub_config, tile_bucket
from watchpost.configuration.secrets import check
from watchpost.configuration.yaml_loader import ConfigError

KEYS = {"CLOUDFLARE_R2_ACCESS_KEY_ID": "AKIA1", "CLOUDFLARE_R2_SECRET_ACCESS_KEY": "hidden"}
ENVIRON = {
    **KEYS,
    "CLOUDFLARE_R2_ENDPOINT": "https://account.r2.example.net",
    "CLOUDFLARE_R2_PUBLIC_URL": "https://tiles.example.net/",
}


def config(**given: Any) -> WatchpostConfig:
    return WatchpostConfig.model_validate({"hub": {"tile_bucket": {"bucket": "tiles", **given}}})


def test_the_variables_of_r2_are_enough() -> None:
    found = hub_config(config(), Path("data"), ENVIRON, (Credential.TILE_BUCKET,)).tile_bucket

    assert found is not None
    assert (found.storage.endpoint, found.storage.access_key, found.storage.secret_key) == (
        "https://account.r2.example.net", "AKIA1", "hidden",
    )  # fmt: skip
    assert (found.public_base, found.storage.prefix, found.storage.region) == ("https://tiles.example.net", "", "auto")


def test_the_variable_of_pages_of_before_is_understood() -> None:
    found = tile_bucket(
        config(prefix="yard"), {**KEYS, "REACT_APP_CLOUDFLARE_R2_PUBLIC_URL": "https://old.example.net"}
    )

    assert found is not None
    assert found.public_base == "https://old.example.net/yard"


def test_what_the_section_says_comes_before_the_variables() -> None:
    given = config(endpoint="https://s3.example.net", public_url="https://cdn.example.net", page=False)
    found = tile_bucket(given, ENVIRON)

    assert found is not None
    assert (found.storage.endpoint, found.public_base) == ("https://s3.example.net", "https://cdn.example.net")
    assert found.page is None


def test_keys_come_from_files_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("AKIA2\n")
    (tmp_path / "s").write_text("from a file\n")
    files = {"access_key_file": str(tmp_path / "a"), "secret_key_file": str(tmp_path / "s")}
    found = tile_bucket(config(**files), {})

    assert found is not None
    assert (found.storage.access_key, found.storage.secret_key) == ("AKIA2", "from a file")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"endpoint": "https://key:secret@s3.example.net"}, "without a key in it"),
        ({"public_url": "https://key:secret@s3.example.net"}, "without a key in it"),
        ({"public_url": "tiles"}, "give the address of the server alone"),
        ({"prefix": "../other"}, "match pattern"),
        ({"access_key_file": "a", "access_key_env": "B", "secret_key_file": "s"}, "not from both"),
        ({"bytes_per_s": 10}, "greater than or equal to 10000"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as refused:
        config(**given)

    assert "key:secret" not in str(refused.value)


def test_a_variable_that_cannot_be_used_is_named_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="variable CLOUDFLARE_R2_ENDPOINT: give the address") as refused:
        tile_bucket(config(), {**ENVIRON, "CLOUDFLARE_R2_ENDPOINT": "https://key:secret@s3.example.net"})

    assert "key:secret" not in str(refused.value)


def test_a_key_that_is_not_set_is_a_line_of_the_check() -> None:
    with pytest.raises(ConfigError, match="CLOUDFLARE_R2_SECRET_ACCESS_KEY, which the configuration names, is not set"):
        check(config(), {"CLOUDFLARE_R2_ACCESS_KEY_ID": "AKIA1"})


def test_only_who_writes_or_signs_is_given_the_keys() -> None:
    secrets = Secrets(config())

    assert secrets.of_group(ProcessGroup.PICTURES).isdisjoint(KEYS)
    assert secrets.of_group(ProcessGroup.URGENT).isdisjoint(KEYS)
    assert set(KEYS) <= secrets.of_group(ProcessGroup.BATCH)
    assert set(KEYS) <= secrets.of_gateway()
    assert hub_config(config(), Path("data"), {}).tile_bucket is None
