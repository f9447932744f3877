"""Reads and checks the secrets that the configuration names: tokens, addresses of webhooks, passwords of mails."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from consumers.alerting.notify.address import InvalidAddress, valid_address
from consumers.hub_config import MailDelivery, MailServer, Webhook
from gateway.http.token import WeakToken, require_strong
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.yaml_loader import ConfigError, read_text


def webhooks(config: WatchpostConfig, environ: Mapping[str, str]) -> tuple[Webhook, ...]:
    """The receivers of alerts. Raises `ConfigError` where an address is missing."""
    found = []
    for receiver in config.alerts.receivers():
        url = secret(environ, receiver.url_env)
        assert url is not None
        found.append(Webhook(url, receiver.timeout_s, receiver.name))
    return tuple(found)


def mails(config: WatchpostConfig, environ: Mapping[str, str]) -> tuple[MailDelivery, ...]:
    """The people who get alerts by e-mail. Raises `ConfigError` where a user or password is missing."""
    found = []
    for receiver in config.alerts.mails:
        server = MailServer(
            receiver.host,
            receiver.port_in_use,
            receiver.security,
            secret(environ, receiver.user_env),
            secret(environ, receiver.password_env) or "",
            receiver.ca_file,
            receiver.timeout_s,
        )
        for name, address in receiver.recipients().items():
            found.append(MailDelivery(name, server, receiver.sender, address, config.gateway.public_url))
    return tuple(found)


def gateway_token(config: WatchpostConfig, environ: Mapping[str, str]) -> str | None:
    """Raises `ConfigError` where the token is missing or weak."""
    gateway = config.gateway
    token = secret(environ, gateway.token_env, gateway.token_file)
    if token is None:
        return None
    try:
        require_strong(token)
    except WeakToken as error:
        where = f"the environment variable {gateway.token_env}" if gateway.token_env else str(gateway.token_file)
        raise ConfigError(f"{where}: {error}") from error
    return token


def check(config: WatchpostConfig, environ: Mapping[str, str]) -> None:
    """Raises `ConfigError` with a line for each secret that is missing or unusable."""
    wrong = []
    for read in _reads(config, environ):
        try:
            read()
        except ConfigError as error:
            wrong.append(str(error))
    if wrong:
        raise ConfigError("\n".join(wrong))


def _reads(config: WatchpostConfig, environ: Mapping[str, str]) -> Iterator[Callable[[], object]]:
    """Each reads one secret, or those of one part, and raises `ConfigError`."""
    yield partial(gateway_token, config, environ)
    buckets = (config.hub.cold_storage, config.hub.tile_bucket)
    for env, file in (source for bucket in buckets if bucket is not None for source in bucket.key_sources()):
        yield partial(secret, environ, env, file)
    for receiver in config.alerts.receivers():
        yield partial(_address, environ, receiver.url_env)
    for mail in config.alerts.mails:
        yield partial(secret, environ, mail.user_env)
        yield partial(secret, environ, mail.password_env)


def _address(environ: Mapping[str, str], variable: str) -> str:
    try:
        return valid_address(secret(environ, variable) or "")
    except InvalidAddress as error:
        raise ConfigError(f"the environment variable {variable}: {error}") from error


def secret(environ: Mapping[str, str], env: str | None, file: Path | None = None) -> str | None:
    """The secret that a configuration names; None when it names none."""
    if env is not None:
        if not environ.get(env):
            raise ConfigError(f"the environment variable {env}, which the configuration names, is not set")
        if not _is_text(environ[env]):
            raise ConfigError(f"the environment variable {env} is not UTF-8 text")
        return environ[env]
    if file is not None:
        return read_text(file).strip()
    return None


def _is_text(value: str) -> bool:
    """Bytes of the environment that are no text are surrogates in Python, which nothing can send."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)
