"""Settings that are names of hosts or addresses of HTTP."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from chatbot_site.environment.kinds import Kind, NotUnderstood, items

T = TypeVar("T")
_LABELS = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")
_SERVER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PORTS = {"http": 80, "https": 443}
_NOT_AS_IT_STANDS = (
    "is no address as it stands: the port is a number, and in user and password the signs / ? # @ : [ ] % are written "
    "%2F %3F %23 %40 %3A %5B %5D %25"
)


def host(text: str) -> str:
    """A name as browsers send it, or an address; of IPv6 in brackets. Raises NotUnderstood."""
    if "://" in text:
        raise NotUnderstood("has a scheme: the name alone is wanted")
    if "/" in text or "@" in text:
        raise NotUnderstood("has a path or a person in it: the name alone is wanted")
    if any(letter.isspace() for letter in text):
        raise NotUnderstood("has a blank in it: several are separated by commas")
    try:
        return _bracketed(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    if re.search(r":\d*$", text):
        raise NotUnderstood("has a port: the name alone is wanted")
    try:
        name = text.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    if not _LABELS.fullmatch(name):
        raise NotUnderstood("is no name of a host")
    return name


def _bracketed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)


def listen_address() -> Kind[str]:
    return Kind("address to listen on", lambda text: host(text).strip("[]"), "127.0.0.1")


def hosts() -> Kind[list[str]]:
    def entry(text: str) -> str:
        if text.startswith("*."):
            raise NotUnderstood("has a star: a domain with all below it begins with a point, as in .example.org")
        if text == "*":
            return text
        return f".{host(text[1:])}" if text.startswith(".") else host(text)

    return Kind("hosts", lambda text: _each(text, entry), "chat.example.org,www.example.org", has_lines=True)


def origins() -> Kind[list[str]]:
    return Kind("origins", lambda text: _each(text, origin), "https://chat.example.org", has_lines=True)


def one_origin() -> Kind[str]:
    return Kind("origin", _without_pattern, "https://chat.example.org")


def _without_pattern(text: str) -> str:
    if "*" in text:
        raise NotUnderstood("is a pattern, where one origin is wanted")
    return origin(text)


def origin(text: str) -> str:
    """Scheme, host and port as browsers write them. Raises NotUnderstood."""
    parts = _http_parts(text)
    if "@" in parts.netloc:
        raise NotUnderstood("has a user in it: scheme, host and perhaps a port are wanted")
    if parts.path not in ("", "/") or parts.query:
        raise NotUnderstood("has a path: scheme, host and perhaps a port are wanted")
    name = parts.hostname or ""
    name = f"*.{host(name[2:])}" if name.startswith("*.") else host(name)
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"


def http_address() -> Kind[str]:
    return Kind("http address", _http_address, "https://api.example.org/v1")


def key_name(name: str) -> str:
    """A server's name as the names of variables are written: GPU_BOX for gpu-box."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def servers(taken: Collection[str]) -> Kind[dict[str, str]]:
    """`taken`: names that no server may have."""

    def read(text: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for number, part in enumerate(items(text), 1):
            name, sign, address = (piece.strip() for piece in part.partition("="))
            if not sign or not _SERVER.fullmatch(name):
                raise NotUnderstood(f"is not of the form name=address in entry {number}")
            if name.lower() in taken or key_name(name) in map(key_name, found):
                raise NotUnderstood(f"has a name in entry {number} that is taken")
            found[name] = numbered(number, _http_address, address)
        return found

    return Kind("servers", read, "ollama=http://localhost:11434/v1,vllm=http://gpu-box:8000/v1", has_lines=True)


def _http_address(text: str) -> str:
    _http_parts(text)
    return text


def _http_parts(text: str) -> SplitResult:
    parts = split_url(text, tuple(_PORTS))
    if not parts.hostname:
        raise NotUnderstood("names no host")
    return parts


def split_url(text: str, schemes: Sequence[str], *, several_hosts: bool = False) -> SplitResult:
    """The parts of an address. `several_hosts`: between commas, so that there is not one port.

    Raises NotUnderstood, for what programs read in different ways too.
    """
    scheme, sign, _rest = text.partition("://")
    if not sign or scheme.lower() not in schemes:
        raise NotUnderstood(f"does not begin with {' or '.join(f'{name}://' for name in schemes)}")
    if any(letter.isspace() or letter in "\\\"'`<>" for letter in text):
        raise NotUnderstood("has a blank, a quotation mark or a backslash in it: these are written %20 %22 %27 %5C")
    try:
        parts = urlsplit(text)
        parts.hostname  # noqa: B018 - each looks for itself
        if not several_hosts:
            parts.port  # noqa: B018
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        unquote(parts.netloc, errors="strict")
    except ValueError:  # whose words may hold a piece of the password
        raise NotUnderstood(_NOT_AS_IT_STANDS) from None
    if parts.fragment or "#" in text or "@" in parts.path or any("@" in name for name, _value in query):
        raise NotUnderstood(_NOT_AS_IT_STANDS)
    return parts


def _each(text: str, read: Callable[[str], T]) -> list[T]:
    return [numbered(number, read, part) for number, part in enumerate(items(text), 1)]


def numbered(number: int, read: Callable[[str], T], text: str) -> T:
    """`text` as `read` reads it; what is wrong with it says which entry it is."""
    try:
        return read(text)
    except NotUnderstood as error:
        raise NotUnderstood(f"{error}, in entry {number}") from None
