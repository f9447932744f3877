"""Every file that a process reads of its data directory may be damaged: what only this file held is gone, no more.

Databases, and the log and the packs, have tests of their own.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from consumers.ingest.faults import FaultTracker
from consumers.ingest.registry import RegistryKeeper
from consumers.store.journal.retention_floor import read_floor
from consumers.upkeep.backup.manifest import NoBackup, read_manifest
from consumers.views.mosaics.tiles import Tiles
from consumers.views.warehouse.progress import rows_position, rows_set_aside
from edge.agent.enrolment.configurations import ConfigurationStore, ConfigurationsUnreadable
from edge.agent.enrolment.identity import IdentityUnreadable, load
from edge.agent.outbox_place import MemoryFolder
from edge.agent.recovery import AgentRestarts
from edge.agent.settings_store import SettingsStore
from gateway.agents.accounts import Accounts
from gateway.agents.codes import CodeInvalid, Codes
from gateway.agents.signing import KeyUnreadable, SigningKey
from gateway.http.sessions import Sessions
from gateway.machine import read_supervised
from mosquitto.authority import AuthorityDamaged, ensure_certificate
from producer.broker import BrokerAddress
from tests.builders import START

DAMAGE: Final[dict[str, bytes | None]] = {
    "a directory": None,
    "empty": b"",
    "zeros": bytes(4096),
    "cut": b'{"upto": 7, "rows": [["DE',
    "another type": b"[[5]]",
    "a number": b"1e999",
    "words": b'{"upto": "many", "rows": 3, "journal": {}, "restarted_s": "x", "processes": 7, "expires": []}',
    "nested": b"[" * 100_000,
    "no text": b"\xff\xfe\x00",
}

READERS: Final[dict[str, Callable[[Path], object]]] = {
    "accounts.json": lambda file: Accounts(file.parent).begin(),
    "accounts.lock": lambda file: Accounts(file.parent).begin(),
    "codes.json": lambda file: Codes(file.parent).find("AAAA", START),
    "signing.key": lambda file: SigningKey(file.parent).load(),
    "ca.crt": lambda file: ensure_certificate(file.parent, ["hub"], START),
    "ca.key": lambda file: ensure_certificate(file.parent, ["hub"], START),
    "server.crt": lambda file: ensure_certificate(file.parent, ["hub"], START),
    "server.key": lambda file: ensure_certificate(file.parent, ["hub"], START),
    "signed_out.json": lambda file: Sessions("a token of some length", lambda: 0.0, file),
    "processes.json": read_supervised,
    "registry.json": lambda file: RegistryKeeper(lambda: START, file).saved_position(),
    "faults.json": lambda file: FaultTracker(lambda: START, file).load(),
    "floor.json": lambda file: read_floor(file.parent),
    "warehouse.json": lambda file: rows_position(file.parent, 1),
    "warehouse-set-aside.json": lambda file: rows_set_aside(file.parent),
    "tile.jpg": lambda file: Tiles(file.parent).read(file.name),
    "backup.json": lambda file: read_manifest(file.parent),
    "pi-1.json": lambda file: SettingsStore(file, ["/sites/DEMO/devices/yard"]),
    "pi-1.restart.json": lambda file: AgentRestarts(file, MemoryFolder(file)).may_restart(1000.0),
    "enrolment/identity.json": lambda file: load(file.parent.parent),
    "enrolment/configurations.json": lambda file: ConfigurationStore.load(file.parent.parent),
    "hub.password": lambda file: BrokerAddress(password="of the start", password_file=file).current_password(),
}

TRIED: Final = (
    "consumers/ingest/faults.py", "consumers/ingest/registry.py", "consumers/store/journal/retention_floor.py",
    "consumers/upkeep/backup/manifest.py", "consumers/views/mosaics/tiles.py", "consumers/views/warehouse/progress.py",
    "edge/agent/enrolment/kept_twice.py", "edge/agent/recovery.py", "edge/agent/settings_store.py",
    "gateway/agents/accounts.py", "gateway/agents/codes.py",
    "gateway/agents/signing.py", "gateway/http/sessions.py", "gateway/machine.py", "mosquitto/authority.py",
    "producer/secret_file.py",
)  # fmt: skip
ELSEWHERE: Final = {
    "consumers/running_job.py": "what a job printed: tests/unit/consumers/test_running_job.py",
    "consumers/store/claims/local.py": "the boot id of the kernel",
    "consumers/store/clickhouse/library_pages.py": "maps of the kernel",
    "consumers/upkeep/cold/day_files.py": "floor.json, to be copied as it is",
    "consumers/upkeep/exports/check_export.py": "a program that goes with an export",
    "consumers/upkeep/exports/packing.py": "this program",
    "consumers/upkeep/exports/sink.py": "what the process of an export wrote: tests/unit/consumers/upkeep/exports",
    "consumers/upkeep/tile_bucket/page_files.py": "files of the installation",
    "consumers/upkeep/verify/sink.py": "what the process of a check wrote",
    "consumers/views/mosaics/past_tiles.py": "as tiles.py",
    "edge/agent/identification.py": "the board, by the kernel",
    "edge/agent/identity/instance.py": "the boot id of the kernel",
    "edge/agent/network_state.py": "the network, by the kernel",
    "gateway/agents/service.py": "the certificate of an authority, answered by a 503",
    "mosquitto/launcher.py": "a file of the installation",
    "producer/outbox/disk_id.py": "the boot id of the kernel",
    "watchpost/processes/kernel_calls.py": "the process, by the kernel",
    "watchpost/configuration/yaml_loader.py": "files that somebody names: tests/unit/watchpost",
}
PACKAGES: Final = ("bus_schemas", "producer", "edge", "consumers", "gateway", "watchpost", "mosquitto")
READS: Final = re.compile(r"\.read_(?:bytes|text)\(|json\.load\(")

SENTENCES = (
    AuthorityDamaged, CodeInvalid, ConfigurationsUnreadable, IdentityUnreadable, KeyUnreadable, NoBackup
)  # fmt: skip
"""What says what is wrong, and what to do, to whoever asked; everything else goes on without the file."""


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_a_sentence_or_as_if_it_were_not_there(tmp_path: Path, name: str, damage: str) -> None:
    if name.startswith(("ca.", "server.")):
        ensure_certificate(tmp_path, ["hub"], START)
    file, content = tmp_path / name, DAMAGE[damage]
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    said = _complaint(READERS[name], file)

    assert said is None or isinstance(said, SENTENCES) or content is None
    assert "Errno" not in str(said) or isinstance(said, IsADirectoryError)


def test_every_module_that_reads_a_file_is_tried_or_reads_nothing_of_the_data_directory() -> None:
    modules = (module for package in PACKAGES for module in Path(package).rglob("*.py"))
    reading = {module.as_posix() for module in modules if READS.search(module.read_text())}

    assert reading == {*TRIED, *ELSEWHERE}


def _complaint(read: Callable[[Path], object], file: Path) -> Exception | None:
    try:
        read(file)
    except (*SENTENCES, OSError) as said:
        return said
    return None
