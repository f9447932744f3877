"""A consumer runs once: a second process is refused by the first one's name, however it comes."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from consumers.store.claims.claims import NotClaimed, claimed
from consumers.store.claims.holder import ClaimTaken, this_process
from consumers.store.claims.lease import Clocks, Lease
from consumers.store.claims.local import held
from consumers.store.claims.reader import ClaimedReader
from consumers.store.claims.renewal import RenewedLease
from consumers.store.clickhouse.engine import Engine, EngineError, OpenEngine
from consumers.store.clickhouse.server import ServerEngine
from consumers.store.journal.store import JournalAway
from producer.ids import utc_now
from producer.locks import FileLock
from tests.clickhouse_kinds import KINDS, opener
from tests.clickhouse_server import ClickHouse
from tests.eventually import WITHIN_S, eventually
from tests.following import hub_in
from tests.memory_journal import MemoryJournal

DATABASE = "claimed"
HOLD = """
import sys, time
from pathlib import Path
from consumers.store.claims.holder import this_process
from consumers.store.claims.local import held
from producer.ids import utc_now
data = Path(sys.argv[1])
with held(data, "incidents", this_process(data, utc_now())):
    print("held", flush=True)
    sys.stdin.read()
"""


class Time:
    """Of a server and of one machine, both simulated."""

    def __init__(self) -> None:
        self.now = 1_800_000_000

    def clocks(self) -> Clocks:
        return Clocks(server=lambda: f"toUInt64({self.now:d})", local=lambda: float(self.now))


@pytest.fixture(params=KINDS)
def open_engine(request: pytest.FixtureRequest) -> Iterator[OpenEngine]:
    opened = opener(request)
    yield opened
    with closing(opened()) as engine:
        engine.execute(f"drop database if exists {DATABASE}")


@pytest.fixture
def engine(open_engine: OpenEngine) -> Iterator[Engine]:
    with closing(open_engine()) as engine:
        yield engine


def lease(engine: Engine, time: Time, lock: str, *names: str) -> Lease:
    holder = replace(this_process(Path("/data") / lock, utc_now()), host=f"host-{lock}")
    return Lease(engine, DATABASE, dict.fromkeys(names or ("incidents",), lock), holder, clocks=time.clocks())


def full_disk(path: Path) -> FileLock:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_a_process_waits_until_the_disk_has_room_for_its_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = iter([full_disk, full_disk])
    monkeypatch.setattr("consumers.store.claims.local.FileLock", lambda path: next(tries, FileLock)(path))
    with claimed(hub_in(tmp_path), ["incidents"], threading.Event()):
        monkeypatch.undo()
        with pytest.raises(ClaimTaken), claimed(hub_in(tmp_path), ["incidents"], threading.Event()):
            pass


def test_a_process_that_is_to_end_waits_for_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumers.store.claims.local.FileLock", full_disk)
    stopping = threading.Event()
    threading.Timer(0.1, stopping.set).start()

    with pytest.raises(NotClaimed), claimed(hub_in(tmp_path), ["incidents"], stopping):
        pass


def test_a_second_one_is_refused_at_once_and_told_who_is_there(tmp_path: Path) -> None:
    hub = hub_in(tmp_path)
    with (
        claimed(hub, ["incidents", "alerts"], threading.Event()),
        pytest.raises(ClaimTaken) as refused,
        claimed(hub, ["alerts"], threading.Event()),
    ):
        pass

    words = str(refused.value)
    assert words.startswith(f"the consumer alerts runs already: process {os.getpid()} on ")
    assert f"with the data directory {tmp_path}, since 20" in words


def test_a_second_one_is_refused_also_after_somebody_removed_all_claims(tmp_path: Path) -> None:
    hub, claims = hub_in(tmp_path), tmp_path / "journal" / "claims"
    with claimed(hub, ["incidents", "alerts"], threading.Event()):
        shutil.rmtree(claims)
        assert eventually(lambda: sorted(path.stem for path in claims.glob("*.lock")) == ["alerts", "incidents"])

        with (
            pytest.raises(ClaimTaken, match=f"process {os.getpid()}"),
            claimed(hub, ["alerts"], threading.Event()),
        ):
            pass


def test_who_loses_a_claim_whose_file_was_removed_to_another_ends(tmp_path: Path) -> None:
    hub, stopping = hub_in(tmp_path), threading.Event()

    def consume() -> None:
        with claimed(hub, ["incidents"], stopping):
            shutil.rmtree(tmp_path / "journal" / "claims")
            with claimed(hub, ["incidents"], threading.Event()):
                assert stopping.wait(WITHIN_S)

    with pytest.raises(ClaimTaken, match="the consumer incidents runs already"):
        consume()


def test_others_may_run_beside_it_and_the_same_one_afterwards(tmp_path: Path) -> None:
    hub = hub_in(tmp_path)
    with claimed(hub, ["incidents"], threading.Event()), claimed(hub, ["alerts"], threading.Event()):
        pass
    with claimed(hub, ["incidents", "alerts"], threading.Event()):
        pass


def test_a_claim_that_is_refused_leaves_none_behind(tmp_path: Path) -> None:
    hub = hub_in(tmp_path)
    with claimed(hub, ["alerts"], threading.Event()):
        with pytest.raises(ClaimTaken), claimed(hub, ["incidents", "alerts"], threading.Event()):
            pass
        with claimed(hub, ["incidents"], threading.Event()):
            pass


@pytest.mark.processes
def test_a_claim_of_the_machine_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    holder = this_process(tmp_path, utc_now())
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(ClaimTaken, match=f"process {process.pid} on"), held(tmp_path, "incidents", holder):
            pass
        process.kill()
        process.wait()

    with held(tmp_path, "incidents", holder):
        assert json.loads((tmp_path / "journal/claims/incidents.lock").read_text())["pid"] == os.getpid()


def test_a_lease_of_another_machine_is_respected_until_it_expires(engine: Engine) -> None:
    time = Time()
    lease(engine, time, "a").begin()
    time.now += 14

    with pytest.raises(ClaimTaken, match=r"the consumer incidents runs already: process \d+ on host-a"):
        lease(engine, time, "b").begin()
    time.now += 1
    lease(engine, time, "b").begin()


def test_a_lease_that_is_renewed_does_not_expire(engine: Engine) -> None:
    time = Time()
    first = lease(engine, time, "a")
    first.begin()
    for _ in range(10):
        time.now += 10
        first.renew()

    assert first.is_valid
    with pytest.raises(ClaimTaken):
        lease(engine, time, "b").begin()


def test_whoever_was_replaced_learns_it_at_its_next_renewal_and_was_invalid_before(engine: Engine) -> None:
    time = Time()
    first, second = lease(engine, time, "a"), lease(engine, time, "b")
    first.begin()
    time.now += 13
    assert not first.is_valid
    time.now += 2
    second.begin()

    with pytest.raises(ClaimTaken, match="host-b"):
        first.renew()
    assert not first.is_valid
    second.renew()
    assert second.is_valid


def test_two_that_begin_in_one_moment_do_not_both_stay(open_engine: OpenEngine) -> None:
    time = Time()
    with closing(open_engine()) as one, closing(open_engine()) as other:
        leases = [lease(one, time, "a"), lease(other, time, "b")]
        both = threading.Barrier(2)

        def begin(each: Lease) -> None:
            both.wait()
            try:
                each.begin()
            except ClaimTaken:
                leases.remove(each)

        threads = [threading.Thread(target=begin, args=(each,)) for each in list(leases)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = []
        for each in leases:
            try:
                each.renew()
                kept.append(each)
            except ClaimTaken:
                pass

    assert len(kept) == 1


def test_the_same_machine_and_lock_begins_at_once_after_a_crash(engine: Engine) -> None:
    time = Time()
    lease(engine, time, "a").begin()

    again = lease(engine, time, "a")
    again.begin()

    assert again.is_valid


def test_a_lease_that_is_released_is_free_at_once(engine: Engine) -> None:
    time = Time()
    first = lease(engine, time, "a")
    first.begin()
    first.release()

    lease(engine, time, "b").begin()
    assert not first.is_valid


def test_leases_on_different_consumers_do_not_meet(engine: Engine) -> None:
    time = Time()
    lease(engine, time, "a", "incidents", "alerts").begin()

    lease(engine, time, "b", "mosaics").begin()
    with pytest.raises(ClaimTaken, match="the consumer alerts"):
        lease(engine, time, "b", "health", "alerts").begin()


def test_old_claims_are_dropped_and_one_that_is_alive_stays(engine: Engine) -> None:
    time = Time()
    lease(engine, time, "old", "motion").begin()
    living = lease(engine, time, "a")
    time.now += 40 * 86_400
    living.begin()
    for _ in range(3):
        time.now += 30 * 86_400
        living.renew()
        lease(engine, time, "b", "health").begin()

    holders = {row[0] for row in engine.query(f"select lock from {DATABASE}.claims")}
    assert holders == {"a", "b"}
    with pytest.raises(ClaimTaken):
        lease(engine, time, "c").begin()


def test_a_claim_is_renewed_by_itself_and_its_loss_stops_the_process(clickhouse: ClickHouse) -> None:
    time, stopping = Time(), threading.Event()
    time.now = int(utc_now().timestamp())
    holder = this_process(Path("/data"), utc_now())

    def opened() -> Engine:
        return ServerEngine(clickhouse.server)

    with closing(opened()) as engine:
        with RenewedLease(opened, DATABASE, {"incidents": "a"}, holder, stopping.set, renew_s=0.05) as renewed:
            beats = f"select max(beat) from {DATABASE}.claims"
            eventually(lambda: engine.query(beats)[0][0] >= 3)
            renewed.check()
            reader = ClaimedReader(MemoryJournal(()), renewed.check)
            reader.read(0)
            with pytest.raises(ClaimTaken):
                lease(engine, time, "b").begin()
            time.now += 60
            lease(engine, time, "b").begin()
            eventually(stopping.is_set)
            with pytest.raises(JournalAway, match="host-b"):
                reader.read(0)
            with pytest.raises(ClaimTaken, match="host-b"):
                renewed.raise_if_lost()
        engine.execute(f"drop database {DATABASE}")


def test_nothing_is_read_while_nobody_can_say_who_has_the_claim(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    one = lease(engine, time, "a")
    one.begin()
    monkeypatch.setattr(engine, "query", _away)
    time.now += 14

    with pytest.raises(EngineError):
        one.renew()
    assert not one.is_valid


def _away(*_: object) -> None:
    raise EngineError("away")


def test_a_claim_that_may_have_expired_is_the_journal_away(engine: Engine) -> None:
    holder = this_process(Path("/data"), utc_now())
    renewed = RenewedLease(lambda: engine, DATABASE, {"incidents": "a"}, holder, lambda: None)
    renewed.check()
    renewed._lease.release()

    with pytest.raises(JournalAway):
        renewed.check()
