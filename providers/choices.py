"""Which models of a provider can be chosen at all: what its list offers, and what the site names itself."""

from django.conf import settings

from providers import local
from providers.catalogue import curated
from providers.chat_models import offered
from providers.connections import Connection
from providers.listed import listing_of
from providers.listed_model import ListedModel
from providers.naming import split_model
from providers.stored import Stored


def models_of(connection: Connection, known: Stored) -> list[ListedModel]:
    """In the menu's order, the hidden ones too; asks for the provider's list in the background when it is old."""
    if connection.name == local.NAME:
        return [ListedModel(local.MODEL)]
    listed = _listed(connection)
    names = {model.name for model in listed}
    return listed + [ListedModel(name) for name in named_models(connection.name, known) if name not in names]


def named_models(provider: str, known: Stored) -> list[str]:
    """The provider's models that the site names itself, in the admin or as DEFAULT_MODEL: no list need have them."""
    named = map(split_model, [settings.DEFAULT_MODEL, *known.overrides])
    return list(dict.fromkeys(name for owner, name in named if owner == provider and name))


def _listed(connection: Connection) -> list[ListedModel]:
    listing = None if connection.problem else listing_of(connection)
    if listing is None or listing.models is None:
        return [ListedModel(name) for name in curated(connection.name)]
    return offered(connection, listing.models)
