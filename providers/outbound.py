"""Where a base URL entered in the admin may lead: to the open internet, and to nothing inside.

A name is resolved once, every address that it leads to is checked, and the connection goes to an address that was
checked: so no odd notation of an address and no name that changes its mind gets inside. `outbound_urllib` and
`outbound_aiohttp` connect in this way.
"""

import ipaddress
import socket
from typing import Any
from urllib.parse import unquote, urlsplit

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]  # what getaddrinfo gives
# Not public, though not every Python knows it: "this" network, carriers' networks, protocol assignments, the dead
# 6to4 relays, benchmarks, and the address by which Azure's machines reach their own host.
_NOT_PUBLIC = tuple(
    map(
        ipaddress.IPv4Network,
        ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "168.63.129.16/32"),
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER_IN_A_BASE_URL = frozenset("\\#")


class InsideAddress(OSError):
    """A name or an address leads inside; `address` says where. An OSError, since it is raised where one connects."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is inside")
        self.address = address


def is_inside(address: str) -> bool:
    """Whether an IP address is anything but a public one of the internet. What is no IP address counts as inside."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return True
    if isinstance(ip, ipaddress.IPv4Address):
        return not ip.is_global or ip.is_multicast or ip.is_reserved or any(ip in network for network in _NOT_PUBLIC)
    embedded = _embedded(ip)
    if embedded is not None:
        return is_inside(str(embedded))
    return ip.scope_id is not None or ip not in _GLOBAL_UNICAST or not ip.is_global


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets to `ip` end up at, if there is one."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def refuse_inside(address: str) -> None:
    """Raises InsideAddress."""
    if is_inside(address):
        raise InsideAddress(address)


def resolve(host: str, port: int) -> list[AddressInfo]:
    """Where to connect to, as this machine resolves the name. Raises InsideAddress when any of it is inside, OSError
    when there is no such name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from None
    for *_, address in found:
        refuse_inside(str(address[0]))
    return [(family, kind, protocol, name, tuple(address)) for family, kind, protocol, name, address in found]


def connect(host: str, port: int, timeout: float | None) -> socket.socket:
    """A connection to the first of the checked addresses that answers. Raises InsideAddress, OSError."""
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for family, kind, protocol, _, address in resolve(host, port):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout)
            connection.connect(address)
        except OSError as refusal:
            connection.close()
            failure = refusal
        else:
            return connection
    raise failure


def is_plain(base_url: str) -> bool:
    """Whether the URL is an address, with a query at most behind its path: no name or password, nothing that programs
    read in different ways."""
    try:
        parts = urlsplit(base_url)
        return bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and not _odd(base_url)
    except ValueError:
        return False


def _odd(base_url: str) -> bool:
    host = base_url.partition("://")[2].partition("/")[0]
    return not base_url.isprintable() or not _NEVER_IN_A_BASE_URL.isdisjoint(base_url) or "?" in host


def host_of(base_url: str) -> str:
    """The host's name or address, "" when there is none to be found."""
    try:
        return unquote(urlsplit(base_url).hostname or "")
    except ValueError:
        return ""


def inside_address_of(base_url: str) -> str:
    """The inside address that a base URL leads to at this moment, "" when it leads outside or to nothing yet."""
    host = host_of(base_url).rstrip(".")  # whether a machine takes "localhost." differs
    if host and ":" in host and is_inside(host):
        return host  # an interface after % need not exist here
    try:
        resolve(host, 0)
    except InsideAddress as found:
        return found.address
    except OSError:
        return ""
    return ""
