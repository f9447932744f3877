"""A gateway behind a reverse proxy: without a token it is closed, with one it works, writes and live streams too."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mosquitto.launcher import free_port
from tests.builders import annotation
from tests.eventually import eventually
from tests.integration.gateway.started import Filled, Started
from tests.loopback import NO_TLS
from tests.proxies import ReverseProxy, Rewrite, haproxy, nginx, nginx_as_documented
from tests.required import missing

TOKEN = "correct-horse-battery"
NGINX_FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def behind(started: Started, rewrite: Rewrite, version: str = "1.0") -> Iterator[httpx.Client]:
    """A client of another machine, which sees the proxy as http://hub.example."""
    with ReverseProxy(started.port, rewrite, version) as proxy:
        base, headers = f"http://127.0.0.1:{proxy.port}", {"Host": "hub.example"}
        with httpx.Client(base_url=base, headers=headers, timeout=30, verify=NO_TLS, trust_env=False) as client:
            yield client


@pytest.mark.parametrize(
    ("rewrite", "version"),
    [(nginx, "1.0"), (nginx_as_documented, "1.1"), (haproxy, "1.1")],
    ids=["nginx", "docs", "haproxy"],
)
@pytest.mark.parametrize("path", ["/", "/api/v1/sites", "/metrics", "/health"])
def test_without_a_token_nothing_is_answered_through_a_proxy(
    started: Started, rewrite: Rewrite, version: str, path: str
) -> None:
    with behind(started, rewrite, version) as client:
        answer = client.get(path)

    assert answer.status_code == 403
    assert "token" in answer.json()["detail"]


def test_a_client_that_gives_itself_a_name_of_this_machine_comes_in_no_more_than_others(started: Started) -> None:
    with behind(started, nginx) as client:
        assert client.get("/api/v1/sites", headers={"Host": f"localhost:{started.port}"}).status_code == 403


@pytest.fixture(scope="module")
def guarded(filled: Filled) -> Iterator[Started]:
    with Started(filled.hub, token=TOKEN, public_url="http://hub.example") as guarded:
        yield guarded


@pytest.mark.parametrize("rewrite", [nginx, nginx_as_documented])
def test_with_a_token_a_browser_behind_a_proxy_signs_in_reads_and_writes(guarded: Started, rewrite: Rewrite) -> None:
    page = {"Origin": "http://hub.example"}
    with behind(guarded, rewrite) as client:
        before = client.get("/api/v1/sites")
        signed_in = client.post("/api/v1/session", json={"token": TOKEN}, headers=page)
        client.headers["Cookie"] = signed_in.headers["set-cookie"].partition(";")[0]
        after = client.get("/api/v1/sites")
        written = client.post("/api/v1/storage/cleanup", json={}, headers=page)
        crossed = client.post("/api/v1/storage/cleanup", json={}, headers={"Origin": "http://evil.example"})

    assert (before.status_code, signed_in.status_code, after.status_code) == (401, 200, 200)
    assert written.status_code not in {401, 403}
    assert crossed.status_code == 403
    assert ("Secure" in signed_in.headers["set-cookie"]) is (rewrite is nginx_as_documented)


def test_where_nobody_gave_the_public_name_the_refusal_says_what_to_do(filled: Filled) -> None:
    with Started(filled.hub, token=TOKEN) as guarded, behind(guarded, nginx) as client:
        plain = client.post("/api/v1/session", json={"token": TOKEN}, headers={"Origin": "http://hub.example"})
        secure = client.post(
            "/api/v1/session",
            json={"token": TOKEN},
            headers={"Origin": "https://hub.example", "Sec-Fetch-Site": "same-origin"},
        )

    assert plain.status_code == 403
    assert "gateway.public_url" in plain.json()["detail"]
    assert secure.status_code == 200


def test_the_example_for_nginx_passes_events_on_as_they_come(filled: Filled, guarded: Started, tmp_path: Path) -> None:
    with _nginx(tmp_path, guarded.port) as address:
        headers = {"Authorization": f"Bearer {TOKEN}", "Host": "hub.example"}
        with httpx.Client(base_url=address, headers=headers, timeout=30, verify=NO_TLS, trust_env=False) as client:
            assert client.get("/api/v1/sites").status_code == 200
            with client.stream("GET", "/api/v1/live") as live:
                lines = live.iter_lines()
                assert next(lines) == "event: head"
                filled.append(annotation()).fold()
                assert any(line.startswith("event: annotation") for line in lines)


@contextmanager
def _nginx(directory: Path, port: int) -> Iterator[str]:
    """The example of `deploy/`, without TLS, on a free port."""
    listens = free_port("127.0.0.1")
    example = Path("deploy/nginx.conf").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    plain = example.replace("listen 443 ssl;", f"listen 127.0.0.1:{listens};").splitlines()
    (directory / "site.conf").write_text("\n".join(line for line in plain if "ssl" not in line))
    folders = " ".join(f"{kind}_temp_path {directory}/{kind};" for kind in NGINX_FOLDERS)
    (directory / "nginx.conf").write_text(
        f"pid {directory}/pid;\nerror_log stderr;\ndaemon off;\nevents {{}}\n"
        f"http {{ access_log off; include {directory}/site.conf; {folders} }}\n"
    )
    if NGINX is None:
        missing("nginx is not installed: apt-get install nginx")
    process = subprocess.Popen([NGINX, "-p", str(directory), "-e", "stderr", "-c", str(directory / "nginx.conf")])
    try:
        eventually(lambda: _listens(listens), what="nginx")
        yield f"http://127.0.0.1:{listens}"
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
