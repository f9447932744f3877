"""Finds out where a request comes from, by its headers and connection."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers

from gateway.http.peers import Peer
from producer.loopback import is_loopback

FORWARDING = (
    "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port",
    "x-forwarded-server", "x-forwarded-by", "x-original-host", "x-real-ip", "x-client-ip", "x-cluster-client-ip",
    "true-client-ip", "cf-connecting-ip", "fly-client-ip", "x-amzn-trace-id", "x-envoy-external-address",
)  # fmt: skip
OURS = frozenset({"same-origin", "none"})
_THROUGH_A_PROXY = (
    "this request came through a proxy ({sign}), behind which anybody may be; give the gateway a token"
    " (gateway.token_env or gateway.token_file)"
)


def foreign_origin(headers: Headers, http_version: str, peer: Peer | None) -> str | None:
    """Why a gateway without a token does not answer this request, if it does not: it may come from elsewhere.

    A page elsewhere may rebind its own name to this machine, which the name gives away. A proxy may say anything or
    nothing: most add headers, nginx speaks HTTP/1.0, and all that Debian installs run as an account of their own.
    """
    if not _is_of_this_machine(headers.get("host", "")):
        return "without a token this gateway answers only to localhost, 127.0.0.1 and [::1]"
    sign = _sign_of_proxy(headers, http_version, peer)
    return None if sign is None else _THROUGH_A_PROXY.format(sign=sign)


def _sign_of_proxy(headers: Headers, http_version: str, peer: Peer | None) -> str | None:
    present = set(headers.keys())  # each look into `headers` goes through all of them
    header = next((name for name in FORWARDING if name in present), None)
    if header is not None:
        return f"it has the header {header}"
    if http_version not in {"1.1", "2"}:
        return f"it is HTTP/{http_version}, as proxies speak"
    if "sec-fetch-site" not in present and _is_of_foreign_page(headers):
        return "its page has the name of another machine"
    if peer is not None and peer.is_service:
        return f"its sender runs as the account {peer.account} of a service"
    return None


def _is_of_foreign_page(headers: Headers) -> bool:
    """Browsers say of a page with a name of this machine where its requests come from, of one without TLS not."""
    pages = (headers.get("origin"), headers.get("referer"))
    return any(page is not None and not _is_of_this_machine(_host_of(page)) for page in pages)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _is_of_this_machine(host: str) -> bool:
    """Whether a Host header, with or without a port, has an address of loopback: nobody can give another machine such a
    one, as they can a name.
    """
    name = host[1 : host.index("]")] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return is_loopback(name.lower())


def crossed_origin(headers: Headers, public_url: str | None) -> str | None:
    """Why a write is refused that another page makes. Browsers name the page, programs name none.

    Where a browser says that the page is of the same origin, it is: no page can say so itself. It compares the names
    that it sees, so that a proxy that gives us another name changes nothing.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site is not None:
        return None if site in OURS else "writes from other pages are refused"
    if origin is None or (public_url is not None and origin.lower() == public_url):
        return None
    if origin.partition("://")[2] == headers.get("host"):
        return None
    return (
        f"writes from {origin[:200]} are refused: the gateway is asked as {headers.get('host', '')[:200]}; behind a"
        " proxy with a name of its own set gateway.public_url, or have the proxy pass the Host header on"
    )
