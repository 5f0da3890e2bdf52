"""The model menu: what a person can choose from, made of what is known without asking anyone."""

from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.conf import settings

from providers import local
from providers.access import closed_to, may_use
from providers.base import ModelGroup
from providers.catalogue import curated, info_of
from providers.chat_models import offered
from providers.connections import Connection, connections
from providers.listed import listing_of
from providers.listed_model import ListedModel
from providers.naming import split_model
from providers.stored import Stored, stored

if TYPE_CHECKING:
    from providers.access import Person


def models_for_menu(user: "Person | None" = None) -> list[ModelGroup]:
    """The groups of the menu, one for each provider that is set up; reads the cache and the catalogue, no network.

    Without what the person may not use; None restricts nothing. A provider's own list is asked for in the background
    and is there the next time.
    """
    known = stored()
    hidden = closed_to(user) | {name for name, override in known.overrides.items() if override.hidden}
    groups = [_group(connection, known, hidden) for connection in connections(known).values()]
    return [group for group in groups if group.models]


async def available_models(user: "Person | None" = None) -> list[ModelGroup]:
    """The same for coroutines."""
    return await sync_to_async(models_for_menu)(user)


def default_model(user: "Person | None" = None) -> str:
    """DEFAULT_MODEL if the person may use it, else the first of their menu, "" when that is empty. No network."""
    if settings.DEFAULT_MODEL and may_use(user, settings.DEFAULT_MODEL):
        return str(settings.DEFAULT_MODEL)
    return next((model.id for group in models_for_menu(user) for model in group.models), "")


def named_models(provider: str, known: Stored) -> list[str]:
    """The provider's models that the site names itself, in the admin or as DEFAULT_MODEL: no list need have them."""
    named = map(split_model, [settings.DEFAULT_MODEL, *known.overrides])
    return list(dict.fromkeys(name for owner, name in named if owner == provider and name))


def _group(connection: Connection, known: Stored, hidden: frozenset[str]) -> ModelGroup:
    listed = _models(connection)
    names = {model.name for model in listed}
    if connection.name != local.NAME:
        listed += [ListedModel(name) for name in named_models(connection.name, known) if name not in names]
    models = (info_of(connection.name, model) for model in listed)
    shown = tuple(model for model in models if model.id not in hidden)
    return ModelGroup(connection.name, _label(connection), shown)


def _label(connection: Connection) -> str:
    return str(local.GROUP_LABEL) if connection.name == local.NAME else connection.label


def _models(connection: Connection) -> list[ListedModel]:
    if connection.name == local.NAME:
        return [ListedModel(local.MODEL)]
    listing = None if connection.problem else listing_of(connection)
    if listing is None or listing.models is None:
        return [ListedModel(name) for name in curated(connection.name)]
    return offered(connection, listing.models)
