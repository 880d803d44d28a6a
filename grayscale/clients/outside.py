"""Requests to addresses that somebody typed in: never into the network this process sits in.

The address is judged where it counts, on the connection itself: before a byte is sent, and whatever names resolve to
by then.
"""

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from grayscale.clients.http import new_session

# IPv6 networks whose addresses end with an IPv4 address (RFC 4291, RFC 6052).
_LAST_32_BITS = tuple(map(ipaddress.IPv6Network, ("::ffff:0:0/96", "::/96", "64:ff9b::/96")))
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_outside(address: str) -> bool:
    """Whether this IP address belongs to the public internet."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.is_site_local:
            return False
        parsed = _carried(parsed) or parsed
    return parsed.is_global and not parsed.is_multicast


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets to this one end up at: mapped, compatible, NAT64, 6to4 or Teredo."""
    if any(address in network for network in _LAST_32_BITS):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else None)


def may_ask(url: str, *, loopback: bool) -> bool:
    """Whether *url* is an https address; with *loopback* also http ones of this machine, for trying things out."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.password or not url.isascii() or any(c <= " " for c in url):
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and host in LOOPBACK)


def outside_session(*, loopback: bool) -> requests.Session:
    """A session that connects to public addresses only, and with *loopback* to this machine."""
    return guard(new_session(), loopback=loopback)


def guard(session: requests.Session, *, loopback: bool) -> requests.Session:
    """Have *session* connect to public addresses only; it takes no proxy and no password from the environment."""
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(loopback=loopback))
    return session


class _Adapter(HTTPAdapter):
    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _LOOPBACK_POOLS if self._loopback else _POOLS


def _checked(connection: Any, made: socket.socket, *, loopback: bool) -> socket.socket:
    peer = str(made.getpeername()[0])
    if is_outside(peer) or (loopback and ipaddress.ip_address(peer).is_loopback):
        return made
    made.close()
    raise NewConnectionError(connection, "this address is not on the public internet")


class _Plain(HTTPConnection):
    loopback = False

    def _new_conn(self) -> socket.socket:
        return _checked(self, super()._new_conn(), loopback=self.loopback)


class _Tls(HTTPSConnection):
    loopback = False

    def _new_conn(self) -> socket.socket:
        return _checked(self, super()._new_conn(), loopback=self.loopback)


def _pools(*, loopback: bool) -> dict[str, type[HTTPConnectionPool]]:
    plain = type("_PlainHere", (_Plain,), {"loopback": loopback})
    tls = type("_TlsHere", (_Tls,), {"loopback": loopback})
    return {
        "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("_TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


_POOLS = _pools(loopback=False)
_LOOPBACK_POOLS = _pools(loopback=True)
