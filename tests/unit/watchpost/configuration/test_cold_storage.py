"""The section of cold storage: what it takes, what it refuses with a sentence, and who is given its keys."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from consumers.credential import Credential
from consumers.engine.process_group import ProcessGroup
from consumers.store.cold.settings import TransferHours
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.environment import Secrets
from watchpost.configuration.hubs import hub_config
from watchpost.configuration.secrets import check
from watchpost.configuration.yaml_loader import ConfigError

KEYS = {"access_key_env": "S3_ACCESS", "secret_key_env": "S3_SECRET"}
ENVIRON = {"S3_ACCESS": "AKIA1", "S3_SECRET": "hidden"}


def config(**given: Any) -> WatchpostConfig:
    cold = {"bucket": "evidence", **KEYS, **given}
    return WatchpostConfig.model_validate({"hub": {"retention_hours": {"segment": 720}, "cold_storage": cold}})


def test_a_section_becomes_the_settings_of_the_hub() -> None:
    given = config(endpoint="https://s3.example.net", hours={"start": "22:00", "end": "06:00"}, keep_hot_hours=6)
    cold = hub_config(given, Path("data"), ENVIRON, (Credential.COLD_STORAGE,)).cold

    assert cold is not None
    assert (cold.access_key, cold.secret_key) == ("AKIA1", "hidden")
    assert (cold.bucket, cold.prefix, cold.endpoint) == ("evidence", "watchpost", "https://s3.example.net")
    assert cold.keep_hot == timedelta(hours=6)
    assert cold.hours == TransferHours(time(22), time(6))


def test_keys_come_from_files_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("AKIA2\n")
    (tmp_path / "s").write_text("from a file\n")
    files = {"access_key_file": str(tmp_path / "a"), "secret_key_file": str(tmp_path / "s")}
    cold = hub_config(
        config(access_key_env=None, secret_key_env=None, **files), Path("data"), {}, (Credential.COLD_STORAGE,)
    ).cold

    assert cold is not None
    assert (cold.access_key, cold.secret_key) == ("AKIA2", "from a file")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"endpoint": "https://key:secret@s3.example.net"}, "without a key in it"),
        ({"endpoint": "ftp://s3.example.net"}, "give the address of the server alone"),
        ({"bucket": "No Bucket"}, "match pattern"),
        ({"prefix": "../other"}, "match pattern"),
        ({"secret_key_env": None}, "give both the access key and the secret key"),
        ({"access_key_file": "a"}, "not from both"),
        ({"keep_hot_hours": 720}, "nothing would go to the bucket"),
        ({"hours": {"start": "25:00", "end": "06:00"}}, "match pattern"),
        ({"bytes_per_s": 10}, "greater than or equal to 10000"),
        ({"colour": "blue"}, "Extra inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as refused:
        config(**given)

    assert "key:secret" not in str(refused.value)


def test_a_key_that_is_not_set_is_a_line_of_the_check() -> None:
    with pytest.raises(ConfigError, match="S3_SECRET, which the configuration names, is not set"):
        check(config(), {"S3_ACCESS": "AKIA1"})


def test_only_processes_that_read_media_are_given_the_keys() -> None:
    secrets = Secrets(config())

    assert (
        secrets.of_group(ProcessGroup.PICTURES)
        == secrets.of_gateway()
        == secrets.of_trials()
        == {"S3_ACCESS", "S3_SECRET"}
    )
    assert secrets.journal == set()
    assert hub_config(config(), Path("data"), {}).cold is None
