"""Who may use which model: a ModelOverride that names groups closes its model to everybody else.

A model has many names: dated versions, tags, paths, other cases. So a closed name closes those that lead to the same
model, and at a provider with a closed model nobody gets at one that the menu cannot offer. A name with an override of
its own is what that one says.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from providers import local
from providers.choices import models_of
from providers.connections import Connection, connections, known_names
from providers.listed import heard
from providers.naming import is_another_name, split_model
from providers.stored import Stored, stored

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser

    Person = AbstractUser | AnonymousUser


def may_use(user: "Person | None", model: str) -> bool:
    """Whether the person may use "provider/model" or a bare name. Superusers may use all; None restricts nothing.

    For threads: it asks for the person's groups, and only where the model is not open to everybody.
    """
    known = stored()
    if not known.groups or user is None or user.is_superuser:
        return True
    gate, goals = Gate(user, known), _goals(model.strip(), connections(known))
    return bool(goals) and all(gate.lets_pass(*goal) for goal in goals)


class Gate:
    """What one person may use, as long as `known` is what the database says. At most one query."""

    def __init__(self, user: "Person | None", known: Stored) -> None:
        self._user = user if known.groups and user is not None and not user.is_superuser else None
        self._known = known

    def lets_pass(self, provider: str, name: str, connection: Connection | None = None) -> bool:
        """`connection`: of a provider that is set up; None where `name` is known to be one that can be chosen."""
        if self._user is None:
            return True
        model, closed = f"{provider}/{name}", self._known.groups
        if model in self._known.overrides:
            return model not in closed or bool(self._groups & closed[model])
        here = {other: groups for other, groups in closed.items() if _is_of(provider, other)}
        if here and connection is not None and name not in {one.name for one in models_of(connection, self._known)}:
            return False
        needed = [groups for other, groups in here.items() if is_another_name(name, other.partition("/")[2])]
        return all(self._groups & groups for groups in needed)

    @cached_property
    def _groups(self) -> frozenset[int]:
        return frozenset(self._user.groups.values_list("pk", flat=True)) if self._user else frozenset()


def _is_of(provider: str, model: str) -> bool:
    return model.partition("/")[0].casefold() == provider.strip().casefold()


def _goals(model: str, found: dict[str, Connection]) -> list[tuple[str, str, Connection | None]]:
    """Where asking for `model` may lead, as the registry finds it: its provider, else whoever lists that name.

    Also a provider that is not set up yet, for it may be in a moment. Empty for a name that means nothing here.
    """
    provider, name = split_model(model)
    if provider in found:
        return [(provider, name, found[provider])]
    others = [one for one in found.values() if one.name != local.NAME and _may_list(one, model)]
    goals: list[tuple[str, str, Connection | None]] = [(one.name, model, one) for one in others]
    return [*goals, (provider, name, None)] if goals or provider in known_names() else []


def _may_list(connection: Connection, name: str) -> bool:
    """Whether the provider lists a name; one that was never heard may."""
    listing = heard(connection)
    return listing is None or any(model.name == name for model in listing.models or ())
