"""Links that are signed many at once are those that a client of S3 signs one by one."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from consumers.store.cold.bucket import Bucket, BucketRefused
from consumers.store.cold.settings import ColdStorage

WEEK_S = 604_800
STORAGES = (
    ColdStorage("tiles", "site/ring", "http://127.0.0.1:9", region="auto", access_key="AKIA1", secret_key="a+b/c="),
    ColdStorage("tiles", "", None, region="eu-west-1", access_key="AKIA1", secret_key="hidden"),
    ColdStorage("tiles", "", "https://tiles.example.net", access_key="AKIA/1", secret_key="hidden"),
)


def parts(link: str) -> tuple[str, list[tuple[str, str]]]:
    """The order of a query means nothing."""
    found = urlsplit(link)
    return f"{found.scheme}://{found.netloc}{found.path}", sorted(parse_qsl(found.query))


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("name", ["heatmaps/DEMO/1000_ok.jpg", "ring.json", "heatmaps/DÉMO ~ 1/a(b).json"])
def test_a_link_is_the_one_that_a_client_makes(storage: ColdStorage, name: str) -> None:
    bucket = Bucket(storage)
    # Both within one second, of which their signatures are.
    while (links := bucket.links(WEEK_S)).date not in (link := bucket.link(name, WEEK_S)):
        pass
    address, query = parts(link)

    assert dict(query)["X-Amz-Signature"] == links.signature(name).hex()
    assert parts(f"{links.base}?{links.query}")[1] == [pair for pair in query if pair[0] != "X-Amz-Signature"]
    assert address.startswith(links.base)
    assert (links.until.timestamp() - WEEK_S) % 1 == 0


def test_nothing_secret_is_shown() -> None:
    shown = repr(Bucket(STORAGES[0]).links(WEEK_S))
    assert "a+b/c=" not in shown
    assert "key=" not in shown


def test_without_keys_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(BucketRefused, match="no keys to sign links at s3://tiles"):
        Bucket(ColdStorage("tiles")).links(WEEK_S)
