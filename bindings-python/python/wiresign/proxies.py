"""Which proxies may say who the client is and which host it called.

    Middleware(app, verifier=verifier, proxies=TrustedProxies(["10.0.0.0/8"]))

Without this, the client is whoever opened the connection, and forwarding headers are ignored: anybody can write one.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TrustedProxies"]

Fields: TypeAlias = "Iterable[tuple[bytes, bytes]]"

_MOST_HOPS = 32
_MAPPED = IPv6Network("::ffff:0:0/96")


class TrustedProxies:
    """The networks of the proxies in front of this service, and the headers that they write.

    A header counts only where the connection comes from one of the networks. The client is the last entry of
    `client_header` that is not a trusted proxy itself. An `authority_header` counts where it has one value; with more
    of them the request has no authority, and what signs one is refused. None for either header: the proxies do not
    write it.
    """

    def __init__(
        self,
        networks: Iterable[str],
        *,
        client_header: str | None = "X-Forwarded-For",
        authority_header: str | None = None,
    ) -> None:
        self._networks = tuple(_network(network) for network in networks)
        if not self._networks:
            msg = "name at least one network of trusted proxies, or leave the proxies out"
            raise ValueError(msg)
        self._client_header = None if client_header is None else client_header.lower().encode("ascii")
        self._authority_header = None if authority_header is None else authority_header.lower().encode("ascii")

    def client(self, peer: str | None, headers: Fields) -> str | None:
        """Give the address of the client; None where what a trusted proxy wrote does not tell."""
        if self._client_header is None or not self._trusts(peer):
            return peer
        hops = [entry.strip() for value in _values(headers, self._client_header) for entry in value.split(b",")]
        # A list without end is no list of proxies.
        for hop in reversed(hops[-_MOST_HOPS:]):
            address = _address(hop.decode("latin-1"))
            if address is None:
                return None
            if not self._holds(address):
                return str(address)
        return None if hops else peer

    def authority(self, peer: str | None, headers: Fields) -> bytes | None:
        """Give the host that the client called."""
        if self._authority_header is not None and self._trusts(peer):
            values = _values(headers, self._authority_header)
            if values:
                return values[0].strip() if len(values) == 1 and b"," not in values[0] else None
        return host(headers)

    def _trusts(self, peer: str | None) -> bool:
        address = None if peer is None else _address(peer)
        return address is not None and self._holds(address)

    def _holds(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)


def host(headers: Fields) -> bytes | None:
    """Give the value of Host; None where there is none, or more than one. Names are in lower case."""
    found = None
    for name, value in headers:
        if name == b"host":
            if found is not None:
                return None
            found = value
    return found


def with_host(headers: list[tuple[bytes, bytes]], authority: bytes | None) -> list[tuple[bytes, bytes]]:
    """Give the fields with this value of Host, or without Host; the same list where nothing changes."""
    if host(headers) == authority:
        return headers
    if authority is None:
        return [field for field in headers if field[0] != b"host"]
    return [(name, authority if name == b"host" else value) for name, value in headers]


def _values(headers: Fields, name: bytes) -> list[bytes]:
    return [value for field, value in headers if field.lower() == name]


def _network(text: str) -> IPv4Network | IPv6Network:
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        # Addresses are looked up as those of IPv4 that they are.
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - _MAPPED.prefixlen))
    return network


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # An IPv4 client of a socket that speaks both is the same client.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
