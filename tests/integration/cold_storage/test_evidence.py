"""Pictures that incidents name are kept as evidence, also where only the bucket has them, and go there themselves."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.store.cold.access import media_of
from consumers.upkeep.evidence import TRIED_FOR_S, EvidenceSink
from tests.builders import START, at, incident
from tests.cold_hub import KEEP, RETENTION, ColdHub
from tests.eventually import eventually
from tests.memory_journal import MemoryJournal
from tests.rclone import S3Server

NAMED = f"DEMO/yard/thumbnail/t{START:%d%H%M%S}"


@pytest.fixture
def hub(tmp_path: Path, own_s3: S3Server) -> ColdHub:
    """Whose pictures are in the bucket alone."""
    made = ColdHub(tmp_path / "data", own_s3.storage(keep_hot=timedelta(hours=6)))
    made.hub = replace(made.hub, retention=replace(RETENTION, media=(*RETENTION.media, ("evidence", 3 * KEEP))))
    made.record(minutes=1)
    made.archive(timedelta(hours=7))
    assert set(made.tiers("thumbnail")) == {"cold"}
    return made


@pytest.fixture
def sink(hub: ColdHub) -> Iterator[Deliverer]:
    """It was told of an incident that names one of them."""
    journal = MemoryJournal()
    context = ConsumerContext(hub.data, journal, lambda: hub.now)
    with closing(Deliverer(EvidenceSink(hub.hub.data, hub.hub.cold, lambda: hub.now), context)) as deliverer:
        deliverer.advance()
        journal.append(incident(at(2), "blackscreen", media=(NAMED,)))
        deliverer.advance()
        yield deliverer


def evidence(hub: ColdHub, sink: Deliverer) -> list[str]:
    sink.idle()
    return hub.tiers("evidence")


def test_a_picture_that_only_the_bucket_has_is_kept_and_goes_there_again(hub: ColdHub, sink: Deliverer) -> None:
    eventually(lambda: evidence(hub, sink) == ["hot"], 20, "a copy of the picture")
    hub.archive(timedelta(days=1))
    hub.retention().drop_before("thumbnail", hub.now)

    with media_of(hub.hub) as media:
        assert media.read(NAMED) == hub.payloads[NAMED]
    assert hub.tiers("evidence") == ["cold"]
    assert hub.tiers("thumbnail") == []


def test_a_picture_is_waited_for_while_the_bucket_is_away(hub: ColdHub, sink: Deliverer, own_s3: S3Server) -> None:
    own_s3.stop()
    for _ in range(3):
        assert evidence(hub, sink) == []
        hub.now += timedelta(seconds=TRIED_FOR_S)
    own_s3.start()

    eventually(lambda: evidence(hub, sink) == ["hot"], 20, "a copy of the picture")
