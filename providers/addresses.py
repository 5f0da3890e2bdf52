"""The providers' own addresses, and questions about one: how it was meant, and where under it something is."""

import ipaddress
import re
from urllib.parse import parse_qsl, urlsplit, urlunsplit

OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
ANTHROPIC_VERSION = "2026-10-21"
_OFFICIAL_HOSTS = ("api.openai.com", "api.anthropic.com")  # and those of their regions: eu.api.openai.com
_AROUND = " \t\r\n\u00a0\u200b\ufeff<>\"'`,;"  # what comes along when an address is copied
_ENDPOINT = re.compile(r"/(?:chat/completions|completions|responses|embeddings|messages|(?<=/v1/)models)$")
_VERSION = re.compile(r"/v\d+[a-z0-9]*(?:/|$)")


def tidy(base_url: str) -> str:
    """The address without what was copied along: blanks, quotes, a fragment, last slashes, the path of one endpoint.

    A query ("?api-version=…") stays. What is no address comes back as it is.
    """
    base_url = base_url.strip(_AROUND)
    try:
        parts = urlsplit(base_url)
    except ValueError:
        return base_url
    path = _ENDPOINT.sub("", parts.path.rstrip("/")).rstrip("/")
    return urlunsplit(parts._replace(path=path, fragment="")) if parts.netloc else base_url


def joined(base_url: str, path: str) -> str:
    """The address of `path` under the base; the base's query stays at the end."""
    parts = urlsplit(base_url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))


def split_query(base_url: str) -> tuple[str, dict[str, str]]:
    """The address without its query, and the query's values, to go along with every request."""
    parts = urlsplit(base_url)
    return urlunsplit(parts._replace(query="")), dict(parse_qsl(parts.query, keep_blank_values=True))


def places(base_url: str) -> list[str]:
    """Where a server of OpenAI's interface may be, given this address: with or without /v1, the likeliest first."""
    path = urlsplit(base_url).path.rstrip("/")
    if path.endswith("/v1"):
        return [base_url, _with_path(base_url, path.removesuffix("/v1"))]
    if _VERSION.search(path):
        return [base_url]
    versioned = _with_path(base_url, f"{path}/v1")
    return [base_url, versioned] if path else [versioned, base_url]


def is_official(base_url: str) -> bool:
    """Whether it is OpenAI's or Anthropic's own address; "" stands for that."""
    if not base_url:
        return True
    host = urlsplit(base_url).hostname or ""
    return any(host == own or host.endswith(f".{own}") for own in _OFFICIAL_HOSTS)


def is_loopback(base_url: str) -> bool:
    """Whether the address is this machine's own, where no proxy belongs in between."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _with_path(base_url: str, path: str) -> str:
    return urlunsplit(urlsplit(base_url)._replace(path=path))
