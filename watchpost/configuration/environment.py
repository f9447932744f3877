"""Selects the environment variables that each process is given: common ones, and the secrets that it needs."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from pydantic import BaseModel

from consumers.credential import Credential
from consumers.engine.process_group import ProcessGroup
from watchpost.configuration.config import WatchpostConfig

_NAMES: Final = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "NO_COLOR", "FORCE_COLOR",
    "TMPDIR", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LD_PRELOAD",
    "SSL_CERT_FILE", "SSL_CERT_DIR",
})  # fmt: skip
_PREFIXES: Final = ("LC_", "PYTHON", "OMP_", "OPENBLAS_", "MKL_", "MALLOC_", "OPENCV_", "COVERAGE_")
CREDENTIALS_OF_GROUP: Final[Mapping[ProcessGroup, frozenset[Credential]]] = {
    ProcessGroup.URGENT: frozenset({Credential.COLD_STORAGE, Credential.WEBHOOK}),
    ProcessGroup.BATCH: frozenset({Credential.COLD_STORAGE, Credential.TILE_BUCKET}),
    ProcessGroup.PICTURES: frozenset({Credential.COLD_STORAGE}),
    ProcessGroup.SERVED: frozenset({Credential.WAREHOUSE}),
}
"""As the consumers of the group say. The process that starts the others does not load them to ask."""
_PROXIES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})
"""They may hold a password, so they are only for processes that speak HTTP to others."""


def environment(environ: Mapping[str, str], secrets: Collection[str], *, proxies: bool = False) -> dict[str, str]:
    """The variables that every program needs, and these secrets."""
    return {
        name: value
        for name, value in environ.items()
        if name in _NAMES or name.startswith(_PREFIXES) or name in secrets or (proxies and name.lower() in _PROXIES)
    }


class Secrets:
    """The environment variables that a configuration names, by the process that reads them."""

    def __init__(self, config: WatchpostConfig) -> None:
        self._config = config
        self._broker = _named(config.broker)
        self.journal = _named(config.hub.journal)
        self._tile_bucket = set[str]() if config.hub.tile_bucket is None else _named(config.hub.tile_bucket)
        self._cold = set[str]() if config.hub.cold_storage is None else _named(config.hub.cold_storage)

    def of_ingest(self) -> set[str]:
        return self._broker | self.journal

    def of_group(self, group: ProcessGroup) -> set[str]:
        """The variables that the process of a group of consumers reads."""
        return (self._broker | self.journal).union(*map(self._of, CREDENTIALS_OF_GROUP[group]))

    def _of(self, credential: Credential) -> set[str]:
        match credential:
            case Credential.WEBHOOK:
                return _named(self._config.alerts)
            case Credential.WAREHOUSE:
                return _named(self._config.hub.warehouse)
            case Credential.COLD_STORAGE:
                return self._cold
            case Credential.TILE_BUCKET:
                return self._tile_bucket

    def of_gateway(self) -> set[str]:
        gateway = self._config.gateway
        signs_in = self._broker if gateway.broker is None else set[str]()
        return (
            signs_in
            | self.journal
            | self._cold
            | self._tile_bucket
            | _named(self._config.hub.warehouse)
            | _named(gateway)
        )

    def of_trials(self) -> set[str]:
        return self.journal | self._cold

    def of_agent(self, node: str) -> set[str]:
        devices = self._config.devices_by_node().get(node, [])
        return self._broker.union(*(_named(device) for _, device in devices))


def _named(part: BaseModel) -> set[str]:
    """The variables that this part of the configuration names: its keys that end in `_env`."""
    return set(_each(part))


def _each(value: object) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            of = getattr(value, name)
            if name.endswith("_env") and isinstance(of, str):
                yield of
            else:
                yield from _each(of)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _each(item)
    elif isinstance(value, dict):
        yield from _each(tuple(value.values()))
