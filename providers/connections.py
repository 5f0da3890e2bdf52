"""Which providers are set up, from where, and with what: settings, stored credentials, servers found, the local model.

A stored credential wins over the settings.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from providers import discovery, local
from providers.addresses import is_official, tidy
from providers.credentials import CannotDecrypt, EncryptionKeyError
from providers.models import Credential
from providers.stored import Stored

COMPATIBLE_CLASS = "providers.openai.OpenAIProvider"
ANTHROPIC_CLASS = "providers.anthropic.AnthropicProvider"
LABELS = {"openai": "OpenAI", "anthropic": "Anthropic", "ollama": "Ollama", "lmstudio": "LM Studio"}


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one provider. `adapter` is the dotted path of its class, `base_url` "" the provider's own address.

    `problem`: why it cannot be used although it is set up, "" when it can. `guarded`: the address was entered in the
    admin and may lead nowhere inside; whoever writes the settings may use any.
    """

    name: str
    adapter: str
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    problem: str = ""
    guarded: bool = False

    @property
    def label(self) -> str:
        return LABELS.get(self.name, self.name)

    @property
    def is_official(self) -> bool:
        """Whether it is OpenAI's or Anthropic's own address."""
        return is_official(self.base_url)

    @property
    def fingerprint(self) -> str:
        """Changes with anything that a client was made from; does not give the key away."""
        parts = "\0".join((self.name, self.adapter, self.base_url, self.api_key, "guarded" if self.guarded else ""))
        return hashlib.sha256(parts.encode()).hexdigest()[:32]


def connections(stored: Stored) -> dict[str, Connection]:
    """All providers that are set up, by name, in the order of the model menu."""
    found = _from_settings(stored.credentials)
    for name, credential in stored.credentials.items():
        if name not in found and credential.base_url:
            found[name] = _with_credential(name, COMPATIBLE_CLASS, "", credential)
    configured = bool(found)
    addresses = {connection.base_url.rstrip("/") for connection in found.values()}
    for name, base_url in discovery.found_servers().items():
        if name not in found and base_url not in addresses:
            found[name] = Connection(name, COMPATIBLE_CLASS, base_url)
    if local.is_offered(others_configured=configured):
        found[local.NAME] = Connection(local.NAME, COMPATIBLE_CLASS)
    return found


def known_names() -> set[str]:
    """Names that can stand before the "/" of a model, set up or not."""
    return {*settings.PROVIDERS, *settings.OPENAI_COMPATIBLE_SERVERS, *discovery.PORTS, local.NAME}


def addressed() -> set[str]:
    """The providers whose address is known, so that a key is all that they need."""
    return {*settings.PROVIDERS, *settings.OPENAI_COMPATIBLE_SERVERS}


def _from_settings(credentials: Mapping[str, Credential]) -> dict[str, Connection]:
    found: dict[str, Connection] = {}
    for name, options in settings.PROVIDERS.items():
        if connection := _from_options(name, options, credentials.get(name)):
            found[name] = connection
    for name, address in settings.OPENAI_COMPATIBLE_SERVERS.items():
        base_url, api_key = tidy(address), settings.OPENAI_COMPATIBLE_KEYS.get(name, "")
        if credential := credentials.get(name):
            found[name] = _with_credential(name, COMPATIBLE_CLASS, base_url, credential, api_key)
        else:
            found[name] = Connection(name, COMPATIBLE_CLASS, base_url, api_key)
    return found


def _from_options(name: str, options: Mapping[str, Any], credential: Credential | None) -> Connection | None:
    adapter, base_url, api_key = options["class"], tidy(options.get("base_url", "")), options.get("api_key", "")
    if credential is not None:
        return _with_credential(name, adapter, base_url, credential, api_key)
    if not api_key and not base_url:
        return None
    return Connection(name, adapter, base_url, api_key)


def _with_credential(name: str, adapter: str, base_url: str, credential: Credential, api_key: str = "") -> Connection:
    """`api_key`: of the settings, for the settings' address alone; it counts where the credential has none."""
    guarded = bool(credential.base_url) and not credential.allow_inside
    base_url = tidy(credential.base_url) or base_url
    try:
        key = credential.key() or ("" if credential.base_url else api_key)
        return Connection(name, adapter, base_url, key, guarded=guarded)
    except CannotDecrypt:
        problem = "the stored key was encrypted with another ENCRYPTION_KEY"
    except EncryptionKeyError:
        problem = "ENCRYPTION_KEY is missing or is no Fernet key"
    return Connection(name, adapter, base_url, problem=problem, guarded=guarded)
