"""What an administrator is told of a connection that was tried out: more exact than what a person in a chat is told."""

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from providers.addresses import ANTHROPIC_URL, OPENAI_URL
from providers.connections import ANTHROPIC_CLASS, Connection
from providers.credentials import CannotDecrypt, EncryptionKeyError
from providers.errors import ProviderError
from providers.models import Credential
from providers.outbound import host_of

_NO_API_THERE = _(
    "At %(host)s there is nothing that this site can talk to. The address of an OpenAI-compatible server usually ends"
    " in /v1."
)
_WORDS: dict[str, Promise] = {
    "authentication": _("The provider does not accept this key. Copy it from the provider's site again."),
    "permission": _("The provider knows this key, but does not let it be used here. Check the key's permissions."),
    "quota": _("The key is right, but the account has no credit left. Top it up at the provider."),
    "rate_limit": _("The provider knows this key, but is receiving too many requests right now. Try it again later."),
    "connection_lost": _("%(host)s cannot be reached. Check the address, and this server's network and name service."),
    "timeout": _("%(host)s did not answer in time. Check the address, and whether a firewall is in between."),
    "address_inside": _(
        "%(host)s leads to an address of this machine or of its own network. If you trust that server, tick “inside"
        " my network”."
    ),
    "not_configured": _NO_API_THERE,
    "address_wrong": _NO_API_THERE,
    "model_unknown": _NO_API_THERE,
    "malformed": _NO_API_THERE,
    "no_model_list": _NO_API_THERE,
}
_UNREADABLE = _("The stored key was encrypted with another ENCRYPTION_KEY. Enter it again.")
_NO_ENCRYPTION_KEY = _("The stored key cannot be read: ENCRYPTION_KEY is missing or is no Fernet key.")


def outcome(connection: Connection, error: ProviderError | None) -> str:
    """How trying the connection out went, in the active language."""
    if error is None:
        works = gettext("The key of %(provider)s works.")
        answers = gettext("The server %(provider)s answers. It has no key here.")
        return (works if connection.api_key else answers) % {"provider": connection.label}
    return not_usable(connection.label, _reason(connection, error))


def not_usable(label: str, reason: str) -> str:
    """That a provider is stored and does not work, in the active language."""
    words = gettext("The connection to %(provider)s is saved, but cannot be used yet. %(reason)s")
    return words % {"provider": label, "reason": reason}


def _reason(connection: Connection, error: ProviderError) -> str:
    words = _WORDS.get(error.code)
    return str(words) % {"host": _host(connection)} if words else error.sentence()


def unreadable(credential: Credential) -> str:
    """Why the stored key cannot be read, "" when it can."""
    try:
        credential.key()
    except CannotDecrypt:
        return str(_UNREADABLE)
    except EncryptionKeyError:
        return str(_NO_ENCRYPTION_KEY)
    return ""


def _host(connection: Connection) -> str:
    own = ANTHROPIC_URL if connection.adapter == ANTHROPIC_CLASS else OPENAI_URL
    return host_of(connection.base_url or own)
