"""The model menu: what a person can choose from, made of what is known without asking anyone."""

from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.conf import settings

from providers import local
from providers.access import Gate, may_use
from providers.base import ModelGroup
from providers.catalogue import info_of
from providers.choices import models_of
from providers.connections import Connection, connections
from providers.stored import Stored, stored

if TYPE_CHECKING:
    from providers.access import Person


def models_for_menu(user: "Person | None" = None) -> list[ModelGroup]:
    """The groups of the menu, one for each provider that is set up; reads the cache and the catalogue, no network.

    Without what the person may not use; None restricts nothing. A provider's own list is asked for in the background
    and is there the next time.
    """
    known = stored()
    gate = Gate(user, known)
    groups = [_group(connection, known, gate) for connection in connections(known).values()]
    return [group for group in groups if group.models]


async def available_models(user: "Person | None" = None) -> list[ModelGroup]:
    """The same for coroutines."""
    return await sync_to_async(models_for_menu)(user)


def default_model(user: "Person | None" = None) -> str:
    """DEFAULT_MODEL if the person may use it, else the first of their menu, "" when that is empty. No network."""
    if settings.DEFAULT_MODEL and may_use(user, settings.DEFAULT_MODEL):
        return str(settings.DEFAULT_MODEL)
    return next((model.id for group in models_for_menu(user) for model in group.models), "")


def _group(connection: Connection, known: Stored, gate: Gate) -> ModelGroup:
    hidden = {name for name, override in known.overrides.items() if override.hidden}
    models = (info_of(connection.name, model) for model in models_of(connection, known))
    shown = [model for model in models if model.id not in hidden and gate.lets_pass(connection.name, model.name)]
    return ModelGroup(connection.name, _label(connection), tuple(shown))


def _label(connection: Connection) -> str:
    return str(local.GROUP_LABEL) if connection.name == local.NAME else connection.label
