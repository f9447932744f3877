"""What somebody is given to look through the day while the hub is away."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consumers.store.cold.settings import ColdStorage, TileBucket
from tests.builders import tick
from tests.integration.gateway.started import Filled, Started

STORAGE = ColdStorage("tiles", "ring", "http://127.0.0.1:9", access_key="AKIA1", secret_key="never shown")
PAGE = Path("page")


def answered(directory: Path, bucket: TileBucket | None) -> Mapping[str, Any]:
    with (
        Filled(directory) as filled,
        Started(replace(filled.append(tick()).hub, tile_bucket=bucket)) as started,
        started.client() as client,
    ):
        found: Mapping[str, Any] = client.get("/api/v1/tile-bucket").raise_for_status().json()
        return found


@pytest.mark.parametrize(
    ("bucket", "page"),
    [
        (TileBucket(STORAGE, "https://tiles.example.net", PAGE), "https://tiles.example.net/ring/index.html"),
        (TileBucket(STORAGE, "https://tiles.example.net"), None),
        (TileBucket(STORAGE), None),
    ],
)
def test_the_page_of_a_public_bucket_is_at_its_address(tmp_path: Path, bucket: TileBucket, page: str | None) -> None:
    assert answered(tmp_path, bucket) == {"bucket": STORAGE.name, "page": page, "until": None}


def test_that_of_a_private_bucket_is_a_link_for_days(tmp_path: Path) -> None:
    found = answered(tmp_path, TileBucket(STORAGE, page=PAGE))

    assert found["page"].startswith("http://127.0.0.1:9/tiles/ring/signed.html?")
    assert "X-Amz-Expires=583200" in found["page"]
    assert found["until"] == "2026-01-12T04:10:00.000Z"
    assert "never shown" not in str(found)


def test_without_a_bucket_there_is_nothing_and_no_error(tmp_path: Path) -> None:
    assert answered(tmp_path, None) == {"bucket": None, "page": None, "until": None}


@pytest.mark.parametrize("given", [{}, {"AWS_ACCESS_KEY_ID": "AKIA1"}])
def test_a_gateway_without_keys_says_that_it_cannot_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Mapping[str, str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**given, "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    bucket = TileBucket(ColdStorage("tiles", "ring", "http://127.0.0.1:9"), page=PAGE)
    with (
        Filled(tmp_path / "data") as filled,
        Started(replace(filled.append(tick()).hub, tile_bucket=bucket)) as started,
        started.client() as client,
    ):
        refused = client.get("/api/v1/tile-bucket")

    assert refused.status_code == 503
    assert "keys to sign links at" in refused.json()["detail"]
